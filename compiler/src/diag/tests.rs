//! Renderings, whole: a file, the marked places, and the expected text.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Diagnostic, Lint, RenderOptions, render_pretty, render_short, to_github, to_json, to_sarif};
use crate::source::{FileId, SourceMap, Span};
use proptest::prelude::*;

const PLAIN: RenderOptions = RenderOptions { color: false, width: 80 };

/// The span of the `n`th occurrence of `needle`, from 0.
fn span(sources: &SourceMap, file: FileId, needle: &str, n: usize) -> Span {
    let text = sources.file(file).text();
    let (start, _) = text.match_indices(needle).nth(n).unwrap();
    Span::new(file, start..start + needle.len())
}

fn file(path: &str, text: &str) -> (SourceMap, FileId) {
    let mut sources = SourceMap::new();
    let id = sources.add(path, text);
    (sources, id)
}

#[track_caller]
fn draws(diagnostic: &Diagnostic, sources: &SourceMap, expected: &str) {
    let drawn = render_pretty(diagnostic, sources, PLAIN);
    assert_eq!(drawn.trim_end(), expected.trim_matches('\n'), "\n{drawn}");
}

#[test]
fn a_lint_with_a_fix() {
    let (sources, base) = file("policies/base.yaml", "rules:\n  - name: r\n    aproval: block\n");
    let key = span(&sources, base, "aproval", 0);
    let lint = Diagnostic::lint(Lint::UnknownKey, key, "unknown key `aproval` in a rule")
        .label("not a key of a rule")
        .fix(key, "approval", "write `approval`");
    draws(
        &lint,
        &sources,
        r"
error[unknown_key]: unknown key `aproval` in a rule
 --> policies/base.yaml:3:5
  |
3 |     aproval: block
  |     ^^^^^^^ not a key of a rule
  |
  = note: `unknown_key` is denied by default; see `aegisc lints unknown_key`
help: write `approval`
  |
3 |     approval: block
  |       +
",
    );
}

#[test]
fn an_error_with_labels_near_and_in_another_file() {
    let (mut sources, base) = file("base.yaml", "rules:\n  - name: a\n    approval: auto\n  - name: a\n");
    let other = sources.add("teams/web.yaml", "# 팀\nrules:\n  - name: a\n");
    let error = Diagnostic::error("wrong_kind", span(&sources, base, "a", 2), "two rules are named `a`")
        .also(span(&sources, base, "name: a", 0), "the first")
        .also(span(&sources, other, "name: a", 0), "and a third")
        .note("decisions name the rule")
        .help("give each its own name");
    draws(
        &error,
        &sources,
        r"
error[wrong_kind]: two rules are named `a`
 --> base.yaml:3:5
  |
2 |   - name: a
  |     ------- the first
3 |     approval: auto
  |     ^
  |
 ::: teams/web.yaml:3:5
  |
3 |   - name: a
  |     ------- and a third
  |
  = note: decisions name the rule
  = help: give each its own name
",
    );
}

#[test]
fn wide_and_combining_text_and_tabs_align() {
    let (sources, id) = file("가.yaml", "\t한국어: e\u{301}e\u{301}: bad\r\nx: 1\r\n");
    let error = Diagnostic::error("wrong_kind", span(&sources, id, "bad", 0), "no")
        .label("여기")
        .also(span(&sources, id, "한국어", 0), "이것");
    draws(
        &error,
        &sources,
        "
error[wrong_kind]: no
 --> 가.yaml:1:13
  |
1 |     한국어: e\u{301}e\u{301}: bad
  |     ------      ^^^ 여기
  |     |
  |     이것
",
    );
}

#[test]
fn the_end_of_a_file_has_a_place() {
    for text in ["", "a: 1\n", "a: 1"] {
        let (sources, id) = file("f.yaml", text);
        let end = Span::new(id, text.len()..text.len());
        let drawn =
            render_pretty(&Diagnostic::error("syntax", end, "ends early").label("here"), &sources, PLAIN);
        let at = sources.position(end);
        assert!(drawn.contains(&format!(" --> f.yaml:{}:{}\n", at.line, at.column)), "{drawn}");
        assert!(drawn.contains("^ here"), "{drawn}");
    }
}

#[test]
fn terminal_codes_in_a_file_are_shown_not_obeyed() {
    let (sources, id) = file("f\u{1b}[2J.yaml", "a: \u{1b}[31m\u{9b}31m\u{fdd0}0\u{fdd0}\u{202e}x\n");
    let error = Diagnostic::error("wrong_kind", span(&sources, id, "x", 0), "\u{1b}[2J\u{9b}m")
        .label("\u{1b}[1m")
        .note("\u{1b}[1m")
        .help("\u{9b}1m")
        .fix(span(&sources, id, "a", 0), "\u{1b}b", "\u{1b}[1m");
    let drawn = render_pretty(&error, &sources, PLAIN) + &render_short(&error, &sources);
    assert!(!drawn.contains(|c: char| c.is_control() && c != '\n'), "{drawn:?}");
    assert!(!drawn.contains(['\u{202e}', '\u{fdd0}']), "{drawn:?}");
}

#[test]
fn what_is_shown_of_a_megabyte_on_one_line_stays_small() {
    let item = "{name: 규칙, aproval: block}, ";
    let text = format!("rules: [{}]\n", item.repeat(1 << 15));
    assert!(text.len() > 1 << 20);
    let (sources, id) = file("f.yaml", &text);
    for n in (0..1 << 15).step_by(1 << 8) {
        let at = 8 + n * item.len() + item.find("aproval").unwrap();
        let key = Span::new(id, at..at + 7);
        let first = span(&sources, id, "aproval", 0);
        let lint = Diagnostic::lint(Lint::UnknownKey, key, "unknown key")
            .also(first, "first")
            .fix(key, "approval", "so");
        let drawn = render_pretty(&lint, &sources, PLAIN);
        assert!(drawn.len() < 4096, "{} bytes\n{drawn}", drawn.len());
        assert!(drawn.lines().all(|line| line.chars().count() <= 90), "{drawn}");
        let column = 1 + text[..at].chars().count();
        assert!(drawn.contains(&format!(" --> f.yaml:1:{column}\n")), "{column}\n{drawn}");
    }
}

#[test]
fn a_span_over_a_whole_file_shows_its_first_line() {
    let text = "rules:\n".to_owned() + &"  - name: a\n".repeat(10_000);
    let (sources, id) = file("f.yaml", &text);
    let all = Span::new(id, 0..text.len());
    let drawn = render_pretty(&Diagnostic::error("wrong_kind", all, "no").label("this"), &sources, PLAIN);
    assert_eq!(drawn.trim_end(), "error[wrong_kind]: no\n --> f.yaml:1:1\n  |\n1 | rules:\n  | ^^^^^^ this");
}

#[test]
fn levels_are_said_as_people_say_them() {
    let (sources, id) = file("f.yaml", "a: no\n");
    let place = span(&sources, id, "no", 0);
    let warn = Diagnostic::lint(Lint::AmbiguousScalar, place, "read\ntwice");
    assert_eq!(render_short(&warn, &sources), "f.yaml:1:4: warning: read␊twice [ambiguous_scalar]");
    assert!(render_pretty(&warn, &sources, PLAIN).starts_with("warning[ambiguous_scalar]: "));
    let labelled = warn.clone().label("here\nit is");
    assert_eq!(
        render_short(&labelled, &sources),
        "f.yaml:1:4: warning: read␊twice: here␊it is [ambiguous_scalar]"
    );
    let repeated =
        Diagnostic::error("wrong_kind", place, "`a` must be b, found a list").label("this is a list");
    assert_eq!(
        render_short(&repeated, &sources),
        "f.yaml:1:4: error: `a` must be b, found a list [wrong_kind]"
    );
    let raised = Diagnostic { level: super::Level::Error, ..warn };
    assert!(render_pretty(&raised, &sources, PLAIN).contains("has this level as asked for; see"));
}

#[test]
fn json_has_the_promised_keys_in_order() {
    let (mut sources, id) = file("f.yaml", "한: \"é\"\nb: 1\n");
    let other = sources.add("g.yaml", "x\n");
    let error = Diagnostic::error("wrong_kind", span(&sources, id, "\"é\"", 0), "no \"é\"")
        .label("here")
        .also(span(&sources, other, "x", 0), "there")
        .help("do");
    let place = r#""file":"f.yaml","line":1,"column":4,"end_line":1,"end_column":7"#;
    let label = r#"{"file":"g.yaml","line":1,"column":1,"end_line":1,"end_column":2,"message":"there"}"#;
    let own = format!(r#"{{{place},"message":"here"}}"#);
    let head = r#"{"name":"wrong_kind","level":"error","message":"no \"é\"""#;
    assert_eq!(
        to_json(&error, &sources),
        format!(r#"{head},{place},"labels":[{own},{label}],"help":["do"]}}"#)
    );
    let bare = Diagnostic { label: String::new(), ..error.clone() };
    assert_eq!(to_json(&bare, &sources), format!(r#"{head},{place},"labels":[{label}],"help":["do"]}}"#));
    let fixed = error.fix(span(&sources, id, "b", 0), "c", "so");
    let fix = r#""fix":{"file":"f.yaml","line":2,"column":1,"end_line":2,"end_column":2,"replacement":"c","message":"so","decisions":"may_change"}"#;
    assert!(to_json(&fixed, &sources).ends_with(&format!(r#"["do"],{fix}}}"#)));
}

proptest! {
    /// Whatever the text, the spans and the width: something is drawn, and no origin is lost.
    #[test]
    fn drawing_never_fails(
        text in "([a-z: ]|\r\n|\n|\t|\r|한|e\u{301}|\u{1f600}|\u{200d}|\u{1b}){0,80}",
        cuts in proptest::collection::vec((0usize..300, 0usize..300), 4),
        width in 0usize..160,
        color in any::<bool>(),
    ) {
        let (mut sources, id) = file("f.yaml", &text);
        let other = sources.add("g.yaml", text.as_str());
        let at = |id, (a, b): (usize, usize)| {
            let (a, b) = (a.min(b), a.max(b));
            Span::new(id, super::excerpt::boundary(&text, a)..super::excerpt::boundary(&text, b))
        };
        let error = Diagnostic::error("wrong_kind", at(id, cuts[0]), "no")
            .label("here")
            .also(at(id, cuts[1]), "there")
            .also(at(other, cuts[2]), "elsewhere")
            .fix(at(id, cuts[3]), "new\ntext", "mend");
        let drawn = render_pretty(&error, &sources, RenderOptions { color, width });
        let place = sources.position(error.primary);
        let origin = format!("f.yaml:{}:{}", place.line, place.column);
        prop_assert!(drawn.contains(&origin));
        prop_assert!(drawn.contains("g.yaml:"));
        prop_assert!(!drawn.contains(super::pretty::ORIGIN), "a mark is left");
        let annotation = to_github(&error, &sources);
        let place = format!("::error file=f.yaml,line={},endLine=", place.line);
        prop_assert!(annotation.starts_with(&place) && !annotation.contains(['\n', '\r']), "{annotation}");
        let log: serde_json::Value = serde_json::from_str(&to_sarif(&[error], &sources)).unwrap();
        let related = &log["runs"][0]["results"][0]["relatedLocations"][1];
        prop_assert_eq!(&related["physicalLocation"]["artifactLocation"]["uri"], "g.yaml");
    }
}
