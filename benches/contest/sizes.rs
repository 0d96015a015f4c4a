//! How long an artifact is, for each rule and by section, debug data apart.

use crate::args::Args;
use aegis_benches::workloads;
use aegis_vm::SectionInfo;
use aegis_vm::format::SectionId;
use serde_json::json;

const RULES: u32 = 100_000;

/// Prints the sections of W3 and W4 at 100,000 rules. Empty sections are left out.
pub(crate) fn print(args: &Args) {
    for name in ["W3", "W4"] {
        let workload = workloads::named(name, usize::try_from(RULES).unwrap()).unwrap();
        let policy = workload.policy();
        let (debug, tables): (Vec<SectionInfo>, Vec<SectionInfo>) =
            policy.sections().partition(|section| section.id == SectionId::Debug);
        let of_rule = |bytes: u64| f64::from(u32::try_from(bytes).unwrap()) / f64::from(RULES);
        let all = |sections: &[SectionInfo]| of_rule(sections.iter().map(|section| section.length).sum());
        if args.json {
            let sections: serde_json::Map<_, _> = tables
                .iter()
                .map(|section| (section.id.name().to_owned(), of_rule(section.length).into()))
                .collect();
            let (all, debug) = (all(&tables), all(&debug));
            println!("{}", json!({"sizes": workload.name, "sections": sections, "all": all, "debug": debug}));
            continue;
        }
        println!("{}: bytes of a rule", workload.name);
        for section in tables.iter().filter(|section| section.length > 0) {
            println!("  {:<18} {:>8.2}", section.id.name(), of_rule(section.length));
        }
        println!("  {:<18} {:>8.2}", "all", all(&tables));
        println!("  {:<18} {:>8.2}\n", "debug, apart", all(&debug));
    }
}
