//! What mends make of small files, and what they never do.
//!
//! `mends/<name>.yaml` is a file, `mends/<name>.mended.yaml` what it becomes, and `mends/<name>.txt` the mends
//! and the findings that are left. `UPDATE_GOLDEN=1` writes the expected texts anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegis_vm::Policy;
use aegisc::diag::{self, Code, Decisions, Diagnostic, LevelSetting, Levels, Lint, render_short};
use aegisc::source::{SourceMap, Span};
use aegisc::{LayerSource, Mended, Options, Verify, check, compile, mend};
use proptest::prelude::*;
use std::fmt::Write;
use std::path::{Path, PathBuf};

fn layer(bytes: impl Into<Vec<u8>>) -> LayerSource {
    LayerSource { path: "p.yaml".to_owned(), bytes: bytes.into() }
}

fn mended(bytes: impl Into<Vec<u8>>) -> Mended {
    mend(vec![layer(bytes)], &Options::default())
}

/// The files of a folder of tests that are no expected results.
fn files(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| {
        let name = path.to_string_lossy();
        name.ends_with(".yaml") && !name.ends_with(".mended.yaml")
    });
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

/// Every file that findings are told about in tests, and the policies to start from.
fn all_files() -> Vec<PathBuf> {
    ["tests/golden", "tests/mends", "../policies"].iter().flat_map(|folder| files(folder)).collect()
}

fn told(mended: &Mended) -> String {
    let mut told = String::new();
    for mend in &mended.mends {
        let (at, name, decisions) = (mend.position, mend.code.name(), mend.decisions.as_str());
        writeln!(told, "{}:{}: {} [{name}] {decisions}", at.line, at.column, mend.message).unwrap();
    }
    for left in &mended.checked.diagnostics {
        writeln!(told, "left: {}", render_short(left, &mended.checked.sources)).unwrap();
    }
    told
}

#[test]
fn files_are_mended_as_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for path in files("tests/mends") {
        let mended = mended(std::fs::read(&path).unwrap());
        let text = String::from_utf8(mended.layers[0].bytes.clone()).unwrap();
        for (extension, is) in [("mended.yaml", text), ("txt", told(&mended))] {
            let expected = path.with_extension(extension);
            if update {
                std::fs::write(&expected, is).unwrap();
            } else if std::fs::read_to_string(&expected).unwrap_or_default() != is {
                wrong.push(format!("differs from {}\n{is}", expected.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The errors that keep a file from being read at all.
fn unreadable(diagnostics: &[Diagnostic]) -> Vec<&str> {
    const NAMES: [&str; 12] = [
        "syntax",
        "documents",
        "anchor",
        "alias",
        "tag",
        "scalar",
        "scalar_size",
        "key",
        "merge",
        "expansion",
        "encoding",
        "character",
    ];
    diagnostics.iter().map(|d| d.code.name()).filter(|name| NAMES.contains(name)).collect()
}

#[test]
fn mending_ends_and_breaks_nothing() {
    let mut mends = 0;
    for path in all_files() {
        let bytes = std::fs::read(&path).unwrap();
        let before = check(vec![layer(bytes.clone())], &Options::default());
        let once = mended(bytes);
        let shown = path.display();
        assert!(once.refused.is_empty(), "{shown}");
        assert_eq!(unreadable(&once.checked.diagnostics), unreadable(&before.diagnostics), "{shown}");
        let left = once.checked.diagnostics.iter().filter(|left| left.fix.is_some()).count();
        assert_eq!(left, 0, "{shown}: mends are left");
        let again = mended(once.layers[0].bytes.clone());
        assert_eq!((again.mends.len(), &again.layers), (0, &once.layers), "{shown}");
        mends += once.mends.len();
    }
    assert!(mends > 60, "only {mends} mends");
}

/// A file with other line ends, with a mark, without its last line feed.
#[test]
fn the_form_of_a_file_stays() {
    for path in all_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        let unix = mended(text.clone());
        if text.contains('\r') || !unreadable(&unix.checked.diagnostics).is_empty() {
            continue;
        }
        let unix = String::from_utf8(unix.layers[0].bytes.clone()).unwrap();
        let forms: [fn(&str) -> String; 3] = [
            |text| text.replace('\n', "\r\n"),
            |text| format!("\u{feff}{text}"),
            |text| text.strip_suffix('\n').unwrap_or(text).to_owned(),
        ];
        for form in forms {
            let mended = String::from_utf8(mended(form(&text)).layers[0].bytes.clone()).unwrap();
            assert_eq!(mended, form(&unix), "{}", path.display());
        }
    }
}

/// Mends that are said to keep every decision, alone: the tables stay the same, but for how often a star is
/// written, and for the lines of the rules.
#[test]
fn decisions_are_kept_where_it_is_said() {
    let mut levels = Levels::new();
    levels.cap(LevelSetting::Warn);
    let options = Options { levels, verify: Verify::Off, ..Options::default() };
    let tables = |bytes: Vec<u8>| {
        let artifact = compile(vec![layer(bytes)], &options).unwrap().output?.artifact;
        let mut text = String::new();
        Policy::from_bytes(artifact).unwrap().write_ir(&mut text).unwrap();
        let origin = |line: &str| line.rsplit_once(" (p.yaml:").map(|(rule, _)| rule.to_owned());
        text = text.lines().map(|line| origin(line).unwrap_or_else(|| line.to_owned()) + "\n").collect();
        while text.contains("**") {
            text = text.replace("**", "*");
        }
        Some(
            ["type", "target", "agent"]
                .iter()
                .fold(text, |text, of| text.replace(&format!(" {of} \"*\""), "")),
        )
    };
    let mut kept = 0;
    let texts = all_files().into_iter().map(|path| std::fs::read(path).unwrap());
    let cases = [
        "rules: [{name: a, match: {type: '**'}, conditions: {time_after: 10:30:59, weekdays: [true, 2.0]}}]",
        "rules: [{match: {target: 'a**b***'}, conditions: {time_before: '10:30:', param_eq: {1e2: 0o17}}}]",
        "rules: [{name: a, conditions: {param_matches: {a: 404, b: -1.5, c: 2026-01-01}}}]",
        "rules: [{name: 1e3, match: {agent: 'x**[**]'}, conditions: {time_after: \"1:2:3\"}}]",
    ];
    for bytes in texts.chain(cases.map(|text| text.as_bytes().to_vec())) {
        let mut checked = check(vec![layer(bytes.clone())], &options);
        let keeps = |d: &Diagnostic| d.fix.as_ref().is_some_and(|fix| fix.decisions == Decisions::Kept);
        checked.diagnostics.retain(keeps);
        let mended = diag::mend(&checked.diagnostics, &checked.sources);
        let (Some(mended), Some(before)) = (mended.first(), tables(bytes)) else { continue };
        assert_eq!(tables(mended.text.clone().into_bytes()), Some(before), "{}", mended.text);
        kept += mended.mends.len();
    }
    assert!(kept > 12, "only {kept} mends");
}

#[test]
fn an_allowed_lint_mends_nothing() {
    let text =
        "rules:\n  - aproval: block\n    match: {type: 'a**'}\n    conditions: {time_after: '10:30:59'}\n";
    let with = |set: &dyn Fn(&mut Levels)| {
        let mut levels = Levels::new();
        set(&mut levels);
        mend(vec![layer(text)], &Options { levels, ..Options::default() })
    };
    let names = |mended: Mended| mended.mends.iter().map(|mend| mend.code.name()).collect::<Vec<_>>();
    assert_eq!(with(&|_| {}).mends.len(), 3);
    let allowed = with(&|levels| levels.set("unknown_key", LevelSetting::Allow).unwrap());
    assert_eq!(names(allowed), ["glob_looks_like_regex", "ignored_seconds"]);
    let cap = |levels: &mut Levels| levels.cap(LevelSetting::Allow);
    let all = |levels: &mut Levels| levels.set("all", LevelSetting::Allow).unwrap();
    for none in [with(&cap), with(&all)] {
        assert_eq!(none.layers[0].bytes, text.as_bytes());
        assert_eq!(names(none), [""; 0]);
    }
    assert_eq!(with(&|levels| levels.cap(LevelSetting::Warn)).mends.len(), 3, "they are said, and mended");
}

/// What is not text in UTF-8, or was cut at the limit, is told of and stays.
#[test]
fn files_that_cannot_be_read_stay() {
    let text = "rules: [{aproval: block}]\n";
    let utf16: Vec<u8> = [0xFF, 0xFE].into_iter().chain(text.bytes().flat_map(|b| [b, 0])).collect();
    let cases = [
        (utf16, "encoding"),
        (b"rules: [{aproval: \xFF}]\n".to_vec(), "encoding"),
        (format!("{text}- [").into_bytes(), "syntax"),
    ];
    for (bytes, name) in cases {
        let mended = mended(bytes.clone());
        assert_eq!((mended.mends.len(), &mended.layers[0].bytes), (0, &bytes));
        assert_eq!(mended.checked.diagnostics[0].code.name(), name);
    }
    let mut options = Options::default();
    options.limits.file_bytes = 10;
    let cut = mend(vec![layer(text.get(..11).unwrap())], &options);
    assert_eq!((cut.mends.len(), cut.layers[0].bytes.len()), (0, 11));
    // A mend that would take the file past the limit is not made.
    options.limits.file_bytes = text.len();
    let full = mend(vec![layer(text)], &options);
    assert_eq!((full.refused, full.mends.len()), (vec![0], 0));
    assert_eq!(full.layers[0].bytes, text.as_bytes());
}

#[test]
fn each_layer_has_its_own_mends() {
    let texts = ["rules: [{name: a, aproval: block}]\n", "rules: []\n", "rules: [{name: b, effect: deny}]\n"];
    let mended = mend(texts.map(layer).to_vec(), &Options::default());
    let bytes: Vec<_> = mended.layers.iter().map(|layer| layer.bytes.as_slice()).collect();
    assert_eq!(bytes[0], b"rules: [{name: a, approval: block}]\n");
    assert_eq!(bytes[1], texts[1].as_bytes());
    assert_eq!(bytes[2], b"rules: [{name: b, approval: block}]\n");
    assert_eq!(mended.mends.iter().map(|mend| mend.layer).collect::<Vec<_>>(), [0, 2, 2]);
}

/// Texts that files of policies are spliced with.
const PIECES: [&str; 24] = [
    "\"", "'", ":", " ", "\n", "\n  ", "\t", "- ", "{", "}", "[", "]", ", ", "# x\n", "&a ", "*a", "!!int ",
    "!!str ", "<<: ", "? ", "|\n", "**", "[^", "aproval",
];

proptest! {
    /// Damaged files: mends make nothing unreadable, and leave nothing to mend.
    #[test]
    fn damaged_files_get_no_worse(
        which in any::<prop::sample::Index>(),
        edits in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..6, 0..PIECES.len()), 1..5),
    ) {
        let files = files("tests/mends");
        let mut text = std::fs::read_to_string(which.get(&files)).unwrap();
        for (at, length, piece) in edits {
            let boundary = |at: usize| (at..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
            let start = boundary(at.index(text.len() + 1));
            let end = boundary(start + length);
            text.replace_range(start..end, PIECES[piece]);
        }
        let before = check(vec![layer(text.clone())], &Options::default());
        let once = mended(text.clone());
        let after = &once.checked.diagnostics;
        prop_assert!(unreadable(after).len() <= unreadable(&before.diagnostics).len(), "{}", text);
        prop_assert!(once.refused.is_empty(), "refused: {}", text);
        prop_assert!(!after.iter().any(|left| left.fix.is_some()), "mends are left: {}", text);
    }

    /// Whatever the mends: those that are made stand apart, and all other text stays as it was.
    #[test]
    fn text_outside_the_mends_stays(
        text in "([a-z:]|\r\n|\n|한|\u{1f600}){0,40}",
        mends in proptest::collection::vec((0usize..60, 0usize..4, "[A-Z]{0,3}"), 0..8),
    ) {
        let mut sources = SourceMap::new();
        let file = sources.add("f.yaml", text.as_str());
        let starts: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let place = |from: usize, chars: usize| {
            let at = |n: usize| starts[n.min(starts.len() - 1)];
            Span::new(file, at(from)..at(from + chars))
        };
        let diagnostics: Vec<_> = mends
            .iter()
            .map(|(from, chars, with)| {
                let span = place(*from, *chars);
                Diagnostic::lint(Lint::UnknownKey, span, "no").fix(span, with.as_str(), "so")
            })
            .collect();
        let mended = diag::mend(&diagnostics, &sources);
        let Some(mended) = mended.first() else {
            let changes = |d: &Diagnostic| d.fix.as_ref().is_some_and(|fix| sources.text(fix.span) != fix.replacement);
            prop_assert!(!diagnostics.iter().any(changes), "one mend at least can be made");
            return Ok(());
        };
        let mut expected = text.clone();
        for (_, fix) in mended.mends.iter().rev() {
            expected.replace_range(fix.span.range(), &fix.replacement);
        }
        prop_assert_eq!(&mended.text, &expected);
        for pair in mended.mends.windows(2) {
            prop_assert!(pair[0].1.span.end < pair[1].1.span.start);
        }
        prop_assert!(mended.mends.iter().all(|(code, _)| *code == Code::Lint(Lint::UnknownKey)));
    }
}
