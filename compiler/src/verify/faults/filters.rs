//! Faults of nodes of prefilters. What a prefilter says the loader proves; what follows it only decisions tell.

use super::Break::Tables as In;
use super::By::{Decisions, Loader};
use super::found;
use crate::table::Tables;
use aegis_vm::format::{NO_EVENT, NODE_FILTERED, node_head};

/// Nine rules that a prefilter sifts, and one behind them.
fn rules() -> String {
    let rule = |at| format!("- {{name: r{at}, conditions: {{param_matches: {{p: 'word{at}[0-9]'}}}}}}\n");
    let rules: String = (0..9).map(rule).collect();
    format!(
        "\n{rules}- {{name: last, match: {{type: a*}}, conditions: {{param_gt: {{n: 1}}}}}}\n- {{name: b, conditions: {{param_lt: {{n: 1}}}}}}"
    )
}

/// The node of prefilters.
fn node(t: &Tables) -> usize {
    t.nodes.iter().position(|word| word.get() == node_head(NODE_FILTERED, 1)).expect("a node of prefilters")
}

#[test]
fn a_fault_of_prefilters_is_found() {
    let rules = rules();
    let lost = In(|t| {
        let node = node(t);
        assert_ne!(t.nodes[node + 1].get(), NO_EVENT);
        t.nodes[node + 1].set(NO_EVENT);
    });
    assert_eq!(found("what follows, lost", &rules, &lost), Some(Decisions));
    let left_out = In(|t| {
        let node = node(t);
        let always = node + 3 + 9;
        let bits = t.nodes[always + 2 + 3].get();
        assert_eq!(bits, 0x1ff);
        t.nodes[always + 2 + 3].set(bits & !1);
    });
    assert_eq!(found("a rule that nothing asks", &rules, &left_out), Some(Loader));
    let other = In(|t| {
        let node = node(t);
        let rule = t.nodes[node + 4].get();
        t.nodes[node + 3].set(rule);
        t.nodes[node + 4].set(rule + 1);
        t.nodes[node + 5].set(rule + 2);
    });
    assert_eq!(found("rules in the places of others", &rules, &other), Some(Loader));
}
