//! What the tests of crashes share: the layer before libc, children that write a log, and what must hold of the log
//! afterwards.

#![allow(dead_code, clippy::expect_used, clippy::panic, reason = "each test uses a part; a test may fail")]

pub(crate) mod child;
pub(crate) mod power;

use aegis_runtime::audit::{Anchored, AuditReader, AuditRow, Filter, Hash, Verified};
use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use tempfile::TempDir;

/// Random numbers from a seed (SplitMix64), so that a failure can be had again.
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// From `CRASH_SEED`, or else from the process and the test; said at the beginning of a test.
    pub(crate) fn seeded(test: &str) -> Self {
        let seed = number("CRASH_SEED").unwrap_or_else(|| {
            let mut bytes = [0; 8];
            getrandom(&mut bytes);
            u64::from_le_bytes(bytes) >> 16
        });
        println!("{test}: CRASH_SEED={seed}");
        Random(seed ^ test.bytes().fold(0, |sum: u64, byte| sum.wrapping_mul(31) ^ u64::from(byte)))
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % u64::try_from(end).expect("a size")).expect("below a size")
    }
}

fn getrandom(bytes: &mut [u8]) {
    use std::io::Read;
    std::fs::File::open("/dev/urandom").and_then(|mut file| file.read_exact(bytes)).expect("random numbers");
}

/// A number from the environment.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number")))
}

/// What a test binary makes once: the compiled layer and the compiled policy.
struct Made {
    shim: PathBuf,
    policy: PathBuf,
}

fn made() -> &'static Made {
    static MADE: OnceLock<Made> = OnceLock::new();
    MADE.get_or_init(|| {
        let exe = std::env::current_exe().expect("this test");
        let name = exe.file_name().expect("a test has a name").to_string_lossy();
        let file =
            |name: &str, end: &str| Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}.{end}"));
        let (shim, policy) = (file(&name, "so"), file(&name, "aegisb"));
        // Several processes may run tests of one binary: each file is put in its place when it is whole.
        let own = format!("{name}-{}", std::process::id());
        let (own_shim, own_policy) = (file(&own, "so"), file(&own, "aegisb"));
        let mut rustc = Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()));
        rustc
            .args(["--edition", "2024", "--crate-type", "cdylib", "-O", "-D", "warnings", "-o"])
            .arg(&own_shim);
        rustc.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/shim/shim.rs"));
        let out = rustc.output().expect("rustc is there, or RUSTC names it");
        assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
        let policies = concat!(env!("CARGO_MANIFEST_DIR"), "/../policies/");
        let layers = ["base.yaml", "devops-agent.yaml"].map(|name| format!("{policies}{name}"));
        let compiled = aegisc::Policy::from_yaml_files(layers).expect("the shipped policies compile");
        std::fs::write(&own_policy, compiled.artifact()).expect("the policy is written");
        std::fs::rename(own_shim, &shim).expect("the layer is in its place");
        std::fs::rename(own_policy, &policy).expect("the policy is in its place");
        Made { shim, policy }
    })
}

/// A log in a folder of its own, with the journal of the layer beside it.
pub(crate) struct Place {
    folder: TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        Place { folder: tempfile::tempdir().expect("a folder") }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        self.folder.path().canonicalize().expect("the folder is there")
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.folder().join("audit.db")
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.folder().join("journal")
    }

    /// A copy of the files of a log as they are.
    pub(crate) fn copy(from: &Path) -> Self {
        let place = Place::new();
        for end in ["", "-wal"] {
            let file = PathBuf::from(format!("{}{end}", from.display()));
            if file.exists() {
                std::fs::copy(&file, format!("{}{end}", place.log().display())).expect("a copy");
            }
        }
        place
    }
}

/// A process that writes a log, about to be started: this very binary, running the test `child`.
pub(crate) struct Start(Command);

impl Start {
    pub(crate) fn new(log: &Path, session: &str) -> Self {
        let mut command = Command::new(std::env::current_exe().expect("this test"));
        command.args(["child", "--exact", "--nocapture", "--test-threads=1"]);
        command.env("CHILD_LOG", log).env("CHILD_SESSION", session).env("CHILD_POLICY", &made().policy);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Start(command)
    }

    /// One of the settings of `child.rs` or `shim.rs`.
    pub(crate) fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.0.env(name, value.to_string());
        self
    }

    /// Starts it in that folder.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        self.0.current_dir(folder);
        self
    }

    /// Puts the layer before libc.
    pub(crate) fn shim(mut self, place: &Place) -> Self {
        self.0.env("LD_PRELOAD", &made().shim).env("SHIM_PATH", place.log());
        self
    }

    /// Puts the layer before libc, and has it keep what is not synced.
    pub(crate) fn power(self, place: &Place) -> Self {
        let journal = place.journal();
        power::Journal::mend(&journal);
        self.shim(place).with("SHIM_UNDO", journal.display())
    }

    pub(crate) fn spawn(mut self) -> Running {
        let mut child = self.0.spawn().expect("a child");
        let lines = BufReader::new(child.stdout.take().expect("its output"));
        Running { child, lines, said: Said::default() }
    }
}

/// A process that writes a log.
pub(crate) struct Running {
    child: Child,
    lines: BufReader<std::process::ChildStdout>,
    pub(crate) said: Said,
}

/// What a child said.
#[derive(Debug, Default)]
pub(crate) struct Said {
    pub(crate) opened: bool,
    /// Why the log could not be opened, each time.
    pub(crate) closed: Vec<String>,
    /// Actions that reached the executor.
    pub(crate) runs: Vec<u64>,
    /// Actions that ended, acknowledged: number, record, status.
    pub(crate) acks: Vec<(u64, i64, String)>,
    /// Actions of which the log could not be told.
    pub(crate) lost: Vec<(u64, String)>,
    /// It did what it was to do.
    pub(crate) done: bool,
    /// It closed the log and ended by itself.
    pub(crate) ended: bool,
    /// What else a child of another kind says.
    pub(crate) other: Vec<String>,
}

impl Running {
    /// Reads a line; false at the end of the process.
    pub(crate) fn line(&mut self) -> bool {
        let mut line = String::new();
        if self.lines.read_line(&mut line).expect("lines of text") == 0 {
            return false;
        }
        let said = &mut self.said;
        let mut words = line.trim_end().splitn(4, ' ');
        let kind = words.next().unwrap_or_default();
        let mut word = || words.next().unwrap_or_default().to_owned();
        let number = |word: String| word.parse().unwrap_or_else(|_| panic!("no number in {line}"));
        match kind {
            "child:open" => said.opened = true,
            "child:closed" => said.closed.push(line.trim_end().to_owned()),
            "child:run" => said.runs.push(number(word())),
            "child:ack" => {
                let (n, record) = (number(word()), word().parse().expect("a record"));
                said.acks.push((n, record, word()));
            }
            "child:lost" => {
                let n = number(word());
                said.lost.push((n, line.trim_end().to_owned()));
            }
            "child:done" => said.done = true,
            "child:end" => said.ended = true,
            _ if kind.starts_with("child:") => said.other.push(line.trim_end().to_owned()),
            // What the test harness of the child has to say.
            _ => {}
        }
        true
    }

    /// Reads until something was said; false if the process ended before.
    pub(crate) fn until(&mut self, mut is: impl FnMut(&Said) -> bool) -> bool {
        while !is(&self.said) {
            if !self.line() {
                return false;
            }
        }
        true
    }

    /// `kill -9`, and all that was said before.
    pub(crate) fn kill(mut self) -> Said {
        self.child.kill().expect("the process can be killed");
        self.wait()
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(mut self) -> Said {
        while self.line() {}
        self.child.wait().expect("the process ends");
        self.said
    }

    /// Lets a child that waits go on.
    pub(crate) fn go_on(&mut self) {
        drop(self.child.stdin.take());
    }
}

/// What a log holds of one session, and whether all of the log is right.
pub(crate) struct Held {
    pub(crate) verified: Verified,
    pub(crate) head: Hash,
    rows: HashMap<u64, AuditRow>,
}

impl Held {
    /// Reads a log: it is whole, holds what it held at the anchor, and names what it does not know the end of.
    pub(crate) fn read(log: &Path, session: &str, anchor: Option<Hash>) -> Self {
        let reader = AuditReader::open(log).expect("the log opens");
        let verified = reader.verify(anchor).expect("the log can be read");
        assert_eq!(verified.fault, None, "the chain is right");
        match anchor {
            Some(_) => assert!(matches!(verified.anchored, Anchored::At(_)), "the anchor is in the chain"),
            None => assert_eq!(verified.anchored, Anchored::NotGiven),
        }
        let head = reader.head().expect("the log has an end");
        assert_eq!(u64::try_from(head.row), Ok(verified.rows), "ids are dense");
        assert_eq!(head.hash, verified.head);
        let mut filter = Filter::default();
        filter.session = Some(session.to_owned());
        let mut rows = HashMap::new();
        let each = |row: AuditRow| {
            let n = row.action_target.strip_prefix('t').and_then(|n| n.parse().ok()).expect("a number");
            if row.outcome_id.is_none() {
                assert_eq!(row.result_status, "unknown");
                let named = verified.unknown > 1_000 || verified.first_unknown.contains(&row.id);
                assert!(named, "an intent without an outcome is named");
            }
            assert!(rows.insert(n, row).is_none(), "an action has one intent");
            ControlFlow::Continue(())
        };
        reader.query(&filter, each).expect("the log can be read");
        Held { verified, head: head.hash, rows }
    }

    /// Nothing that was acknowledged is lost, and nothing ran without an intent.
    #[track_caller]
    pub(crate) fn keeps(&self, said: &Said) {
        for (n, record, status) in &said.acks {
            let row = self.rows.get(n).expect("no acknowledged action is lost");
            assert_eq!((row.id, &row.result_status), (*record, status), "of action {n}");
            assert!(row.outcome_id.is_some(), "the outcome of action {n} was acknowledged and is lost");
        }
        for n in &said.runs {
            let row = self.rows.get(n).expect("what ran has an intent");
            assert!(child::runs(*n), "action {n} is not to run");
            assert!(["auto", "approve"].contains(&row.approval.as_str()), "{row:?}");
        }
        let ran: std::collections::HashSet<_> = said.runs.iter().collect();
        assert_eq!(ran.len(), said.runs.len(), "no action runs twice");
        for (n, _, status) in &said.acks {
            assert_eq!(ran.contains(n), matches!(status.as_str(), "success" | "failed"), "of action {n}");
        }
    }

    /// How often an action has an earlier time than the one before it.
    pub(crate) fn jumps_back(&self) -> usize {
        let mut times: Vec<_> = self.rows.values().map(|row| (row.id, row.timestamp)).collect();
        times.sort_unstable();
        times.windows(2).filter(|pair| pair[1].1 < pair[0].1).count()
    }

    /// How many actions of the session it has.
    pub(crate) fn actions(&self) -> usize {
        self.rows.len()
    }
}
