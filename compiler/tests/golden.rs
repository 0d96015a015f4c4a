//! What the front end says, whole, about small files.
//!
//! `golden/<name>.yaml` is a file and `golden/<name>.txt` everything that is said about it; a folder
//! `golden/<name>/` holds the layers of one policy in the order of their names. A file whose name
//! begins with `ok_` is a near miss: nothing is said about it, and it compiles. Each lint is drawn by three
//! files at the least, and has as many near misses, `ok_<lint>_<what>`, which hold what the lint looks at.
//! `UPDATE_GOLDEN=1` writes the expected texts anew.

#![expect(clippy::unwrap_used, reason = "tests")]

use aegisc::diag::{Lint, RenderOptions, render_pretty};
use aegisc::{LayerSource, Options, check};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

fn layers(path: &Path) -> Vec<LayerSource> {
    let files = if path.is_dir() { entries(path) } else { vec![path.to_owned()] };
    let layer = |file: PathBuf| LayerSource {
        path: file.file_name().unwrap().to_string_lossy().into_owned(),
        bytes: std::fs::read(file).unwrap(),
    };
    files.into_iter().map(layer).collect()
}

#[test]
fn says_what_is_expected() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for path in entries(&folder()) {
        if !path.is_dir() && path.extension().is_none_or(|extension| extension != "yaml") {
            continue;
        }
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let checked = check(layers(&path), &Options::default());
        let options = RenderOptions { color: false, width: 100 };
        let said: Vec<_> =
            checked.diagnostics.iter().map(|d| render_pretty(d, &checked.sources, options)).collect();
        let said = said.iter().map(|one| format!("{one}\n")).collect::<Vec<_>>().join("\n");
        if name.starts_with("ok_") {
            if !said.is_empty() || checked.policy.is_none() {
                wrong.push(format!("{name}: expected silence\n{said}"));
            }
            continue;
        }
        let expected = path.with_extension("txt");
        if update {
            std::fs::write(&expected, &said).unwrap();
        } else if std::fs::read_to_string(&expected).unwrap_or_default() != said {
            wrong.push(format!("{name}: differs from {}\n{said}", expected.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// However long a text is, a message shows its beginning alone.
#[test]
fn long_texts_are_cut() {
    let long = "7".repeat(900);
    let number = format!("0{long}");
    let name = "n".repeat(900);
    let cases = [
        (format!("version: {name}"), 1),
        (format!("version: {long}"), 1),
        (format!("scope: {long}"), 1),
        (format!("scope: {number}"), 1),
        (format!("scope: 0o{long}"), 1),
        (format!("scope: 1e{long}"), 1),
        (format!("{name}: 1"), 1),
        (format!("? {long}\n: 1"), 1),
        (format!("defaults: {{approval: {name}, risk_level: {name}, {name}: 1}}"), 3),
        (format!("rules: [{{match: {{type: {number}}}}}]"), 1),
        (format!("rules: [{{conditions: {{time_after: {name}}}}}]"), 1),
        (format!("rules: [{{conditions: {{weekdays: [{name}, {long}]}}}}]"), 2),
        (format!("rules: [{{conditions: {{weekdays: {number}}}}}]"), 1),
        (format!("rules: [{{conditions: {{param_gt: {{{long}: {number}}}}}}}]"), 2),
        (format!("rules: [{{conditions: {{? {name}\n: 1}}}}]"), 1),
        (format!("rules: [{{conditions: {{semantic: '{}'}}}}]", "é".repeat(9000)), 1),
        (format!("rules: [{{conditions: {{param_matches: {{a: '(?P<{name}-x>'}}}}}}]"), 1),
        (format!("rules: [{{conditions: {{param_matches: {{a: {long}}}}}}}]"), 1),
        (format!("rules: [{{conditions: {{param_matches: {{{name}: ''}}}}}}]"), 1),
        (format!("rules: [{{{name}: 1, {name}: 2}}]"), 2),
    ];
    for (text, at_least) in cases {
        let layer = LayerSource { path: "made.yaml".to_owned(), bytes: text.clone().into_bytes() };
        let found = check(vec![layer], &Options::default()).diagnostics;
        let start = text.get(..100).unwrap_or(&text);
        assert!(found.len() >= at_least, "{start}: {found:?}");
        for d in found {
            let labels = d.labels.iter().map(|label| &label.message);
            let words = [&d.message, &d.label].into_iter().chain(labels).chain(&d.help).chain(&d.notes);
            for words in words.chain(d.fix.as_ref().map(|fix| &fix.message)) {
                assert!(words.chars().count() <= 250, "{}: {start}\n{words}", d.code.name());
            }
        }
    }
}

/// The names of everything that the golden files draw.
fn drawn() -> BTreeSet<&'static str> {
    let mut drawn = BTreeSet::new();
    for path in entries(&folder()) {
        let is_case = path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml");
        if is_case {
            let checked = check(layers(&path), &Options::default());
            drawn.extend(checked.diagnostics.iter().map(|d| d.code.name()));
        }
    }
    drawn
}

/// What each lint looks at, as it is written in files that draw it and in files that nearly do.
const LOOKED_AT: &[(&str, &[&str])] = &[
    ("ambiguous_scalar", &["NO", "0777", "1_000", "1e6", "2026-01-01", "1e3", "1.0e+6", "09:00"]),
    ("anonymous_agent", &["agent: "]),
    ("backspace_regex", &[r"\b", r"\x08", r"\u0008"]),
    ("case_sensitive_block", &["delete", "[Dd][Ee]", "upload", "drop"]),
    ("dollar_newline", &["$"]),
    ("duplicate_key", &["<<: ", "amount", "name: one", "type: read"]),
    ("duplicate_name", &["name: "]),
    ("empty_window", &["time_before: "]),
    ("fail_open_defaults", &["defaults: ", "defaults:\n"]),
    ("glob_looks_like_regex", &["|", "{", "[", "*"]),
    ("ignored_seconds", &["time_after: "]),
    ("invalid_allow", &["aegisc: ", "aegisc:allow"]),
    ("invalid_regex", &["param_matches: ", "param_matches:\n"]),
    ("layer_defaults_ignored", &["defaults:"]),
    ("never_equal", &["null", "~", ".nan", "2026-01-01", ".inf"]),
    ("non_integer_weekday", &["weekdays: ["]),
    ("non_string_key", &["param_eq: {", "param_gt: {"]),
    ("non_string_pattern", &["param_matches: {"]),
    ("null_conditions", &["conditions:"]),
    ("plan_rules_not_enforced", &["plan_rules:"]),
    ("semantic_never", &["semantic: "]),
    ("substring_contains", &["param_contains: "]),
    ("text_threshold", &["param_gt: {", "param_gte: {"]),
    ("unanchored_regex", &["corp", r"\."]),
    ("unknown_condition", &["conditions: {", "conditions:\n"]),
    ("unknown_key", &["aproval", "approval", "name", "risk"]),
    ("unknown_version", &["version: "]),
    ("unused_allow", &["aegisc: allow("]),
    ("vacuous_condition", &["param_matches: {", "param_eq: {"]),
    ("weekday_never", &["weekdays: "]),
];

#[test]
fn every_lint_has_golden_files_and_near_misses() {
    const LEAST: usize = 3;
    let cases: Vec<PathBuf> = { entries(&folder()).into_iter() }
        .filter(|path| path.is_dir() || path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    let mut drawing: BTreeMap<&str, Vec<&PathBuf>> = BTreeMap::new();
    for path in &cases {
        let codes: BTreeSet<_> =
            check(layers(path), &Options::default()).diagnostics.iter().map(|d| d.code.name()).collect();
        codes.into_iter().for_each(|name| drawing.entry(name).or_default().push(path));
    }
    let name = |path: &Path| path.file_stem().unwrap().to_string_lossy().into_owned();
    let text = |path: &Path| -> String {
        { layers(path).into_iter() }.map(|layer| String::from_utf8(layer.bytes).unwrap()).collect()
    };
    let mut wrong = Vec::new();
    for lint in Lint::ALL.iter().map(|lint| lint.name()) {
        let drawn = drawing.get(lint).map_or(0, Vec::len);
        let beside: Vec<_> =
            cases.iter().filter(|path| name(path).starts_with(&format!("ok_{lint}_"))).collect();
        if drawn < LEAST || beside.len() < LEAST {
            wrong.push(format!("{lint}: drawn by {drawn} files, {} near misses", beside.len()));
        }
        let Some((_, looked_at)) = LOOKED_AT.iter().find(|(name, _)| *name == lint) else {
            wrong.push(format!("{lint}: what does it look at?"));
            continue;
        };
        let own = cases.iter().filter(|path| name(path).starts_with(lint));
        for path in own.chain(beside) {
            let text = text(path);
            if !looked_at.iter().any(|part| text.contains(part)) {
                wrong.push(format!("{}: far from {lint}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_error_has_a_golden_file() {
    let names = [
        "bad_glob",
        "bad_limit",
        "bad_name",
        "bad_pattern",
        "bad_steps",
        "bad_threshold",
        "bad_time",
        "bad_version",
        "bad_weekdays",
        "regex_too_large",
        "bad_window",
        "unknown_approval",
        "unknown_risk_level",
        "unsupported_regex",
        "wrong_kind",
    ];
    let drawn = drawn();
    let missing: Vec<_> = names.iter().filter(|name| !drawn.contains(*name)).collect();
    assert!(missing.is_empty(), "no golden file draws {missing:?}");
}

fn said(text: String, options: &Options) -> String {
    let layer = LayerSource { path: "made.yaml".to_owned(), bytes: text.into_bytes() };
    let checked = check(vec![layer], options);
    let options = RenderOptions { color: false, width: 100 };
    checked.diagnostics.iter().map(|d| render_pretty(d, &checked.sources, options) + "\n").collect()
}

/// None hides another, and none is said out of order.
#[test]
fn a_thousand_mistakes_are_said_in_order() {
    let mistakes = [
        ("aproval: block", "unknown_key"),
        ("conditions: {param_greater: {a: 1}}", "unknown_condition"),
        ("conditions: {}", "null_conditions"),
        ("conditions: {param_matches: {a: '*.x'}}", "invalid_regex"),
        ("approval: maybe", "unknown_approval"),
        ("conditions: {time_after: '25:00'}", "bad_time"),
        ("conditions: {weekdays: [mon]}", "weekday_never"),
        ("risk_level: hgh", "unknown_risk_level"),
        ("conditions: {param_matches: {a: '(a|b)*a(a|b){200}'}}", "regex_too_large"),
        ("conditions: {param_eq: {a: NO}}", "ambiguous_scalar"),
    ];
    let rules = (0..1000).map(|n| (n, mistakes[n % mistakes.len()]));
    let text: String =
        rules.clone().map(|(n, (written, _))| format!("  - name: rule_{n}\n    {written}\n")).collect();
    let layer = LayerSource { path: "made.yaml".to_owned(), bytes: format!("rules:\n{text}").into_bytes() };
    let checked = check(vec![layer], &Options::default());
    let said: Vec<_> = checked
        .diagnostics
        .iter()
        .map(|d| (checked.sources.position(d.primary).line, d.code.name()))
        .collect();
    let expected: Vec<_> = rules.map(|(n, (_, name))| (u32::try_from(3 + 2 * n).unwrap(), name)).collect();
    assert_eq!(said, expected);
}

#[test]
fn too_many_conditions_are_refused() {
    let rule = |params: usize| {
        let params: String = (0..params).map(|index| format!("        p{index}: 1\n")).collect();
        format!("rules:\n  - conditions:\n      time_after: '10:00'\n      param_eq:\n{params}")
    };
    assert_eq!(said(rule(65_534), &Options::default()), "");
    let said = said(rule(65_535), &Options::default());
    assert!(said.starts_with(
        "error[too_many_conditions]: this rule has 65536 conditions, and at most 65535 can be compiled\n"
    ));
    assert!(
        said.contains("each param of a condition counts as one") && said.contains("help: split the rule")
    );
}

/// The searches for actions that show a finding end after so many steps, however large a policy is.
#[test]
fn searches_for_findings_are_bounded() {
    const STEPS: usize = 200_000;
    let drawn = |rules: String, name: &str| {
        let bytes = format!("defaults: {{approval: block}}\nrules:\n{rules}").into_bytes();
        let layer = LayerSource { path: "made.yaml".to_owned(), bytes };
        let found = check(vec![layer], &Options::default()).diagnostics;
        found.iter().filter(|d| d.code.name() == name).count()
    };
    // Each param takes two decisions by all rules.
    let lists: String = (0..500).map(|at| format!("p{at}: [a], ")).collect();
    let rule =
        |at| format!("- {{approval: auto, conditions: {{param_contains: {{p{at}: a}}, semantic: w{at}}}}}\n");
    let rules: String = (0..500).map(rule).collect();
    let last = format!("- {{approval: block, conditions: {{param_eq: {{{lists}}}}}}}\n");
    assert_eq!(drawn(rules + &last, "substring_contains"), STEPS / (2 * 501));
    // Each block takes two decisions as well, and a look at the eight rules that are tried at the most.
    let pair = |at| {
        let target = format!("target: t{at}");
        format!(
            "- {{match: {{type: a, {target}}}, approval: block}}\n- {{match: {{type: A, {target}}}, approval: auto}}\n"
        )
    };
    let rules: String = (0..300).map(pair).collect();
    assert_eq!(drawn(rules, "case_sensitive_block"), STEPS / (2 * 600 + 8));
}

#[test]
fn too_deep_constants_are_refused() {
    let rule = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        format!("rules:\n  - conditions:\n      param_eq:\n        p: {open}{close}\n")
    };
    let mut options = Options::default();
    options.limits.depth = 1000;
    assert_eq!(said(rule(129), &options), "");
    let said = said(rule(130), &options);
    assert!(said.starts_with("error[too_deep]: a constant is nested more than 128 deep\n"), "{said}");
}

#[test]
fn every_fix_mends_what_it_is_for() {
    let mut mended = 0;
    for path in entries(&folder()).iter().filter(|path| path.extension().is_some_and(|e| e == "yaml")) {
        let before = check(layers(path), &Options::default());
        for (diagnostic, fix) in before.diagnostics.iter().filter_map(|d| Some((d, d.fix.as_ref()?))) {
            let mut text = before.sources.file(fix.span.file).text().to_owned();
            text.replace_range(fix.span.range(), &fix.replacement);
            let path = "mended.yaml".to_owned();
            let after =
                check(vec![LayerSource { path, bytes: text.clone().into_bytes() }], &Options::default());
            // A glob may have two faults, which are told at one place.
            let same = |d: &&aegisc::diag::Diagnostic| {
                d.code == diagnostic.code && d.primary.start == diagnostic.primary.start
            };
            let (was, is) = (&before.diagnostics, &after.diagnostics);
            assert!(!is.iter().any(|d| d.code.name() == "syntax"), "{diagnostic:?}\n{text}");
            assert!(
                is.iter().filter(same).count() < was.iter().filter(same).count(),
                "{diagnostic:?}\n{text}"
            );
            mended += 1;
        }
    }
    assert!(mended > 20, "only {mended} fixes");
}
