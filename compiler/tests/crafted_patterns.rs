//! Artifacts made to deceive in the tables of regular expressions: every digest is right, and one number is
//! not. The loader refuses each, and says what is wrong.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::Value;
use aegis_vm::format::{
    AUTOMATON_BYTE, AUTOMATON_NFA, AUTOMATON_SHARED, AUTOMATON_SHORT, AUTOMATON_WIDE, Automaton,
    CLASS_STAGE1, ClassMapHead, NONE, NfaHead, NfaStep, PATTERN_DIGRAMS, PATTERN_EXACT, PATTERN_NEWLINE,
    PATTERN_SUFFIX, Pattern, SectionId,
};
use support::crafted::{
    Change, Crafted, IN_BACKWARD, IN_LOCKSTEP, NFA, Of, SHORT, SUFFIX, every_kind, patterns, refused,
    refused_at, set,
};
use zerocopy::little_endian::{U16, U32};
use zerocopy::{FromBytes, FromZeros, IntoBytes};

const AUTOMATON: &str = "the automata section has an unsound automaton";
const PATTERN: &str = "the patterns section has an unsound pattern";

/// A pattern whose rows say each of the four things; cells of a byte, six columns, four rows.
const SAYS: &str = r"x$|y\Z|z\n\Z|w";

fn number(n: u32) -> usize {
    usize::try_from(n).unwrap()
}

/// The head of the class map and what follows it.
fn class_map(crafted: &mut Crafted, change: impl FnOnce(&mut ClassMapHead, &mut Vec<u8>)) {
    let bytes = crafted.bytes(SectionId::ClassMap);
    let (mut head, rest) = ClassMapHead::read_from_prefix(bytes).unwrap();
    let mut rest = rest.to_vec();
    change(&mut head, &mut rest);
    *bytes = [head.as_bytes(), &rest].concat();
}

#[test]
fn a_class_map_of_other_sizes() {
    type Sizes = fn(&mut ClassMapHead, &mut Vec<u8>);
    let cases: [(&str, Sizes); 19] = [
        ("names a class that is not there", |_, rest| *rest.last_mut().unwrap() = 6),
        ("names a class that is not there", |head, _| set(&mut head.classes, 5)),
        ("has unsound counts", |head, _| set(&mut head.rest, 6)),
        ("has unsound counts", |head, _| set(&mut head.rest, u32::MAX)),
        ("does not have the length that its head says", |head, _| set(&mut head.classes, 257)),
        ("does not have the length that its head says", |head, _| set(&mut head.classes, u32::MAX)),
        ("does not have the length that its head says", |head, _| set(&mut head.blocks, 15)),
        ("does not have the length that its head says", |head, _| set(&mut head.blocks, u32::MAX)),
        ("does not have the length that its head says", |head, _| set(&mut head.stage1, 17)),
        ("does not have the length that its head says", |head, _| set(&mut head.stage1, u32::MAX)),
        ("does not have the length that its head says", |_, rest| rest.push(0)),
        // Without a class nothing may stand here.
        ("names a class that is not there", |head, _| set(&mut head.classes, 0)),
        ("has no class", |head, rest| {
            *head = ClassMapHead { rest: U32::new(1), ..ClassMapHead::new_zeroed() };
            rest.clear();
        }),
        ("has no class", |head, rest| {
            *head = ClassMapHead { stage1: U32::new(1), ..ClassMapHead::new_zeroed() };
            rest.truncate(2);
        }),
        ("is longer than there are characters", |head, rest| {
            let added = CLASS_STAGE1 + 1 - number(head.stage1.get());
            drop(rest.splice(32..32, vec![0; added * 2]));
            set(&mut head.stage1, u32::try_from(CLASS_STAGE1 + 1).unwrap());
        }),
        // The code points below 2,048 are looked up without a first stage.
        ("does not begin with its first blocks", |_, rest| rest.swap(0, 2)),
        ("does not begin with its first blocks", |head, rest| {
            set(&mut head.stage1, 15);
            drop(rest.drain(30..32));
        }),
        ("names a block that is not there", |head, rest| {
            set(&mut head.blocks, 15);
            rest.truncate(32 + 15 * 128);
        }),
        ("names a block that is not there", |head, rest| {
            set(&mut head.stage1, 17);
            drop(rest.splice(32..32, [16, 0]));
        }),
    ];
    for (at, (words, change)) in cases.into_iter().enumerate() {
        println!("{at}");
        let mut crafted = patterns(&[SAYS]);
        class_map(&mut crafted, |head, rest| {
            assert_eq!([head.classes, head.blocks, head.stage1].map(U32::get), [6, 16, 16]);
            change(head, rest);
        });
        crafted.refused(&format!("the class map section {words}"));
    }
    // The longest that a first stage may be.
    let mut crafted = patterns(&[SAYS]);
    class_map(&mut crafted, |head, rest| {
        let added = CLASS_STAGE1 - number(head.stage1.get());
        set(&mut head.stage1, u32::try_from(CLASS_STAGE1).unwrap());
        drop(rest.splice(32..32, vec![0; added * 2]));
    });
    assert_eq!(crafted.accepted().search(0, Value::from("\u{10ffff}w")), Some(true));
    let mut crafted = patterns(&[SAYS]);
    crafted.bytes(SectionId::ClassMap).truncate(15);
    crafted.refused("the class map section is shorter than its head");
    crafted.bytes(SectionId::ClassMap).clear();
    crafted.refused("the column maps section is not a whole number of maps");
    crafted.bytes(SectionId::ColumnMaps).clear();
    crafted.refused(AUTOMATON);
}

/// As many kinds of characters as take classes of two bytes.
fn many_classes() -> Vec<String> {
    (0..300).filter_map(|n| char::from_u32(0x4e00 + n * 2)).map(|c| format!("{c}+")).collect()
}

#[test]
fn a_class_map_of_two_bytes() {
    let sound = patterns(&many_classes());
    sound.accepted();
    let mut crafted = sound.clone();
    class_map(&mut crafted, |head, rest| {
        assert_eq!(head.classes, 301);
        let last = rest.len() - 2;
        rest[last..].copy_from_slice(&301_u16.to_le_bytes());
    });
    crafted.refused("the class map section names a class that is not there");
    let mut crafted = sound.clone();
    class_map(&mut crafted, |head, _| set(&mut head.classes, 65_536));
    crafted.refused("the class map section has unsound counts");
    let mut crafted = sound.clone();
    class_map(&mut crafted, |head, _| set(&mut head.classes, 256));
    crafted.refused("the class map section does not have the length that its head says");
    // A class more is one more than the column maps have.
    let mut crafted = sound.clone();
    class_map(&mut crafted, |head, _| set(&mut head.classes, 302));
    crafted.refused("the column maps section is not a whole number of maps");
}

#[test]
fn a_column_map_of_other_sizes() {
    let sound = patterns(&[SAYS]);
    let words = "the column maps section is not a whole number of maps";
    refused::<u8>(
        &sound,
        SectionId::ColumnMaps,
        words,
        &[("a class too few", &|map| map.truncate(5)), ("a class too many", &|map| map.push(0))],
    );
    refused::<u8>(
        &sound,
        SectionId::ColumnMaps,
        AUTOMATON,
        &[
            ("no map", &|map| map.clear()),
            ("a column past the last", &|map| map[5] = 6),
            ("the greatest column", &|map| map[0] = 255),
        ],
    );
}

#[test]
fn an_automaton_of_other_sizes() {
    let sound = patterns(&[SAYS]);
    let records: Vec<Automaton> = sound.clone().records(SectionId::Automata);
    let &Automaton { kind, columns, rows, marks, .. } = records.first().unwrap();
    assert_eq!((kind, columns, rows), (U32::new(AUTOMATON_BYTE), U32::new(6), U32::new(4)));
    assert_eq!(marks.map(U32::get), [6, 12, 18]);
    refused_at::<Automaton>(
        &sound,
        SectionId::Automata,
        0,
        AUTOMATON,
        &[
            ("cells of two bytes", |it| set(&mut it.kind, AUTOMATON_SHORT)),
            ("cells that count rows", |it| set(&mut it.kind, AUTOMATON_WIDE)),
            ("sets of places", |it| set(&mut it.kind, AUTOMATON_NFA)),
            ("answers before the rows", |it| set(&mut it.kind, AUTOMATON_SHARED)),
            ("sets of places that are shared", |it| set(&mut it.kind, AUTOMATON_NFA | AUTOMATON_SHARED)),
            ("no kind", |it| set(&mut it.kind, 8)),
            ("no kind at all", |it| set(&mut it.kind, u32::MAX)),
            ("a column map that is not there", |it| set(&mut it.column_map, 1)),
            ("a column map beyond all", |it| set(&mut it.column_map, u32::MAX)),
            ("no column", |it| set(&mut it.columns, 0)),
            ("a column less than its map", |it| set(&mut it.columns, 5)),
            ("a column more than its table", |it| set(&mut it.columns, 7)),
            ("more columns than a byte counts", |it| set(&mut it.columns, 256)),
            ("columns beyond all", |it| set(&mut it.columns, u32::MAX)),
            ("a row that cells lead to is left out", |it| set(&mut it.rows, 3)),
            ("no rows", |it| set(&mut it.rows, 0)),
            ("a row more than its table", |it| set(&mut it.rows, 5)),
            ("rows beyond all", |it| set(&mut it.rows, u32::MAX)),
            ("starts inside a row", |it| set(&mut it.start, 1)),
            ("starts behind the rows", |it| set(&mut it.start, 24)),
            ("starts at no cell", |it| set(&mut it.start, 256)),
            ("a mark before the one before", |it| it.marks = [12, 6, 18].map(U32::new)),
            ("the last mark before the others", |it| it.marks = [6, 12, 0].map(U32::new)),
            ("a mark inside a row", |it| it.marks = [6, 13, 18].map(U32::new)),
            ("a mark behind the rows", |it| it.marks = [6, 12, 24].map(U32::new)),
            ("found as a mark", |it| it.marks = [6, 12, 255].map(U32::new)),
            ("a mark of no cell", |it| it.marks = [6, 12, 256].map(U32::new)),
            ("a table after a gap", |it| set(&mut it.table, 1)),
            ("a table behind the bytes", |it| set(&mut it.table, u32::MAX)),
        ],
    );
    for (cell, value) in (0..24).flat_map(|cell| [1, 5, 23, 24, 250, 253].map(|value| (cell, value))) {
        refused::<u8>(
            &sound,
            SectionId::AutomatonBytes,
            AUTOMATON,
            &[(&format!("cell {cell} holds {value}"), &|table| table[cell] = value)],
        );
    }
    refused::<u8>(&sound, SectionId::AutomatonBytes, AUTOMATON, &[("cut", &|table| table.truncate(23))]);
    refused::<u8>(
        &sound,
        SectionId::AutomatonBytes,
        "the automaton tables section has bytes that belong to no automaton",
        &[("one byte more", &|table| table.push(0))],
    );
}

#[test]
fn tables_that_overlap_or_leave_a_gap() {
    let sound = every_kind();
    let automata: Vec<Automaton> = sound.clone().records(SectionId::Automata);
    for at in 1..automata.len() {
        refused::<Automaton>(
            &sound,
            SectionId::Automata,
            AUTOMATON,
            &[
                ("the table of the one before", &|all| all[at].table = all[at - 1].table),
                ("a byte too early", &|all| set(&mut all[at].table, automata[at].table.get() - 1)),
                ("a byte too late", &|all| set(&mut all[at].table, automata[at].table.get() + 1)),
                ("left out", &|all| _ = all.remove(at - 1)),
                ("twice", &|all| all.insert(at, automata[at - 1])),
            ],
        );
    }
    let words = "the automaton tables section has bytes that belong to no automaton";
    let last: Change<'_, Automaton> = ("the last left out", &|all| _ = all.pop());
    refused(&sound, SectionId::Automata, words, &[last]);
}

#[test]
fn cells_of_two_bytes() {
    let sound = patterns(&["a.{1,100}b"]);
    let records: Vec<Automaton> = sound.clone().records(SectionId::Automata);
    let &Automaton { kind, columns, rows, .. } = records.first().unwrap();
    assert_eq!(kind, AUTOMATON_SHORT);
    let cells = rows.get() * columns.get();
    for cell in (0..number(cells)).step_by(17) {
        for value in [1, columns.get() + 1, cells, 0xfffd] {
            let what = format!("cell {cell} holds {value}");
            let value = U16::new(u16::try_from(value).unwrap());
            let change: Change<'_, U16> = (&what, &|table| table[cell] = value);
            refused(&sound, SectionId::AutomatonBytes, AUTOMATON, &[change]);
        }
    }
    refused_at::<Automaton>(
        &sound,
        SectionId::Automata,
        0,
        AUTOMATON,
        &[
            ("cells that count rows", |it| set(&mut it.kind, AUTOMATON_WIDE)),
            ("cells of a byte", |it| set(&mut it.kind, AUTOMATON_BYTE)),
            ("starts inside a row", |it| set(&mut it.start, 3)),
            ("starts at no cell", |it| set(&mut it.start, 65_536)),
        ],
    );
}

/// An automaton with one column, which is found by nothing: every cell leads to the first row.
fn long(kind: u32, rows: u32) -> Crafted {
    let mut crafted = patterns(&[SAYS]);
    crafted.bytes(SectionId::ColumnMaps).fill(0);
    let width = if kind == AUTOMATON_BYTE { 1 } else { 2 };
    *crafted.bytes(SectionId::AutomatonBytes) = vec![0; number(rows) * width];
    crafted.change(SectionId::Automata, |automata: &mut Vec<Automaton>| {
        let marks = [if kind == AUTOMATON_BYTE { 0xfe } else { 0xfffe }; 3].map(U32::new);
        let (kind, columns, rows) = (U32::new(kind), U32::new(1), U32::new(rows));
        automata[0] = Automaton { kind, columns, rows, marks, ..automata[0] };
    });
    crafted
}

/// Columns are bytes.
#[test]
fn an_automaton_with_more_columns_than_a_byte_counts() {
    for columns in [255, 256] {
        let mut crafted = long(AUTOMATON_SHORT, 1);
        *crafted.bytes(SectionId::AutomatonBytes) = vec![0; number(columns) * 2];
        crafted.change(SectionId::Automata, |all: &mut Vec<Automaton>| set(&mut all[0].columns, columns));
        match columns {
            255 => _ = crafted.accepted(),
            _ => crafted.refused(AUTOMATON),
        }
    }
}

/// A found or dead cell and a column would lead into the table.
#[test]
fn an_automaton_with_more_rows_than_cells_can_say() {
    for (kind, most) in [(AUTOMATON_BYTE, 0xfe), (AUTOMATON_SHORT, 0xfffe), (AUTOMATON_WIDE, 0xfffe)] {
        assert_eq!(long(kind, most).accepted().search(0, Value::from("xyzw")), Some(false));
        long(kind, most + 1).refused(AUTOMATON);
    }
    let mut crafted = long(AUTOMATON_WIDE, 0xfffe);
    crafted.change(SectionId::AutomatonBytes, |cells: &mut Vec<U16>| cells[7] = U16::new(0xfffd));
    crafted.accepted();
    let mut crafted = long(AUTOMATON_WIDE, 100);
    crafted.change(SectionId::AutomatonBytes, |cells: &mut Vec<U16>| cells[99] = U16::new(100));
    crafted.refused(AUTOMATON);
}

/// The head, the sides and the steps of an automaton of sets of places.
struct Sets {
    head: NfaHead,
    takes: Vec<u8>,
    before: Vec<u8>,
    after: Vec<u8>,
    steps: Vec<NfaStep>,
    nibbles: Vec<u8>,
}

impl Sets {
    fn of(table: &[u8], columns: usize) -> Self {
        let (head, rest) = NfaHead::read_from_prefix(table).unwrap();
        let (takes, rest) = rest.split_at(columns * 8);
        let (before, rest) = rest.split_at(columns);
        let (after, rest) = rest.split_at(columns);
        let steps = usize::from(head.befores.get() * head.afters.get());
        let (steps, nibbles) = <[NfaStep]>::ref_from_prefix_with_elems(rest, steps).unwrap();
        let [takes, before, after, nibbles] = [takes, before, after, nibbles].map(<[u8]>::to_vec);
        Sets { head, takes, before, after, steps: steps.to_vec(), nibbles }
    }

    /// As many nibble tables as the steps ask for.
    fn in_order(&mut self) {
        let mut next = 0;
        for step in &mut self.steps {
            set(&mut step.first_nibble, next);
            next += step.irregular.get().count_ones();
        }
        set(&mut self.head.nibbles, next);
        self.nibbles.truncate(number(next) * 128);
    }

    fn bytes(&self) -> Vec<u8> {
        let Sets { head, takes, before, after, steps, nibbles } = self;
        [head.as_bytes(), takes, before, after, steps.as_bytes(), nibbles].concat()
    }
}

#[test]
fn sets_of_places_that_lead_elsewhere() {
    let sound = patterns(&[r"\b(a|b)*a(a|b){20}\b"]);
    sound.accepted();
    let records: Vec<Automaton> = sound.clone().records(SectionId::Automata);
    let columns = number(records[0].columns.get());
    assert_eq!((records[0].kind.get(), records.len()), (AUTOMATON_NFA, 1));
    let changes: [(&str, Of<Sets>); 23] = [
        ("no side before", |it| it.head.befores = U16::new(0)),
        ("no side after", |it| it.head.afters = U16::new(0)),
        ("a side before less", |it| it.head.befores -= 1),
        ("a side before more", |it| it.head.befores += 1),
        ("as many steps, of other sides", |it| {
            (it.head.befores, it.head.afters) = (it.head.befores * it.head.afters, U16::new(1));
        }),
        ("sides beyond all", |it| {
            (it.head.befores, it.head.afters) = (U16::new(u16::MAX), U16::new(u16::MAX));
        }),
        ("a newline without a column", |it| {
            it.head.newline = U32::new(u32::try_from(it.before.len()).unwrap())
        }),
        ("a newline beyond all", |it| set(&mut it.head.newline, u32::MAX)),
        ("a nibble table less", |it| it.head.nibbles -= 1),
        ("a nibble table more", |it| it.head.nibbles += 1),
        ("nibble tables beyond all", |it| set(&mut it.head.nibbles, u32::MAX)),
        ("a side before that is not there", |it| it.before[0] = u8::try_from(it.head.befores.get()).unwrap()),
        ("a side after that is not there", |it| it.after[0] = u8::try_from(it.head.afters.get()).unwrap()),
        ("an irregular four without a table", |it| {
            let step = it.steps.iter_mut().find(|step| step.irregular != 0).unwrap();
            step.irregular = U16::new(u16::MAX);
        }),
        ("a table of no irregular four", |it| {
            let step = it.steps.iter_mut().find(|step| step.irregular != 0).unwrap();
            step.irregular = U16::new(step.irregular.get() & (step.irregular.get() - 1));
        }),
        ("the table of another step", |it| set(&mut it.steps.last_mut().unwrap().first_nibble, 0)),
        ("a table beyond all", |it| set(&mut it.steps[0].first_nibble, u32::MAX)),
        ("no side of a final newline", |it| {
            it.steps.truncate(usize::from(it.head.befores.get()));
            it.head.afters = U16::new(1);
            it.after.fill(0);
            it.in_order();
        }),
        ("the last nibble table left out", |it| {
            it.head.nibbles -= 1;
            it.nibbles.truncate(it.nibbles.len() - 128);
        }),
        ("a nibble table of no step", |it| {
            it.head.nibbles += 1;
            it.nibbles.extend([0; 128]);
        }),
        ("neither found nor not", |it| it.steps[0].found_at_once = U16::new(2)),
        ("cut", |it| _ = it.nibbles.pop()),
        ("a step left out", |it| _ = it.steps.pop()),
    ];
    for (what, change) in changes {
        println!("{what}");
        let mut sets = Sets::of(sound.clone().bytes(SectionId::AutomatonBytes), columns);
        change(&mut sets);
        let mut crafted = sound.clone();
        *crafted.bytes(SectionId::AutomatonBytes) = sets.bytes();
        crafted.change(SectionId::Automata, |automata: &mut Vec<Automaton>| {
            set(&mut automata[0].rows, u32::try_from(sets.bytes().len()).unwrap());
        });
        crafted.refused(AUTOMATON);
    }
    refused_at::<Automaton>(
        &sound,
        SectionId::Automata,
        0,
        AUTOMATON,
        &[
            ("shorter", |it| it.rows -= 1),
            ("shorter by a nibble table", |it| it.rows -= 128),
            ("longer", |it| it.rows += 1),
            ("empty", |it| set(&mut it.rows, 0)),
            ("a column less", |it| it.columns -= 1),
            ("a column more", |it| it.columns += 1),
            ("a start", |it| set(&mut it.start, 1)),
            ("a mark", |it| set(&mut it.marks[2], 1)),
            ("shared", |it| set(&mut it.kind, AUTOMATON_NFA | AUTOMATON_SHARED)),
            ("deterministic", |it| set(&mut it.kind, AUTOMATON_BYTE)),
        ],
    );
}

#[test]
fn a_pattern_that_points_elsewhere() {
    let sound = every_kind();
    let automata = sound.clone().records::<Automaton>(SectionId::Automata);
    let shared = automata.iter().position(|it| it.kind.get() & AUTOMATON_SHARED != 0).unwrap();
    let shared = u32::try_from(shared).unwrap();
    let beyond = u32::try_from(automata.len()).unwrap();
    refused::<Pattern>(
        &sound,
        SectionId::Patterns,
        PATTERN,
        &[
            ("a text out of range", &|all| set(&mut all[0].text.offset, u32::MAX)),
            ("a text too long", &|all| set(&mut all[0].text.length, u32::MAX)),
            ("a literal out of range", &|all| set(&mut all[SUFFIX].literal.offset, u32::MAX)),
            ("a literal too long", &|all| set(&mut all[SUFFIX].literal.length, 1 << 20)),
            ("a prefix out of range", &|all| set(&mut all[SHORT].prefix.offset, 1 << 20)),
            ("a prefix too long", &|all| set(&mut all[SHORT].prefix.length, u32::MAX)),
            ("an unknown flag", &|all| all[0].flags |= 32),
            ("the last flag", &|all| all[0].flags |= 1 << 31),
            ("exact without a literal", &|all| all[IN_BACKWARD].flags |= PATTERN_EXACT),
            ("a suffix without a literal", &|all| set(&mut all[SUFFIX].literal.length, 0)),
            ("a suffix without a way back", &|all| set(&mut all[SUFFIX].backward, NONE)),
            ("a suffix that ends in a newline", &|all| all[SUFFIX].flags |= PATTERN_NEWLINE),
            ("a newline without a way back", &|all| all[SHORT].flags |= PATTERN_NEWLINE),
            ("a suffix of nothing", &|all| all[SHORT].flags |= PATTERN_SUFFIX),
            ("neither an automaton nor a group", &|all| set(&mut all[SHORT].forward, NONE)),
            ("no automaton of its own", &|all| set(&mut all[SHORT].forward, shared)),
            ("an automaton that is not there", &|all| set(&mut all[SHORT].forward, beyond)),
            ("a way back that is shared", &|all| set(&mut all[SUFFIX].backward, shared)),
            ("a way back that is not there", &|all| set(&mut all[SUFFIX].backward, beyond)),
            ("a way back over sets of places", &|all| all[SUFFIX].backward = all[NFA].forward),
            ("a bit without a group", &|all| set(&mut all[SHORT].bit, 1)),
            ("a group that is not there", &|all| set(&mut all[SHORT].group, 3)),
            ("a group beyond all", &|all| set(&mut all[SHORT].group, NONE - 1)),
            ("a bit and no group", &|all| set(&mut all[IN_LOCKSTEP + 1].group, NONE)),
        ],
    );
}

#[test]
fn a_pattern_that_asks_for_another_digram() {
    let sound = patterns(&["ab+cd", "ef+gh", "ij+kl", "mn+op", "[a-z]+"]);
    let records: Vec<Pattern> = sound.clone().records(SectionId::Patterns);
    assert!(records[..4].iter().all(|it| it.flags.get() & PATTERN_DIGRAMS != 0), "{records:?}");
    assert_eq!(records[4].flags.get() & PATTERN_DIGRAMS, 0);
    refused_at::<Pattern>(
        &sound,
        SectionId::Patterns,
        1,
        PATTERN,
        &[
            ("digrams, and no word of them", |it| it.flags ^= PATTERN_DIGRAMS),
            ("nothing before", |it| set_short(&mut it.digrams[1][3], 63 << 6 | 1)),
            ("nothing behind", |it| set_short(&mut it.digrams[0][0], 1 << 6)),
            ("something else behind", |it| set_short(&mut it.digrams[0][0], 1 << 6 | 63)),
            ("a symbol that is not there", |it| set_short(&mut it.digrams[0][2], 1 << 12 | 1)),
        ],
    );
    refused_at::<Pattern>(
        &sound,
        SectionId::Patterns,
        4,
        PATTERN,
        &[
            ("a word of digrams, and none", |it| it.flags ^= PATTERN_DIGRAMS),
            ("a digram unasked", |it| set_short(&mut it.digrams[1][1], 1 << 6 | 1)),
        ],
    );
    // Any digram that there can be is a filter that loads, be it the wrong one.
    let mut other = sound.clone();
    other.change(SectionId::Patterns, |all: &mut Vec<Pattern>| {
        set_short(&mut all[0].digrams[1][0], 62 << 6 | 62);
    });
    assert_eq!(other.accepted().search(0, Value::from("abcd")), Some(true));
}

fn set_short(slot: &mut U16, to: u16) {
    *slot = U16::new(to);
}

#[test]
fn a_pattern_whose_literals_are_looked_for_elsewhere() {
    let sound = patterns(&["abc[de]{1,9}wxyz[ij]", "(?:k|l)+mno"]);
    let records: Vec<Pattern> = sound.clone().records(SectionId::Patterns);
    assert!(records[0].after_prefix.get() != NONE && records[0].prefix.length.get() == 3, "{records:?}");
    assert!(records[1].prefix.length.get() == 0 && records[1].literal.length.get() == 3, "{records:?}");
    refused_at::<Pattern>(
        &sound,
        SectionId::Patterns,
        0,
        PATTERN,
        &[
            ("behind the literal", |it| it.literal_rarest = 4),
            ("far behind the literal", |it| it.literal_rarest = 255),
            ("behind the prefix", |it| it.prefix_rarest = 3),
            ("from inside a row", |it| it.after_prefix += 1),
            ("from a row that is not there", |it| set(&mut it.after_prefix, 1 << 20)),
            ("a place in a prefix of nothing", |it| (set(&mut it.prefix.length, 0), it.prefix_rarest = 1).1),
            ("from behind a prefix of nothing", |it| {
                set(&mut it.prefix.length, 0);
                it.prefix_rarest = 0;
            }),
        ],
    );
    refused_at::<Pattern>(
        &sound,
        SectionId::Patterns,
        1,
        PATTERN,
        &[("from behind no prefix", |it| set(&mut it.after_prefix, 0))],
    );
    // A final newline is left out of the text, and so no prefix may hold one.
    let mut other = sound.clone();
    let offset = u32::try_from(other.bytes(SectionId::Strings).len()).unwrap();
    other.bytes(SectionId::Strings).extend(b"a\nc");
    other.change(SectionId::Patterns, |all: &mut Vec<Pattern>| set(&mut all[0].prefix.offset, offset));
    other.refused(PATTERN);
    // Whichever byte is looked for, the literal is found.
    for place in 0..4 {
        let mut other = sound.clone();
        other.change(SectionId::Patterns, |all: &mut Vec<Pattern>| all[0].literal_rarest = place);
        assert_eq!(other.accepted().search(0, Value::from("abcdewxyzj")), Some(true));
    }
}

#[test]
fn a_text_cut_inside_a_character() {
    let sound = patterns(&["éé+ß{1,9}日"]);
    let records: Vec<Pattern> = sound.clone().records(SectionId::Patterns);
    assert!(records[0].literal.length.get() == 3 && records[0].prefix.length.get() == 2, "{records:?}");
    refused_at::<Pattern>(
        &sound,
        SectionId::Patterns,
        0,
        PATTERN,
        &[
            ("a text from inside", |it| it.text.offset += 1),
            ("a text until inside", |it| it.text.length -= 1),
            ("a literal from inside", |it| (it.literal.offset += 1, it.literal.length -= 1).0),
            ("a literal until inside", |it| it.literal.length -= 1),
            ("a prefix from inside", |it| it.prefix.offset += 1),
            ("a prefix until inside", |it| it.prefix.length -= 1),
        ],
    );
}
