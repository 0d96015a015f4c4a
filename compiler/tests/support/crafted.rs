//! Artifacts changed on purpose, their digests right.

use super::damage::{Parts, artifact};
use super::patterns::yaml;
use aegis_vm::format::{GROUP_BACKWARD, GROUP_FORWARD, GROUP_LOCKSTEP, Group, SECTIONS, SectionId};
use aegis_vm::{LoadErrorKind, Policy};
use zerocopy::little_endian::U32;
use zerocopy::{FromBytes, Immutable, IntoBytes, KnownLayout};

/// A sound artifact that is about to be changed.
#[derive(Clone)]
pub struct Crafted(pub Parts);

impl Crafted {
    pub fn of(yaml: &str) -> Self {
        Crafted(Parts::of(&artifact(yaml)))
    }

    pub fn bytes(&mut self, id: SectionId) -> &mut Vec<u8> {
        let at = SECTIONS.iter().position(|&other| other == id).unwrap();
        &mut self.0.sections[at]
    }

    /// The records of a section.
    pub fn records<T: FromBytes + IntoBytes + Immutable + KnownLayout + Clone>(
        &mut self,
        id: SectionId,
    ) -> Vec<T> {
        <[T]>::ref_from_bytes(self.bytes(id)).unwrap().to_vec()
    }

    /// Changes the records of a section.
    pub fn change<T: FromBytes + IntoBytes + Immutable + KnownLayout + Clone>(
        &mut self,
        id: SectionId,
        change: impl FnOnce(&mut Vec<T>),
    ) -> &mut Self {
        let mut records = self.records(id);
        change(&mut records);
        *self.bytes(id) = records.as_bytes().to_vec();
        self
    }

    pub fn refused(&self, words: &str) {
        let error = Policy::from_bytes(self.0.assemble()).unwrap_err();
        assert_eq!(error.kind(), LoadErrorKind::Malformed);
        assert!(error.to_string().contains(words), "expected `{words}`: {error}");
    }

    pub fn accepted(&self) -> Policy {
        Policy::from_bytes(self.0.assemble()).unwrap()
    }
}

/// A change and what is wrong with it.
pub type Change<'c, T> = (&'c str, &'c dyn Fn(&mut Vec<T>));

/// Tries each change of the records of a section on its own.
pub fn refused<T: FromBytes + IntoBytes + Immutable + KnownLayout + Clone>(
    sound: &Crafted,
    section: SectionId,
    words: &str,
    changes: &[Change<'_, T>],
) {
    sound.accepted();
    for (what, change) in changes {
        println!("{what}");
        sound.clone().change(section, |records| change(records)).refused(words);
    }
}

pub type Of<T> = fn(&mut T);

/// As [`refused`], for one record of the section.
pub fn refused_at<T: FromBytes + IntoBytes + Immutable + KnownLayout + Clone>(
    sound: &Crafted,
    section: SectionId,
    at: usize,
    words: &str,
    changes: &[(&str, Of<T>)],
) {
    for &(what, change) in changes {
        refused(sound, section, words, &[(what, &|records: &mut Vec<T>| change(&mut records[at]))]);
    }
}

pub fn set(slot: &mut U32, to: u32) {
    *slot = U32::new(to);
}

/// Patterns of every kind: three of each kind of group, then those that stay on their own.
pub const ALL: [&str; 12] = [
    "^ab",
    "^ac+|^d",
    "^[bc]x+z",
    r"\.com$",
    r"\.org\Z",
    "[0-9]+$",
    "[ag].{1,9}b",
    "[ch].{1,9}d",
    "[ei].{1,9}f",
    "a+corp",
    "(a|b)*a(a|b){20}",
    "[qs].{1,90}r",
];

/// Where the patterns of [`ALL`] stand that are spoken of.
pub const IN_FORWARD: usize = 0;
pub const IN_BACKWARD: usize = 3;
pub const IN_LOCKSTEP: usize = 6;
pub const SUFFIX: usize = 9;
pub const NFA: usize = 10;
pub const SHORT: usize = 11;

/// The policy of [`super::patterns::Searches`].
pub fn patterns<T: AsRef<str>>(patterns: &[T]) -> Crafted {
    Crafted::of(&yaml(patterns))
}

/// The policy of [`ALL`].
pub fn every_kind() -> Crafted {
    let mut crafted = patterns(&ALL);
    let groups: Vec<Group> = crafted.records(SectionId::Groups);
    let shapes: Vec<_> = groups.iter().map(|group| (group.kind.get(), group.members.get())).collect();
    assert_eq!(shapes, [(GROUP_BACKWARD, 3), (GROUP_FORWARD, 3), (GROUP_LOCKSTEP, 3)]);
    crafted
}

/// The groups of [`every_kind`].
pub const BACKWARD: usize = 0;
pub const FORWARD: usize = 1;
pub const SIDE_BY_SIDE: usize = 2;
