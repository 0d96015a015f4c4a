//! A layer between SQLite and the files of a log, for tests alone. It is compiled by the tests and put before libc
//! with `LD_PRELOAD`; it is no part of a crate.
//!
//! It looks at the calls that change files whose path begins with `SHIM_PATH`, apart from `-shm`, which is mapped into
//! memory and made anew by SQLite after a crash. All other calls go on as they are. What it does:
//!
//! - `SHIM_UNDO`: before a call changes a file, what stood there is appended to this journal. The journal outlives
//!   the process, and whoever reads it afterwards can take back what was not synced: a power cut. A sync is a line of
//!   the journal and nothing else; the disk is not waited for.
//! - `SHIM_FAIL_AT`: that call fails, counted from 1, and so do the `SHIM_FAIL_FOR` calls after it, with
//!   `SHIM_ERRNO`. Counted are writes, truncations and syncs, or with `SHIM_FAIL_SYNCS` syncs alone, and with
//!   `SHIM_FAIL_OF` those of the file of this name alone. With
//!   `SHIM_SHORT` the first of them, if it is a write, writes a half and says so.
//! - `SHIM_KILL_AT`: before that call the process ends as by `kill -9`. Counted are also files that are made or
//!   unlinked, and syncs of the folder.
//!
//! Not looked at, as SQLite does not do it with these files: mapped writes, `fallocate`, `O_TRUNC`, `O_APPEND`. A
//! rename ends the process, so that nobody takes it for something that is modelled.

#![allow(unsafe_code, reason = "what stands in for libc is called by C and calls C")]

use std::collections::{HashMap, HashSet};
use std::ffi::{CStr, CString, OsStr, c_char, c_int, c_void};
use std::fs::File;
use std::io::Seek;
use std::mem::ManuallyDrop;
use std::os::fd::FromRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

const O_CREAT: c_int = 0o100;
const O_TRUNC: c_int = 0o1000;
const O_APPEND: c_int = 0o2000;
const SIGKILL: c_int = 9;

/// Lines of the journal, as `power.rs` reads them.
const WRITE: u64 = 1;
const TRUNCATE: u64 = 2;
const SYNC: u64 = 3;
const SYNC_FAILED: u64 = 4;
const CREATE: u64 = 5;
const UNLINK: u64 = 6;
const FOLDER_SYNC: u64 = 7;
const FAILED: u64 = 8;

unsafe extern "C" {
    fn dlsym(handle: *mut c_void, symbol: *const c_char) -> *mut c_void;
    fn __errno_location() -> *mut c_int;
    fn kill(process: c_int, signal: c_int) -> c_int;
    fn link(old: *const c_char, new: *const c_char) -> c_int;
}

type Open = unsafe extern "C" fn(*const c_char, c_int, ...) -> c_int;
type OpenAt = unsafe extern "C" fn(c_int, *const c_char, c_int, ...) -> c_int;
type OfFile = unsafe extern "C" fn(c_int) -> c_int;
type Write = unsafe extern "C" fn(c_int, *const c_void, usize) -> isize;
type PWrite = unsafe extern "C" fn(c_int, *const c_void, usize, i64) -> isize;
type Vector = unsafe extern "C" fn(c_int, *const c_void, c_int) -> isize;
type Truncate = unsafe extern "C" fn(c_int, i64) -> c_int;
type Unlink = unsafe extern "C" fn(*const c_char) -> c_int;
type Rename = unsafe extern "C" fn(*const c_char, *const c_char) -> c_int;

/// The functions that these stand before.
struct Real {
    open: Open,
    openat: OpenAt,
    close: OfFile,
    write: Write,
    pwrite: PWrite,
    writev: Vector,
    ftruncate: Truncate,
    fsync: OfFile,
    fdatasync: OfFile,
    unlink: Unlink,
    rename: Rename,
}

/// # Safety
///
/// `T` must be the type of a pointer to the function of that name.
unsafe fn next<T: Copy>(name: &CStr) -> T {
    // SAFETY: RTLD_NEXT is -1; the name ends with a zero.
    let found = unsafe { dlsym(std::ptr::without_provenance_mut(usize::MAX), name.as_ptr()) };
    assert!(!found.is_null() && size_of::<T>() == size_of_val(&found));
    // SAFETY: it is the address of a function, and the caller vouches for its type.
    unsafe { std::mem::transmute_copy(&found) }
}

fn real() -> &'static Real {
    static REAL: OnceLock<Real> = OnceLock::new();
    // SAFETY: the types are those of the manual pages, on a system of 64 bits.
    REAL.get_or_init(|| unsafe {
        Real {
            open: next(c"open"),
            openat: next(c"openat"),
            close: next(c"close"),
            write: next(c"write"),
            pwrite: next(c"pwrite"),
            writev: next(c"writev"),
            ftruncate: next(c"ftruncate"),
            fsync: next(c"fsync"),
            fdatasync: next(c"fdatasync"),
            unlink: next(c"unlink"),
            rename: next(c"rename"),
        }
    })
}

/// What a file descriptor is.
#[derive(Clone, Copy)]
enum Known {
    /// A file of the log, by its inode.
    File(u64),
    /// The folder in which they are.
    Folder,
}

struct Shim {
    path: Vec<u8>,
    folder: Vec<u8>,
    journal: Option<c_int>,
    fail_at: u64,
    fail_for: u64,
    errno: c_int,
    syncs_alone: bool,
    /// The inode of the file whose calls are counted; any, if it is none.
    counted_file: Option<Vec<u8>>,
    counted_inode: Option<u64>,
    short: bool,
    kill_at: u64,
    known: HashMap<c_int, Known>,
    /// Files that are still to be told of a sync that failed: the system tells each that was open then, once.
    untold: HashSet<c_int>,
    calls: u64,
    counted: u64,
    /// Files that were unlinked since the folder was synced, under the names by which they are kept.
    kept: Vec<CString>,
    names: u64,
}

/// What becomes of a call.
enum Fate {
    Passes,
    Fails,
    /// A write writes half of it.
    Short,
}

fn long(length: usize) -> u64 {
    u64::try_from(length).expect("a length")
}

fn number(name: &str) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(0)
}

fn shim() -> MutexGuard<'static, Shim> {
    static SHIM: OnceLock<Mutex<Shim>> = OnceLock::new();
    let new = || {
        let path = std::env::var_os("SHIM_PATH").expect("SHIM_PATH names the log").as_bytes().to_vec();
        let folder = path.iter().rposition(|&byte| byte == b'/').map_or(0, |at| at);
        let journal = std::env::var_os("SHIM_UNDO").map(|path| {
            let path = CString::new(path.as_bytes()).expect("no zero in a path");
            // SAFETY: the path ends with a zero. O_WRONLY, O_CREAT, O_APPEND and O_CLOEXEC.
            let journal = unsafe { (real().open)(path.as_ptr(), 0o2_002_101, 0o600) };
            assert!(journal >= 0, "the journal opens");
            journal
        });
        Mutex::new(Shim {
            folder: path[..folder].to_vec(),
            path,
            journal,
            fail_at: number("SHIM_FAIL_AT"),
            fail_for: number("SHIM_FAIL_FOR"),
            errno: c_int::try_from(number("SHIM_ERRNO")).expect("an errno"),
            counted_file: std::env::var_os("SHIM_FAIL_OF").map(|path| path.as_bytes().to_vec()),
            counted_inode: None,
            syncs_alone: number("SHIM_FAIL_SYNCS") != 0,
            short: number("SHIM_SHORT") != 0,
            kill_at: number("SHIM_KILL_AT"),
            known: HashMap::new(),
            untold: HashSet::new(),
            calls: 0,
            counted: 0,
            kept: Vec::new(),
            names: 0,
        })
    };
    SHIM.get_or_init(new).lock().unwrap_or_else(PoisonError::into_inner)
}

/// A file that somebody else closes.
fn borrowed(fd: c_int) -> ManuallyDrop<File> {
    // SAFETY: the caller of the function that is stood in for has this file open for as long as the call lasts, and
    // nothing here closes it.
    ManuallyDrop::new(unsafe { File::from_raw_fd(fd) })
}

fn fail(errno: c_int) {
    // SAFETY: the address is this thread's own errno.
    unsafe { *__errno_location() = errno };
}

impl Shim {
    fn is_ours(&self, path: &[u8]) -> bool {
        path.starts_with(&self.path) && !path.ends_with(b"-shm")
    }

    /// Appends a line to the journal: five numbers and bytes.
    fn note(&self, kind: u64, inode: u64, offset: u64, length: u64, data: &[u8]) {
        let Some(journal) = self.journal else { return };
        let mut line = Vec::with_capacity(40 + data.len());
        for number in [kind, inode, offset, length, long(data.len())] {
            line.extend_from_slice(&number.to_le_bytes());
        }
        line.extend_from_slice(data);
        // SAFETY: the bytes are those of a vector; the journal is open until the process ends.
        let written = unsafe { (real().write)(journal, line.as_ptr().cast(), line.len()) };
        if usize::try_from(written) != Ok(line.len()) {
            eprintln!("the journal of the shim cannot be written");
            std::process::abort();
        }
    }

    /// Counts a call, and ends with it if it is the one.
    fn step(&mut self) {
        self.calls += 1;
        if self.calls == self.kill_at {
            let own = c_int::try_from(std::process::id()).expect("a process");
            // SAFETY: a signal to this very process, which ends with it.
            unsafe { kill(own, SIGKILL) };
        }
    }

    /// Counts a call that may fail and says what becomes of it.
    fn fate(&mut self, inode: u64, is_sync: bool) -> Fate {
        self.step();
        let other = self.counted_file.is_some() && self.counted_inode != Some(inode);
        if other || self.syncs_alone && !is_sync {
            return Fate::Passes;
        }
        self.counted += 1;
        if self.fail_at == 0 || !(self.fail_at..=self.fail_at + self.fail_for).contains(&self.counted) {
            return Fate::Passes;
        }
        if self.counted == self.fail_at {
            self.note(FAILED, 0, self.calls, 0, &[]);
            if self.short && !is_sync {
                return Fate::Short;
            }
        }
        fail(self.errno);
        Fate::Fails
    }

    fn opened(&mut self, fd: c_int, path: &[u8], was_there: bool) {
        if fd < 0 {
            return;
        }
        if self.is_ours(path) {
            let inode = borrowed(fd).metadata().expect("an open file has an inode").ino();
            self.known.insert(fd, Known::File(inode));
            if self.counted_file.as_deref() == Some(path) {
                self.counted_inode = Some(inode);
            }
            if !was_there {
                self.note(CREATE, inode, 0, 0, path);
            }
        } else if path == self.folder {
            self.known.insert(fd, Known::Folder);
        }
    }

    /// Notes what a write is about to cover.
    fn before_write(&self, fd: c_int, inode: u64, offset: u64, length: usize) {
        if self.journal.is_none() {
            return;
        }
        let file = borrowed(fd);
        let size = file.metadata().expect("an open file has a size").len();
        let covered = usize::try_from(size.saturating_sub(offset)).map_or(length, |left| left.min(length));
        let mut old = vec![0; 8 + covered];
        old[..8].copy_from_slice(&size.to_le_bytes());
        file.read_exact_at(&mut old[8..], offset).expect("what is about to be covered can be read");
        self.note(WRITE, inode, offset, long(length), &old);
    }

    fn synced(&mut self, known: Known) {
        match known {
            Known::File(inode) => self.note(SYNC, inode, 0, 0, &[]),
            Known::Folder => {
                self.note(FOLDER_SYNC, 0, 0, 0, &[]);
                for kept in self.kept.drain(..) {
                    // SAFETY: the path ends with a zero.
                    unsafe { (real().unlink)(kept.as_ptr()) };
                }
            }
        }
    }
}

/// # Safety
///
/// As of `open`.
unsafe fn open_any(path: *const c_char, flags: c_int, open: impl FnOnce() -> c_int) -> c_int {
    // SAFETY: the caller gives a path that ends with a zero.
    let path = unsafe { CStr::from_ptr(path) }.to_bytes();
    let mut shim = shim();
    let is_ours = shim.is_ours(path);
    if is_ours && flags & (O_TRUNC | O_APPEND) != 0 {
        eprintln!("a log is opened in a way that the shim does not know");
        std::process::abort();
    }
    let was_there =
        !is_ours || flags & O_CREAT == 0 || std::fs::exists(OsStr::from_bytes(path)).unwrap_or(true);
    if !was_there {
        shim.step();
    }
    let fd = open();
    shim.opened(fd, path, was_there);
    fd
}

/// # Safety
///
/// As of `open`. C passes the mode of a variadic function where it passes a third argument.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: as the caller's.
    unsafe { open_any(path, flags, || (real().open)(path, flags, mode)) }
}

/// # Safety
///
/// As of `open64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn open64(path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: as the caller's.
    unsafe { open_any(path, flags, || (real().open)(path, flags, mode)) }
}

/// # Safety
///
/// As of `openat`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat(folder: c_int, path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: as the caller's.
    unsafe { open_any(path, flags, || (real().openat)(folder, path, flags, mode)) }
}

/// # Safety
///
/// As of `openat64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn openat64(folder: c_int, path: *const c_char, flags: c_int, mode: c_int) -> c_int {
    // SAFETY: as the caller's.
    unsafe { open_any(path, flags, || (real().openat)(folder, path, flags, mode)) }
}

/// # Safety
///
/// As of `close`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn close(fd: c_int) -> c_int {
    let mut shim = shim();
    shim.known.remove(&fd);
    shim.untold.remove(&fd);
    drop(shim);
    // SAFETY: as the caller's.
    unsafe { (real().close)(fd) }
}

/// A write to a known file at an offset, or no fate of this layer.
///
/// # Safety
///
/// `write` must be sound for every length up to the given one.
unsafe fn write_any(fd: c_int, offset: Option<i64>, length: usize, write: impl Fn(usize) -> isize) -> isize {
    // What this layer itself has to say must not wait for itself.
    if fd <= 2 {
        return write(length);
    }
    let mut shim = shim();
    let Some(&Known::File(inode)) = shim.known.get(&fd) else {
        drop(shim);
        return write(length);
    };
    let length = match shim.fate(inode, false) {
        Fate::Passes => length,
        Fate::Short => (length / 2).max(1),
        Fate::Fails => return -1,
    };
    let offset = match offset {
        Some(offset) => u64::try_from(offset).expect("an offset"),
        None => (&*borrowed(fd)).stream_position().expect("a file has a position"),
    };
    shim.before_write(fd, inode, offset, length);
    write(length)
}

/// # Safety
///
/// As of `write`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn write(fd: c_int, bytes: *const c_void, length: usize) -> isize {
    // SAFETY: as the caller's; no more is written than the caller has.
    unsafe { write_any(fd, None, length, |length| (real().write)(fd, bytes, length)) }
}

/// # Safety
///
/// As of `pwrite`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite(fd: c_int, bytes: *const c_void, length: usize, offset: i64) -> isize {
    // SAFETY: as the caller's; no more is written than the caller has.
    unsafe { write_any(fd, Some(offset), length, |length| (real().pwrite)(fd, bytes, length, offset)) }
}

/// # Safety
///
/// As of `pwrite64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn pwrite64(fd: c_int, bytes: *const c_void, length: usize, offset: i64) -> isize {
    // SAFETY: as the caller's; no more is written than the caller has.
    unsafe { write_any(fd, Some(offset), length, |length| (real().pwrite)(fd, bytes, length, offset)) }
}

/// # Safety
///
/// As of `writev`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn writev(fd: c_int, vector: *const c_void, count: c_int) -> isize {
    if shim().known.contains_key(&fd) {
        eprintln!("a log is written by `writev`, which the shim does not know");
        std::process::abort();
    }
    // SAFETY: as the caller's.
    unsafe { (real().writev)(fd, vector, count) }
}

/// # Safety
///
/// As of `ftruncate`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate(fd: c_int, length: i64) -> c_int {
    let mut shim = shim();
    if let Some(&Known::File(inode)) = shim.known.get(&fd) {
        if !matches!(shim.fate(inode, false), Fate::Passes) {
            fail(shim.errno);
            return -1;
        }
        if shim.journal.is_some() {
            let file = borrowed(fd);
            let size = file.metadata().expect("an open file has a size").len();
            let kept = u64::try_from(length).expect("a length");
            let cut = usize::try_from(size.saturating_sub(kept)).expect("files of tests are small");
            let mut old = vec![0; 8 + cut];
            old[..8].copy_from_slice(&size.to_le_bytes());
            file.read_exact_at(&mut old[8..], kept).expect("what is about to be cut can be read");
            shim.note(TRUNCATE, inode, kept, long(cut), &old);
        }
    }
    // SAFETY: as the caller's.
    unsafe { (real().ftruncate)(fd, length) }
}

/// # Safety
///
/// As of `ftruncate64`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ftruncate64(fd: c_int, length: i64) -> c_int {
    // SAFETY: as the caller's.
    unsafe { ftruncate(fd, length) }
}

/// A sync of a known file, or no fate of this layer.
fn sync_any(fd: c_int, sync: impl Fn() -> c_int) -> c_int {
    let mut shim = shim();
    let Some(&known) = shim.known.get(&fd) else {
        drop(shim);
        return sync();
    };
    if let Known::File(inode) = known {
        if !matches!(shim.fate(inode, true), Fate::Passes) {
            // The system counts the pages as written from now on, and another sync does not write them.
            shim.note(SYNC_FAILED, inode, 0, 0, &[]);
            let same = |&(other, known): &(&c_int, &Known)| {
                *other != fd && matches!(known, Known::File(other) if *other == inode)
            };
            let others: Vec<c_int> = shim.known.iter().filter(same).map(|(other, _)| *other).collect();
            shim.untold.extend(others);
            shim.untold.remove(&fd);
            fail(shim.errno);
            return -1;
        }
        if shim.untold.remove(&fd) {
            fail(shim.errno);
            return -1;
        }
    }
    if shim.journal.is_none() {
        return sync();
    }
    if matches!(known, Known::Folder) {
        shim.step();
    }
    shim.synced(known);
    0
}

/// # Safety
///
/// As of `fsync`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fsync(fd: c_int) -> c_int {
    // SAFETY: as the caller's.
    sync_any(fd, || unsafe { (real().fsync)(fd) })
}

/// # Safety
///
/// As of `fdatasync`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn fdatasync(fd: c_int) -> c_int {
    // SAFETY: as the caller's.
    sync_any(fd, || unsafe { (real().fdatasync)(fd) })
}

/// # Safety
///
/// As of `unlink`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn unlink(path: *const c_char) -> c_int {
    let mut shim = shim();
    // SAFETY: the caller gives a path that ends with a zero.
    let name = unsafe { CStr::from_ptr(path) }.to_bytes();
    if shim.journal.is_some()
        && shim.is_ours(name)
        && let Ok(metadata) = std::fs::metadata(OsStr::from_bytes(name))
    {
        shim.step();
        shim.names += 1;
        let kept = [name, format!(".gone-{}-{}", std::process::id(), shim.names).as_bytes()].concat();
        let kept = CString::new(kept).expect("no zero in a path");
        // SAFETY: both paths end with a zero.
        assert_eq!(unsafe { link(path, kept.as_ptr()) }, 0, "what is unlinked is kept under another name");
        let names = [name, kept.as_bytes()].join(&0);
        shim.note(UNLINK, metadata.ino(), 0, 0, &names);
        shim.kept.push(kept);
    }
    // SAFETY: as the caller's.
    unsafe { (real().unlink)(path) }
}

/// # Safety
///
/// As of `rename`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn rename(old: *const c_char, new: *const c_char) -> c_int {
    for path in [old, new] {
        // SAFETY: the caller gives paths that end with a zero.
        if shim().is_ours(unsafe { CStr::from_ptr(path) }.to_bytes()) {
            eprintln!("a log is renamed, which the shim does not know");
            std::process::abort();
        }
    }
    // SAFETY: as the caller's.
    unsafe { (real().rename)(old, new) }
}
