//! `aegisc inspect`: an artifact -> what it is made of.

use crate::args::InspectArgs;
use crate::build::verified;
use crate::input;
use crate::output::{Done, FAINT, Failure, STRONG, Shell, counted, grouped, hex, printable};
use crate::reason::outcome;
use aegis_vm::format::{self, SectionId};
use aegis_vm::{Policy, SectionInfo};
use std::fmt::{self, Write};
use std::fs;

pub(crate) fn run(args: &InspectArgs, shell: &Shell) -> Result<Done, Failure> {
    let policy = input::artifact(&args.artifact)?;
    let mut text = String::new();
    let drawn = if args.ir { policy.write_ir(&mut text) } else { describe(&mut text, &policy) };
    drawn.map_err(|_| Failure::new("the artifact cannot be shown"))?;
    shell.out(&text)?;
    Ok(Done::Fine)
}

fn describe(text: &mut String, policy: &Policy) -> fmt::Result {
    header(text, policy)?;
    layers(text, policy)?;
    sections(text, policy)
}

fn header(text: &mut String, policy: &Policy) -> fmt::Result {
    let manifest = policy.manifest();
    let (approval, risk_level) = policy.default_outcome();
    let or_none = |text: &str| if text.is_empty() { "none".to_owned() } else { printable(text) };
    let plan = &manifest.plan_rules;
    let sequences = counted(plan.sequence_patterns.len(), "sequence");
    let limit = if plan.cumulative_risk.is_some() { "a risk limit" } else { "no risk limit" };
    let rows = [
        ("digest", hex(&policy.digest())),
        ("format", format::FORMAT_VERSION.to_string()),
        ("compiler", printable(policy.compiler())),
        ("policy id", or_none(policy.policy_id())),
        ("revision", policy.revision().to_string()),
        ("label", or_none(&manifest.label)),
        ("checked", verified(&manifest.verified)),
        ("version", printable(&manifest.version)),
        ("scope", or_none(&manifest.scope)),
        ("scope id", or_none(&manifest.scope_id)),
        ("rules", grouped(policy.rules().count())),
        ("defaults", outcome(approval, risk_level)),
        ("plan rules", format!("{sequences}, {limit}")),
    ];
    for (name, value) in rows {
        writeln!(text, "{STRONG}{name:<11}{STRONG:#} {value}")?;
    }
    Ok(())
}

fn layers(text: &mut String, policy: &Policy) -> fmt::Result {
    writeln!(text, "\n{STRONG}layers{STRONG:#}")?;
    for layer in &policy.manifest().layers {
        let rules = counted(usize::try_from(layer.rules).unwrap_or(usize::MAX), "rule");
        writeln!(
            text,
            "  {} {FAINT}{rules}, sha256 {}{FAINT:#}",
            printable(&layer.path),
            hex(&layer.sha256)
        )?;
    }
    Ok(())
}

fn sections(text: &mut String, policy: &Policy) -> fmt::Result {
    writeln!(text, "\n{STRONG}{:<18} {:>12} {:>10}{STRONG:#}", "sections", "bytes", "records")?;
    let mut total = 0;
    for section in policy.sections() {
        total += section.length;
        let bytes = grouped(usize::try_from(section.length).unwrap_or(usize::MAX));
        let records = records(section).map(grouped).unwrap_or_default();
        let digest = hex(section.sha256.get(..8).unwrap_or_default());
        writeln!(
            text,
            "  {:<16} {bytes:>12} {records:>10}  {FAINT}sha256 {digest}…{FAINT:#}",
            section.id.name()
        )?;
    }
    writeln!(text, "  {:<16} {:>12}", "together", grouped(usize::try_from(total).unwrap_or(usize::MAX)))
}

/// The number of records of a section that is made of records of one size.
fn records(section: SectionInfo) -> Option<usize> {
    let size = match section.id {
        SectionId::GlobRanges => size_of::<format::GlobRange>(),
        SectionId::GlobTokens => size_of::<format::GlobToken>(),
        SectionId::Globs => size_of::<format::Glob>(),
        SectionId::Params | SectionId::Words => size_of::<format::Text>(),
        SectionId::Consts => size_of::<format::Const>(),
        SectionId::WordSets => size_of::<format::WordSet>(),
        SectionId::Dfas => size_of::<format::Dfa>(),
        SectionId::Tests => size_of::<format::Test>(),
        SectionId::Rules => size_of::<format::Rule>(),
        SectionId::Shapes => size_of::<format::Shape>(),
        SectionId::Buckets => size_of::<format::Bucket>(),
        SectionId::Candidates => size_of::<u32>(),
        SectionId::Manifest
        | SectionId::Strings
        | SectionId::ClassMap
        | SectionId::DfaBytes
        | SectionId::Debug => return None,
    };
    usize::try_from(section.length).ok().map(|length| length / size)
}
