//! Cuts the power after the fact: what the shim's journal says was not synced is taken back, at random.
//!
//! What is modelled, worse than most disks are:
//!
//! - A sector of 512 bytes that was written since its file was last synced has any of the contents that it had since
//!   then, or is torn: its beginning from one, its end from another. Sectors are independent of each other.
//! - The length of a file is any that it had since the sync; what is past the end of what was written is zeros.
//! - After a sync that failed, the sectors that were waiting for it count as written though they are not: a later
//!   sync does not save them, unless they are written again in between.
//! - Files that were made or unlinked since the folder was synced: the first so many of these steps happened, in
//!   their order, as of a file system with a journal. A file's own sync does not keep its name.
//!
//! What is not: bytes beside those of a write do not change (SQLite relies on it), a synced sector does not go bad,
//! a disk does not lie about a sync, and what is read before the cut is what was written, also after a failed sync.

use super::Random;
use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};

const SECTOR: usize = 512;
const SECTOR_BYTES: u64 = 512;

/// The length of a file, among its sectors.
const LENGTH: u64 = u64::MAX;

#[derive(Clone, Debug)]
enum Line {
    /// A range was covered or cut: where, how long, the length of the file before, the bytes before.
    Changed {
        inode: u64,
        offset: u64,
        length: u64,
        size: u64,
        old: Vec<u8>,
    },
    Sync(u64),
    SyncFailed(u64),
    Create {
        inode: u64,
        path: PathBuf,
    },
    Unlink {
        inode: u64,
        path: PathBuf,
        kept: PathBuf,
    },
    FolderSync,
    Failed(u64),
}

/// How much of what was not synced a power cut takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Lost {
    All,
    Nothing,
    Some,
}

/// What a journal says.
pub(crate) struct Journal {
    path: PathBuf,
    lines: Vec<Line>,
    /// The bytes of whole lines.
    whole: u64,
}

impl Journal {
    pub(crate) fn read(path: &Path) -> Self {
        let bytes = fs::read(path).unwrap_or_default();
        let mut lines = Vec::new();
        let mut rest = &bytes[..];
        // The last line may have been cut short; what it announces did not happen then.
        while let Some((head, after)) = rest.split_at_checked(40) {
            let number = |at: usize| u64::from_le_bytes(head[8 * at..][..8].try_into().expect("8 bytes"));
            let (inode, offset, length) = (number(1), number(2), number(3));
            let Some((data, after)) = after.split_at_checked(usize::try_from(number(4)).expect("a length"))
            else {
                break;
            };
            rest = after;
            let text = |bytes: &[u8]| PathBuf::from(str::from_utf8(bytes).expect("paths of tests are text"));
            lines.push(match number(0) {
                1 | 2 => {
                    let size = u64::from_le_bytes(data[..8].try_into().expect("8 bytes"));
                    Line::Changed { inode, offset, length, size, old: data[8..].to_vec() }
                }
                3 => Line::Sync(inode),
                4 => Line::SyncFailed(inode),
                5 => Line::Create { inode, path: text(data) },
                6 => {
                    let zero = data.iter().position(|&byte| byte == 0).expect("two paths");
                    Line::Unlink { inode, path: text(&data[..zero]), kept: text(&data[zero + 1..]) }
                }
                7 => Line::FolderSync,
                8 => Line::Failed(offset),
                kind => panic!("the journal has a line of kind {kind}"),
            });
        }
        let whole = u64::try_from(bytes.len() - rest.len()).expect("a length");
        Journal { path: path.to_owned(), lines, whole }
    }

    /// Takes away the last line if a process was killed while it was written, before another process goes on.
    pub(crate) fn mend(path: &Path) {
        if let Ok(file) = fs::File::options().write(true).open(path) {
            file.set_len(Self::read(path).whole).expect("the journal can be cut");
        }
    }

    /// Whether the call came that was to fail.
    pub(crate) fn failed(&self) -> bool {
        self.lines.iter().any(|line| matches!(line, Line::Failed(_)))
    }

    /// The number of syncs of files that succeeded, and of folders.
    pub(crate) fn syncs(&self) -> (usize, usize) {
        let count = |is: fn(&Line) -> bool| self.lines.iter().filter(|line| is(line)).count();
        (count(|line| matches!(line, Line::Sync(_))), count(|line| matches!(line, Line::FolderSync)))
    }

    /// Cuts the power for all files of this log, and begins a new journal: all that was not synced is lost, nothing
    /// is, or each sector by itself, as is drawn. Says how many sectors went back.
    pub(crate) fn cut(self, log: &Path, random: &mut Random) -> usize {
        let mode = match random.below(5) {
            0 => Lost::All,
            1 => Lost::Nothing,
            _ => Lost::Some,
        };
        self.cut_as(log, mode, random)
    }

    /// As [`cut`](Self::cut), and so much is lost.
    pub(crate) fn cut_as(self, log: &Path, mode: Lost, random: &mut Random) -> usize {
        let folder = log.parent().expect("a log is in a folder");
        let mut names = HashMap::new();
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let entry = entry.expect("the folder can be read");
            names.insert(entry.metadata().expect("a file has an inode").ino(), entry.path());
        }
        let mut lost = 0;
        for (inode, pending) in self.pending() {
            if let Some(path) = names.get(&inode) {
                lost += self.cut_file(path, inode, &pending, mode, random);
            }
        }
        let since =
            self.lines.iter().rposition(|line| matches!(line, Line::FolderSync)).map_or(0, |at| at + 1);
        let of_folder = |line: &&Line| matches!(line, Line::Create { .. } | Line::Unlink { .. });
        let steps: Vec<_> = self.lines[since..].iter().filter(of_folder).collect();
        let happened = match mode {
            Lost::All => 0,
            Lost::Nothing => steps.len(),
            Lost::Some => random.below(steps.len() + 1),
        };
        for step in steps[happened..].iter().rev() {
            match step {
                Line::Create { path, .. } => drop(fs::remove_file(path)),
                Line::Unlink { path, kept, .. } => {
                    fs::rename(kept, path).expect("what was unlinked comes back")
                }
                _ => {}
            }
        }
        for entry in fs::read_dir(folder).expect("the folder is there") {
            let path = entry.expect("the folder can be read").path();
            if path.to_string_lossy().contains(".gone-") {
                fs::remove_file(path).expect("what was kept goes");
            }
        }
        fs::write(&self.path, "").expect("the journal begins anew");
        lost
    }

    /// What is not synced at the end: for each file its sectors, and for each the lines that changed it.
    fn pending(&self) -> BTreeMap<u64, BTreeMap<u64, Vec<usize>>> {
        #[derive(Default)]
        struct Sector {
            lines: Vec<usize>,
            given_up: bool,
        }
        let mut files: BTreeMap<u64, BTreeMap<u64, Sector>> = BTreeMap::new();
        let mut unlinked = Vec::new();
        for (at, line) in self.lines.iter().enumerate() {
            match line {
                Line::Changed { inode, offset, length, size, .. } => {
                    let file = files.entry(*inode).or_default();
                    // A change past the end makes zeros in between; those sectors are nobody's.
                    for sector in sectors(*offset, *length).chain(lengthened(*offset, *length, *size)) {
                        let sector = file.entry(sector).or_default();
                        sector.lines.push(at);
                        sector.given_up = false;
                    }
                }
                Line::Sync(inode) => {
                    files.entry(*inode).or_default().retain(|_, sector| sector.given_up);
                }
                Line::SyncFailed(inode) => {
                    for sector in files.entry(*inode).or_default().values_mut() {
                        sector.given_up = true;
                    }
                }
                // A file that is gone for good is nothing to any other that gets its number.
                Line::Create { inode, .. } => drop(files.remove(inode)),
                Line::Unlink { inode, .. } => unlinked.push(*inode),
                Line::FolderSync => unlinked.drain(..).for_each(|inode| drop(files.remove(&inode))),
                Line::Failed(_) => {}
            }
        }
        let lines =
            |sectors: BTreeMap<u64, Sector>| sectors.into_iter().map(|(at, s)| (at, s.lines)).collect();
        files.into_iter().map(|(inode, sectors)| (inode, lines(sectors))).collect()
    }

    fn cut_file(
        &self,
        path: &Path,
        inode: u64,
        pending: &BTreeMap<u64, Vec<usize>>,
        mode: Lost,
        random: &mut Random,
    ) -> usize {
        if pending.is_empty() {
            return 0;
        }
        let now = fs::read(path).expect("a file of the log can be read");
        // Backwards through the journal, the file is what it was before each line.
        let mut image = now.clone();
        let mut contents: BTreeMap<u64, Vec<[u8; SECTOR]>> = BTreeMap::new();
        let mut sizes = vec![u64::try_from(now.len()).expect("a length")];
        for (at, line) in self.lines.iter().enumerate().rev() {
            let Line::Changed { inode: of, offset, length, size, old } = line else { continue };
            if *of != inode {
                continue;
            }
            image.resize(usize::try_from(*size).expect("files of tests are small"), 0);
            let from = usize::try_from(*offset).expect("files of tests are small").min(image.len());
            image[from..][..old.len()].copy_from_slice(old);
            for sector in sectors(*offset, *length) {
                if pending.get(&sector).is_some_and(|lines| lines.binary_search(&at).is_ok()) {
                    contents.entry(sector).or_default().push(sector_of(&image, sector));
                }
            }
            if pending.get(&LENGTH).is_some_and(|lines| lines.binary_search(&at).is_ok()) {
                sizes.push(*size);
            }
        }
        let size = match mode {
            Lost::All => sizes[sizes.len() - 1],
            Lost::Nothing => sizes[0],
            Lost::Some => sizes[random.below(sizes.len())],
        };
        let mut after = now.clone();
        after.resize(usize::try_from(size).expect("files of tests are small"), 0);
        let mut lost = 0;
        for (sector, mut versions) in contents {
            let at = usize::try_from(sector).expect("small") * SECTOR;
            if at >= after.len() {
                continue;
            }
            // What was cut from the end comes back with its content.
            if at < now.len() {
                versions.insert(0, sector_of(&now, sector));
            }
            let mut pick = match mode {
                Lost::All => versions[versions.len() - 1],
                Lost::Nothing => versions[0],
                Lost::Some => versions[random.below(versions.len())],
            };
            if mode == Lost::Some && random.below(8) == 0 {
                let other = versions[random.below(versions.len())];
                let torn = random.below(SECTOR);
                pick[torn..].copy_from_slice(&other[torn..]);
            }
            let end = after.len().min(at + SECTOR);
            lost += usize::from(after[at..end] != pick[..end - at]);
            after[at..end].copy_from_slice(&pick[..end - at]);
        }
        let file = fs::File::options().write(true).open(path).expect("a file of the log can be written");
        file.set_len(size).expect("a file of the log can be cut");
        file.write_all_at(&after, 0).expect("a file of the log can be written");
        lost
    }
}

/// The sectors that a range touches.
fn sectors(offset: u64, length: u64) -> impl Iterator<Item = u64> {
    let end = (offset + length).div_ceil(SECTOR_BYTES);
    (offset / SECTOR_BYTES..end).take(if length == 0 { 0 } else { usize::MAX })
}

/// The length as a sector of its own, if a change of this range changes it. (One that cuts begins before the end, and
/// covers all up to it; so does a write of the same range, which costs no more than a length that is the same.)
fn lengthened(offset: u64, length: u64, size: u64) -> impl Iterator<Item = u64> {
    (offset + length >= size).then_some(LENGTH).into_iter()
}

/// A sector of a file; past the end it is zeros.
fn sector_of(image: &[u8], sector: u64) -> [u8; SECTOR] {
    let mut content = [0; SECTOR];
    let at = usize::try_from(sector).expect("files of tests are small") * SECTOR;
    let there = &image[at.min(image.len())..(at + SECTOR).min(image.len())];
    content[..there.len()].copy_from_slice(there);
    content
}
