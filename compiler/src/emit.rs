//! Tables -> the bytes of `policy.aegisb`, as `aegis_vm::format` draws them; `aegis_vm`'s loader
//! reads them back.

use crate::hir::{self, PlanRules};
use crate::source::SourceMap;
use crate::table::{Tables, approval_byte, risk_byte};
use aegis_vm::Cost;
use aegis_vm::format::{
    ConditionDebug, CumulativeRisk, DIGESTED_HEADER, Debug, FORMAT_VERSION, Header, Layer, MAGIC, Manifest,
    POLICY_ID_MAX, SECTIONS, SectionId, SectionRow, SequencePattern,
};
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use zerocopy::IntoBytes;
use zerocopy::little_endian::{U32, U64};

/// What is written beside the tables.
pub(crate) struct Build<'b> {
    pub(crate) policy: &'b hir::Policy,
    pub(crate) sources: &'b SourceMap,
    /// The digest of each layer's file.
    pub(crate) digests: &'b [[u8; 32]],
    pub(crate) policy_id: &'b str,
    pub(crate) revision: u64,
    pub(crate) label: &'b str,
    pub(crate) verified: String,
    /// What a decision costs at most.
    pub(crate) cost: Cost,
}

/// The name and version that the header carries.
pub(crate) const COMPILER: &str = concat!("aegisc ", env!("CARGO_PKG_VERSION"));

/// The artifact.
pub(crate) fn emit(build: &Build<'_>, tables: &Tables) -> Vec<u8> {
    let manifest = postcard_bytes(&manifest(build, tables));
    let debug = postcard_bytes(&debug(build));
    let content = |id: SectionId| -> &[u8] {
        match id {
            SectionId::Manifest => &manifest,
            SectionId::Strings => tables.strings.as_bytes(),
            SectionId::GlobRanges => tables.glob_ranges.as_bytes(),
            SectionId::GlobTokens => tables.glob_tokens.as_bytes(),
            SectionId::GlobParts => tables.glob_parts.as_bytes(),
            SectionId::Globs => tables.globs.as_bytes(),
            SectionId::Params => tables.params.as_bytes(),
            SectionId::Consts => tables.consts.as_bytes(),
            SectionId::Words => tables.words.as_bytes(),
            SectionId::WordSets => tables.word_sets.as_bytes(),
            SectionId::ClassMap => &tables.class_map,
            SectionId::ColumnMaps => &tables.column_maps,
            SectionId::AutomatonBytes => &tables.automaton_bytes,
            SectionId::Automata => tables.automata.as_bytes(),
            SectionId::Patterns => tables.patterns.as_bytes(),
            SectionId::Groups => tables.groups.as_bytes(),
            SectionId::GroupMembers => tables.group_members.as_bytes(),
            SectionId::GroupAnswers => tables.group_answers.as_bytes(),
            SectionId::Needles => tables.needles.as_bytes(),
            SectionId::ScanBytes => &tables.scan_bytes,
            SectionId::Scans => tables.scans.as_bytes(),
            SectionId::Tests => tables.tests.as_bytes(),
            SectionId::Rules => tables.rules.as_bytes(),
            SectionId::Errors => tables.errors.as_bytes(),
            SectionId::Switches => tables.switches.as_bytes(),
            SectionId::Nodes => tables.nodes.as_bytes(),
            SectionId::Buckets => tables.buckets.as_bytes(),
            SectionId::Slots => tables.slots.as_bytes(),
            SectionId::Roots => tables.roots.as_bytes(),
            SectionId::Debug => &debug,
        }
    };
    let mut rows = Vec::with_capacity(SECTIONS.len());
    let mut end = size_of::<Header>() + SECTIONS.len() * size_of::<SectionRow>();
    for id in SECTIONS {
        let bytes = content(id);
        rows.push(SectionRow {
            id: U32::new(id.number()),
            reserved: U32::new(0),
            offset: wide(end),
            length: wide(bytes.len()),
            sha256: Sha256::digest(bytes).into(),
        });
        end += bytes.len();
    }
    let mut header = Header {
        magic: MAGIC,
        format_version: U32::new(FORMAT_VERSION),
        section_count: U32::new(u32::try_from(SECTIONS.len()).unwrap_or(u32::MAX)),
        file_length: wide(end),
        revision: U64::new(build.revision),
        compiler: padded(COMPILER),
        policy_id: padded::<POLICY_ID_MAX>(build.policy_id),
        digest: [0; 32],
        signature: [0; 160],
    };
    let mut digest = Sha256::new();
    digest.update(header.as_bytes().get(..DIGESTED_HEADER).unwrap_or_default());
    digest.update(rows.as_bytes());
    header.digest = digest.finalize().into();
    let mut out = Vec::with_capacity(end);
    out.extend_from_slice(header.as_bytes());
    out.extend_from_slice(rows.as_bytes());
    SECTIONS.iter().for_each(|&id| out.extend_from_slice(content(id)));
    out
}

fn wide(n: usize) -> U64 {
    U64::new(u64::try_from(n).unwrap_or(u64::MAX))
}

/// Text padded with zeros. Longer text was refused before.
fn padded<const N: usize>(text: &str) -> [u8; N] {
    let mut bytes = [0; N];
    for (to, from) in bytes.iter_mut().zip(text.bytes()) {
        *to = from;
    }
    bytes
}

#[expect(clippy::expect_used, reason = "these types hold nothing that postcard cannot write, into memory")]
fn postcard_bytes<T: serde::Serialize>(value: &T) -> Vec<u8> {
    postcard::to_allocvec(value).expect("plain data")
}

fn manifest(build: &Build<'_>, tables: &Tables) -> Manifest {
    let mut layers = Vec::new();
    let mut first_rule = 0;
    let mut rules_of: HashMap<usize, u32> = HashMap::new();
    for rule in &build.policy.rules {
        *rules_of.entry(rule.span.file.index()).or_default() += 1;
    }
    let files = build.sources.files().zip(build.digests).zip(&build.policy.layers);
    for (((file, source), sha256), metadata) in files {
        let rules = rules_of.get(&file.index()).copied().unwrap_or(0);
        layers.push(Layer {
            path: source.path().to_owned(),
            sha256: *sha256,
            first_rule,
            rules,
            version: metadata.version.clone(),
            scope: metadata.scope.clone(),
            scope_id: metadata.scope_id.clone(),
        });
        first_rule += rules;
    }
    Manifest {
        layers,
        rules: first_rule,
        default_approval: approval_byte(build.policy.default.approval),
        default_risk_level: risk_byte(build.policy.default.risk_level),
        label: build.label.to_owned(),
        verified: build.verified.clone(),
        cost: build.cost,
        spread: tables.spread.clone(),
        plan_rules: plan_rules(&build.policy.plan_rules),
    }
}

fn plan_rules(plan: &PlanRules) -> aegis_vm::format::PlanRules {
    aegis_vm::format::PlanRules {
        sequence_patterns: plan
            .sequence_patterns
            .iter()
            .map(|pattern| SequencePattern {
                name: pattern.name.clone(),
                steps: pattern.steps.clone(),
                window: pattern.window,
                approval: approval_byte(pattern.outcome.approval),
                risk_level: risk_byte(pattern.outcome.risk_level),
                description: pattern.description.clone(),
            })
            .collect(),
        cumulative_risk: plan.cumulative_risk.as_ref().map(|limit| CumulativeRisk {
            max_total_risk: limit.max_total_risk,
            on_exceed: approval_byte(limit.on_exceed),
            name: limit.name.clone(),
        }),
    }
}

fn debug(build: &Build<'_>) -> Debug {
    let condition = |condition: &hir::Condition| ConditionDebug {
        line: build.sources.position(condition.span).line,
        text: hir::show::condition(condition, build.policy),
    };
    let rules = build.policy.rules.iter();
    Debug { rules: rules.map(|rule| rule.conditions.iter().map(condition).collect()).collect() }
}
