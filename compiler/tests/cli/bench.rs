//! `bench`: what is said and written. How fast anything is, is no test.

use super::{GOOD, Run, command, finish, folder, run};
use serde_json::Value;
use std::fs;
use std::path::Path;

const ACTIONS: &str = r#"{"type":"read","target":"x"}
{"type":"pay","target":"x","params":{"amount":3}}

{"type":"pay","target":"x","params":{"amount":"much"},"now":"2026-03-18T14:30:00Z"}
"#;

/// Figures of a row that no limit without a name is for.
const COLD: &str = r#"{"rows": {"cold": {"p50": 900.0}}}"#;

/// Measures for as short as possible.
fn bench(folder: &Path, args: &[&str]) -> Run {
    run(folder, &[&["bench", "--seconds", "0.005", "--threads", "2"], args].concat())
}

#[test]
fn figures_are_shown_written_and_drawn() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let shown = bench(folder.path(), &["good.yaml", "--growth", "--json", "new.json", "--svg", "new.svg"]);
    assert_eq!((shown.code, shown.err.as_str()), (0, ""));
    for expected in [
        "good.yaml: 3 rules, ",
        "made from the rules and their boundaries",
        "2 threads",
        "\n          1 rule ",
    ] {
        assert!(shown.out.contains(expected), "{expected:?} in {}", shown.out);
    }
    let json: Value =
        serde_json::from_str(&fs::read_to_string(folder.path().join("new.json")).unwrap()).unwrap();
    for row in ["random", "cyclic", "single", "cold", "named", "json"] {
        let line = shown.out.lines().find(|line| line.starts_with(row)).unwrap();
        assert!(line.contains("%"), "{line}");
        let figures = &json["rows"][row];
        assert!(figures["p50"].as_f64() <= figures["max"].as_f64(), "{figures}");
        assert!(figures["max"].as_f64() > Some(0.0), "{figures}");
    }
    assert_eq!(json["policy"]["rules"], 3);
    assert_eq!(json["allocations"]["prepared"], 0.0);
    let sizes: Vec<&Value> = json["growth"].as_array().unwrap().iter().map(|size| &size["rules"]).collect();
    assert_eq!(sizes, [1, 3]);
    let svg = fs::read_to_string(folder.path().join("new.svg")).unwrap();
    assert!(svg.starts_with("<svg") && svg.contains("p50 of the first rules"), "{svg}");

    let printed = bench(folder.path(), &["good.yaml", "--json", "-"]);
    assert!(serde_json::from_str::<Value>(&printed.out).unwrap()["rows"]["json"].is_object());
}

#[test]
fn an_artifact_is_asked_about_actions_of_a_file() {
    let folder = folder(&[("good.yaml", GOOD), ("actions.jsonl", ACTIONS), ("actions.json", ACTIONS)]);
    let at = folder.path();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "good.aegisb"]).code, 0);
    let timed = bench(at, &["good.aegisb", "--actions", "actions.jsonl"]);
    assert_eq!(timed.code, 0, "{}", timed.err);
    assert!(timed.out.contains("3 actions, `actions.jsonl`"), "{}", timed.out);
    let args = ["bench", "--seconds", "0.005", "good.aegisb", "--actions", "-"];
    let piped = finish(command(at, &args), ACTIONS.as_bytes());
    assert_eq!((piped.code, piped.err.as_str()), (0, ""));

    let refused = [
        (&["good.aegisb"][..], "give `--actions FILE`, or the layers"),
        (&["good.aegisb", "good.yaml"], "only one artifact can be the policy"),
        (&["good.aegisb", "--actions", "actions.jsonl", "--growth"], "`--growth` needs the layers"),
        (&["good.yaml", "--actions", "none.jsonl"], "cannot read `none.jsonl`"),
        (&["good.yaml", "--actions", "good.yaml"], "line 1 of `good.yaml` is no action: not JSON"),
        (&["good.yaml", "--json", "good.yaml"], "name it `….json`"),
        (&["good.yaml", "--actions", "actions.json", "--json", "actions.json"], "it is what is read as"),
        (&["good.yaml", "--svg", "none/new.svg"], "the folder `none` does not exist"),
        (&["good.yaml", "--fail-above", "ratio=1.1"], "needs `--compare`"),
        (&["good.yaml", "--fail-above", "p98=1us"], "there is no statistic `p98`"),
        (&["good.yaml", "--seconds", "0"], "expected seconds above 0"),
    ];
    for (args, why) in refused {
        let run = run(at, &[&["bench"], args].concat());
        assert_eq!(run.code, 2, "{args:?}: {}", run.err);
        assert!(run.err.contains(why), "{args:?}: {}", run.err);
    }
    assert_eq!(fs::read_to_string(at.join("good.yaml")).unwrap(), GOOD);
}

#[test]
fn many_params_are_looked_up_by_name_and_that_is_said() {
    let params: Vec<String> = (0..40).map(|n| format!("\"p{n}\": {n}")).collect();
    let line = format!("{{\"type\": \"read\", \"target\": \"x\", \"params\": {{{}}}}}", params.join(", "));
    let folder = folder(&[("good.yaml", GOOD), ("many.jsonl", &line)]);
    let timed = bench(folder.path(), &["good.yaml", "--actions", "many.jsonl"]);
    assert_eq!(timed.code, 0, "{}", timed.err);
    assert!(
        timed.out.contains("by name, as there are too many params for slots, in random"),
        "{}",
        timed.out
    );
}

#[test]
fn what_is_above_a_limit_is_said_and_fails() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let passes =
        bench(folder.path(), &["good.yaml", "--fail-above", "p50=10s", "--fail-above", "cold.max=100s"]);
    assert_eq!((passes.code, passes.err.as_str()), (0, ""));
    let fails = bench(folder.path(), &["good.yaml", "--fail-above", "json.p50=0.001ns"]);
    assert_eq!(fails.code, 1);
    assert!(fails.err.contains("error: p50 of `json` is "), "{}", fails.err);
    assert!(fails.err.contains(", above 0.0 ns (between fifths"), "{}", fails.err);
    let unknown = bench(folder.path(), &["good.yaml", "--fail-above", "cold.p99.9=1s"]);
    assert_eq!(unknown.code, 1, "what cannot be told fails too");
    assert!(unknown.err.contains("p99.9 of `cold` cannot be told from "), "{}", unknown.err);
}

#[test]
fn policies_are_compared_in_turns_and_with_saved_figures() {
    let other = GOOD.replace("approval: auto", "approval: approve");
    let folder = folder(&[
        ("good.yaml", GOOD),
        ("other.yaml", &other),
        ("none.json", "{}"),
        ("one.jsonl", ACTIONS),
        ("cold.json", COLD),
    ]);
    let at = folder.path();
    let same = bench(at, &["good.yaml", "--compare", "good.yaml", "--json", "saved.json"]);
    assert!(same.out.contains("beside `good.yaml`, in turns"), "{}", same.out);
    assert!(same.out.contains("both give every action the same approval and risk"), "{}", same.out);
    let differs = bench(at, &["good.yaml", "--compare", "other.yaml", "--fail-above", "ratio=0.0001"]);
    assert!(differs.out.contains(" decided otherwise there"), "{}", differs.out);
    assert_eq!(differs.code, 1);
    assert!(differs.err.contains("times as long, which is above 0.0001"), "{}", differs.err);
    let saved = bench(at, &["good.yaml", "--compare", "saved.json"]);
    assert_eq!(saved.code, 0, "{}", saved.err);
    assert!(saved.out.contains("beside `saved.json`, another run ("), "{}", saved.out);
    assert!(!saved.out.contains("OTHER ACTIONS"), "{}", saved.out);
    let fewer = bench(at, &["good.yaml", "--actions", "one.jsonl", "--compare", "saved.json"]);
    assert!(fewer.out.contains("with OTHER ACTIONS"), "{}", fewer.out);
    let cold = bench(at, &["good.yaml", "--compare", "cold.json", "--fail-above", "ratio=1000"]);
    assert_eq!(cold.code, 1, "what cannot be told fails");
    assert!(cold.err.contains("there is no ratio to hold against the limit"), "{}", cold.err);
    let none = bench(at, &["good.yaml", "--compare", "none.json"]);
    assert_eq!(none.code, 2);
    assert!(none.err.contains("cannot compare with `none.json`: it holds no figures"), "{}", none.err);
}
