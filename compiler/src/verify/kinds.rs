//! The kinds of action that a policy tells apart, and which of them are asked.
//!
//! What is asked is a product only over what rules ask together. For each text of the type, the rules whose globs
//! match it decide which texts of the target are told apart; those of type and target which agents; and the rules
//! that are left, up to one that is certain to match, which params, times and descriptions. One such list of
//! rules with its three texts is a *group*; the kinds are counted as the sum over the groups.

use super::fields::{Field, Index};
use super::product::{Product, is_certain, wide};
use super::values::Representatives;
use crate::hir::Policy;
use hashbrown::{HashMap, HashSet};

/// What may be spent.
#[derive(Clone, Copy)]
pub(crate) struct Budget {
    /// Kinds to ask.
    pub(super) kinds: u64,
    /// Rules that are looked at for all kinds that are asked, of which a kind counts a few more.
    pub(super) rules: u64,
    /// Tests of a rule to find out which kinds there are.
    pub(super) work: u64,
    /// The most texts of one field that are combined of starts and ends.
    pub(super) texts: usize,
    /// The most answers that are kept for one param, say, of one group.
    pub(super) answers: usize,
}

impl Budget {
    /// No bound.
    pub(super) const NONE: Budget =
        Budget { kinds: u64::MAX, rules: u64::MAX, work: u64::MAX, texts: usize::MAX, answers: usize::MAX };
}

/// Actions of these fields that the rules of a product decide.
pub(crate) struct Group {
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) agent: String,
    /// The place of the product.
    pub(super) product: usize,
    /// How many of its kinds are asked.
    pub(super) asked: u64,
}

/// The kinds that are asked.
pub(crate) struct Kinds<'p> {
    pub(super) products: Vec<Product<'p>>,
    pub(super) groups: Vec<Group>,
    /// How many kinds are asked.
    pub(super) asked: u64,
    /// About how many there are.
    pub(super) all: f64,
    /// Whether every kind is asked.
    pub(super) complete: bool,
    /// Whether every other action is answered like one of these.
    pub(super) covered: bool,
}

impl<'p> Kinds<'p> {
    /// The kinds of a policy, all of them if they are within the budget, else some, spread evenly.
    pub(super) fn of(policy: &'p Policy, budget: Budget) -> Self {
        let filler = filler(policy);
        let mut walk = Walk::new(policy, budget, filler);
        let types = walk.told(Field::Type, &(0..policy.rules.len()).collect::<Vec<_>>());
        walk.all = walk.visit(&types, &mut Vec::new(), u64::MAX);
        if walk.cut {
            // There are too many groups for all of them: each text of a field gets its share.
            // The few that were looked at whole tell how many there are.
            let all = walk.all;
            walk = Walk::new(policy, budget, filler);
            walk.visit(&types, &mut Vec::new(), budget.kinds);
            walk.all = all;
            walk.cut = true;
        }
        walk.shared()
    }
}

/// What some rules tell apart in a field.
struct Told<'p> {
    field: Field,
    index: Index<'p>,
    texts: Representatives<String>,
    /// What it took to find that out.
    work: u64,
}

struct Walk<'p> {
    policy: &'p Policy,
    budget: Budget,
    filler: char,
    products: Vec<Product<'p>>,
    /// The product of each list of rules.
    places: HashMap<Vec<usize>, usize>,
    groups: Vec<Group>,
    work: u64,
    /// Whether a group was left out.
    cut: bool,
    covered: bool,
    all: f64,
}

impl<'p> Walk<'p> {
    fn new(policy: &'p Policy, budget: Budget, filler: char) -> Self {
        Walk {
            policy,
            budget,
            filler,
            products: Vec::new(),
            places: HashMap::new(),
            groups: Vec::new(),
            work: 0,
            cut: false,
            covered: true,
            all: 0.0,
        }
    }

    /// What these rules tell apart in a field, as far as what is left of the budget allows.
    fn told(&self, field: Field, rules: &[usize]) -> Told<'p> {
        let index = Index::of(self.policy, field, rules.iter().copied());
        let work = wide(rules.len());
        // Steps are short, and sets of globs can be too many for any budget, of which they leave the most.
        const STEPS: u64 = 4;
        let left = self.budget.work.saturating_sub(self.work.saturating_add(work));
        let most = (left / STEPS).min(1 << 26);
        let mut steps = most;
        let texts = index.texts(self.filler, self.budget.texts, &mut steps);
        Told { field, index, texts, work: work + (most - steps) / STEPS }
    }

    /// Adds at most `share` groups of these rules, which agree with the texts of the fields before this one.
    /// About how many kinds there are.
    fn descend(&mut self, field: Field, rules: &[usize], before: &mut Vec<String>, share: u64) -> f64 {
        let told = self.told(field, rules);
        self.visit(&told, before, share)
    }

    /// As [`descend`](Self::descend), by what the rules tell apart.
    fn visit(&mut self, told: &Told<'p>, before: &mut Vec<String>, share: u64) -> f64 {
        let Told { field, index, texts: Representatives { values: texts, covered }, work } = told;
        let field = *field;
        self.work += work;
        self.covered &= covered;
        let count = texts.len();
        let (mut visited, mut sum) = (0, 0.0);
        let mut left = share;
        for at in spread(count) {
            let spent = self.work >= self.budget.work || wide(self.groups.len()) >= self.budget.kinds;
            if visited > 0 && (spent || left == 0) {
                self.cut = true;
                break;
            }
            let Some(text) = texts.get(at) else { continue };
            let own = if share == u64::MAX { share } else { (left / wide(count - visited)).max(1) };
            let groups = self.groups.len();
            let matching = index.matching(text, &mut self.work);
            let matching = self.decisive(field, matching);
            before.push(text.clone());
            sum += match field {
                Field::Type => self.descend(Field::Target, &matching, before, own),
                Field::Target => self.descend(Field::Agent, &matching, before, own),
                Field::Agent => self.group(matching, before),
            };
            before.pop();
            if share != u64::MAX {
                left = left.saturating_sub(wide(self.groups.len() - groups));
            }
            visited += 1;
        }
        sum * float(wide(count)) / float(wide(visited.max(1)))
    }

    /// The rules up to the first that matches every action with such a text.
    fn decisive(&self, field: Field, mut rules: Vec<usize>) -> Vec<usize> {
        let certain = rules.iter().position(|&at| {
            let Some(rule) = self.policy.rules.get(at) else { return false };
            let left = match field {
                Field::Type => [Some(Field::Target), Some(Field::Agent)],
                Field::Target => [Some(Field::Agent), None],
                Field::Agent => [None, None],
            };
            is_certain(self.policy, at, left.into_iter().flatten().map(|field| field.glob(rule)))
        });
        rules.truncate(certain.map_or(rules.len(), |at| at + 1));
        rules
    }

    fn group(&mut self, rules: Vec<usize>, fields: &[String]) -> f64 {
        let [kind, target, agent] = fields else { return 0.0 };
        let place = match self.places.get(&rules) {
            Some(&place) => place,
            None => {
                let place = self.products.len();
                let product = Product::of(self.policy, &rules, self.filler, self.budget.answers);
                self.work = self.work.saturating_add(product.work());
                self.covered &= product.covered;
                self.products.push(product);
                self.places.insert(rules, place);
                place
            }
        };
        let Some(product) = self.products.get(place) else { return 0.0 };
        let (kind, target, agent) = (kind.clone(), target.clone(), agent.clone());
        self.groups.push(Group { kind, target, agent, product: place, asked: product.kept });
        float(product.size)
    }

    /// Shares the kinds to ask among the groups.
    fn shared(mut self) -> Kinds<'p> {
        let thinned = self
            .groups
            .iter()
            .any(|group| self.products.get(group.product).is_none_or(|product| product.kept < product.size));
        let products = &self.products;
        let cost = |group: &Group| products.get(group.product).map_or(1, Product::cost);
        let sum = |of: &dyn Fn(&Group) -> u64| {
            self.groups.iter().fold(0_u64, |sum, group| sum.saturating_add(of(group)))
        };
        let within = sum(&|group| group.asked) <= self.budget.kinds
            && sum(&|group| group.asked.saturating_mul(cost(group))) <= self.budget.rules;
        let complete = !thinned && !self.cut && within;
        if !within {
            // The small ones first, so that what they leave is for the others.
            let mut order: Vec<&mut Group> = self.groups.iter_mut().collect();
            order.sort_by_key(|group| group.asked.saturating_mul(cost(group)));
            let mut groups = wide(order.len());
            let (mut kinds, mut rules) = (self.budget.kinds, self.budget.rules);
            for group in order {
                let cost = cost(group);
                let share = (kinds / groups.max(1)).min(rules / groups.max(1) / cost).max(1);
                group.asked = group.asked.min(share).min(kinds);
                kinds -= group.asked;
                rules = rules.saturating_sub(group.asked.saturating_mul(cost));
                groups -= 1;
            }
        }
        let asked = self.groups.iter().fold(0_u64, |sum, group| sum.saturating_add(group.asked));
        Kinds {
            products: self.products,
            groups: self.groups,
            asked,
            all: self.all.max(float(asked)),
            complete,
            covered: self.covered,
        }
    }
}

/// The numbers below a count, each once, in an order in which every beginning is spread over all of them.
pub(super) fn spread(count: usize) -> impl Iterator<Item = usize> {
    let count = wide(count);
    let step = spread_step(count);
    (0..count).map(move |at| {
        let place = u128::from(at) * u128::from(step) % u128::from(count.max(1));
        usize::try_from(place).unwrap_or(0)
    })
}

/// A step that visits every number below a count, near the golden ratio of it.
pub(super) fn spread_step(count: u64) -> u64 {
    let mut step = count - count / 13 * 5;
    while step > 1 && gcd(step, count) != 1 {
        step -= 1;
    }
    step.max(1)
}

fn gcd(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// A character that no glob, text or word of the policy has, nor anything that is picked beside them.
fn filler(policy: &Policy) -> char {
    let mut used = Used { ascii: [false; 128], others: HashSet::new() };
    for rule in &policy.rules {
        [&rule.type_glob, &rule.target_glob, &rule.agent_glob].into_iter().for_each(|glob| used.add(glob));
    }
    let mut constants = policy.rules.iter().flat_map(|rule| &rule.conditions).flat_map(|c| &c.tests);
    constants.by_ref().for_each(|test| match test {
        crate::hir::Test::Param { value: crate::hir::Const::Str(text), .. } => used.add(text),
        crate::hir::Test::Matches { pattern, .. } => {
            policy.patterns.get(*pattern).iter().for_each(|pattern| used.add(pattern.text()));
        }
        _ => {}
    });
    let own = ['~', '^', '|', '`', '#'].into_iter().chain('\u{e000}'..='\u{f8ff}');
    { own }.find(|&c| !used.has(c)).unwrap_or('\u{e000}')
}

/// The characters of some texts.
struct Used {
    ascii: [bool; 128],
    others: HashSet<char>,
}

impl Used {
    fn add(&mut self, text: &str) {
        for c in text.chars() {
            match usize::try_from(u32::from(c)).ok().and_then(|at| self.ascii.get_mut(at)) {
                Some(used) => *used = true,
                None => drop(self.others.insert(c)),
            }
        }
    }

    fn has(&self, c: char) -> bool {
        let ascii = usize::try_from(u32::from(c)).ok().and_then(|at| self.ascii.get(at));
        ascii.copied().unwrap_or_else(|| self.others.contains(&c))
    }
}

#[expect(clippy::as_conversions, reason = "an estimate")]
#[expect(clippy::cast_precision_loss, reason = "an estimate")]
fn float(n: u64) -> f64 {
    n as f64
}
