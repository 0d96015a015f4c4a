//! Prints how long the sections of an artifact are, for policies of one rule a pattern.

use aegis_benches::search;
use aegis_peers::support::patterns::Searches;

fn main() {
    let mixed = search::mixed().patterns;
    let policies: [(&str, &[&str]); 3] = [
        (r"\w+@corp\.com$", &[r"\w+@corp\.com$"]),
        (r"[\w.+-]+@[\w-]+\.[\w.]+", &[r"[\w.+-]+@[\w-]+\.[\w.]+"]),
        ("50 mixed", &mixed),
    ];
    println!("Bytes of each section, by the patterns of the policy (one rule each)\n");
    print!("{:<16}", "section");
    for (name, _) in policies {
        print!(" {name:>24}");
    }
    println!();
    let artifacts = policies.map(|(_, patterns)| Searches::new(patterns));
    let sections = artifacts.each_ref().map(|one| one.policy().sections().collect::<Vec<_>>());
    for (at, section) in sections[0].iter().enumerate() {
        print!("{:<16}", section.id.name());
        for sections in &sections {
            print!(" {:>24}", sections[at].length);
        }
        println!();
    }
    print!("{:<16}", "all");
    for sections in &sections {
        print!(" {:>24}", sections.iter().map(|section| section.length).sum::<u64>());
    }
    println!();
}
