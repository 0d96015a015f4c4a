//! What a log does with files that are none, are held by others, or go away while it writes.

#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod shim;
mod support;

use aegis_runtime::audit::{AuditErrorKind, AuditReader, SqliteLog, SqliteLogOptions};
use aegis_runtime::{Action, ActionResult, Runtime};
use rusqlite::Connection;
use shim::{Place, Start};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use support::{Counting, devops};

/// What the tests below start.
#[test]
fn child() {
    shim::child::act();
}

/// The files of a folder with their bytes, but for what is mapped into memory, and for the empty write-ahead log that
/// a reader leaves, who may not delete it.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let paths = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let paths = paths.filter(|path| !path.to_string_lossy().ends_with("-shm"));
    let files = paths.map(|path| (path.clone(), fs::read(path).unwrap()));
    files.filter(|(path, bytes)| !(bytes.is_empty() && path.to_string_lossy().ends_with("-wal"))).collect()
}

/// Neither a writer nor a reader takes the file; it stays as it is.
fn refused(place: &Place, kind: AuditErrorKind, words: &str) {
    let before = files(&place.folder());
    let named = format!("`{}`", place.log().display());
    let errors = [SqliteLog::open(place.log()).unwrap_err(), AuditReader::open(place.log()).unwrap_err()];
    for error in errors {
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains(words) && error.to_string().contains(&named), "{error}");
    }
    assert!(files(&place.folder()) == before, "the file is left as it is");
}

fn sql(place: &Place, sql: &str) {
    Connection::open(place.log()).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn files_from_elsewhere() {
    for text in ["hello\n".to_owned(), "x".repeat(10_000)] {
        let place = Place::new();
        fs::write(place.log(), text).unwrap();
        refused(&place, AuditErrorKind::Foreign, "it is no SQLite database; name another file");
    }
    let place = Place::new();
    sql(&place, "CREATE TABLE t (x); INSERT INTO t VALUES (1)");
    refused(&place, AuditErrorKind::Foreign, "is a database of something else");
    let place = Place::new();
    let python = "CREATE TABLE audit_log (id INTEGER PRIMARY KEY AUTOINCREMENT, session_id TEXT NOT NULL, timestamp \
                  TEXT NOT NULL, action_type TEXT NOT NULL, action_target TEXT NOT NULL, action_params TEXT, \
                  risk_level TEXT NOT NULL, approval TEXT NOT NULL, matched_rule TEXT, human_decision TEXT, \
                  result_status TEXT, result_data TEXT, result_error TEXT); \
                  INSERT INTO audit_log (session_id, timestamp, action_type, action_target, risk_level, approval) \
                  VALUES ('s', '2026-03-18T14:30:00+00:00', 'deploy', 'staging', 'MEDIUM', 'auto')";
    sql(&place, python);
    refused(&place, AuditErrorKind::Foreign, "is a log of the Python library");
    // One that is in use, or was left with rows that are not in the file yet: they stay where they are.
    let source = Place::new();
    let open = Connection::open(source.log()).unwrap();
    open.execute_batch(&format!("PRAGMA journal_mode = WAL; {python}")).unwrap();
    let place = Place::copy(&source.log());
    assert_eq!(files(&place.folder()).len(), 2);
    refused(&place, AuditErrorKind::Foreign, "is a log of the Python library");
}

#[test]
fn other_versions() {
    for version in [0, 1, 3] {
        let place = Place::new();
        drop(SqliteLog::open(place.log()).unwrap());
        sql(&place, &format!("PRAGMA user_version = {version}"));
        let words = format!(
            "is of version {version}, and this program knows version 2: use the program that wrote it"
        );
        refused(&place, AuditErrorKind::Version, &words);
    }
}

#[test]
fn an_empty_file_becomes_a_log() {
    let place = Place::new();
    fs::write(place.log(), "").unwrap();
    drop(SqliteLog::open(place.log()).unwrap());
    assert_eq!(AuditReader::open(place.log()).unwrap().verify(None).unwrap().rows, 0);
}

#[test]
fn folders_and_rights() {
    let place = Place::new();
    fs::create_dir(place.log()).unwrap();
    let error = SqliteLog::open(place.log()).unwrap_err();
    assert_eq!(error.kind(), AuditErrorKind::Io);
    assert!(error.to_string().contains("audit.db`: unable to open database file"), "{error}");
    assert!(error.to_string().ends_with("look at the disk, and at the rights of the file and its folder"));
    let nowhere = place.folder().join("nowhere/audit.db");
    let error = SqliteLog::open(nowhere).unwrap_err();
    assert!(error.to_string().contains("nowhere/audit.db`"), "{error}");
    let error = AuditReader::open(place.folder().join("other.db")).unwrap_err();
    assert!(error.to_string().starts_with("there is no audit log `"), "{error}");

    // Who may write everywhere cannot be kept from it.
    let place = Place::new();
    set_mode(&place.folder(), 0o555);
    if fs::write(place.folder().join("probe"), "").is_ok() {
        println!("this user may write read-only folders: the rest is not tested");
        return;
    }
    let error = SqliteLog::open(place.log()).unwrap_err();
    assert_eq!(error.kind(), AuditErrorKind::Io);
    assert!(
        error.to_string().ends_with("look at the disk, and at the rights of the file and its folder"),
        "{error}"
    );
    set_mode(&place.folder(), 0o755);
    drop(SqliteLog::open(place.log()).unwrap());
    set_mode(&place.log(), 0o444);
    let error = SqliteLog::open(place.log()).unwrap_err();
    assert_eq!(error.kind(), AuditErrorKind::Io);
    assert!(
        error.to_string().ends_with("look at the disk, and at the rights of the file and its folder"),
        "{error}"
    );
    // It can still be read.
    assert!(AuditReader::open(place.log()).unwrap().verify(None).unwrap().is_good());
}

fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

/// A runtime that writes one log.
struct Writing {
    runtime: Runtime,
    executor: Counting,
    tokio: tokio::runtime::Runtime,
    acknowledged: Vec<i64>,
}

impl Writing {
    fn new(log: SqliteLog) -> Self {
        let executor = Counting::default();
        let runtime = Runtime::builder().policy(devops()).executor(executor.clone()).audit(log);
        let tokio = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        Writing { runtime: runtime.build().unwrap(), executor, tokio, acknowledged: Vec::new() }
    }

    fn act(&mut self) -> ActionResult {
        self.tokio.block_on(self.runtime.run_one(Action::new("monitor", "cpu")))
    }

    fn acts(&mut self) {
        let result = self.act();
        assert!(result.is_ok() && result.audit_error().is_none(), "{result}");
        self.acknowledged.push(result.record().unwrap());
    }

    /// An action does not run, for this reason.
    fn refuses(&mut self, words: &str) {
        let calls = self.executor.calls();
        let result = self.act();
        assert!(!result.is_ok() && self.executor.calls() == calls, "{result}");
        let error = result.audit_error().expect("the log is why");
        assert!(error.contains(words), "{error}");
    }

    /// The log at this path holds what was acknowledged.
    fn kept(&self, path: &Path) {
        let reader = AuditReader::open(path).unwrap();
        assert!(reader.verify(None).unwrap().is_good());
        let mut ids = Vec::new();
        reader
            .query(&aegis_runtime::audit::Filter::default(), |row| {
                if row.outcome_id.is_some() {
                    ids.push(row.id);
                }
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert!(self.acknowledged.iter().all(|id| ids.contains(id)), "{ids:?}");
    }
}

#[test]
fn held_by_another_process() {
    let place = Place::new();
    let mut options = SqliteLogOptions::default();
    options.wait = Duration::from_millis(50);
    let mut writing = Writing::new(SqliteLog::open_with(place.log(), options).unwrap());
    writing.acts();
    let lock = "BEGIN IMMEDIATE";
    let mut holds = Start::new(&place.log(), "").with("CHILD_LOCK", lock).spawn();
    assert!(holds.until(|said| !said.other.is_empty()));
    writing.refuses("another process holds it");
    writing.refuses(&format!("`{}`", place.log().display()));
    // It can be opened meanwhile, and refuses as well.
    let other = SqliteLog::open_with(place.log(), options);
    match other {
        Ok(log) => Writing::new(log).refuses("another process holds it"),
        Err(error) => assert_eq!(error.kind(), AuditErrorKind::Locked, "{error}"),
    }
    holds.go_on();
    holds.wait();
    writing.acts();
    writing.kept(&place.log());
    drop(writing);
    // Who takes the whole file lets nobody open it.
    let lock = "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; COMMIT";
    let mut holds = Start::new(&place.log(), "").with("CHILD_LOCK", lock).spawn();
    assert!(holds.until(|said| !said.other.is_empty()));
    let error = SqliteLog::open_with(place.log(), options).unwrap_err();
    assert_eq!(error.kind(), AuditErrorKind::Locked);
    assert!(error.to_string().ends_with("another process holds it"), "{error}");
    assert!(error.to_string().contains(&format!("`{}`", place.log().display())), "{error}");
    holds.kill();
    drop(SqliteLog::open_with(place.log(), options).unwrap());
}

const GONE: &str = "deleted, moved or replaced while it was written: no action runs until it is back";

#[test]
fn deleted_while_it_is_written() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    fs::remove_file(place.log()).unwrap();
    writing.refuses(GONE);
    writing.refuses(GONE);
    assert!(!place.log().exists(), "no other log is begun in its place");
}

#[test]
fn moved_away_and_back() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    let elsewhere = place.folder().join("old.db");
    fs::rename(place.log(), &elsewhere).unwrap();
    writing.refuses(GONE);
    writing.refuses(GONE);
    assert!(!place.log().exists(), "no other log is begun in its place");
    fs::rename(&elsewhere, place.log()).unwrap();
    writing.acts();
    writing.kept(&place.log());
}

#[test]
fn another_log_in_its_place() {
    let (place, other) = (Place::new(), Place::new());
    let mut others = Writing::new(SqliteLog::open(other.log()).unwrap());
    others.acts();
    others.acts();
    let kept = others.acknowledged.clone();
    drop(others);
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    let old = place.folder().join("old.db");
    fs::rename(place.log(), &old).unwrap();
    fs::rename(other.log(), place.log()).unwrap();
    writing.refuses(GONE);
    writing.refuses(GONE);
    drop(writing);
    // Both are unharmed: what was written went into the file, wherever it was, with the intent that was refused.
    let reader = AuditReader::open(place.log()).unwrap();
    assert!(reader.verify(None).unwrap().is_good());
    assert_eq!(reader.head().unwrap().row, kept.last().unwrap() + 1);
    drop(reader);
    assert_eq!(AuditReader::open(&old).unwrap().verify(None).unwrap().rows, 3);
}

#[test]
fn an_empty_file_in_its_place() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    let old = place.folder().join("old.db");
    fs::rename(place.log(), &old).unwrap();
    fs::write(place.log(), "").unwrap();
    writing.refuses(GONE);
    writing.refuses(GONE);
    assert_eq!(fs::read(place.log()).unwrap(), b"", "no other log is begun in its place");
    fs::rename(&old, place.log()).unwrap();
    writing.acts();
    writing.kept(&place.log());
}

/// SQLite would delete it, and with it what was acknowledged.
#[test]
fn a_write_ahead_log_without_its_log() {
    let place = Place::new();
    let start = Start::new(&place.log(), "s").with("CHILD_ACTIONS", 16).with("CHILD_WIDE", 4);
    let mut running = start.spawn();
    assert!(running.until(|said| said.done));
    let said = running.kill();
    let old = place.folder().join("old.db");
    fs::rename(place.log(), &old).unwrap();
    for empty in [false, true] {
        if empty {
            fs::write(place.log(), "").unwrap();
        }
        let error = SqliteLog::open(place.log()).unwrap_err().to_string();
        assert!(error.contains("put the log back beside it"), "{error}");
        let read = AuditReader::open(place.log()).unwrap_err().to_string();
        assert!(!empty || read.contains("put the log back beside it"), "{read}");
    }
    fs::rename(&old, place.log()).unwrap();
    shim::Held::read(&place.log(), "s", None).keeps(&said);
}

#[test]
fn an_older_copy_in_its_place() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    drop(writing);
    let copy = Place::copy(&place.log());
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    fs::rename(copy.log(), place.log()).unwrap();
    fs::remove_file(place.folder().join("audit.db-wal")).unwrap();
    writing.refuses(GONE);
    writing.refuses(GONE);
}

#[test]
fn emptied_while_it_is_written() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    drop(writing);
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    fs::File::options().write(true).open(place.log()).unwrap().set_len(0).unwrap();
    // What is found first depends on what was still to be read; nothing runs, either way.
    writing.refuses(&format!("`{}`", place.log().display()));
    writing.refuses(&format!("`{}`", place.log().display()));
}

#[test]
fn its_write_ahead_log_deleted() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    fs::remove_file(place.folder().join("audit.db-wal")).unwrap();
    writing.refuses(GONE);
    // What the file did not have yet was saved.
    writing.acts();
    writing.kept(&place.log());
}

#[test]
fn its_write_ahead_log_deleted_while_someone_reads() {
    let place = Place::new();
    let mut writing = Writing::new(SqliteLog::open(place.log()).unwrap());
    writing.acts();
    let reader = AuditReader::open(place.log()).unwrap();
    assert_eq!(reader.head().unwrap().row, 2);
    writing.acts();
    fs::remove_file(place.folder().join("audit.db-wal")).unwrap();
    writing.refuses(GONE);
    drop(reader);
    writing.kept(&place.log());
}

/// What the system gave up may be read back as it was long before: it is not made to last.
#[test]
fn a_write_ahead_log_that_is_not_what_was_written() {
    let place = Place::new();
    let start = Start::new(&place.log(), "s").with("CHILD_ACTIONS", 16).with("CHILD_WIDE", 4);
    let mut running = start.spawn();
    assert!(running.until(|said| said.done));
    // Someone has it open, so that SQLite does not look at the sums itself.
    let reader = AuditReader::open(place.log()).unwrap();
    reader.head().unwrap();
    running.kill();
    let ahead = place.folder().join("audit.db-wal");
    let whole = fs::read(&ahead).unwrap();
    // Of the first frame: its number, its salt, its sum, its content.
    for at in [35, 43, 51, 32 + 24 + 4_000] {
        let mut bytes = whole.clone();
        bytes[at] ^= 1;
        fs::write(&ahead, &bytes).unwrap();
        let error = SqliteLog::open(place.log()).unwrap_err();
        assert_eq!(error.kind(), AuditErrorKind::Damaged, "{error}");
        assert!(error.to_string().contains("is not what was written: keep the files"), "{error}");
        assert_eq!(fs::read(&ahead).unwrap(), bytes, "it is left as it is");
    }
    fs::write(&ahead, &whole).unwrap();
    drop(SqliteLog::open(place.log()).unwrap());
    assert!(reader.verify(None).unwrap().is_good());
}

#[test]
fn by_a_link() {
    let place = Place::new();
    let (real, link) = (place.folder().join("real.db"), place.log());
    std::os::unix::fs::symlink(&real, &link).unwrap();
    let mut writing = Writing::new(SqliteLog::open(&link).unwrap());
    writing.acts();
    writing.kept(&real);
    // The link leads elsewhere from now on.
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(place.folder().join("new.db"), &link).unwrap();
    writing.refuses(GONE);
}

#[test]
fn a_process_that_goes_to_another_folder() {
    let (place, other) = (Place::new(), Place::new());
    let start = Start::new(Path::new("audit.db"), "s").within(&place.folder()).with("CHILD_ACTIONS", 16);
    let start = start.with("CHILD_FOLDER", other.folder().display()).with("CHILD_WIDE", 4);
    let said = start.with("CHILD_CLOSE", 1).spawn().wait();
    assert!(said.ended && said.lost.is_empty(), "{said:?}");
    shim::Held::read(&place.log(), "s", None).keeps(&said);
    assert!(!other.log().exists());
}
