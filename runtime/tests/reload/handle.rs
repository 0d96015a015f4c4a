//! What a handle takes, what it refuses, and what it says.

use crate::generations::{artifact, build, loaded, policy};
use aegis_runtime::policy::{PolicyHandle, ReloadErrorKind, ReloadRules, Reloaded, WatchOptions};
use aegis_vm::{LoadErrorKind, Policy};
use std::fs;
use std::sync::mpsc;
use std::time::Duration;

fn of(generation: u64, id: &str, revision: u64) -> Policy {
    Policy::from_bytes(build(&policy(generation).0, id, revision)).unwrap()
}

#[test]
fn a_policy_without_an_id_gives_way_to_any() {
    let handle = PolicyHandle::new(of(1, "", 9));
    assert_eq!(handle.replace(of(2, "", 8)).unwrap_err().kind(), ReloadErrorKind::LowerRevision);
    assert_eq!(handle.replace(of(2, "agent", 1)).unwrap().number(), 2);
    assert_eq!(handle.replace(of(3, "", 1)).unwrap_err().kind(), ReloadErrorKind::OtherPolicy);
    // The same revision is not a lower one.
    assert_eq!(handle.replace(of(4, "agent", 1)).unwrap().number(), 3);
}

#[test]
fn rules_allow_by_name() {
    let handle = PolicyHandle::new(of(1, "a", 9));
    let back = ReloadRules::default().allow_lower_revision(true);
    let other = ReloadRules::default().allow_other_policy(true);
    assert_eq!(handle.replace_with(of(2, "b", 9), back).unwrap_err().kind(), ReloadErrorKind::OtherPolicy);
    assert_eq!(handle.replace_with(of(2, "a", 8), other).unwrap_err().kind(), ReloadErrorKind::LowerRevision);
    assert_eq!(handle.replace_with(of(2, "a", 8), back).unwrap().number(), 2);
    assert_eq!(handle.replace_with(of(3, "b", 1), other).unwrap().number(), 3);
    let lenient = PolicyHandle::new_with(of(1, "a", 9), other.allow_lower_revision(true));
    assert_eq!(lenient.replace(of(2, "b", 1)).unwrap().number(), 2);
    assert_eq!(lenient.replace(of(3, "b", 0)).unwrap().number(), 3);
}

#[test]
fn messages_say_what_where_why_and_how_to_mend() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.aegisb");
    let said = |handle: &PolicyHandle| {
        let error = handle.reload_from(&file).unwrap_err().to_string();
        error.replace(file.to_str().unwrap(), "p.aegisb")
    };
    let handle = PolicyHandle::new(of(1, "a", 42));
    let serves = "the policy of generation 1 (revision 42) serves on";
    let missing = "there is no such file; name another, or make it with `aegisc build -o`";
    assert_eq!(said(&handle), format!("`p.aegisb` was not taken: {missing}; {serves}"));
    fs::write(&file, "rules: []").unwrap();
    let foreign = "not an aegis artifact: its first bytes are not those of one; `aegisc build` makes one of layers of YAML";
    assert_eq!(said(&handle), format!("`p.aegisb` was not taken: {foreign}; {serves}"));
    fs::write(&file, build(&policy(2).0, "a", 41)).unwrap();
    let lower = "its revision 41 is lower than 42, which is in service; build it with a higher `--revision`, or allow a \
                 lower one in the reload rules";
    assert_eq!(said(&handle), format!("`p.aegisb` was not taken: {lower}; {serves}"));
    fs::write(&file, build(&policy(2).0, "b", 43)).unwrap();
    let other = "its policy id is `b`, and that of the policy in service is `a`; build it with `--policy-id a`, or allow \
                 another policy in the reload rules";
    assert_eq!(said(&handle), format!("`p.aegisb` was not taken: {other}; {serves}"));
    let error = handle.reload().unwrap_err();
    assert_eq!(error.kind(), ReloadErrorKind::NoFile);
    assert!(error.to_string().starts_with("the policy came from memory"), "{error}");
    assert_eq!(handle.watch(WatchOptions::default()).unwrap_err().kind(), ReloadErrorKind::NoFile);
}

#[test]
fn the_first_file_is_judged_too() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.aegisb");
    let kind = || PolicyHandle::from_file(&file).unwrap_err().kind();
    assert_eq!(kind(), ReloadErrorKind::Missing);
    let whole = artifact(1);
    fs::write(&file, &whole[..whole.len() - 1]).unwrap();
    let error = PolicyHandle::from_file(&file).unwrap_err();
    assert_eq!(error.load_kind(), Some(LoadErrorKind::WrongLength));
    assert!(!error.to_string().contains("serves on"), "{error}");
    let most = u64::try_from(whole.len()).unwrap();
    fs::write(&file, &whole).unwrap();
    let within = |bytes| PolicyHandle::from_file_with(&file, ReloadRules::default().max_bytes(bytes));
    assert_eq!(within(most).unwrap().load().number(), 1);
    assert_eq!(within(most - 1).unwrap_err().kind(), ReloadErrorKind::TooLarge);
}

#[test]
fn only_regular_files_are_read_and_none_blocks() {
    let handle = PolicyHandle::new(loaded(1));
    let folder = tempfile::tempdir().unwrap();
    let mut paths = vec![folder.path().to_path_buf()];
    if cfg!(unix) {
        let pipe = folder.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        paths.extend([pipe, "/dev/zero".into(), "/dev/null".into()]);
    }
    for path in paths {
        let (tell, told) = mpsc::channel();
        let (handle, named) = (handle.clone(), path.clone());
        std::thread::spawn(move || tell.send(handle.reload_from(named)));
        let error = told.recv_timeout(Duration::from_secs(30)).unwrap().unwrap_err();
        assert_eq!(error.kind(), ReloadErrorKind::NotAFile, "{error}");
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[test]
fn numbers_have_no_gaps_when_many_replace_at_once() {
    let handle = PolicyHandle::new(loaded(1));
    let policies: Vec<Vec<Policy>> =
        (0..4).map(|thread| (0..50).map(|at| of(2 + thread * 50 + at, "agent", 100)).collect()).collect();
    let mut numbers: Vec<u64> = std::thread::scope(|scope| {
        let replace = |policies: Vec<Policy>| {
            let handle = &handle;
            scope.spawn(move || {
                policies.into_iter().map(|policy| handle.replace(policy).unwrap().number()).collect()
            })
        };
        let threads: Vec<_> = policies.into_iter().map(replace).collect();
        threads.into_iter().flat_map(|thread| -> Vec<u64> { thread.join().unwrap() }).collect()
    });
    numbers.sort_unstable();
    assert_eq!(numbers, (2..202).collect::<Vec<u64>>());
    assert_eq!(handle.load().number(), 201);
}

#[test]
fn of_many_revisions_at_once_the_highest_stays() {
    let handle = PolicyHandle::new(of(1, "a", 0));
    let policies: Vec<Policy> = (1..65).map(|revision| of(revision, "a", revision)).collect();
    let taken: usize = std::thread::scope(|scope| {
        let threads: Vec<_> =
            policies.into_iter().map(|policy| scope.spawn(|| handle.replace(policy).is_ok())).collect();
        threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
    });
    assert_eq!(handle.load().revision(), 64);
    assert_eq!(handle.load().number(), u64::try_from(taken).unwrap() + 1);
}

#[test]
fn an_old_generation_serves_whoever_holds_it() {
    let handle = PolicyHandle::new(loaded(1));
    let (old, kept) = (handle.load(), handle.load_full());
    assert!(matches!(handle.replace(loaded(2)), Ok(Reloaded::Swapped(_))));
    assert_eq!((old.number(), kept.number(), handle.load().number()), (1, 1, 2));
    assert_eq!(old.policy().rule(0).unwrap().name(), "g1_act0");
    assert_eq!(old.into_arc().digest_hex(), kept.digest_hex());
}
