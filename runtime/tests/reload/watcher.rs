//! The watcher, by the events that it tells: what comes before what is the proof, not how long something took.

use crate::generations::{artifact, build, policy};
use aegis_runtime::policy::{PolicyHandle, PolicyWatcher, ReloadErrorKind, ReloadEvent, WatchOptions};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

/// A settle time for tests in which faults are told.
const SETTLE: Duration = Duration::from_millis(100);

/// Longer than any test. As a settle time it keeps the look at a file at rest away, so that with notifications nothing
/// else wakes the watcher.
const LONG: Duration = Duration::from_secs(3600);

struct Watched {
    folder: TempDir,
    file: PathBuf,
    handle: PolicyHandle,
    events: Receiver<ReloadEvent>,
    watcher: PolicyWatcher,
}

impl Watched {
    /// Watches the file of generation 1.
    fn new(notify: bool, settle: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.aegisb");
        fs::write(&file, artifact(1)).unwrap();
        Self::of(folder, file, notify, settle)
    }

    fn of(folder: TempDir, file: PathBuf, notify: bool, settle: Duration) -> Self {
        let handle = PolicyHandle::from_file(&file).unwrap();
        let (tell, events) = mpsc::channel();
        // With notifications, polling is so slow that they are what is seen.
        let poll = if notify { LONG } else { Duration::from_millis(25) };
        let options = WatchOptions::default().poll(poll).settle(settle).notifications(notify);
        let watcher = handle.watch(options.on_event(move |event| drop(tell.send(event.clone())))).unwrap();
        Watched { folder, file, handle, events, watcher }
    }

    fn next(&self) -> ReloadEvent {
        self.events
            .recv_timeout(PATIENCE)
            .unwrap_or_else(|_| panic!("nothing was told; serving {:?}", self.handle))
    }

    /// The next event, which must be that a policy was taken, as this generation.
    fn swapped(&self, number: u64) {
        let event = self.next();
        let ReloadEvent::Swapped(generation) = &event else { panic!("{event:?} for generation {number}") };
        assert_eq!((generation.number(), self.handle.load().number()), (number, number));
        assert_eq!(generation.path(), Some(self.file.as_path()));
    }

    /// As [`swapped`](Self::swapped) after a write in place, whose halves may be told as refused if the system lets the
    /// writer rest for so long.
    fn swapped_at_last(&self, number: u64) {
        loop {
            match self.next() {
                ReloadEvent::Refused(error) => {
                    assert_eq!(error.kind(), ReloadErrorKind::DoesNotLoad, "{error}")
                }
                ReloadEvent::Swapped(generation) => return assert_eq!(generation.number(), number),
                event => panic!("{event:?}"),
            }
        }
    }

    /// The next event, which must be a refusal.
    fn refused(&self, kind: ReloadErrorKind) {
        let event = self.next();
        let ReloadEvent::Refused(error) = &event else { panic!("{event:?} for {kind:?}") };
        assert_eq!(error.kind(), kind, "{error}");
        assert!(error.to_string().contains("serves on"), "{error}");
    }

    fn unchanged(&self) {
        let event = self.next();
        assert!(matches!(event, ReloadEvent::Unchanged(_)), "{event:?}");
    }

    fn rename_over(&self, bytes: &[u8]) {
        rename_over(&self.file, bytes);
    }
}

fn rename_over(file: &Path, bytes: &[u8]) {
    let beside = file.with_file_name(".new");
    fs::write(&beside, bytes).unwrap();
    fs::rename(beside, file).unwrap();
}

fn both(settle: Duration, test: impl Fn(Watched)) {
    for notify in [true, false] {
        println!("notifications: {notify}");
        test(Watched::new(notify, settle));
    }
}

#[test]
fn a_rename_over_is_taken() {
    both(LONG, |watched| {
        for generation in 2..12 {
            watched.rename_over(&artifact(generation));
            watched.swapped(generation);
        }
    });
}

#[test]
fn a_slow_write_in_place_is_taken_when_whole() {
    both(SETTLE, |watched| {
        let bytes = artifact(2);
        let (one, other) = bytes.split_at(bytes.len() / 2);
        let mut file = fs::File::create(&watched.file).unwrap();
        file.write_all(one).unwrap();
        // The writer stops until the half is told as refused, which is once.
        watched.refused(ReloadErrorKind::DoesNotLoad);
        file.write_all(other).unwrap();
        watched.swapped_at_last(2);
        // A quick one in place.
        fs::write(&watched.file, artifact(3)).unwrap();
        watched.swapped_at_last(3);
    });
}

#[test]
fn a_bad_file_is_told_once_and_a_good_one_taken() {
    both(SETTLE, |watched| {
        watched.rename_over(b"rules: []");
        watched.refused(ReloadErrorKind::DoesNotLoad);
        // The same again, as other files: the next event is of other content.
        for _ in 0..3 {
            watched.rename_over(b"rules: []");
        }
        watched.rename_over(&artifact(2)[..100]);
        watched.refused(ReloadErrorKind::DoesNotLoad);
        watched.rename_over(b"rules: []");
        watched.rename_over(&build(&policy(2).0, "other", 99));
        watched.refused(ReloadErrorKind::OtherPolicy);
        watched.rename_over(&build(&policy(2).0, "agent", 1));
        watched.refused(ReloadErrorKind::LowerRevision);
        watched.rename_over(&artifact(2));
        watched.swapped(2);
        // After a good one it is news again.
        watched.rename_over(b"rules: []");
        watched.refused(ReloadErrorKind::DoesNotLoad);
        watched.rename_over(&artifact(2));
        watched.unchanged();
        watched.rename_over(&artifact(3));
        watched.swapped(3);
        assert!(watched.events.try_recv().is_err());
    });
}

#[test]
fn a_file_may_go_and_return() {
    both(SETTLE, |watched| {
        fs::remove_file(&watched.file).unwrap();
        watched.refused(ReloadErrorKind::Missing);
        watched.rename_over(&artifact(1));
        watched.unchanged();
        fs::remove_file(&watched.file).unwrap();
        watched.refused(ReloadErrorKind::Missing);
        fs::create_dir(&watched.file).unwrap();
        watched.refused(ReloadErrorKind::NotAFile);
        fs::remove_dir(&watched.file).unwrap();
        watched.rename_over(&artifact(2));
        watched.swapped(2);
    });
}

#[test]
fn a_folder_may_go_and_return() {
    let outer = tempfile::tempdir().unwrap();
    let folder = outer.path().join("inner");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("policy.aegisb");
    fs::write(&file, artifact(1)).unwrap();
    let handle = PolicyHandle::from_file(&file).unwrap();
    let (tell, events) = mpsc::channel();
    let options = WatchOptions::default().poll(Duration::from_millis(100)).settle(SETTLE);
    let _watcher = handle.watch(options.on_event(move |event| drop(tell.send(event.clone())))).unwrap();
    let next = || events.recv_timeout(PATIENCE).unwrap();
    fs::rename(&folder, outer.path().join("away")).unwrap();
    let (one, other) = (next(), next());
    assert!(matches!(one, ReloadEvent::PollingOnly(_)), "{one:?}");
    assert!(matches!(other, ReloadEvent::Refused(_)), "{other:?}");
    fs::create_dir(&folder).unwrap();
    rename_over(&file, &artifact(2));
    assert!(matches!(next(), ReloadEvent::Swapped(_)));
    rename_over(&file, &artifact(3));
    assert!(matches!(next(), ReloadEvent::Swapped(_)));
}

/// As Kubernetes keeps a config map: a folder for each state, and a link to it that is swapped.
#[cfg(unix)]
#[test]
fn a_swapped_link_is_followed() {
    use std::os::unix::fs::symlink;
    let state = |folder: &Path, generation: u64| {
        let name = format!("..2026_{generation}");
        fs::create_dir(folder.join(&name)).unwrap();
        fs::write(folder.join(&name).join("policy.aegisb"), artifact(generation)).unwrap();
        symlink(name, folder.join("..data_tmp")).unwrap();
        fs::rename(folder.join("..data_tmp"), folder.join("..data")).unwrap();
    };
    for notify in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        state(folder.path(), 1);
        let file = folder.path().join("policy.aegisb");
        symlink("..data/policy.aegisb", &file).unwrap();
        let watched = Watched::of(folder, file, notify, LONG);
        for generation in 2..8 {
            state(watched.folder.path(), generation);
            watched.swapped(generation);
            fs::remove_dir_all(watched.folder.path().join(format!("..2026_{}", generation - 1))).unwrap();
        }
        // In place, where the links lead.
        fs::write(watched.folder.path().join("..2026_7/policy.aegisb"), artifact(8)).unwrap();
        watched.swapped_at_last(8);
    }
}

#[cfg(unix)]
#[test]
fn a_link_to_another_folder_is_followed() {
    let elsewhere = tempfile::tempdir().unwrap();
    let real = elsewhere.path().join("real.aegisb");
    for notify in [true, false] {
        fs::write(&real, artifact(1)).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("policy.aegisb");
        std::os::unix::fs::symlink(&real, &file).unwrap();
        let watched = Watched::of(folder, file, notify, LONG);
        for generation in 2..8 {
            rename_over(&real, &artifact(generation));
            watched.swapped(generation);
        }
    }
}

#[test]
fn a_change_before_the_watch_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.aegisb");
    fs::write(&file, artifact(1)).unwrap();
    let handle = PolicyHandle::from_file(&file).unwrap();
    fs::write(&file, artifact(2)).unwrap();
    let (tell, events) = mpsc::channel();
    let options = WatchOptions::default().on_event(move |event| drop(tell.send(event.clone())));
    let _watcher = handle.watch(options).unwrap();
    assert!(matches!(events.recv_timeout(PATIENCE), Ok(ReloadEvent::Swapped(_))));
}

#[test]
fn a_panic_in_the_callback_does_not_end_the_watcher() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("policy.aegisb");
    fs::write(&file, artifact(1)).unwrap();
    let handle = PolicyHandle::from_file(&file).unwrap();
    let (tell, events) = mpsc::channel();
    let options = WatchOptions::default().on_event(move |event| {
        tell.send(event.clone()).unwrap();
        panic!("of the test, on purpose");
    });
    let _watcher = handle.watch(options).unwrap();
    for generation in 2..5 {
        rename_over(&file, &artifact(generation));
        assert!(matches!(events.recv_timeout(PATIENCE), Ok(ReloadEvent::Swapped(_))));
        assert_eq!(handle.load().number(), generation);
    }
}

#[test]
fn dropping_ends_the_watcher_at_once() {
    for notify in [true, false] {
        let Watched { folder, file, handle, events, watcher } = Watched::new(notify, LONG);
        rename_over(&file, &artifact(2));
        assert!(matches!(events.recv_timeout(PATIENCE), Ok(ReloadEvent::Swapped(_))));
        let began = Instant::now();
        drop(watcher);
        let took = began.elapsed();
        println!("notifications: {notify}: ended in {took:?}");
        assert!(took < Duration::from_secs(5));
        // The callback is gone with its thread, so nothing is told any more.
        fs::write(&file, artifact(3)).unwrap();
        assert!(events.recv().is_err());
        assert_eq!(handle.load().number(), 2);
        drop(folder);
    }
}
