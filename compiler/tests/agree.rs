//! The reference evaluator and the loaded artifact decide alike: on drawn policies, on every recorded
//! decision of the reference implementation, and whoever builds.
//!
//! `PROPTEST_CASES` sets the number of drawn policies.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod support;

use aegis_vm::json::{self, Json, Object};
use aegis_vm::{Action, Clock, NoClock, Policy, Request, Timestamp, Value};
use aegisc::diag::Level;
use aegisc::{Verify, compile, time};
use proptest::prelude::*;
use std::fmt;
use std::path::Path;
use std::sync::Mutex;
use support::agree::{self, Compared, Tally};
use support::{generate, layers, options};

/// Drawn policies, unless the environment names another number.
const POLICIES: u32 = 2_500;

/// The most bytes that a policy and its actions are drawn from.
const MOST_BYTES: usize = 1_500;

#[test]
fn drawn_policies_decide_as_they_are_meant() {
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = POLICIES;
    }
    let total = Mutex::new(Tally::default());
    let bytes = proptest::collection::vec(any::<u8>(), 0..MOST_BYTES).prop_map(Input);
    proptest!(config, |(Input(bytes) in bytes)| {
        match agree::generated(&bytes) {
            Ok(tally) => total.lock().unwrap().add(tally),
            Err(why) => prop_assert!(false, "{}", why),
        }
    });
    let total = total.into_inner().unwrap();
    println!("{total:?}");
    // A generator that reached nothing would agree with everything.
    let Tally { cases, matched, defaults, errors, .. } = total;
    let least = cases / 20;
    assert!(matched > least && defaults > least && errors > least, "one-sided: {total:?}");
}

/// Bytes that are shown as they can be kept: `xxd -r -p` makes a file of them.
#[derive(Clone)]
struct Input(Vec<u8>);

impl fmt::Debug for Input {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

#[test]
fn drawn_policies_use_every_condition() {
    let mut text = String::new();
    let mut seed = 1_u64;
    for _ in 0..200 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(1_000).collect();
        generate::generate(&bytes).layers.iter().for_each(|layer| text.push_str(layer));
    }
    let keys = aegisc::syntax::KNOWN_CONDITIONS;
    let missing: Vec<_> = keys.iter().filter(|key| text.matches(**key).count() < 20).collect();
    assert!(missing.is_empty(), "hardly drawn: {missing:?}");
}

/// Whatever the limits on graphs leave, some drawn policy has it.
#[test]
fn drawn_policies_have_every_root_and_node() {
    let mut shown = String::new();
    let mut seed = 5_u64;
    for _ in 0..400 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(1_200).collect();
        let layers = layers(generate::generate(&bytes).layers);
        let limits = agree::TABLE_LIMITS[usize::from(bytes[0]) % agree::TABLE_LIMITS.len()];
        let options = aegisc::Options { table_limits: limits, ..options(Verify::Off) };
        let artifact = compile(layers, &options).unwrap().output.unwrap().artifact;
        Policy::from_bytes(artifact).unwrap().write_ir(&mut shown).unwrap();
    }
    let kinds = [
        "  type: ",
        "  type + target: ",
        "  beginnings of ",
        "  ends of ",
        "  any action: ",
        ": time\n",
        "    no time -> error of rule ",
        ": param ",
        " -> node ",
        "    holds -> ",
        "    matches -> ",
        ", the first of group ",
        ": rows of ",
        "    asked test by test: ",
        ": prefilters of ",
        ", asked always: ",
        " needs \"",
        "\" or \"",
        ", if the text is ASCII",
    ];
    let missing: Vec<_> = kinds.iter().filter(|kind| !shown.contains(**kind)).collect();
    assert!(missing.is_empty(), "never drawn: {missing:?}");
}

#[test]
fn recorded_decisions_hold_in_the_artifact() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance");
    let (mut cases, mut refused, mut wrong) = (0, 0, Vec::new());
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "jsonl") {
            for line in std::fs::read_to_string(&path).unwrap().lines() {
                match recorded(line, &mut wrong) {
                    Some(checked) => cases += checked,
                    None => refused += 1,
                }
            }
        }
    }
    println!("{cases} recorded cases, {refused} policies refused");
    assert!(wrong.is_empty(), "{} wrong\n{}", wrong.len(), wrong[..wrong.len().min(10)].join("\n"));
    assert!(cases > 10_000, "only {cases} cases");
}

/// The number of cases of a recorded policy; none if a pattern of it cannot be followed.
fn recorded(line: &str, wrong: &mut Vec<String>) -> Option<usize> {
    let vector = object(&json::parse(line).unwrap());
    let id = text(&vector, "id");
    let texts = list(&vector, "layers").iter().map(|layer| layer.as_str().unwrap().to_owned());
    let compilation = compile(layers(texts), &options(Verify::Off)).unwrap();
    let Some(output) = compilation.output else {
        let errors = compilation.diagnostics.iter().filter(|one| one.level == Level::Error);
        { errors }.for_each(|one| match one.code.name() {
            "unsupported_regex" | "regex_too_large" => {}
            name => wrong.push(format!("{id}: refused for {name}: {}", one.message)),
        });
        return None;
    };
    let vm = Policy::from_bytes(output.artifact).unwrap();
    let compared = Compared { meant: &output.policy, sources: &compilation.sources, vm: &vm };
    let cases = list(&vector, "cases");
    for (at, case) in cases.iter().map(object).enumerate() {
        let action = Action::from_object(object(case.get("action").unwrap())).unwrap();
        let now = time::parse_rfc3339(&text(&case, "now")).unwrap();
        if let Err(why) = compared.case(&action, Some(now), &mut Tally::default()) {
            wrong.push(format!("{id} case {at}: {why}"));
        }
        let decision = vm.evaluate(&action, now);
        let expect = object(case.get("expect").unwrap());
        let same = match expect.get("error") {
            Some(_) => decision.error().is_some() && decision.rule_name() == text(&expect, "rule"),
            None => {
                decision.error().is_none()
                    && decision.approval().as_str() == text(&expect, "approval")
                    && decision.risk_level().as_str() == text(&expect, "risk_level")
                    && decision.rule_name() == text(&expect, "matched_rule")
            }
        };
        if !same {
            wrong.push(format!("{id} case {at}: {action:?}\n  want {expect:?}\n  got  {decision:?}"));
        }
    }
    Some(cases.len())
}

#[test]
fn building_twice_gives_the_same_bytes() {
    let mut seed = 7_u64;
    for _ in 0..100 {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(1_200).collect();
        let texts = generate::generate(&bytes).layers;
        let build = || compile(layers(&texts), &options(Verify::Fast)).unwrap().output.unwrap().artifact;
        let here = build();
        let there = std::thread::scope(|scope| scope.spawn(build).join().unwrap());
        assert!(here == there && here == build(), "{}", texts.join("---\n"));
    }
}

/// The command, from two folders, with relative and with absolute paths.
#[test]
fn the_folder_of_a_build_leaves_no_trace() {
    let here = tempfile::tempdir().unwrap();
    let there = tempfile::tempdir().unwrap();
    let mut artifacts = Vec::new();
    for folder in [here.path(), there.path()] {
        std::fs::write(folder.join("a.yaml"), include_str!("../../policies/base.yaml")).unwrap();
        std::fs::write(folder.join("b.yaml"), support::damage::EVERY).unwrap();
        for prefix in [Path::new(""), folder] {
            let status = std::process::Command::new(env!("CARGO_BIN_EXE_aegisc"))
                .current_dir(folder)
                .args(["build", "--cap-lints", "allow", "-o", "out.aegisb"])
                .args([prefix.join("a.yaml"), prefix.join("b.yaml")])
                .output()
                .unwrap();
            assert!(status.status.success(), "{}", String::from_utf8_lossy(&status.stderr));
            artifacts.push(std::fs::read(folder.join("out.aegisb")).unwrap());
        }
    }
    assert!(artifacts.windows(2).all(|pair| pair[0] == pair[1]), "the builds differ");
}

/// Also where it has no time to give, and two shapes have a candidate that asks.
#[test]
fn the_clock_is_read_once() {
    let text = "rules:
      - {match: {type: read}, conditions: {time_after: '09:00'}}
      - {match: {target: db}, conditions: {time_before: '18:00'}}
      - {conditions: {weekdays: [1]}}";
    let policy = Policy::from_bytes(support::damage::artifact(text)).unwrap();
    let mut reads = 0;
    let decision = policy.evaluate(&Action::new("read", "db"), NoTime(&mut reads));
    assert_eq!(decision.rule_index(), Some(0));
    assert_eq!(reads, 1);
}

struct NoTime<'c>(&'c mut u32);

impl Clock for NoTime<'_> {
    fn now(&mut self) -> Option<Timestamp> {
        *self.0 += 1;
        None
    }
}

/// A slot that holds nothing says nothing: `semantic` must not see its name.
#[test]
fn an_empty_slot_is_an_absent_param() {
    let text = "rules: [{conditions: {semantic: destructive}, approval: auto}]";
    let policy = Policy::from_bytes(support::damage::artifact(text)).unwrap();
    let slots = policy.bind(["delete"]);
    for (value, index) in [(Value::Null, None), (Value::from(1), Some(0))] {
        let params = slots.with([value]);
        let request = Request::new("read", "db").params(&params);
        assert_eq!(policy.evaluate(request, NoClock).rule_index(), index);
    }
}

fn object(value: &Json) -> Object {
    match value {
        Json::Object(object) => object.clone(),
        other => panic!("not an object: {other:?}"),
    }
}

fn list<'a>(object: &'a Object, key: &str) -> &'a [Json] {
    match object.get(key) {
        Some(Json::List(items)) => items,
        other => panic!("not a list: {other:?}"),
    }
}

fn text(object: &Object, key: &str) -> String {
    object.get(key).and_then(Json::as_str).unwrap().to_owned()
}
