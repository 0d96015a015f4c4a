//! The pages of the lints say what is true, and `docs/lints.md` holds them all.
//!
//! `UPDATE_GOLDEN=1` writes `docs/lints.md` anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegisc::diag::{Level, Lint};
use aegisc::{LayerSource, Options, check};
use std::fmt::Write;
use std::path::Path;

/// The blocks of YAML of a page.
fn blocks(page: &str) -> Vec<&str> {
    page.split("```yaml\n").skip(1).map(|block| block.split_once("```").unwrap().0).collect()
}

/// The names of what is said about layers that a line `---` divides.
fn drawn(block: &str) -> Vec<&'static str> {
    let layers = block.split("---\n").enumerate().map(|(index, text)| LayerSource {
        path: format!("layer{index}.yaml"),
        bytes: text.as_bytes().to_vec(),
    });
    let mut names: Vec<_> =
        check(layers.collect(), &Options::default()).diagnostics.iter().map(|d| d.code.name()).collect();
    names.dedup();
    names
}

#[test]
fn an_example_draws_its_lint_alone_and_the_mend_draws_nothing() {
    for &lint in Lint::ALL {
        let blocks = blocks(lint.page());
        assert!(blocks.len() >= 2, "{}: an example and its mend", lint.name());
        assert_eq!(drawn(blocks[0]), [lint.name()], "{}", blocks[0]);
        let mended = blocks.last().unwrap();
        assert!(drawn(mended).is_empty(), "{}: {:?}\n{mended}", lint.name(), drawn(mended));
    }
}

#[test]
fn lints_are_listed_by_name() {
    assert!(Lint::ALL.is_sorted_by_key(|lint| lint.name()));
}

#[test]
fn pages_fit_a_terminal() {
    for &lint in Lint::ALL {
        for line in lint.page().lines() {
            assert!(line.chars().count() <= 88 && !line.ends_with(' '), "{}: {line}", lint.name());
        }
    }
}

#[test]
fn the_list_of_lints_holds_every_page() {
    let mut text =
        "# Lints\n\nWhat `aegisc check` finds doubtful in layers that have a meaning. `aegisc lints NAME` \
                    prints one of these pages.\n[The guide](guide.md#findings) says how levels are set.\n\n\
                    | lint | level | what it catches |\n| --- | --- | --- |\n"
            .to_owned();
    let level = |lint: Lint| match lint.default_level() {
        Level::Error => "deny",
        Level::Warn => "warn",
        Level::Note => "note",
    };
    for &lint in Lint::ALL {
        let (name, summary) = (lint.name(), lint.summary().replace('|', "\\|"));
        writeln!(text, "| [`{name}`](#{name}) | {} | {summary} |", level(lint)).unwrap();
    }
    for &lint in Lint::ALL {
        let (name, summary, page) = (lint.name(), lint.summary(), lint.page());
        write!(text, "\n## {name}\n\n*{}* by default. {summary}\n\n{page}", level(lint)).unwrap();
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/lints.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == text, "write docs/lints.md anew: UPDATE_GOLDEN=1");
}
