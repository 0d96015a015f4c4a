//! Layers that are made to take long or much, and files that are no layers at all.

use std::fmt::Write;

/// A hostile layer, and how it must end.
pub struct Hostile {
    /// What it is, as a file name.
    pub name: &'static str,
    pub bytes: Vec<u8>,
    pub end: End,
}

/// How `check` ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Nothing is denied.
    Fine,
    /// The finding of this name is among those said.
    Refused(&'static str),
}
use End::{Fine, Refused};

/// The layers; a part `1 / smaller` of the size at which they are hostile.
pub fn layers(smaller: usize) -> Vec<Hostile> {
    let mb = (1 << 20) / smaller;
    let thousand = 1_000 / smaller.min(100);
    let mut all = Vec::new();
    let mut add = |name, bytes: Vec<u8>, end| all.push(Hostile { name, bytes, end });
    let run = |what: &str, bytes: usize| what.repeat(bytes / what.len()).into_bytes();
    let lines = |count: usize, line: fn(usize) -> String| (0..count).map(line).collect::<String>();

    // Aliases and merge keys that grow.
    add("alias-bomb-of-lists", bomb("[", "]", "{}*a{}"), Refused("expansion"));
    add("alias-bomb-of-mappings", bomb("{", "}", "k{}: *a{}"), Refused("expansion"));
    add("merge-bomb", merges(24, 10), Refused("expansion"));
    add("merges-of-many-keys", wide_merges(1_000, 1_000), Refused("expansion"));
    add("anchors-and-aliases", anchors(100 * thousand), Refused("unknown_key"));
    add("one-anchor-again-and-again", run("- &a x\n", mb), Refused("anchor"));
    add("long-anchor-name", format!("x: &{0} 1\ny: *{0}\n", "n".repeat(mb)).into(), Refused("unknown_key"));
    add("unknown-aliases", lines(100 * thousand, |at| format!("- *a{at}\n")).into(), Refused("alias"));

    // Depth.
    add("deep-flow-lists", run("[", 100 * thousand), Refused("too_deep"));
    add("deep-flow-mappings", run("{a: ", 400 * thousand), Refused("too_deep"));
    add("deep-block-lists", run("- ", 200 * thousand), Refused("too_deep"));
    let stairs = |at: usize| format!("{}a:\n", " ".repeat(at));
    add("deep-block-mappings", lines(1_400 / smaller.min(10), stairs).into(), Refused("too_deep"));
    add("deep-explicit-keys", run("? ", 200 * thousand), Refused("too_deep"));
    add("brackets", run("[", mb), Refused("too_deep"));
    add("braces", run("{", mb), Refused("too_deep"));
    add("dashes", run("- ", mb), Refused("too_deep"));
    add("question-marks", run("? ", mb), Refused("too_deep"));
    add("closing-brackets", run("]", mb), Refused("syntax"));
    add("empty-lists", run("[],", mb), Refused("syntax"));
    let closed = |(open, close): (&str, &str)| format!("rules: {}{}\n", open.repeat(120), close.repeat(120));
    add("nested-to-the-limit", closed(("[", "]")).into(), Refused("wrong_kind"));

    // Keys.
    add("one-key-again-and-again", run("version: \"1\"\n", 1_300 * thousand), Refused("duplicate_key"));
    add("one-unknown-key", run("aproval: auto\n", 1_400 * thousand), Refused("duplicate_key"));
    let keys = |at: usize| format!("rule{at}: 1\n");
    add("unknown-keys", lines(100 * thousand, keys).into(), Refused("unknown_key"));
    let near = |at: usize| {
        let letter = |n: usize| char::from_u32(0x4E00 + u32::try_from(n).unwrap()).unwrap();
        format!("{}{}an_rules: 1\n", letter(at % 317), letter(at / 317))
    };
    add("keys-near-one-name", lines(100 * thousand, near).into(), Refused("unknown_key"));
    add("long-key", format!("{}: 1\n", "k".repeat(1_000)).into(), Refused("unknown_key"));
    add("longer-key", format!("{}: 1\n", "k".repeat(mb)).into(), Refused("syntax"));
    add("keys-that-are-lists", run("? [a]\n: 1\n", mb), Refused("key"));
    add("colons", run(": ", mb), Refused("syntax"));

    // Bytes.
    add("no-utf-8", vec![0xFF; mb], Refused("encoding"));
    add("broken-utf-8", run("é", mb).into_iter().skip(1).collect(), Refused("encoding"));
    add("zeros", vec![0; mb], Refused("character"));
    add("tabs", run("\t", mb), Refused("syntax"));
    add("tabs-in-lines", run("rules:\n\t- a\n", mb), Refused("syntax"));
    add("blanks", run(" ", mb), Fine);
    add("line-breaks", run("\r\n", mb), Fine);
    add("byte-order-mark", b"\xEF\xBB\xBF".to_vec(), Fine);
    add("byte-order-marks", run("\u{FEFF}", mb), Refused("character"));
    let utf16 = |mark: &[u8], unit: fn(u16) -> [u8; 2]| {
        let text = "rules: []\n".repeat(mb / 10);
        [mark, &text.encode_utf16().flat_map(unit).collect::<Vec<u8>>()].concat()
    };
    add("utf-16-with-mark", utf16(b"\xFF\xFE", u16::to_le_bytes), Refused("encoding"));
    add("utf-16-of-the-other-order", utf16(b"\xFE\xFF", u16::to_be_bytes), Refused("encoding"));
    add("utf-16-without-mark", utf16(b"", u16::to_le_bytes), Refused("character"));
    add("utf-16-of-the-other-order-without-mark", utf16(b"", u16::to_be_bytes), Refused("character"));

    // Scalars.
    let long = 50 * mb;
    let scalar = |before: &str, fill: &str, after: &str| {
        [b"rules:\n- name: ", before.as_bytes(), &run(fill, long), after.as_bytes()].concat()
    };
    let limit = if smaller == 1 { Refused("scalar_size") } else { Fine };
    add("long-plain-scalar", scalar("", "x", "\n"), limit);
    add("long-plain-scalar-of-words", scalar("", "x ", "\n"), limit);
    add("long-plain-scalar-of-lines", scalar("", "x\n    ", "x\n"), limit);
    add("long-single-quoted-scalar", scalar("'", "''", "'\n"), limit);
    add("long-double-quoted-scalar", scalar("\"", "\\x41", "\"\n"), limit);
    add("long-literal-scalar", scalar("|\n", "    x\n", ""), limit);
    add("long-folded-scalar", scalar(">\n", "    x\n\n", ""), limit);
    add("unclosed-quote", scalar("\"", "x\n  ", ""), Refused("syntax"));
    add(
        "long-binary",
        scalar("!!binary ", "AAAA", "\n"),
        Refused(if smaller == 1 { "scalar_size" } else { "bad_name" }),
    );
    let number = |before: &str, fill: &str| {
        let digits = fill.repeat((mb - 100) / fill.len());
        format!("rules: [{{conditions: {{param_gt: {{n: {before}{digits}}}}}}}]\n").into_bytes()
    };
    let digits = if smaller == 1 { Refused("scalar") } else { Fine };
    add("long-integer", number("1", "9"), Refused("scalar"));
    add("long-hexadecimal", number("0x", "f"), Refused("scalar"));
    add("long-binary-integer", number("0b", "1"), digits);
    add("long-sexagesimal", number("1", ":59"), Refused("scalar"));
    add("long-float", number("1.", "9"), Fine);
    add("long-exponent", number("1.0e+", "9"), Fine);
    add("long-underscores", number("1", "_"), Fine);

    // Documents, comments, tags.
    add("documents", run("---\n", mb), Refused("documents"));
    add("document-ends", run("...\n", mb), Refused("syntax"));
    add("directives", run("%FOO bar\n", mb), Refused("syntax"));
    add("unknown-tags", run("- !foo x\n", 900 * thousand), Refused("tag"));
    add("long-tag", format!("x: !{} 1\n", "t".repeat(mb)).into(), Refused("tag"));
    add("comments", run("# comment\n", 1_000 * thousand), Fine);
    add("comments-of-settings", run("# aegisc: allow(nothing)\n", 2_500 * thousand), Fine);
    add("sets", run("- !!set {a, b}\n", mb), Refused("wrong_kind"));

    // Policies.
    let mut mistakes = String::from("rules: [");
    let filler = " ".repeat(10 * mb / (10 * thousand));
    (0..10 * thousand).for_each(|at| write!(mistakes, "{{n{at}: 1}},{filler}").unwrap());
    add("one-line-of-mistakes", (mistakes + "]\n").into(), Refused("unknown_key"));
    let globs = |(field, glob): (&str, &str)| {
        let rule = |at: usize| {
            let glob: String = glob.chars().map(|c| letter(c, at)).collect();
            format!("- {{match: {{{field}: '{glob}'}}, approval: block}}\n")
        };
        ("rules:\n".to_owned() + &(0..300).map(rule).collect::<String>()).into_bytes()
    };
    add("globs-of-three-words", globs(("target", "*1*2*3*")), Fine);
    add("globs-of-many-marks", globs(("type", "*1?????2?????*3????????*")), Fine);
    add("long-glob", format!("rules: [{{match: {{type: '{}'}}}}]\n", "*a?".repeat(mb / 4)).into(), Fine);
    let brackets = "[".repeat(mb - 100);
    let escaped = format!("[{{match: {{type: '{brackets}a'}}, approval: block}}, {{approval: auto}}]");
    add("glob-of-brackets", format!("rules: {escaped}\n").into(), Fine);
    add("empty-rules", [b"rules:\n".to_vec(), run("- {}\n", mb)].concat(), Fine);
    let params = lines(40 * thousand, |at| format!("      p{at}: {at}\n"));
    add("one-rule-of-many-params", format!("rules:\n- conditions:\n    param_gt:\n{params}").into(), Fine);
    let unknown = |at: usize| format!("- {{conditions: {{param_nea{at}: 1}}}}\n");
    add(
        "unknown-conditions",
        ("rules:\n".to_owned() + &lines(30 * thousand, unknown)).into(),
        Refused("unknown_condition"),
    );
    let same = |at: usize| format!("- {{name: n, match: {{type: t{at}}}}}\n");
    add("one-name-again-and-again", ("rules:\n".to_owned() + &lines(30 * thousand, same)).into(), Fine);
    let patterns =
        |at: usize| format!("- {{conditions: {{param_matches: {{p: '(a|b)*x{at}(a|b){{9}}[ab]*y'}}}}}}\n");
    add("heavy-patterns", ("rules:\n".to_owned() + &lines(3 * thousand, patterns)).into(), Fine);
    let rules = |pattern: fn(usize) -> String, count: usize| {
        let rule = |at| format!("- {{conditions: {{param_matches: {{p: '{}'}}}}}}\n", pattern(at));
        ("rules:\n".to_owned() + &(0..count).map(rule).collect::<String>()).into_bytes()
    };
    let many = 3 * thousand;
    let states = |at: usize| format!("q{at}a{{18000}}");
    add("patterns-of-many-states", rules(states, many), Refused("regex_too_large"));
    let work = |at: usize| format!("{at}(a|b)*a(a|b){{12}}x{{60}}");
    let end = if smaller == 1 { Refused("regex_too_large") } else { Fine };
    add("patterns-of-much-work", rules(work, many), end);
    let places = |at: usize| format!("(a|b)*a(a|b){{13}}x{at}");
    add("patterns-of-many-places", rules(places, many), Fine);
    let repeats = |at: usize| format!("x{at}(\\w{{1,90}},){{1,99}}y");
    add("patterns-that-repeat", rules(repeats, many), Refused("regex_too_large"));
    all
}

/// The glob's letters, other ones for each rule.
fn letter(place: char, at: usize) -> char {
    let step = match place {
        '1' => 1,
        '2' => 7,
        '3' => 49,
        other => return other,
    };
    char::from(b"abcdefghijklmnopqrstuvwxyz"[at / step % 26])
}

/// Twenty collections, each of ten aliases of the one before.
fn bomb(open: &str, close: &str, item: &str) -> Vec<u8> {
    let mut yaml = format!("a0: &a0 {open}{close}\n");
    for at in 1..20_usize {
        let items: Vec<String> = (0..10)
            .map(|n| {
                let (key, of) = (n.to_string(), (at - 1).to_string());
                match item.starts_with('k') {
                    true => item.replacen("{}", &key, 1).replacen("{}", &of, 1),
                    false => item.replacen("{}", "", 1).replacen("{}", &of, 1),
                }
            })
            .collect();
        writeln!(yaml, "a{at}: &a{at} {open}{}{close}", items.join(", ")).unwrap();
    }
    yaml.into_bytes()
}

/// Mappings that each merge the one before many times over.
fn merges(levels: usize, times: usize) -> Vec<u8> {
    let mut yaml = String::from("a0: &a0 {x: 1, y: 2}\n");
    for at in 1..levels {
        let before = vec![format!("*a{}", at - 1); times].join(", ");
        writeln!(yaml, "a{at}: &a{at} {{<<: [{before}], k{at}: 1}}").unwrap();
    }
    yaml.into_bytes()
}

/// Many mappings that merge one of many keys.
fn wide_merges(keys: usize, times: usize) -> Vec<u8> {
    let mut yaml = String::from("a: &a\n");
    (0..keys).for_each(|at| writeln!(yaml, "  k{at}: 1").unwrap());
    yaml.push_str("rules:\n");
    yaml.push_str(&"- {<<: *a}\n".repeat(times * 10));
    yaml.into_bytes()
}

fn anchors(count: usize) -> Vec<u8> {
    let mut yaml = String::new();
    (0..count).for_each(|at| writeln!(yaml, "k{at}: [&a{at} 1, *a{at}]").unwrap());
    yaml.into_bytes()
}
