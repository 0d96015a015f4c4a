//! Artifacts made to deceive in the groups of patterns, and any change of the tables of regular
//! expressions: what loads decides.

#![expect(clippy::unwrap_used, reason = "tests")]

mod support;

use aegis_vm::format::{
    AUTOMATON_SHARED, Automaton, GROUP_BACKWARD, GROUP_FORWARD, GROUP_LOCKSTEP, Group, GroupAnswer, LOCKSTEP,
    NONE, Pattern, SectionId,
};
use aegis_vm::json::{Json, Object};
use aegis_vm::{Policy, Value};
use support::crafted::{
    ALL, BACKWARD, Crafted, FORWARD, IN_BACKWARD, IN_FORWARD, IN_LOCKSTEP, NFA, Of, SHORT, SIDE_BY_SIDE,
    every_kind, patterns, refused, refused_at, set,
};
use zerocopy::little_endian::{U32, U64};

const GROUP: &str = "has an unsound group";
const WHOLE: &str = "does not hold every member and answer";

fn groups(crafted: &Crafted) -> Vec<Group> {
    crafted.clone().records(SectionId::Groups)
}

/// The automaton that a group shares.
fn shared(crafted: &Crafted, group: usize) -> usize {
    usize::try_from(groups(crafted)[group].automaton.get()).unwrap()
}

#[test]
fn a_group_that_points_elsewhere() {
    let sound = every_kind();
    let lone = every_kind().records::<Pattern>(SectionId::Patterns)[SHORT].forward.get();
    for at in [BACKWARD, FORWARD, SIDE_BY_SIDE] {
        refused_at::<Group>(
            &sound,
            SectionId::Groups,
            at,
            GROUP,
            &[
                ("no kind", |it| set(&mut it.kind, 3)),
                ("no kind at all", |it| set(&mut it.kind, u32::MAX)),
                ("an automaton that is not there", |it| set(&mut it.automaton, NONE - 1)),
                ("members of the group before", |it| {
                    it.first_member = it.first_member.get().wrapping_sub(1).into()
                }),
                ("members after a gap", |it| it.first_member += 1),
                ("members beyond all", |it| set(&mut it.members, u32::MAX)),
                ("no members", |it| set(&mut it.members, 0)),
                ("answers after a gap", |it| it.first_answer += 1),
                ("answers beyond all", |it| set(&mut it.answers, u32::MAX)),
                ("the newline of no member", |it| it.newline |= 8),
                ("the newline of the last bit", |it| it.newline |= 1 << 63),
            ],
        );
        refused::<Group>(
            &sound,
            SectionId::Groups,
            GROUP,
            &[
                ("the automaton of a pattern", &|all| set(&mut all[at].automaton, lone)),
                ("twice", &|all| all.insert(at, all[at])),
            ],
        );
    }
    for at in [BACKWARD, FORWARD] {
        refused_at::<Group>(
            &sound,
            SectionId::Groups,
            at,
            GROUP,
            &[
                ("no automaton", |it| set(&mut it.automaton, NONE)),
                ("side by side", |it| set(&mut it.kind, GROUP_LOCKSTEP)),
                ("fewer answers than its rows give", |it| it.answers -= 1),
                ("no answer", |it| set(&mut it.answers, 0)),
            ],
        );
    }
    refused_at::<Group>(
        &sound,
        SectionId::Groups,
        SIDE_BY_SIDE,
        GROUP,
        &[
            ("shared forward", |it| set(&mut it.kind, GROUP_FORWARD)),
            ("shared backward", |it| set(&mut it.kind, GROUP_BACKWARD)),
            ("an automaton", |it| set(&mut it.automaton, 0)),
        ],
    );
    let words = "the patterns section has an unsound pattern";
    for at in [BACKWARD, FORWARD, SIDE_BY_SIDE] {
        refused::<Group>(&sound, SectionId::Groups, words, &[("left out", &|all| _ = all.remove(at))]);
    }
    refused::<Group>(
        &sound,
        SectionId::Groups,
        GROUP,
        &[("the answers of another", &|all| all[FORWARD].first_answer = all[BACKWARD].first_answer)],
    );
    // A row of a pattern's own automaton has no answer before it.
    let mut lonely = sound.clone();
    lonely.change(SectionId::Automata, |all: &mut Vec<Automaton>| {
        all[usize::try_from(lone).unwrap()].marks = [0; 3].map(U32::new);
    });
    refused::<Group>(
        &lonely,
        SectionId::Groups,
        GROUP,
        &[("the automaton of a pattern", &|all| set(&mut all[BACKWARD].automaton, lone))],
    );
    // The members of a backward group need automata of their own where Python's `str` comes in pieces.
    refused_at::<Group>(
        &sound,
        SectionId::Groups,
        FORWARD,
        GROUP,
        &[("backward", |it| set(&mut it.kind, GROUP_BACKWARD))],
    );
}

#[test]
fn members_of_two_groups() {
    let sound = every_kind();
    let members: Vec<U32> = sound.clone().records(SectionId::GroupMembers);
    assert_eq!(members.iter().map(|member| member.get()).collect::<Vec<_>>(), [3, 4, 5, 0, 1, 2, 6, 7, 8]);
    refused::<U32>(
        &sound,
        SectionId::GroupMembers,
        GROUP,
        &[
            ("of another group", &|all| all[3] = all[0]),
            ("twice", &|all| all[1] = all[0]),
            ("in another order", &|all| all.swap(0, 1)),
            ("of no group", &|all| set(&mut all[8], 11)),
            ("that is not there", &|all| set(&mut all[8], 12)),
            ("beyond all", &|all| set(&mut all[4], u32::MAX)),
            ("left out", &|all| _ = all.remove(0)),
            ("the last left out", &|all| _ = all.pop()),
        ],
    );
    refused::<U32>(
        &sound,
        SectionId::GroupMembers,
        WHOLE,
        &[("one more", &|all| all.push(U32::new(11))), ("the last twice", &|all| all.push(all[8]))],
    );
    refused::<Pattern>(
        &sound,
        SectionId::Patterns,
        GROUP,
        &[
            ("the bit of another", &|all| set(&mut all[IN_FORWARD].bit, 1)),
            ("a bit beyond all", &|all| set(&mut all[IN_BACKWARD].bit, 64)),
            ("the group of another", &|all| set(&mut all[IN_FORWARD + 1].group, 0)),
            ("on its own", &|all| {
                let member = &mut all[IN_BACKWARD];
                (member.group, member.bit) = (U32::new(NONE), U32::new(0));
            }),
            ("nothing to take pieces with", &|all| set(&mut all[IN_BACKWARD].forward, NONE)),
            ("nothing to step", &|all| set(&mut all[IN_LOCKSTEP + 2].forward, NONE)),
        ],
    );
    let words = "the groups section leaves out a pattern";
    for group in [BACKWARD, FORWARD, SIDE_BY_SIDE] {
        refused::<Pattern>(
            &sound,
            SectionId::Patterns,
            words,
            &[("a group that does not know of it", &|all| {
                (all[SHORT].group, all[SHORT].bit) = (U32::new(u32::try_from(group).unwrap()), U32::new(1));
            })],
        );
    }
}

#[test]
fn answers_of_no_member() {
    let sound = every_kind();
    let answers: Vec<GroupAnswer> = sound.clone().records(SectionId::GroupAnswers);
    let changes: [(&str, Of<GroupAnswer>); 5] = [
        ("now", |it| it.now |= 8),
        ("at the end", |it| it.end |= 8),
        ("before a newline", |it| it.newline |= 8),
        ("the last bit", |it| it.end |= 1 << 63),
        ("every bit", |it| it.now = U64::new(u64::MAX)),
    ];
    for at in 0..answers.len() {
        refused_at(&sound, SectionId::GroupAnswers, at, GROUP, &changes);
    }
    refused::<GroupAnswer>(&sound, SectionId::GroupAnswers, WHOLE, &[("one more", &|all| all.push(all[0]))]);
    refused::<GroupAnswer>(&sound, SectionId::GroupAnswers, GROUP, &[("one less", &|all| _ = all.pop())]);
}

#[test]
fn an_automaton_that_a_group_cannot_share() {
    let sound = every_kind();
    let automata: Vec<Automaton> = sound.clone().records(SectionId::Automata);
    for group in [BACKWARD, FORWARD] {
        let at = shared(&sound, group);
        let Automaton { kind, columns, rows, table, .. } = automata[at];
        assert_eq!(kind.get(), AUTOMATON_SHARED, "cells of a byte");
        let (table, columns) =
            (usize::try_from(table.get()).unwrap(), usize::try_from(columns.get()).unwrap());
        let unsound = "the automata section has an unsound automaton";
        let most = u8::try_from(groups(&sound)[group].answers.get()).unwrap();
        for row in (0..usize::try_from(rows.get()).unwrap()).map(|row| table + row * (columns + 1)) {
            // What a group finds it goes on from.
            refused::<u8>(
                &sound,
                SectionId::AutomatonBytes,
                unsound,
                &[
                    ("found", &|cells| cells[row + 1] = 255),
                    ("inside a row", &|cells| cells[row + columns] = 1),
                    ("behind the rows", &|cells| cells[row + 1] = 253),
                ],
            );
            refused::<u8>(
                &sound,
                SectionId::AutomatonBytes,
                GROUP,
                &[
                    ("an answer of the next group", &|cells| cells[row] = most),
                    ("an answer beyond all", &|cells| cells[row] = 255),
                ],
            );
        }
        refused_at::<Automaton>(
            &sound,
            SectionId::Automata,
            at,
            unsound,
            &[
                ("starts as found", |it| set(&mut it.start, 255)),
                ("starts inside a row", |it| set(&mut it.start, 1)),
                ("a column more", |it| it.columns += 1),
                ("a row less", |it| it.rows -= 1),
                ("a mark inside a row", |it| set(&mut it.marks[0], 1)),
                ("found as a mark", |it| it.marks = [255; 3].map(U32::new)),
            ],
        );
        refused_at::<Automaton>(
            &sound,
            SectionId::Automata,
            at,
            GROUP,
            &[("starts where nothing is found", |it| set(&mut it.start, 254))],
        );
    }
}

/// A walk looks for what is found on its way from the first mark on, and nowhere else.
#[test]
fn a_row_that_finds_before_the_mark() {
    let sound = every_kind();
    for group in [BACKWARD, FORWARD] {
        refused_at::<Automaton>(
            &sound,
            SectionId::Automata,
            shared(&sound, group),
            GROUP,
            &[
                ("no row finds", |it| it.marks = [254; 3].map(U32::new)),
                ("the first row that finds does not", |it| it.marks[0] += it.columns + 1),
            ],
        );
    }
    // A mark too early costs a look and no more.
    let mut early = sound.clone();
    let at = shared(&sound, FORWARD);
    early.change(SectionId::Automata, |all: &mut Vec<Automaton>| set(&mut all[at].marks[0], 0));
    assert_eq!(early.accepted().search(IN_FORWARD, Value::from("abc")), Some(true));
}

/// A shared automaton is checked once for each group that has it.
#[test]
fn an_automaton_of_two_groups() {
    let sound = every_kind();
    let first = groups(&sound)[BACKWARD];
    refused::<Group>(
        &sound,
        SectionId::Groups,
        GROUP,
        &[("of the group before", &|all| all[FORWARD].automaton = first.automaton)],
    );
}

#[test]
fn side_by_side_with_another_form() {
    let sound = every_kind();
    sound.accepted();
    let refuse = |what: &str, change: &dyn Fn(&mut Vec<Pattern>)| {
        refused::<Pattern>(&sound, SectionId::Patterns, GROUP, &[(what, change)]);
    };
    refuse("the first has cells of two bytes", &|all| all[IN_LOCKSTEP].forward = all[SHORT].forward);
    refuse("the last has cells of two bytes", &|all| all[IN_LOCKSTEP + 2].forward = all[SHORT].forward);
    refuse("the last has sets of places", &|all| all[IN_LOCKSTEP + 2].forward = all[NFA].forward);
    refuse("all have sets of places", &|all| {
        let places = all[NFA].forward;
        all[IN_LOCKSTEP..IN_LOCKSTEP + 3].iter_mut().for_each(|pattern| pattern.forward = places);
    });
    // All of one form, though another one.
    let mut other = sound.clone();
    other.change(SectionId::Patterns, |all: &mut Vec<Pattern>| {
        let short = all[SHORT].forward;
        all[IN_LOCKSTEP..IN_LOCKSTEP + 3].iter_mut().for_each(|pattern| pattern.forward = short);
    });
    assert_eq!(other.accepted().search(IN_LOCKSTEP, Value::from("qér")), Some(true));
    // Answers are for shared automata.
    let mut answers = sound.clone();
    answers.change(SectionId::Groups, |all: &mut Vec<Group>| set(&mut all[SIDE_BY_SIDE].answers, 1));
    answers.change(SectionId::GroupAnswers, |all: &mut Vec<GroupAnswer>| all.push(all[0]));
    answers.refused(GROUP);
}

/// Puts one more pattern into the last group.
fn one_more(sound: &Crafted) -> Crafted {
    let mut crafted = sound.clone();
    let group = u32::try_from(groups(sound).len() - 1).unwrap();
    let mut bit = 0;
    crafted.change(SectionId::Groups, |all: &mut Vec<Group>| {
        let last = all.last_mut().unwrap();
        bit = last.members.get();
        last.members += 1;
    });
    let last = crafted.records::<Pattern>(SectionId::Patterns).len() - 1;
    crafted.change(SectionId::Patterns, |all: &mut Vec<Pattern>| {
        assert_eq!(all[last].group, NONE);
        (all[last].group, all[last].bit) = (U32::new(group), U32::new(bit));
    });
    crafted.change(SectionId::GroupMembers, |all: &mut Vec<U32>| {
        all.push(U32::new(u32::try_from(last).unwrap()));
    });
    crafted
}

#[test]
fn a_group_with_more_members_than_it_has_bits_or_registers() {
    let letters = ('a'..).step_by(2).take(LOCKSTEP + 1);
    let ten: Vec<_> = letters
        .map(|c| format!("{c}.{{1,9}}[{}-\u{ff}]", char::from_u32(u32::from(c) + 1).unwrap()))
        .collect();
    let sound = patterns(&ten);
    assert_eq!(groups(&sound)[0].members.get(), u32::try_from(LOCKSTEP).unwrap());
    sound.accepted();
    one_more(&sound).refused(GROUP);
    one_more(&patterns(&[&ten[..LOCKSTEP - 1], &["[ab]+[c-z]$".to_owned()]].concat())).accepted();

    let many: Vec<_> = (0..65).map(|n| format!("^{n:07b}")).collect();
    let sound = patterns(&many);
    assert_eq!(groups(&sound)[0].members, 64);
    sound.accepted();
    one_more(&sound).refused(GROUP);
}

/// Texts that lead through every kind of walk.
fn values() -> Vec<Json> {
    let mut map = Object::new();
    map.insert("é", Json::List(vec![Json::from("a.com"), Json::Int(12), Json::Null]));
    let long = "ab axb é.com q日本r ".repeat(9);
    let mut values: Vec<Json> =
        ["", "\n", "ab", "x.com\n", "acc\n", "a12b", "aéb dxc", "qéérc\n", "aacorp"].map(Json::from).into();
    values.extend([Json::from(long.as_str()), Json::from(format!("{}.org", "ba".repeat(40)))]);
    values.extend([Json::Int(-120), Json::Null, Json::Object(map)]);
    values
}

fn searched(policy: &Policy, what: &str) {
    for (at, pattern) in ALL.iter().enumerate() {
        for value in values() {
            let found = policy.search(at, value.value());
            assert!(found.is_some(), "`{pattern}` in {value:?}: the tables do not hold together: {what}");
        }
    }
}

/// Whatever is changed, what loads finds its way through its tables, to the end of every text.
#[test]
fn any_byte_of_any_table() {
    let mut sound = every_kind();
    searched(&sound.accepted(), "nothing changed");
    let (mut loaded, mut tried) = (0, 0);
    for section in [
        SectionId::ClassMap,
        SectionId::ColumnMaps,
        SectionId::AutomatonBytes,
        SectionId::Automata,
        SectionId::Patterns,
        SectionId::Groups,
        SectionId::GroupMembers,
        SectionId::GroupAnswers,
    ] {
        let whole = sound.bytes(section).clone();
        // Blocks of classes are much alike.
        let step = whole.len().div_ceil(400);
        let changes: [fn(u8) -> u8; 5] = [|b| b ^ 1, |b| b ^ 8, |b| b ^ 128, |_| 0, |_| 255];
        for (at, change) in (0..whole.len()).step_by(step).flat_map(|at| changes.map(|change| (at, change))) {
            let byte = change(whole[at]);
            if byte == whole[at] {
                continue;
            }
            sound.bytes(section)[at] = byte;
            tried += 1;
            if let Ok(policy) = Policy::from_bytes(sound.0.assemble()) {
                loaded += 1;
                searched(&policy, &format!("byte {at} of {} is {byte}", section.name()));
            }
        }
        *sound.bytes(section) = whole;
    }
    println!("{loaded} of {tried} loaded");
    assert!(loaded > 50 && tried - loaded > 1_000, "{loaded} of {tried} loaded: the changes test nothing");
}
