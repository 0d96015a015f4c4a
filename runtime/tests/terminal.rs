//! Approval on a terminal: a real one, with a process that it controls and somebody who types.
//!
//! The asking process is this test again, its ignored part, started by `setsid --ctty`.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

use aegis_runtime::approval::{ApprovalHandler, ApprovalRequest, TerminalApproval};
use aegis_runtime::{Action, Task};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use std::fs::{File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// Long enough for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

const PROMPT: &str = "approve? [y/N] ";

/// A terminal with somebody at it, and a process that asks there.
struct Desk {
    keys: File,
    screen: Receiver<Vec<u8>>,
    /// What was shown and not waited for yet.
    rest: String,
    asker: Child,
}

impl Desk {
    fn new(scene: &str, dir: &Path) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let flags = i32::try_from(rustix::fs::OFlags::NOCTTY.bits()).unwrap();
        let name = Path::new(std::ffi::OsStr::from_bytes(name.as_bytes()));
        let terminal = OpenOptions::new().read(true).write(true).custom_flags(flags).open(name).unwrap();
        let asker = asker(&["--ctty"], scene, dir).stdin(terminal).spawn().unwrap();
        let keys = File::from(master);
        let mut shown = keys.try_clone().unwrap();
        let (sender, screen) = channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // An error, once nobody holds the terminal any more.
            while let Ok(n) = shown.read(&mut buffer) {
                if n == 0 || sender.send(buffer[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Desk { keys, screen, rest: String::new(), asker }
    }

    /// Waits until something is on the screen; gives what stood before it.
    fn sees(&mut self, text: &str) -> String {
        loop {
            if let Some(at) = self.rest.find(text) {
                let before = self.rest[..at].to_owned();
                self.rest.drain(..at + text.len());
                return before;
            }
            match self.screen.recv_timeout(PATIENCE) {
                Ok(bytes) => self.rest.push_str(&String::from_utf8_lossy(&bytes)),
                Err(error) => panic!("`{text}` is not shown: {error}: {}", self.rest),
            }
        }
    }

    fn types(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// What the asker made of it, each answer on a line.
    fn answers(mut self) -> Vec<String> {
        said(&mut self.asker)
    }
}

fn asker(setsid: &[&str], scene: &str, dir: &Path) -> Command {
    let mut command = Command::new("setsid");
    command
        .args(["--wait"])
        .args(setsid)
        .arg(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "asker_of_the_other_tests", "--nocapture"])
        .env("SCENE", scene)
        .env("DIR", dir)
        .env("USER", "ann")
        .stdin(Stdio::null())
        .stdout(Stdio::piped());
    command
}

fn said(asker: &mut Child) -> Vec<String> {
    let mut out = String::new();
    asker.stdout.take().unwrap().read_to_string(&mut out).unwrap();
    assert!(asker.wait().unwrap().success(), "{out}");
    // A test's own line may stand before, without an end.
    out.lines().filter_map(|line| line.split_once("ANSWER ")).map(|(_, answer)| answer.to_owned()).collect()
}

async fn ask(target: &str) -> String {
    let request = ApprovalRequest::new("1", Task::new(Action::new("deploy", target)));
    match ApprovalHandler::ask(&TerminalApproval::new(), &request).await {
        Ok(answer) => format!("{answer:?}"),
        Err(error) => format!("{error}"),
    }
}

#[test]
#[ignore = "the other tests start it on a terminal"]
fn asker_of_the_other_tests() {
    let Ok(scene) = std::env::var("SCENE") else { return };
    let given_up = Path::new(&std::env::var_os("DIR").unwrap()).join("given-up");
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
        match scene.as_str() {
            "one" => println!("ANSWER {}", ask("first").await),
            "two" => {
                let answers = tokio::join!(ask("first"), ask("second"));
                println!("ANSWER {}\nANSWER {}", answers.0, answers.1);
            }
            "given up" => {
                tokio::select! {
                    answer = ask("first") => println!("ANSWER {answer}"),
                    () = async {
                        while !given_up.exists() {
                            tokio::time::sleep(Duration::from_millis(5)).await;
                        }
                    } => println!("ANSWER given up"),
                }
                println!("ANSWER {}", ask("second").await);
            }
            other => panic!("no scene `{other}`"),
        }
    });
}

const NO: &str = r#"Denied { by: "terminal:ann", reason: "not approved on the terminal" }"#;
const YES: &str = r#"Approved { by: "terminal:ann" }"#;

#[test]
fn yes_and_no() {
    let dir = tempfile::tempdir().unwrap();
    for (keys, answer) in [
        ("y\n", YES),
        ("YES\n", YES),
        ("n\n", NO),
        ("\n", NO),
        // Corrected before the line was sent.
        ("y\u{7f}n\n", NO),
        ("\u{4}", r#"Denied { by: "terminal:ann", reason: "the terminal's input ended" }"#),
    ] {
        let mut desk = Desk::new("one", dir.path());
        let question = desk.sees(PROMPT);
        assert!(question.contains("action  deploy on first\r\n"), "{question}");
        desk.types(keys);
        assert_eq!(desk.answers(), [answer], "{keys:?}");
    }
}

#[test]
fn one_question_at_a_time() {
    let dir = tempfile::tempdir().unwrap();
    let mut desk = Desk::new("two", dir.path());
    assert!(desk.sees(PROMPT).contains("on first"));
    // An answer and one ahead, which is nobody's.
    desk.types("y\ny\n");
    let second = desk.sees(PROMPT);
    assert!(second.contains("on second") && !second.contains("on first"), "{second}");
    desk.types("\n");
    assert_eq!(desk.answers(), [YES, NO]);
}

#[test]
fn a_late_answer_is_not_one_to_the_next_question() {
    for (before, after) in [
        // Half a line at the first question.
        ("y", ""),
        // The whole answer when it has just gone.
        ("", "y\n"),
        ("y", "es\ny\nyes"),
    ] {
        // On a busy machine the keys may come when the second question counts; then it is played again.
        let played = (0..20).any(|_| {
            let dir = tempfile::tempdir().unwrap();
            let mut desk = Desk::new("given up", dir.path());
            desk.sees(PROMPT);
            desk.types(before);
            std::fs::write(dir.path().join("given-up"), "").unwrap();
            desk.sees("no longer asked");
            desk.sees("on second");
            desk.types(after);
            // The terminal shows the keys where it got them.
            let in_time = desk.sees(PROMPT).contains(&after.replace('\n', "\r\n"));
            desk.types("\n");
            let answers = desk.answers();
            if in_time {
                assert_eq!(answers, ["given up", NO], "{before:?}, {after:?}");
            }
            in_time
        });
        assert!(played, "{before:?}, {after:?}: never in time");
    }
}

#[test]
fn without_a_terminal_nobody_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let answers = said(&mut asker(&[], "one", dir.path()).spawn().unwrap());
    let [answer] = &answers[..] else { panic!("{answers:?}") };
    assert!(answer.starts_with("there is no terminal to ask on: /dev/tty: "), "{answer}");
}
