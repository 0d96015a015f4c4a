//! `aegisc inspect`: an artifact -> what it is made of.

use crate::args::InspectArgs;
use aegis_vm::format::{self, SectionId};
use aegis_vm::{Policy, SectionInfo};
use aegisc::command::input;
use aegisc::command::output::{Done, FAINT, Failure, STRONG, Shell, counted, grouped, hex, printable};
use aegisc::command::reason::outcome;
use std::fmt::{self, Write};

pub(crate) fn run(args: &InspectArgs, shell: &Shell) -> Result<Done, Failure> {
    let bytes = input::artifact_bytes(&args.artifact)?;
    let policy = input::load(&args.artifact, bytes.as_slice())?;
    let mut text = String::new();
    let drawn = if args.ir { policy.write_ir(&mut text) } else { describe(&mut text, &policy, &bytes) };
    drawn.map_err(|_| Failure::new("the artifact cannot be shown"))?;
    shell.out(&text)?;
    Ok(Done::Fine)
}

fn describe(text: &mut String, policy: &Policy, bytes: &[u8]) -> fmt::Result {
    header(text, policy)?;
    layers(text, policy)?;
    sections(text, policy)?;
    roots(text, policy, bytes)
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
        ("verified", printable(&manifest.verified)),
        ("cost", manifest.cost.to_string()),
        ("rules", grouped(policy.rules().count())),
        ("defaults", outcome(approval, risk_level)),
        ("plan rules", format!("{sequences}, {limit}")),
    ];
    for (name, value) in rows {
        writeln!(text, "{STRONG}{name:<11}{STRONG:#} {value}")?;
    }
    spread(text, policy)
}

/// As many ranges of rules are named.
const MOST_RANGES: usize = 8;

/// Which rules are judged by other means than a graph of their own.
fn spread(text: &mut String, policy: &Policy) -> fmt::Result {
    let format::Spread { chunks, rows, sifted } = &policy.manifest().spread;
    let all = [
        ("in chunks", chunks, "as the graph of their list passed its budget"),
        ("in rows", rows, "judged by rows of bits, as a graph of them passed its budget"),
        ("sifted", sifted, "by the literals that their texts need"),
    ];
    if chunks.is_empty() && rows.is_empty() {
        writeln!(text, "{STRONG}{:<11}{STRONG:#} whole: no rule fell to chunks or rows", "graphs")?;
    }
    for (label, ranges, why) in all.into_iter().filter(|(_, ranges, _)| !ranges.is_empty()) {
        let count: u32 = ranges.iter().map(|range| range.last - range.first + 1).sum();
        writeln!(text, "{STRONG}{label:<11}{STRONG:#} {}, {why}", counted(to_usize(count), "rule"))?;
        for range in ranges.iter().take(MOST_RANGES) {
            write!(text, "{:<11} {FAINT}{}", "", named_rule(policy, range.first))?;
            if range.first != range.last {
                write!(text, " … {}", named_rule(policy, range.last))?;
            }
            writeln!(text, "{FAINT:#}")?;
        }
        if let Some(more) = ranges.len().checked_sub(MOST_RANGES).filter(|more| *more > 0) {
            writeln!(text, "{:<11} {FAINT}and {} more{FAINT:#}", "", counted(more, "range"))?;
        }
    }
    Ok(())
}

fn named_rule(policy: &Policy, rule: u32) -> String {
    let name = policy.rule(to_usize(rule)).map(|rule| printable(rule.name()));
    format!("{rule} {}", name.unwrap_or_default())
}

fn layers(text: &mut String, policy: &Policy) -> fmt::Result {
    writeln!(text, "\n{STRONG}layers{STRONG:#}")?;
    for layer in &policy.manifest().layers {
        let rules = counted(usize::try_from(layer.rules).unwrap_or(usize::MAX), "rule");
        writeln!(text, "  {}", printable(&layer.path))?;
        let mut scope = printable(&layer.scope);
        if !layer.scope_id.is_empty() {
            scope = format!("{scope} {}", printable(&layer.scope_id));
        }
        let version = printable(&layer.version);
        writeln!(text, "    {rules}, version {version}, scope {scope}")?;
        writeln!(text, "    {FAINT}sha256 {}{FAINT:#}", hex(&layer.sha256))?;
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
        SectionId::GlobParts => size_of::<format::GlobPart>(),
        SectionId::Globs => size_of::<format::Glob>(),
        SectionId::Params => size_of::<format::Text>(),
        SectionId::Words => size_of::<format::Word>(),
        SectionId::Consts => size_of::<format::Const>(),
        SectionId::WordSets => size_of::<format::WordSet>(),
        SectionId::Automata => size_of::<format::Automaton>(),
        SectionId::Patterns => size_of::<format::Pattern>(),
        SectionId::Groups => size_of::<format::Group>(),
        SectionId::GroupMembers => size_of::<u32>(),
        SectionId::GroupAnswers => size_of::<format::GroupAnswer>(),
        SectionId::Needles => size_of::<format::Needle>(),
        SectionId::Scans => size_of::<format::Scan>(),
        SectionId::Tests => size_of::<format::Test>(),
        SectionId::Rules => size_of::<format::Rule>(),
        SectionId::Errors => size_of::<format::RuleError>(),
        SectionId::Switches | SectionId::Nodes | SectionId::Buckets => size_of::<u32>(),
        SectionId::Slots => size_of::<format::Slot>(),
        SectionId::Roots => size_of::<format::Root>(),
        SectionId::Manifest
        | SectionId::Strings
        | SectionId::ClassMap
        | SectionId::ColumnMaps
        | SectionId::AutomatonBytes
        | SectionId::ScanBytes
        | SectionId::Debug => return None,
    };
    usize::try_from(section.length).ok().map(|length| length / size)
}

/// Where a decision begins: hash tables, tries, and the rules that every action asks.
fn roots(text: &mut String, policy: &Policy, bytes: &[u8]) -> fmt::Result {
    writeln!(
        text,
        "\n{STRONG}{:<26} {:>10} {:>10} {:>12}{STRONG:#}",
        "roots", "places", "probes", "first rule"
    )?;
    for [kind, fields, _, _, count, probes, first, ..] in u32_records::<16>(policy, bytes, SectionId::Roots) {
        let what = match kind {
            format::ROOT_HASH => named(fields),
            format::ROOT_PREFIX | format::ROOT_STARTS => format!("beginnings of {}", named(fields)),
            format::ROOT_SUFFIX | format::ROOT_ENDS => format!("ends of {}", named(fields)),
            _ => "every action".to_owned(),
        };
        let [count, probes, first] = [count, probes, first].map(|n| grouped(to_usize(n)));
        writeln!(text, "  {what:<24} {count:>10} {probes:>10} {first:>12}")?;
    }
    Ok(())
}

/// The fields of a mask, by name.
fn named(mask: u32) -> String {
    let all =
        [(format::FIELD_TYPE, "type"), (format::FIELD_TARGET, "target"), (format::FIELD_AGENT, "agent")];
    let named: Vec<&str> = all.iter().filter(|(bit, _)| mask & bit != 0).map(|&(_, name)| name).collect();
    named.join(", ")
}

/// A section as records of `N` little-endian numbers. The artifact was loaded, so that its sections
/// stand one after another behind the header and their table.
fn u32_records<const N: usize>(policy: &Policy, bytes: &[u8], wanted: SectionId) -> Vec<[u32; N]> {
    let mut start = size_of::<format::Header>() + size_of::<format::SectionRow>() * format::SECTIONS.len();
    for section in policy.sections() {
        let length = usize::try_from(section.length).unwrap_or(usize::MAX);
        if section.id == wanted {
            let section = bytes.get(start..start.saturating_add(length)).unwrap_or_default();
            let words: Vec<u32> = section
                .chunks_exact(4)
                .map(|word| u32::from_le_bytes(word.try_into().unwrap_or_default()))
                .collect();
            return words.chunks_exact(N).filter_map(|record| record.try_into().ok()).collect();
        }
        start = start.saturating_add(length);
    }
    Vec::new()
}

fn to_usize(n: u32) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}
