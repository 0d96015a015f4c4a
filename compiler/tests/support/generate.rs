//! Policies of every feature, drawn from bytes.
//!
//! A policy has a small vocabulary (types, targets, agents, params, constants) that its rules and its
//! actions share, so that several rules look at one action: candidates of several shapes meet, later
//! conditions stand behind earlier ones, and a type error may or may not be hidden.

use super::actions;
use super::bytes::Bytes;
use super::constants::Constants;
use super::filters;
use super::globs;
use super::node::Node;
use aegis_vm::json::Json;
use aegis_vm::{Action, Timestamp};

const TYPES: [&str; 14] = [
    "read",
    "write",
    "delete",
    "deploy",
    "read_file",
    "DELETE",
    "Read",
    "bulk_update",
    "a",
    "[",
    "",
    "연락처",
    "données",
    "💳pay",
];
const TARGETS: [&str; 10] =
    ["prod_db", "staging", "crm", "a/b/c", "x.y", "", "prod", "Straße", "*", "line\nbreak"];
const AGENTS: [&str; 6] = ["bot_a", "bot_b", "ops-1", "*", "b", "Агент"];
const PARAMS: [&str; 9] = ["amount", "env", "tags", "email", "delete", "", "é", "on", "a b"];
const NAMES: [&str; 7] = ["dup", "r", "규칙", "a@b", "<default>", "\"quoted\"", "with\nbreak"];
const RISK_LEVELS: [&str; 8] = ["low", "medium", "high", "critical", "HIGH", "Low", "cRiTiCaL", "MEDIUM"];
const APPROVALS: [&str; 3] = ["auto", "approve", "block"];
const SEMANTIC: [&str; 16] = [
    "destructive",
    "pii",
    "financial",
    "data_exposure",
    "PRIVILEGED",
    " Data_Exposure ",
    "delete all",
    "PII or the leak",
    "urgent",
    "read_file",
    "deploy to production",
    "amount",
    "ai",
    "naïve_x",
    "a b c",
    "credit_card",
];
/// Texts for a scan: parts and ends of each other, of several bytes a character, and nothing.
const NEEDLES: [&str; 22] = [
    "a", "ab", "b", "", "abc", "bc", "aa", "aaa", "é", "\u{c3}", "네", "연락", "락처", "💳", "stag",
    "staging", "ging", "100", "True", "\u{0}", "İ", "corp.com",
];
/// Words for a scan: parts of each other, with underscores at every place.
const WORDS: [&str; 10] = [
    "a b ab",
    "ab_c",
    "_a",
    "a_",
    "kill ki",
    "credit_card",
    "card credit",
    "i it",
    "delete x_delete",
    "_ __ a__b",
];
/// The patterns that Python accepts and an automaton follows, and some that Python rejects.
const PATTERNS: [&str; 26] = [
    r"@corp\.com$",
    "^a",
    "urgent",
    r"^\d{1,3}$",
    "(?i)URGENT",
    "prod|stag",
    "^$",
    ".",
    r"\bcorp\b",
    r"^\w+@",
    r"\.com\Z",
    "True",
    "a{1,2}",
    "(?:a|b)@",
    r"\s",
    r"^\S+$",
    r"^-?\d+(\.\d+)?$",
    "[^@]+@",
    "é|연",
    r"\['",
    "None",
    "(",
    "*a",
    "[z-a]",
    "(?i)İ|ß",
    r"\d",
];

/// A policy, the actions to ask it about, and the names that it was made of.
#[derive(Debug)]
pub struct Generated {
    /// YAML layers as text.
    pub layers: Vec<String>,
    pub cases: Vec<(Action, Option<Timestamp>)>,
}

/// What the rules of a policy share with each other and with its actions.
#[derive(Debug)]
pub struct Vocabulary {
    pub types: Vec<&'static str>,
    pub targets: Vec<&'static str>,
    pub agents: Vec<&'static str>,
    pub params: Vec<&'static str>,
    pub values: Vec<Json>,
    /// The globs of the rules, for texts that they match.
    pub globs: [Vec<String>; 3],
    /// The minutes that conditions name.
    pub minutes: Vec<i64>,
    pub semantic: Vec<&'static str>,
}

/// Draws a policy and its actions.
pub fn generate(bytes: &[u8]) -> Generated {
    let mut bytes = Bytes::new(bytes);
    let constants = Constants::draw(&mut bytes);
    let vocabulary = Vocabulary {
        types: some(&TYPES, 3, &mut bytes),
        targets: some(&TARGETS, 2, &mut bytes),
        agents: some(&AGENTS, 2, &mut bytes),
        params: some(&PARAMS, 4, &mut bytes),
        values: constants.all.iter().map(Node::json).collect(),
        globs: [const { Vec::new() }; 3],
        minutes: Vec::new(),
        semantic: Vec::new(),
    };
    let mut drawing = Drawing { bytes, constants, vocabulary };
    let layers = (0..drawing.bytes.below(3) + 1).map(|_| drawing.layer()).collect();
    let cases = actions::draw(&drawing.vocabulary, &mut drawing.bytes);
    Generated { layers, cases }
}

fn some(from: &[&'static str], most: usize, bytes: &mut Bytes<'_>) -> Vec<&'static str> {
    (0..bytes.below(most) + 1).map(|_| bytes.pick(from)).collect()
}

struct Drawing<'b> {
    bytes: Bytes<'b>,
    constants: Constants,
    vocabulary: Vocabulary,
}

type Entries = Vec<(Node, Node)>;

fn push(entries: &mut Entries, key: &str, value: Node) {
    entries.push((Node::word(key), value));
}

impl Drawing<'_> {
    fn layer(&mut self) -> String {
        let mut entries = Entries::new();
        if self.bytes.chance(100) {
            let version = self.bytes.pick(&["1", "\"1\"", "2", "\"2\"", "3", "\" 1 \""]).to_string();
            push(&mut entries, "version", Node::Plain(version, Json::Null));
        }
        if self.bytes.chance(160) {
            let defaults = self.defaults();
            push(&mut entries, "defaults", defaults);
        }
        if self.bytes.chance(20) {
            push(&mut entries, "scope", Node::text("team"));
            push(&mut entries, "scope_id", Node::text(self.bytes.pick(&NAMES)));
        }
        if self.bytes.chance(10) {
            push(&mut entries, "unknown", Node::null());
        }
        if self.bytes.chance(12) {
            let steps = "{sequence_patterns: [{name: s, steps: [read, 'del*']}], cumulative_risk: {max_total_risk: 9}}";
            push(&mut entries, "plan_rules", Node::Plain(steps.to_owned(), Json::Null));
        }
        let count = self.bytes.below(9);
        let mut rules: Vec<Node> = (0..count).map(|_| self.rule()).collect();
        if self.bytes.chance(50) {
            self.needles(&mut rules);
        }
        if self.bytes.chance(50) {
            self.globs(&mut rules);
        }
        if self.bytes.chance(70) {
            rules.extend(filters::rules(&mut self.vocabulary, &mut self.bytes));
        }
        push(&mut entries, "rules", Node::List(rules));
        self.repeat(&mut entries, 4);
        let levels = self.bytes.pick(&[3, 2, 5, 1, 0, 9]);
        let mut text = String::new();
        Node::Map(entries).block(0, levels, &mut text);
        text.push('\n');
        text
    }

    fn defaults(&mut self) -> Node {
        let mut entries = Entries::new();
        if self.bytes.chance(20) {
            return Node::null();
        }
        if self.bytes.chance(200) {
            push(&mut entries, "risk_level", Node::word(self.bytes.pick(&RISK_LEVELS)));
        }
        if self.bytes.chance(200) {
            push(&mut entries, "approval", Node::word(self.bytes.pick(&APPROVALS)));
        }
        Node::Map(entries)
    }

    fn rule(&mut self) -> Node {
        let mut entries = Entries::new();
        match self.bytes.below(8) {
            0..=4 => push(&mut entries, "name", Node::text(self.bytes.pick(&NAMES))),
            5 => push(&mut entries, "name", Node::null()),
            6 => push(&mut entries, "name", Node::text("")),
            _ => {}
        }
        let mut matching = Entries::new();
        let fields = [("type", 230, 0), ("target", 110, 1), ("agent", 60, 2)];
        for (key, chance, field) in fields {
            if self.bytes.chance(chance) {
                let glob = self.glob(field);
                push(&mut matching, key, Node::text(glob));
            }
        }
        self.repeat(&mut matching, 6);
        if !matching.is_empty() || self.bytes.chance(128) {
            push(&mut entries, "match", Node::Map(matching));
        }
        if self.bytes.chance(170) {
            let conditions = self.conditions();
            push(&mut entries, "conditions", conditions);
        }
        if self.bytes.chance(220) {
            push(&mut entries, "risk_level", Node::word(self.bytes.pick(&RISK_LEVELS)));
        }
        if self.bytes.chance(220) {
            push(&mut entries, "approval", Node::word(self.bytes.pick(&APPROVALS)));
        }
        if self.bytes.chance(6) {
            push(&mut entries, "aproval", Node::word("block"));
        }
        self.repeat(&mut entries, 6);
        Node::Map(entries)
    }

    /// Many short rules over the texts of one or two params and over words, enough for scans.
    fn needles(&mut self, rules: &mut Vec<Node>) {
        let params: Vec<_> =
            (0..self.bytes.between(1, 2)).map(|_| self.bytes.pick(&self.vocabulary.params)).collect();
        let kind = self.bytes.pick(&self.vocabulary.types);
        let mut order: Vec<_> = NEEDLES.to_vec();
        order.rotate_left(self.bytes.below(NEEDLES.len()));
        for (at, needle) in order.into_iter().enumerate() {
            self.vocabulary.values.push(Json::from(needle));
            for &param in &params {
                // Rules before a match hide those behind it: most ask for two texts, one of them rare.
                let conditions = if self.bytes.chance(200) {
                    format!(
                        "{{param_contains: {{{}: {}}}, weekdays: [{}]}}",
                        quoted(param),
                        quoted(needle),
                        at % 7 + 1
                    )
                } else {
                    format!("{{param_contains: {{{}: {}}}}}", quoted(param), quoted(needle))
                };
                rules.push(short_rule(kind, &conditions));
            }
            if self.bytes.chance(60) {
                let words = self.bytes.pick(&WORDS);
                self.vocabulary.semantic.push(words);
                rules.push(short_rule(kind, &format!("{{semantic: {}}}", quoted(words))));
            }
        }
    }

    /// Short rules over globs of one field, perhaps of one type, enough for groups.
    fn globs(&mut self, rules: &mut Vec<Node>) {
        let field = self.bytes.below(3);
        let (key, kind) = (["type", "target", "agent"][field], self.bytes.pick(&self.vocabulary.types));
        for at in 0..self.bytes.between(4, 24) {
            let glob = match self.bytes.below(3) {
                0 => self.glob(field),
                _ => globs::run(&mut self.bytes),
            };
            self.vocabulary.globs[field].push(glob.clone());
            let mut matching = format!("{key}: {}", quoted(&glob));
            if field > 0 && self.bytes.chance(128) {
                // The same glob over two texts, or a literal beside it.
                let of_type = if self.bytes.chance(60) { &glob } else { kind };
                matching = format!("type: {}, {matching}", quoted(of_type));
            }
            // Rules before a match hide those behind it.
            let weekday = if self.bytes.chance(200) { at % 7 + 1 } else { 8 };
            let conditions = if weekday < 8 { format!("{{weekdays: [{weekday}]}}") } else { "{}".to_owned() };
            let text = format!("{{match: {{{matching}}}, conditions: {conditions}, approval: auto}}");
            rules.push(Node::Plain(text, Json::Null));
        }
    }

    /// Perhaps an entry once more, at the end: its first place and this value count.
    fn repeat(&mut self, entries: &mut Entries, of_256: u8) {
        if !entries.is_empty() && self.bytes.chance(of_256) {
            let entry = self.bytes.pick(entries);
            entries.push(entry);
        }
    }

    fn glob(&mut self, field: usize) -> String {
        let literals = match field {
            0 => &self.vocabulary.types,
            1 => &self.vocabulary.targets,
            _ => &self.vocabulary.agents,
        };
        let glob = globs::glob(self.bytes.pick(literals), &mut self.bytes);
        self.vocabulary.globs[field].push(glob.clone());
        glob
    }

    fn conditions(&mut self) -> Node {
        if self.bytes.chance(8) {
            return if self.bytes.chance(128) { Node::null() } else { Node::Map(Vec::new()) };
        }
        let mut entries = Entries::new();
        for _ in 0..self.bytes.below(3) + 1 {
            let (key, value) = self.condition();
            entries.push((Node::word(key), value));
        }
        self.repeat(&mut entries, 10);
        Node::Map(entries)
    }

    fn condition(&mut self) -> (&'static str, Node) {
        match self.bytes.below(20) {
            0..=2 => ("param_eq", self.params(Constants::any)),
            3 | 4 => ("param_gt", self.params(Constants::ordered)),
            5 | 6 => ("param_gte", self.params(Constants::ordered)),
            7 | 8 => ("param_lt", self.params(Constants::ordered)),
            9 => ("param_lte", self.params(Constants::ordered)),
            10..=12 => ("param_contains", self.params(Constants::any)),
            13 => ("time_after", self.time()),
            14 => ("time_before", self.time()),
            15 => ("weekdays", self.weekdays()),
            16 => ("semantic", self.semantic()),
            17 if self.bytes.chance(40) => ("param_equals", Node::int(1)),
            17 => ("semantic", self.semantic()),
            _ => ("param_matches", self.params(pattern)),
        }
    }

    fn params(&mut self, value: impl Fn(&Constants, &mut Bytes<'_>) -> Node) -> Node {
        let mut entries = Entries::new();
        let count = self.bytes.pick(&[1, 1, 1, 2, 2, 3, 0, 1]);
        for _ in 0..count {
            let name = if self.bytes.chance(6) {
                Node::Plain(self.bytes.pick(&["1", "on", "null", "2026-01-01", "1.5"]).to_owned(), Json::Null)
            } else {
                Node::text(self.bytes.pick(&self.vocabulary.params))
            };
            entries.push((name, value(&self.constants, &mut self.bytes)));
        }
        self.repeat(&mut entries, 8);
        Node::Map(entries)
    }

    fn time(&mut self) -> Node {
        let (hour, minute) = (self.bytes.below(24), self.bytes.pick(&[0, 0, 1, 30, 59]));
        self.vocabulary.minutes.push(i64::try_from(hour * 60 + minute).unwrap());
        let text = match self.bytes.below(6) {
            0 => format!("\"{hour}:{minute}\""),
            1 => format!("{hour}:{minute:02}"),
            2 => format!("\" {hour:02} : {minute:02} \""),
            3 => format!("\"{hour:02}:{minute:02}:59\""),
            _ => format!("\"{hour:02}:{minute:02}\""),
        };
        Node::Plain(text, Json::Null)
    }

    fn weekdays(&mut self) -> Node {
        let items = [
            "1", "2", "3", "4", "5", "6", "7", "0", "8", "1.0", "true", "\"1\"", "mon", "null", "2.5", "[1]",
        ];
        let count = self.bytes.below(6);
        let item = |bytes: &mut Bytes<'_>| {
            // Mostly true weekdays.
            let among = if bytes.chance(40) { items.len() } else { 7 };
            Node::Plain(items[bytes.below(among)].to_owned(), Json::Null)
        };
        Node::List((0..count).map(|_| item(&mut self.bytes)).collect())
    }

    fn semantic(&mut self) -> Node {
        if self.bytes.chance(10) {
            return if self.bytes.chance(128) { Node::null() } else { Node::text("the of") };
        }
        let text = self.bytes.pick(&SEMANTIC);
        self.vocabulary.semantic.push(text);
        Node::text(text)
    }
}

/// A rule for one type, or for every type, on one line.
fn short_rule(kind: &str, conditions: &str) -> Node {
    let kind = quoted(kind);
    let text = format!("{{match: {{type: {kind}}}, conditions: {conditions}, approval: auto}}");
    Node::Plain(text, Json::Null)
}

fn quoted(text: &str) -> String {
    let mut out = String::new();
    Node::text(text).flow(&mut out);
    out
}

fn pattern(constants: &Constants, bytes: &mut Bytes<'_>) -> Node {
    if bytes.chance(12) {
        return match constants.any(bytes) {
            Node::Text(_) => Node::int(1),
            // The text of a set is not defined: an error of the file.
            other if has_set(&other) => Node::null(),
            other => other,
        };
    }
    Node::text(bytes.pick(&PATTERNS))
}

fn has_set(node: &Node) -> bool {
    match node {
        Node::Plain(text, _) => text.starts_with("!!set"),
        Node::Text(_) => false,
        Node::List(items) => items.iter().any(has_set),
        Node::Map(entries) => entries.iter().any(|(_, value)| has_set(value)),
    }
}
