//! What YAML texts mean, against a table that PyYAML wrote; spans, messages and limits.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aegisc::diag::Diagnostic;
use aegisc::source::SourceMap;
use aegisc::yaml::{self, Document, Limits, NodeKind, ScalarValue, Style, Use};
use num_bigint::BigInt;
use std::fmt::Write;

fn read(text: &str, limits: &Limits) -> (SourceMap, Option<Document>, Vec<Diagnostic>) {
    let mut sources = SourceMap::new();
    let file = sources.add("policy.yaml", text);
    let mut diagnostics = Vec::new();
    let document = yaml::parse(file, &sources, limits, &mut diagnostics);
    assert!(document.is_some() || !diagnostics.is_empty(), "nothing and no reason: {text:?}");
    (sources, document, diagnostics)
}

/// A value in the notation of `meanings.txt`. Tests nest little, so this may recurse.
fn show(document: &Document, used: Use) -> String {
    match &document.get(used).kind {
        NodeKind::Scalar(scalar) => show_scalar(&scalar.value),
        NodeKind::Sequence(items) => {
            let items: Vec<String> = items.iter().map(|&item| show(document, item)).collect();
            format!("[{}]", items.join(", "))
        }
        NodeKind::Mapping(entries) => {
            let mut pairs: Vec<(String, String)> = Vec::new();
            for entry in entries {
                let (key, value) = (show(document, entry.key), show(document, entry.value));
                // As in Python, 1.0 is the key 1.
                let same = if key == "f3ff0000000000000" { "i1" } else { key.as_str() };
                match pairs.iter_mut().find(|(known, _)| known == same) {
                    Some(pair) => pair.1 = value,
                    None => pairs.push((key, value)),
                }
            }
            let pairs: Vec<String> = pairs.iter().map(|(key, value)| format!("{key}: {value}")).collect();
            format!("{{{}}}", pairs.join(", "))
        }
        NodeKind::Foreign(_) => "foreign".to_owned(),
    }
}

fn show_scalar(value: &ScalarValue) -> String {
    match value {
        ScalarValue::Null => "null".to_owned(),
        ScalarValue::Bool(b) => b.to_string(),
        ScalarValue::Int(n) => format!("i{n}"),
        ScalarValue::Float(x) if x.is_nan() => "fnan".to_owned(),
        ScalarValue::Float(x) => format!("f{:016x}", x.to_bits()),
        ScalarValue::Str(text) => serde_json::to_string(text).unwrap(),
        ScalarValue::Timestamp(text) => format!("t{text}"),
        ScalarValue::Binary(bytes) => bytes.iter().fold("b".to_owned(), |mut hex, byte| {
            let _ = write!(hex, "{byte:02x}");
            hex
        }),
    }
}

/// Every text of the table means what PyYAML makes of it, or is refused by both. The lines that say
/// `refused` are those that only this reader refuses.
#[test]
fn texts_mean_what_pyyaml_makes_of_them() {
    let mut wrong = String::new();
    let mut count = 0;
    for line in include_str!("yaml/meanings.txt").lines().filter(|line| !line.starts_with('#')) {
        let (text, expected) = line.split_once('\t').unwrap();
        let text: String = serde_json::from_str(text).unwrap();
        let (_, document, diagnostics) = read(&text, &Limits::default());
        let actual = match (diagnostics.first(), &document) {
            (None, Some(document)) => document.root().map_or("null".to_owned(), |root| show(document, root)),
            _ => "error".to_owned(),
        };
        let expected = if expected == "refused" { "error" } else { expected };
        if actual != expected {
            let _ = writeln!(
                wrong,
                "{text:?}: {actual}, not {expected} {:?}",
                diagnostics.first().map(|d| &d.message)
            );
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{wrong}");
    assert!(count > 400, "the table has {count} lines");
}

/// The span of every node, in the order in which nodes end, as the text that it covers.
#[test]
fn spans_cover_what_is_written() {
    let table: &[(&str, &[&str])] = &[
        ("a: b", &["a", "b", "a: b"]),
        ("a: 'b' # c\n", &["a", "'b'", "a: 'b'"]),
        ("- \"a\"\n- b\n", &["\"a\"", "b", "- \"a\"\n- b"]),
        ("k:\n- a\n- b\nl: c\n", &["k", "a", "b", "- a\n- b", "l", "c", "k:\n- a\n- b\nl: c"]),
        ("k: |\n  a\n  b\n\n# c\n", &["k", "|\n  a\n  b", "k: |\n  a\n  b"]),
        ("k: &x !!str >- # |\n  a\n", &["k", ">- # |\n  a", "k: &x !!str >- # |\n  a"]),
        ("k: [a, {b: c}]", &["k", "a", "b", "c", "{b: c}", "[a, {b: c}]", "k: [a, {b: c}]"]),
        ("k:\nl: é\n", &["k", "", "l", "é", "k:\nl: é"]),
        ("? a\n: b", &["a", "b", "? a\n: b"]),
        ("- a: 1\n  b: 2\n", &["a", "1", "b", "2", "a: 1\n  b: 2", "- a: 1\n  b: 2"]),
        ("a: b\n  c # d\n", &["a", "b\n  c", "a: b\n  c"]),
        ("- - x\n  - y\n", &["x", "y", "- x\n  - y", "- - x\n  - y"]),
    ];
    for (text, expected) in table {
        let (sources, document, diagnostics) = read(text, &Limits::default());
        assert!(diagnostics.is_empty(), "{text:?}: {diagnostics:?}");
        let document = document.unwrap();
        let nodes = (0..document.node_count()).filter_map(|i| document.id(i));
        let spans: Vec<&str> = nodes.map(|id| sources.text(document.node(id).span)).collect();
        assert_eq!(&spans, expected, "{text:?}");
    }
}

#[test]
fn an_alias_is_used_where_it_stands() {
    let (sources, document, _) = read("a: &x [1]\nb: *x\n", &Limits::default());
    let document = document.unwrap();
    let NodeKind::Mapping(entries) = &document.get(document.root().unwrap()).kind else {
        panic!("no mapping")
    };
    let [a, b] = entries.as_slice() else { panic!("two entries") };
    assert_eq!(a.value.node, b.value.node);
    assert_eq!(sources.text(b.value.span), "*x");
    assert_eq!(sources.text(document.get(b.value).span), "[1]");
}

/// The merged entries come first, marked, and the mapping's own follow as written, repeats too.
#[test]
fn merged_entries_come_first() {
    let text = "x: &x {p: 1, q: 2}\ny: {r: 3, <<: *x, q: 4, q: 5}\n";
    let (_, document, diagnostics) = read(text, &Limits::default());
    assert!(diagnostics.is_empty(), "{diagnostics:?}");
    let document = document.unwrap();
    let NodeKind::Mapping(entries) = &document.get(document.root().unwrap()).kind else {
        panic!("no mapping")
    };
    let NodeKind::Mapping(entries) = &document.get(entries[1].value).kind else { panic!("no mapping") };
    let shown: Vec<_> =
        entries.iter().map(|e| (show(&document, e.key), show(&document, e.value), e.merged)).collect();
    let entry = |key: &str, value: &str, merged| (format!("\"{key}\""), value.to_owned(), merged);
    let expected = [
        entry("p", "i1", true),
        entry("q", "i2", true),
        entry("r", "i3", false),
        entry("q", "i4", false),
        entry("q", "i5", false),
    ];
    assert_eq!(shown, expected);
}

#[test]
fn styles_are_kept() {
    let (_, document, _) = read("[a, 'b', \"c\"]", &Limits::default());
    let document = document.unwrap();
    let styles: Vec<Style> = (0..3)
        .filter_map(|i| match &document.node(document.id(i)?).kind {
            NodeKind::Scalar(scalar) => Some(scalar.style),
            _ => None,
        })
        .collect();
    assert_eq!(styles, [Style::Plain, Style::Single, Style::Double]);
}

/// Every finding of a text as `line:column name: message`.
fn findings(text: &str, limits: &Limits) -> Vec<String> {
    let (sources, _, diagnostics) = read(text, limits);
    let line = |d: &Diagnostic| {
        let at = sources.position(d.primary);
        format!("{}:{} {}: {}", at.line, at.column, d.code.name(), d.message)
    };
    diagnostics.iter().map(line).collect()
}

#[test]
fn mistakes_are_named_with_their_place() {
    let table: &[(&str, &str)] = &[
        ("a:\tb", "1:3 syntax: a tab cannot separate or indent"),
        ("a:\n\tb: 1", "2:1 syntax: a tab cannot separate or indent"),
        ("a: 'b", "1:4 syntax: the quote is never closed"),
        ("a: \"\\d+\"", "1:5 syntax: YAML knows no such escape"),
        ("a: \"\\ud83d\\ude00\"", "1:5 syntax: the escape is no character"),
        ("a: b: c", "1:5 syntax: a `:` cannot stand here"),
        ("a: [b", "1:4 syntax: the bracket is never closed"),
        ("{a:[1]}", "1:3 syntax: a space is missing after `:`"),
        ("- a: \"it's\n  b: {c: d}\n", "1:6 syntax: the quote is never closed"),
        ("- a: \"it's\n  b: c\n", "1:6 syntax: the quote is never closed"),
        ("- a: \"it's\n  b: \"c\"\n", "2:7 syntax: text follows the closing quote"),
        ("a: \"b\n\\d\"", "2:1 syntax: YAML knows no such escape"),
        ("a: \"b\n---\n\"", "2:1 syntax: a document marker stands inside the quotes"),
        (
            "a:\n  - bb: 1\n    c: 2\n   d: 3\n",
            "4:4 syntax: this key is indented by 3, the other keys of its mapping by 4",
        ),
        (
            "a:\n  - bb: 1\n    c: [2]\n     d: 3\n",
            "4:6 syntax: this key is indented by 5, the other keys of its mapping by 4",
        ),
        ("- a: 1\n    b: 2\n", "2:5 syntax: this key is indented by 4, the other keys of its mapping by 2"),
        (
            "a:\n  b: 1\n c: 2\n",
            "3:2 syntax: this key is indented by 1, the keys of the mappings around it by 0 and 2",
        ),
        (" a: 1\nb: 2\n", "2:1 syntax: this key is indented by 0, the other keys of its mapping by 1"),
        ("a: [b\nc: d\n", "2:2 syntax: a `:` cannot stand here"),
        ("a: @b", "1:4 syntax: text cannot start with this character"),
        ("a: 1\n---\nb: 2\n", "2:1 documents: a second document starts here"),
        ("a: *x", "1:4 alias: no anchor `&x` stands before this alias"),
        ("&a [*a]", "1:5 alias: `*a` stands inside the node that it names"),
        ("[&a 1, &a 2]", "1:8 anchor: the anchor `&a` is given twice"),
        ("a: !foo b", "1:4 tag: unknown tag `!foo`"),
        ("a: ! \"b\"", "1:4 tag: the tag `!` makes YAML 1.1 read quoted text as if it had no quotes"),
        ("a: !!seq b", "1:4 tag: the tag `!!seq` cannot stand on a scalar"),
        ("a: 2024-13-01", "1:4 scalar: `2024-13-01` is not a value: there is no such date"),
        ("a: =", "1:4 scalar: a plain `=` has no value in YAML 1.1"),
        ("a: {<<: 1}", "1:9 merge: `<<` merges a mapping or a list of mappings"),
        ("[a]: b", "1:1 key: a list or mapping cannot be a key"),
        (": b", "1:1 syntax: a key is missing before `:`"),
        ("a: \u{1}", "1:4 character: character U+0001 is not allowed"),
        ("a: \u{2028}", "1:4 character: character U+2028 is not allowed"),
    ];
    for (text, expected) in table {
        assert_eq!(findings(text, &Limits::default()), [*expected], "{text:?}");
    }
}

/// What the two versions of YAML end at different places is shown as far as the longer of the two goes.
#[test]
fn texts_that_end_at_different_places_are_shown() {
    for (text, covered) in [("[:a]", ":a"), ("[a?b]", "a?b"), ("{a?: b}", "a?"), (">\n# end", ">\n")] {
        let (sources, _, diagnostics) = read(text, &Limits::default());
        assert_eq!(diagnostics[0].message, "YAML 1.1 and 1.2 end this text at different places", "{text:?}");
        assert_eq!(sources.text(diagnostics[0].primary), covered, "{text:?}");
    }
}

/// An error that leaves the shape known does not hide the next one.
#[test]
fn one_run_shows_every_mistake() {
    let found = findings("- !a 1\n- 2024-02-30\n- =\n- {[a]: b}\n", &Limits::default());
    assert_eq!(found.len(), 4, "{found:?}");
    let many = findings(&"- !a 1\n".repeat(20_000), &Limits::default());
    assert_eq!(many.len(), 10_000);
}

#[test]
fn limits_are_errors_with_a_place() {
    let limits = Limits { depth: 4, expansion: 2, nodes: 40_000, scalar_bytes: 8, file_bytes: 200_000 };
    let bomb = (1..9).fold("a0: &a0 [x, x, x, x, x, x]\n".to_owned(), |text, i| {
        let items = vec![format!("*a{}", i - 1); 6].join(", ");
        text + &format!("a{i}: &a{i} [{items}]\n")
    });
    let merges = (1..9).fold("a0: &a0 {x: 1, y: 2}\n".to_owned(), |text, i| {
        let items = vec![format!("*a{}", i - 1); 6].join(", ");
        text + &format!("a{i}: &a{i}\n  <<: [{items}]\n")
    });
    let table: &[(&str, &str)] = &[
        ("[[[[1]]]]", ""),
        ("[[[[[1]]]]]", "1:5 too_deep: collections nest deeper than 4"),
        ("- - - - - 1", "1:9 too_deep: collections nest deeper than 4"),
        ("a: 12345678", ""),
        ("a: 123456789", "1:4 scalar_size: a text has 9 bytes, more than the limit of 8"),
        (&"#".repeat(200_001), "1:1 file_size: the file is longer than the limit of 200000 bytes"),
        (&"- 1\n".repeat(39_999), ""),
        (
            &"- 1\n".repeat(40_001),
            "40002:1 file_size: the file has more than 40000 nodes, which is the limit",
        ),
        (&bomb, "6:9 expansion: aliases expand to more than 10000 nodes"),
        (&merges, "11:3 expansion: aliases expand to more than 10000 nodes"),
    ];
    for (text, expected) in table {
        let expected: Vec<&str> = Some(*expected).filter(|e| !e.is_empty()).into_iter().collect();
        assert_eq!(findings(text, &limits), expected, "{:?}", text.get(..40));
    }
}

/// One long text under many aliases is few nodes, and would be copied for every rule.
#[test]
fn aliases_of_a_long_text_are_bounded() {
    let limits = Limits { scalar_bytes: 1 << 20, ..Limits::default() };
    let bomb = |aliases| format!("a: &a {}\nb: [{}]\n", "x".repeat(1 << 20), vec!["*a"; aliases].join(", "));
    assert_eq!(findings(&bomb(14), &limits), Vec::<String>::new());
    assert_eq!(
        findings(&bomb(15), &limits),
        ["1:1 expansion: aliases expand to more than 16777216 bytes of text"]
    );
}

/// A number has as many digits in every base: about as many bits as 4300 decimal digits give.
#[test]
fn numbers_have_a_longest() {
    let table =
        [("", "1", 4300), ("0x", "f", 3571), ("0", "7", 4761), ("0b", "1", 14_285), ("0b000_", "1", 14_285)];
    for (prefix, digit, most) in table {
        let number = |count| format!("{prefix}{}", digit.repeat(count));
        assert_eq!(findings(&number(most), &Limits::default()), <[&str; 0]>::default(), "{prefix}");
        let [found] = findings(&number(most + 1), &Limits::default()).try_into().unwrap();
        assert!(
            found.starts_with("1:1 scalar: ") && found.ends_with("the number has too many digits"),
            "{found}"
        );
    }
}

/// A message repeats the start of a long text, never the whole.
#[test]
fn messages_are_short() {
    let long = "x".repeat(1 << 17);
    let texts = [
        format!("&{long}: a"),
        format!("[&{long} a, &{long} b]"),
        format!("*{long}"),
        format!("&{long} [*{long}]"),
        format!("&{long}[]"),
        format!("!{long} a"),
        format!("!!{long} [a]"),
        format!("!!int {long}"),
        format!("0b{}", "_".repeat(1 << 17)),
    ];
    for text in &texts {
        let found = findings(text, &Limits::default());
        assert!(!found.is_empty() && found.iter().all(|line| line.len() < 200), "{:?}", text.get(..40));
    }
    let described = yaml::describe(&ScalarValue::Str("é".repeat(1 << 17).into()));
    assert_eq!(described, format!("the text `{}…`", "é".repeat(60)));
}

/// Hostile texts end in an error, at once, without deep recursion.
#[test]
fn hostile_texts_are_refused() {
    let texts = [
        "[".repeat(1 << 20),
        "{a: ".repeat(200_000),
        "- ".repeat(100_000),
        "? ".repeat(100_000),
        format!("a: '{}", "x".repeat(4 << 20)),
        format!("{}: 1", "x".repeat(1 << 20)),
        format!("a: 1{}", ":1".repeat(400_000)),
        format!("a: {}", "1".repeat(1 << 20)),
        format!("a: 0x{}", "f".repeat(1 << 19)),
        format!("a: 0{}", "7".repeat(1 << 19)),
        format!("a: !!int 0b{}", "1".repeat(1 << 19)),
        "!!str ".repeat(100_000),
        "---\n".repeat(100_000),
    ];
    for text in &texts {
        assert_eq!(findings(text, &Limits::default()).len(), 1, "{:?}", text.get(..40));
    }
}

#[test]
fn bytes_become_text() {
    let place = |bytes: &[u8]| {
        let (text, error) = yaml::decode(bytes);
        let mut sources = SourceMap::new();
        let file = sources.add("policy.yaml", text.clone());
        (text, error.map(|e| e.diagnostic(file)).map(|d| (d.primary.start, d.message)))
    };
    type Row<'a> = (&'a [u8], &'a str, Option<(u32, &'a str)>);
    let table: &[Row<'_>] = &[
        (b"a: b", "a: b", None),
        (b"\xEF\xBB\xBFa: b", "a: b", None),
        (b"", "", None),
        (b"a: \xE9", "a: \u{FFFD}", Some((3, "byte 0xE9 is not UTF-8"))),
        (b"\xEF\xBB\xBFa\xC3", "a\u{FFFD}", Some((1, "byte 0xC3 is not UTF-8"))),
        (b"\xFF\xFEa\0", "", Some((0, "the file is UTF-16, not UTF-8"))),
        (b"\xFF\xFE\0\0", "", Some((0, "the file is UTF-32, not UTF-8"))),
    ];
    for (bytes, text, error) in table {
        let error = error.map(|(at, message)| (at, message.to_owned()));
        assert_eq!(place(bytes), ((*text).to_owned(), error));
    }
}

/// Plain scalars that YAML 1.1 and 1.2 read differently, both readings in words; `None` where they
/// agree.
#[test]
fn both_readings_are_told() {
    let text = |text: &str| Some(format!("the text `{text}`"));
    // The longest number that is shown whole; the longest that YAML 1.2 reads, and one that is longer.
    let (long, longer) = (format!("0x8{}", "0".repeat(255)), format!("0x1{}", "0".repeat(256)));
    let shown = format!("the integer {}", BigInt::from(1) << 1023);
    let most_octal = format!("0o{}", "7".repeat(4300));
    let more_octal = format!("{most_octal}7");
    let octal_shown = format!("the text `0o{}…`", "7".repeat(58));
    let table: &[(&str, &str, Option<String>)] = &[
        ("NO", "false", text("NO")),
        ("yes", "true", text("yes")),
        ("On", "true", text("On")),
        ("y", "the text `y`", None),
        ("tRue", "the text `tRue`", None),
        ("true", "true", None),
        ("Null", "null", None),
        ("~", "null", None),
        ("0123", "the integer 83", Some("the integer 123".into())),
        ("007", "the integer 7", None),
        ("08", "the text `08`", Some("the integer 8".into())),
        ("0o17", "the text `0o17`", Some("the integer 15".into())),
        ("0X1F", "the text `0X1F`", None),
        ("0x1F", "the integer 31", None),
        ("-0x1F", "the integer -31", text("-0x1F")),
        ("0b101", "the integer 5", text("0b101")),
        ("1_000", "the integer 1000", text("1_000")),
        ("1_000.5", "the number 1000.5", text("1_000.5")),
        ("1e3", "the text `1e3`", Some("the number 1000.0".into())),
        ("1.0e3", "the text `1.0e3`", Some("the number 1000.0".into())),
        ("+.5", "the text `+.5`", Some("the number 0.5".into())),
        ("1e999", "the text `1e999`", Some("infinity".into())),
        ("1.0e+3", "the number 1000.0", None),
        (".5", "the number 0.5", None),
        ("1.", "the number 1.0", None),
        ("-.inf", "negative infinity", None),
        (".nan", "not a number", None),
        ("18:00", "the integer 1080", text("18:00")),
        ("09:00", "the text `09:00`", None),
        ("190:20:30.15", "the number 685230.15", text("190:20:30.15")),
        ("2024-01-01", "the date 2024-01-01", text("2024-01-01")),
        ("2024-01-01T00:00:00Z", "the time 2024-01-01 00:00:00+00:00", text("2024-01-01T00:00:00Z")),
        ("123456789012345678901234567890", "the integer 123456789012345678901234567890", None),
        ("inf", "the text `inf`", None),
        ("-nan", "the text `-nan`", None),
        ("infinity", "the text `infinity`", None),
        ("+.inf", "infinity", None),
        (".", "the text `.`", None),
        ("0o", "the text `0o`", None),
        ("0o8", "the text `0o8`", None),
        ("0xg", "the text `0xg`", None),
        ("+1", "the integer 1", None),
        ("-08", "the text `-08`", Some("the integer -8".into())),
        ("-.5", "the text `-.5`", Some("the number -0.5".into())),
        ("-1e999", "the text `-1e999`", Some("negative infinity".into())),
        ("0.5", "the number 0.5", None),
        (&long, &shown, None),
        (&longer, "an integer of 1025 bits", None),
        (&most_octal, &octal_shown, Some("an integer of 12900 bits".into())),
        (&more_octal, &octal_shown, None),
    ];
    for (plain, yaml11, yaml12) in table {
        let (_, document, _) = read(plain, &Limits::default());
        let document = document.unwrap();
        let NodeKind::Scalar(scalar) = &document.get(document.root().unwrap()).kind else {
            panic!("{plain}")
        };
        assert_eq!(yaml::describe(&scalar.value), *yaml11, "{plain}");
        assert_eq!(yaml::yaml12_reading(plain, &scalar.value), *yaml12, "{plain}");
    }
}
