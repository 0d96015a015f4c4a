//! How long a decision holds, against a walk minute by minute through two weeks.
//!
//! `VALIDITY_POLICIES` sets the number of drawn policies.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::{Action, Decision, Policy, Timestamp};
use aegisc::{Verify, compile};
use support::{generate, layers, options};

const MINUTE: i64 = 60;
const TWO_WEEKS: i64 = 14 * 24 * 60;

/// What tells two decisions apart.
fn said(decision: &Decision<'_>) -> (Option<u32>, Option<String>) {
    (decision.rule_index(), decision.error().map(|error| error.to_string()))
}

/// The first minute after `now` at which the decision is another one.
fn walked(policy: &Policy, action: &Action, now: Timestamp) -> Option<Timestamp> {
    let before = said(&policy.evaluate(action, now));
    let start = now.unix_seconds().div_euclid(MINUTE) * MINUTE;
    let minutes = (1..=TWO_WEEKS).map(|minute| Timestamp::from_unix(start + minute * MINUTE, 0));
    { minutes }.find(|&instant| said(&policy.evaluate(action, instant)) != before)
}

#[test]
fn a_decision_holds_until_the_minute_at_which_it_changes() {
    let policies = std::env::var("VALIDITY_POLICIES").map_or(40, |number| number.parse().unwrap());
    let (mut seed, mut ends, mut asked, mut drawn) = (20_260_318_u64, 0, 0, 0);
    while drawn < policies {
        let bytes: Vec<u8> = std::iter::repeat_with(|| support::bytes::next(&mut seed)).take(1_200).collect();
        let generate::Generated { layers: texts, cases } = generate::generate(&bytes);
        if !texts.iter().any(|text| text.contains("time_") || text.contains("weekdays")) {
            continue;
        }
        drawn += 1;
        let artifact = compile(layers(&texts), &options(Verify::Off)).unwrap().output.unwrap().artifact;
        let policy = Policy::from_bytes(artifact).unwrap();
        for (action, now) in cases.iter().filter_map(|(action, now)| Some((action, (*now)?))).take(4) {
            let expected = walked(&policy, action, now);
            assert_eq!(
                policy.valid_until(action, now),
                expected,
                "{action:?} at {now:?} of\n{}",
                texts.join("---\n")
            );
            asked += 1;
            ends += usize::from(expected.is_some());
        }
    }
    println!("{drawn} policies, {asked} decisions, {ends} of them end");
    assert!(ends * 20 > asked, "only {ends} of {asked} decisions end");
}

/// An instant between two minutes, just before a change, at one, and at the ends of time.
#[test]
fn instants_that_are_no_whole_minute() {
    let yaml = "rules: [{name: day, conditions: {time_after: '09:00', time_before: '18:00', weekdays: [1]}}]";
    let compilation = compile(layers([yaml.to_owned()]), &options(Verify::Off)).unwrap();
    let policy = Policy::from_bytes(compilation.output.unwrap().artifact).unwrap();
    let action = Action::new("a", "b");
    // 2026-03-16, a Monday, at nine.
    let nine = 1_773_651_600;
    let at = |seconds, nanos| policy.valid_until(&action, Timestamp::from_unix(seconds, nanos));
    let whole = |seconds| Some(Timestamp::from_unix(seconds, 0));
    assert_eq!(at(nine - 1, 999_999_999), whole(nine));
    assert_eq!(at(nine, 0), whole(nine + 9 * 3_600));
    assert_eq!(at(nine + 59, 1), whole(nine + 9 * 3_600));
    assert_eq!(at(nine + 9 * 3_600, 0), whole(nine + 7 * 86_400));
    // Beyond the last instant that can be named there is no change.
    assert_eq!(at(i64::MAX, 999_999_999), None);
    assert!(at(i64::MIN, 0).is_some());
}
