//! Pages of `docs/` that are made from the source are up to date, and the pages of the lints say what is true.
//!
//! `UPDATE_GOLDEN=1` writes `docs/lints.md` and `docs/messages.md` anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegisc::diag::{Level, Lint, RenderOptions, render_pretty};
use aegisc::{LayerSource, Options, check};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

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
    up_to_date("lints.md", &text);
}

/// What is said about a file with ten mistakes.
#[test]
fn the_transcript_is_what_is_said() {
    let yaml = std::fs::read_to_string(docs().join("ten-mistakes.yaml")).unwrap();
    let layer = LayerSource { path: "ten-mistakes.yaml".to_owned(), bytes: yaml.clone().into_bytes() };
    let checked = check(vec![layer], &Options::default());
    let names: BTreeSet<_> = checked.diagnostics.iter().map(|d| d.code.name()).collect();
    assert_eq!((checked.diagnostics.len(), names.len()), (10, 10), "ten different mistakes: {names:?}");
    let options = RenderOptions { color: false, width: 100 };
    let said: String =
        checked.diagnostics.iter().map(|d| render_pretty(d, &checked.sources, options) + "\n\n").collect();
    let text = format!(
        "# Ten mistakes\n\nA policy with ten mistakes, [`ten-mistakes.yaml`](ten-mistakes.yaml), and what \
         `aegisc check` says about it on a\nterminal of 100 columns. Each message says what is wrong, where, \
         why, and how to mend it.\n\n```yaml\n{yaml}```\n\n```text\n{}\n```\n",
        said.trim_end()
    );
    up_to_date("messages.md", &text);
}

fn docs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs")
}

/// Compares a page with what it should be, or writes it.
fn up_to_date(page: &str, text: &str) {
    let path = docs().join(page);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&path, text).unwrap();
    }
    assert!(std::fs::read_to_string(path).unwrap() == text, "write docs/{page} anew: UPDATE_GOLDEN=1");
}
