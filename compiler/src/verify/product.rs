//! All that some rules can tell apart in the params, the time and the description of an action whose fields they
//! match.
//!
//! A test looks at one param, or at the time, so its answers are asked of the reference evaluator once for each
//! value and kept; only `semantic`, which looks at everything, is asked again for each action.

use super::fields::is_any;
use super::values::{self, Representatives};
use crate::hir::reference::{self, EvalError, Verdict};
use crate::hir::{Policy, Test};
use aegis_vm::json::Json;
use aegis_vm::{Request, Timestamp, Value};
use std::collections::BTreeMap;

/// The rules in order, up to the first that is certain to match, with the values that they tell apart.
pub(crate) struct Product<'p> {
    dimensions: Vec<Dimension<'p>>,
    rules: Vec<(usize, Vec<Ask>)>,
    /// How many combinations of values there are; the dimensions may have fewer.
    pub(super) size: u64,
    /// How many the dimensions have.
    pub(super) kept: u64,
    /// Whether every other action is answered like one of these.
    pub(super) covered: bool,
}

enum Dimension<'p> {
    Time(Vec<Option<Timestamp>>),
    Description(Vec<String>),
    Param(&'p str, Vec<Option<Json>>),
}

impl Dimension<'_> {
    fn len(&self) -> usize {
        match self {
            Dimension::Time(times) => times.len(),
            Dimension::Description(texts) => texts.len(),
            Dimension::Param(_, values) => values.len(),
        }
    }
}

/// A test, with its answers.
enum Ask {
    /// By the values of a dimension.
    Told { dimension: usize, answers: Vec<Answer> },
    /// It looks at more than one dimension.
    Open { condition: usize, test: usize },
}

enum Answer {
    Holds,
    Fails,
    Error(EvalError),
}

/// What stands for the params, the time and the description of an action.
pub(super) struct Rest<'a> {
    pub(super) params: Vec<(&'a str, Value<'a>)>,
    pub(super) description: &'a str,
    pub(super) now: Option<Timestamp>,
}

/// Whether a rule matches every action whose fields its globs match.
pub(super) fn is_unconditional(policy: &Policy, rule: usize) -> bool {
    policy
        .rules
        .get(rule)
        .is_some_and(|rule| rule.conditions.iter().all(|condition| condition.tests.is_empty()))
}

impl<'p> Product<'p> {
    /// The product of some rules; a dimension keeps at most so many values that `most` answers are asked for.
    pub(super) fn of(policy: &'p Policy, rules: &[usize], filler: char, most: usize) -> Self {
        let mut params: BTreeMap<&str, Vec<&Test>> = BTreeMap::new();
        let (mut times, mut words) = (Vec::new(), Vec::new());
        let of = |rule: &usize| policy.rules.get(*rule);
        for test in rules.iter().filter_map(of).flat_map(|rule| &rule.conditions).flat_map(|c| &c.tests) {
            match test {
                Test::Param { param, .. } | Test::Matches { param, .. } => {
                    params.entry(param).or_default().push(test);
                }
                Test::TimeAfter(_) | Test::TimeBefore(_) | Test::Weekdays(_) => times.push(test),
                Test::Semantic(own) => words.extend(own.iter().take(8)),
                Test::Never => {}
            }
        }
        let mut product = Product {
            dimensions: Vec::new(),
            rules: Vec::new(),
            size: 1,
            kept: 1,
            covered: words.is_empty(),
        };
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for (param, tests) in params {
            let Representatives { values, covered } = values::of_param(policy, &tests, filler);
            product.covered &= covered;
            places.insert(param, product.dimensions.len());
            product.add(values, most / tests.len().max(1), |values| Dimension::Param(param, values));
        }
        let time = product.dimensions.len();
        if !times.is_empty() {
            product.add(values::times(&times), most / times.len(), Dimension::Time);
        }
        if !words.is_empty() {
            words.sort_unstable();
            words.dedup();
            let texts = std::iter::once(filler.to_string()).chain(words.into_iter().cloned());
            product.add(texts.collect(), most, Dimension::Description);
        }
        for &at in rules {
            let mut asks = Vec::new();
            for (condition, written) in
                policy.rules.get(at).iter().flat_map(|r| r.conditions.iter().enumerate())
            {
                for (test, own) in written.tests.iter().enumerate() {
                    let dimension = match own {
                        Test::Param { param, .. } | Test::Matches { param, .. } => {
                            places.get(param.as_str()).copied()
                        }
                        Test::TimeAfter(_) | Test::TimeBefore(_) | Test::Weekdays(_) => Some(time),
                        Test::Semantic(_) | Test::Never => None,
                    };
                    asks.push(match dimension.and_then(|at| Some((at, product.dimensions.get(at)?))) {
                        Some((dimension, values)) => {
                            let answers = values.answers(|request, now| {
                                answer(reference::run(policy, written, own, request, now))
                            });
                            Ask::Told { dimension, answers }
                        }
                        None => Ask::Open { condition, test },
                    });
                }
            }
            product.rules.push((at, asks));
        }
        product
    }

    fn add<T>(&mut self, values: Vec<T>, most: usize, dimension: impl FnOnce(Vec<T>) -> Dimension<'p>) {
        const LEAST: usize = 16;
        let all = values.len();
        self.size = self.size.saturating_mul(wide(all));
        let kept = thinned(values, most.max(LEAST));
        self.kept = self.kept.saturating_mul(wide(kept.len()));
        self.dimensions.push(dimension(kept));
    }

    /// How many answers were asked for.
    pub(super) fn work(&self) -> u64 {
        let asks = self.rules.iter().flat_map(|(_, asks)| asks);
        asks.map(|ask| match ask {
            Ask::Told { answers, .. } => wide(answers.len()),
            Ask::Open { .. } => 1,
        })
        .sum()
    }

    /// What one of its kinds costs to ask, in rules that are looked at. A param is searched for among all.
    pub(super) fn cost(&self) -> u64 {
        const OF_THE_KIND: u64 = 8;
        const PARAMS_SEARCHED: u64 = 64;
        let dimensions = wide(self.dimensions.len());
        OF_THE_KIND + wide(self.rules.len()) + dimensions + dimensions * dimensions / PARAMS_SEARCHED
    }

    /// The place in each dimension of one of the combinations that are kept.
    pub(super) fn choose(&self, combination: u64, choice: &mut Vec<usize>) {
        let mut rest = combination;
        choice.clear();
        for dimension in &self.dimensions {
            let values = wide(dimension.len()).max(1);
            choice.push(usize::try_from(rest % values).unwrap_or(0));
            rest /= values;
        }
    }

    /// The values of a choice.
    pub(super) fn rest<'a>(&'a self, choice: &[usize], rest: &mut Rest<'a>) {
        rest.params.clear();
        for (dimension, &at) in self.dimensions.iter().zip(choice) {
            match dimension {
                Dimension::Time(times) => rest.now = times.get(at).copied().flatten(),
                Dimension::Description(texts) => rest.description = texts.get(at).map_or("", String::as_str),
                Dimension::Param(name, values) => {
                    if let Some(Some(value)) = values.get(at) {
                        rest.params.push((name, value.value()));
                    }
                }
            }
        }
    }

    /// What the reference evaluator says of a choice, which is what `request` and `now` have.
    pub(super) fn verdict(
        &self,
        policy: &Policy,
        choice: &[usize],
        request: &Request<'_>,
        now: Option<Timestamp>,
    ) -> Verdict {
        for (rule, asks) in &self.rules {
            let mut event = Some(Verdict::matched(policy, *rule));
            for ask in asks {
                let open;
                let answer = match ask {
                    Ask::Told { dimension, answers } => {
                        choice.get(*dimension).and_then(|&at| answers.get(at)).unwrap_or(&Answer::Fails)
                    }
                    Ask::Open { condition, test } => {
                        let condition =
                            policy.rules.get(*rule).and_then(|rule| rule.conditions.get(*condition));
                        let written = condition.and_then(|c| Some((c, c.tests.get(*test)?)));
                        open = written.map_or(Answer::Fails, |(condition, test)| {
                            answer(reference::run(policy, condition, test, request, now))
                        });
                        &open
                    }
                };
                match answer {
                    Answer::Holds => continue,
                    Answer::Fails => event = None,
                    Answer::Error(error) => event = Some(Verdict::error(*rule, error.clone())),
                }
                break;
            }
            if let Some(verdict) = event {
                return verdict;
            }
        }
        Verdict::default_of(policy)
    }
}

impl Dimension<'_> {
    /// The answer of a test that looks at nothing else, for each value.
    fn answers(&self, ask: impl Fn(&Request<'_>, Option<Timestamp>) -> Answer) -> Vec<Answer> {
        let request = Request::new("", "");
        match self {
            Dimension::Time(times) => times.iter().map(|now| ask(&request, *now)).collect(),
            Dimension::Description(texts) => {
                texts.iter().map(|text| ask(&request.description(text), None)).collect()
            }
            Dimension::Param(name, values) => {
                let of = |value: &Option<Json>| match value {
                    None => ask(&request, None),
                    Some(value) => ask(&request.params(&[(*name, value.value())]), None),
                };
                values.iter().map(of).collect()
            }
        }
    }
}

fn answer(outcome: Result<Option<reference::Why>, EvalError>) -> Answer {
    match outcome {
        Ok(None) => Answer::Holds,
        Ok(Some(_)) => Answer::Fails,
        Err(error) => Answer::Error(error),
    }
}

/// At most so many of the values, spread evenly, the first among them.
pub(super) fn thinned<T>(values: Vec<T>, most: usize) -> Vec<T> {
    let all = values.len();
    if all <= most {
        return values;
    }
    let kept = |at: &usize| (at + 1) * most / all != at * most / all || *at == 0;
    values.into_iter().enumerate().filter(|(at, _)| kept(at)).map(|(_, value)| value).take(most).collect()
}

/// Whether a rule matches every action whose type, or type and target, its globs match.
pub(super) fn is_certain<'g>(policy: &Policy, rule: usize, left: impl IntoIterator<Item = &'g str>) -> bool {
    left.into_iter().all(is_any) && is_unconditional(policy, rule)
}

pub(super) fn wide(n: usize) -> u64 {
    u64::try_from(n).unwrap_or(u64::MAX)
}
