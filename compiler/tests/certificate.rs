//! What a decision costs at most, against a search for actions that cost more.
//!
//! Probes, nodes and tests are counted as they are made, and so is every pass over a text; how many steps a pass takes
//! for a byte is what `cost.rs` says of it. `CERTIFICATE_TRIES` sets the number of actions.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

mod support;

use aegis_vm::{Action, Cost, NoClock, Policy, Request, Timestamp, Value};
use aegisc::{Options, Verify, compile};
use std::ops::ControlFlow;
use support::agree::TABLE_LIMITS;
use support::generate::{Generated, generate};
use support::{bytes, layers, options};

/// The actions that are tried on one policy.
const EACH: usize = 400;

/// An action in parts, each the place of the action that it is taken from.
#[derive(Clone)]
struct Parts {
    kind: usize,
    target: usize,
    agent: usize,
    description: usize,
    /// Places in all params of all actions.
    params: Vec<usize>,
    time: usize,
}

/// Parts of known actions, put together anew: the dearest so far with some parts changed.
struct Search<'a> {
    policy: &'a Policy,
    actions: Vec<(Request<'a>, Option<Timestamp>)>,
    params: Vec<(&'a str, Value<'a>)>,
    seed: u64,
}

impl Search<'_> {
    fn below(&mut self, n: usize) -> usize {
        let draw = |seed: &mut u64| usize::from(bytes::next(seed));
        (draw(&mut self.seed) << 8 | draw(&mut self.seed)) % n.max(1)
    }

    fn change(&mut self, parts: &mut Parts) {
        let (actions, params) = (self.actions.len(), self.params.len());
        match self.below(8) {
            0 => parts.kind = self.below(actions),
            1 => parts.target = self.below(actions),
            2 => parts.agent = self.below(actions),
            3 => parts.description = self.below(actions),
            4 => parts.time = self.below(actions),
            5 if !parts.params.is_empty() => {
                let at = self.below(parts.params.len());
                parts.params.swap_remove(at);
            }
            _ if params > 0 => {
                let param = self.below(params);
                parts.params.retain(|&other| self.params[other].0 != self.params[param].0);
                parts.params.push(param);
            }
            _ => {}
        }
    }

    fn cost(&self, parts: &Parts) -> Cost {
        let params: Vec<(&str, Value<'_>)> = parts.params.iter().map(|&at| self.params[at]).collect();
        let params = params.as_slice();
        let request = Request::new(self.actions[parts.kind].0.kind, self.actions[parts.target].0.target)
            .agent(self.actions[parts.agent].0.agent_id)
            .description(self.actions[parts.description].0.description)
            .params(&params);
        match self.actions[parts.time].1 {
            Some(now) => self.policy.measure(request, now),
            None => self.policy.measure(request, NoClock),
        }
    }

    /// The dearest of so many actions, none of which may cost more than is said.
    fn dearest(&mut self, tries: usize) -> Cost {
        const TEXT: u64 = 40;
        let most = self.policy.manifest().cost;
        let mut best = Parts { kind: 0, target: 0, agent: 0, description: 0, params: Vec::new(), time: 0 };
        let mut dearest = Cost::default();
        for _ in 0..tries {
            let mut parts = best.clone();
            for _ in 0..=self.below(3) {
                self.change(&mut parts);
            }
            let cost = self.cost(&parts);
            assert!(cost.is_within(&most), "{cost}\nis more than\n{most}");
            if cost.steps(TEXT) >= dearest.steps(TEXT) {
                (best, dearest) = (parts, cost);
            }
        }
        dearest
    }
}

/// The names of an action's params, each with the place of the action.
fn names(at: usize, action: &Action) -> Vec<(usize, String)> {
    let mut names = Vec::new();
    Request::from(action).params.visit(&mut |name, _| {
        names.push((at, name.to_owned()));
        ControlFlow::Continue(())
    });
    names
}

#[test]
fn no_action_costs_more_than_the_manifest_says() {
    let tries = std::env::var("CERTIFICATE_TRIES").map_or(20_000, |tries| tries.parse().unwrap());
    let mut seed = 20_261_127_u64;
    let (mut tried, mut policies, mut reached) = (0, 0, 0);
    while tried < tries {
        let drawn: Vec<u8> = std::iter::repeat_with(|| bytes::next(&mut seed)).take(1_200).collect();
        let Generated { layers: texts, cases } = generate(&drawn);
        let options =
            Options { table_limits: TABLE_LIMITS[policies % TABLE_LIMITS.len()], ..options(Verify::Off) };
        let artifact = compile(layers(&texts), &options).unwrap().output.unwrap().artifact;
        let policy = Policy::from_bytes(artifact).unwrap();
        assert_eq!(policy.cost(), policy.manifest().cost);
        let actions: Vec<_> = cases.iter().map(|(action, now)| (Request::from(action), *now)).collect();
        let names: Vec<(usize, String)> =
            cases.iter().enumerate().flat_map(|(at, (action, _))| names(at, action)).collect();
        let value = |(at, name): &(usize, String)| actions[*at].0.params.get(name);
        let params = names.iter().filter_map(|param| Some((param.1.as_str(), value(param)?))).collect();
        let mut search = Search { policy: &policy, actions: actions.clone(), params, seed };
        let dearest = search.dearest(EACH);
        tried += EACH;
        policies += 1;
        reached += usize::from(2 * dearest.nodes >= policy.cost().nodes);
    }
    println!("{tried} actions of {policies} policies; in {reached} one walks at least half the nodes");
    // A bound that nothing comes near to would say nothing.
    assert!(reached * 2 > policies, "only {reached} of {policies}");
}
