//! A question on the terminal.

use super::{Answer, ApprovalError, ApprovalHandler, ApprovalRequest, shown};
use std::io::{self, ErrorKind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use tokio::sync::{Mutex, oneshot};

/// One question at a time on the terminal, whoever asks.
static TURN: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

/// How often it is looked whether there is an answer, and whether it is still waited for.
const LOOK: Duration = Duration::from_millis(25);

/// How long a question stands before an answer to it counts: what is typed by then was meant for another.
const SETTLE: Duration = Duration::from_millis(500);

/// The longest answer, in bytes.
const LONGEST: usize = 1 << 10;

/// Above so many lines of question, its first line is said again at the end.
const LINES: usize = 12;

/// Asks on the terminal that the process was started from (`/dev/tty`), not on stdin, which may carry actions.
///
/// `y` and `yes` approve, in any case; any other line, and the end of the input, deny. Who answered is
/// `terminal:<user>`. Without a terminal, as in a service, there is no answer, and so the action is denied.
///
/// Questions are asked one after the other. What is typed before a question has stood for half a second is thrown
/// away, a half line too: it was meant for the question before, which may just have run out of time. A question that
/// is not waited for any more says so, and ends.
///
/// The terminal must be in its usual line mode; a process in the background that asks is stopped by the shell until it
/// is in the foreground. Only on Unix.
///
/// # Examples
///
/// ```
/// use aegis_runtime::approval::TerminalApproval;
///
/// let handler = TerminalApproval::new();
/// # let _ = handler;
/// ```
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct TerminalApproval;

impl TerminalApproval {
    /// Asks on the terminal that the process was started from.
    #[must_use]
    pub fn new() -> Self {
        TerminalApproval
    }
}

impl ApprovalHandler for TerminalApproval {
    async fn ask(&self, request: &ApprovalRequest) -> Result<Answer, ApprovalError> {
        let turn = Arc::clone(&TURN).lock_owned().await;
        let text = request.text();
        let stop = StopOnDrop(Arc::new(AtomicBool::new(false)));
        let stopped = Arc::clone(&stop.0);
        let (sender, receiver) = oneshot::channel();
        // Not one of the runtime's own threads, which its shutdown waits for.
        std::thread::Builder::new()
            .name("aegis-ask".to_owned())
            .spawn(move || {
                let answer = device::open().and_then(|mut terminal| converse(&mut terminal, &text, &stopped));
                // The next question comes up when this one is off the terminal, not when its asker gave up.
                drop(turn);
                // Nobody may be waiting any more.
                let _ = sender.send(answer);
            })
            .map_err(|error| ApprovalError::new(format!("the terminal cannot be asked: {error}")))?;
        let said = match receiver.await {
            Ok(said) => said.map_err(|error| ApprovalError::new(error.to_string()))?,
            Err(_) => return Err(ApprovalError::new("the terminal was asked, but the question was lost")),
        };
        let by = format!("terminal:{}", shown(&user()));
        match said {
            Said::Yes => Ok(Answer::approved(by)),
            Said::No => Ok(Answer::denied(by, "not approved on the terminal")),
            Said::End => Ok(Answer::denied(by, "the terminal's input ended")),
            Said::Stopped => Err(ApprovalError::new("the question on the terminal was withdrawn")),
        }
    }
}

/// Has a question withdrawn when nobody waits for its answer any more.
struct StopOnDrop(Arc<AtomicBool>);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn user() -> String {
    let named =
        ["USER", "LOGNAME"].into_iter().find_map(|name| std::env::var(name).ok().filter(|v| !v.is_empty()));
    named.unwrap_or_else(device::user)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Yes,
    No,
    /// There is no more input.
    End,
    /// It is not waited for any more.
    Stopped,
}

/// A terminal as a question needs it. Reading and writing do not wait: [`ErrorKind::WouldBlock`].
trait Terminal {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize>;
    fn write(&mut self, text: &[u8]) -> io::Result<usize>;
    /// Throws away what was typed and not read, a half line too.
    fn forget_typed(&mut self) -> io::Result<()>;
    fn columns(&self) -> usize;
    fn sleep(&mut self, time: Duration);
}

/// Asks one question.
fn converse(terminal: &mut impl Terminal, text: &str, stopped: &AtomicBool) -> io::Result<Said> {
    let stopped = || stopped.load(Ordering::Acquire);
    let failed = |error: io::Error| io::Error::other(format!("the terminal cannot be asked: {error}"));
    let question = format!("\n{}", laid_out(text, terminal.columns()));
    if say(terminal, &question, &stopped).map_err(failed)?.is_none() {
        return Ok(Said::Stopped);
    }
    let mut waited = Duration::ZERO;
    while waited < SETTLE && !stopped() {
        terminal.sleep(LOOK);
        waited += LOOK;
    }
    terminal.forget_typed().map_err(failed)?;
    say(terminal, "approve? [y/N] ", &stopped).map_err(failed)?;
    let said = listen(terminal, &stopped).map_err(failed)?;
    if said == Said::Stopped {
        // Best done, but the answer is the same if it cannot be.
        let _ = terminal.forget_typed();
        let _ =
            say(terminal, "\nno longer asked: the time is up, or nobody waits for the answer\n", &|| true);
    }
    Ok(said)
}

/// Writes all; `None` if it was stopped where it had to wait.
fn say(terminal: &mut impl Terminal, text: &str, stopped: &dyn Fn() -> bool) -> io::Result<Option<()>> {
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        match terminal.write(rest) {
            Ok(0) => return Err(ErrorKind::WriteZero.into()),
            Ok(n) => rest = rest.get(n..).unwrap_or_default(),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // Output is held, with Ctrl-S say.
            Err(error) if error.kind() == ErrorKind::WouldBlock => {
                if stopped() {
                    return Ok(None);
                }
                terminal.sleep(LOOK);
            }
            Err(error) => return Err(error),
        }
    }
    Ok(Some(()))
}

/// Reads one line.
fn listen(terminal: &mut impl Terminal, stopped: &dyn Fn() -> bool) -> io::Result<Said> {
    let mut line = Vec::new();
    let mut buffer = [0; 256];
    loop {
        // Before each look: an answer that comes with the end of the time is not one.
        if stopped() {
            return Ok(Said::Stopped);
        }
        match terminal.read(&mut buffer) {
            Ok(0) => return Ok(Said::End),
            Ok(n) => line.extend_from_slice(buffer.get(..n).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => terminal.sleep(LOOK),
            Err(error) => return Err(error),
        }
        if let Some(end) = line.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
            let said = line.get(..end).unwrap_or_default().trim_ascii();
            let yes = said.eq_ignore_ascii_case(b"y") || said.eq_ignore_ascii_case(b"yes");
            return Ok(if yes { Said::Yes } else { Said::No });
        }
        if line.len() > LONGEST {
            return Ok(Said::No);
        }
    }
}

/// The lines of a question, broken before the terminal would break them: what goes on stands behind a bar, so that it
/// cannot be taken for a line of its own. The first line is said again below a long question.
fn laid_out(text: &str, columns: usize) -> String {
    const BAR: &str = "      | ";
    let columns = columns.clamp(40, 200);
    let mut out = String::with_capacity(text.len() + text.len() / 4);
    let mut lines = 0;
    for line in text.lines() {
        lines += push_broken(&mut out, line, BAR, columns);
    }
    if lines > LINES {
        out.push_str("asked is:\n");
        push_broken(&mut out, text.lines().next().unwrap_or_default(), BAR, columns);
    }
    out
}

/// One line, as many as it takes: says how many.
fn push_broken(out: &mut String, line: &str, bar: &str, columns: usize) -> usize {
    let (mut lines, mut used) = (1, 0);
    for c in line.chars() {
        // What is not ASCII takes two columns at most.
        let wide = if c.is_ascii() { 1 } else { 2 };
        if used + wide >= columns {
            out.push('\n');
            out.push_str(bar);
            (lines, used) = (lines + 1, bar.len());
        }
        out.push(c);
        used += wide;
    }
    out.push('\n');
    lines
}

#[cfg(unix)]
mod device {
    use super::Terminal;
    use rustix::fs::OFlags;
    use rustix::termios::{QueueSelector, tcflush, tcgetwinsize};
    use std::fs::{File, OpenOptions};
    use std::io::{self, IsTerminal as _, Read as _, Write as _};
    use std::os::unix::fs::OpenOptionsExt as _;
    use std::time::Duration;

    /// The controlling terminal, opened for a question: its own opening, so that not to wait is its own too.
    pub(super) struct Tty(File);

    pub(super) fn open() -> io::Result<Tty> {
        let flags = i32::try_from((OFlags::NONBLOCK | OFlags::NOCTTY).bits()).unwrap_or_default();
        let file = OpenOptions::new().read(true).write(true).custom_flags(flags).open("/dev/tty").map_err(|error| {
            io::Error::new(
                error.kind(),
                format!("there is no terminal to ask on: /dev/tty: {error}; start it from one, or ask in another way"),
            )
        })?;
        if !file.is_terminal() {
            return Err(io::Error::other(
                "there is no terminal to ask on: /dev/tty is none; start it from one, or ask in another way",
            ));
        }
        Ok(Tty(file))
    }

    pub(super) fn user() -> String {
        format!("uid-{}", rustix::process::getuid().as_raw())
    }

    impl Terminal for Tty {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            self.0.read(buffer)
        }

        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            self.0.write(text)
        }

        fn forget_typed(&mut self) -> io::Result<()> {
            Ok(tcflush(&self.0, QueueSelector::IFlush)?)
        }

        fn columns(&self) -> usize {
            match tcgetwinsize(&self.0) {
                Ok(size) if size.ws_col > 0 => size.ws_col.into(),
                _ => 80,
            }
        }

        fn sleep(&mut self, time: Duration) {
            std::thread::sleep(time);
        }
    }
}

#[cfg(not(unix))]
mod device {
    use super::Terminal;
    use std::convert::Infallible;
    use std::io;
    use std::time::Duration;

    /// There is none here.
    pub(super) struct Tty(Infallible);

    pub(super) fn open() -> io::Result<Tty> {
        Err(io::Error::other("asking on the terminal works on unix alone: ask in another way"))
    }

    pub(super) fn user() -> String {
        "unknown".to_owned()
    }

    impl Terminal for Tty {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            match self.0 {}
        }

        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            match self.0 {}
        }

        fn forget_typed(&mut self) -> io::Result<()> {
            match self.0 {}
        }

        fn columns(&self) -> usize {
            match self.0 {}
        }

        fn sleep(&mut self, _: Duration) {
            match self.0 {}
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::collections::VecDeque;

    /// What a person does, one step each time that the terminal is looked at.
    #[derive(Clone, Debug)]
    enum Step {
        Type(&'static str),
        Nothing,
        End,
        /// The asker gives up.
        GiveUp,
        Fail,
    }

    struct Script<'a> {
        /// Before the prompt is on the terminal.
        early: &'static str,
        steps: VecDeque<Step>,
        /// What was typed and not read.
        pending: Vec<u8>,
        shown: String,
        stop: &'a AtomicBool,
        slept: Duration,
        /// Writes that have to be tried again.
        held: usize,
    }

    impl Terminal for Script<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.pending.is_empty() {
                match self.steps.pop_front().unwrap_or(Step::End) {
                    Step::Type(text) => self.pending.extend_from_slice(text.as_bytes()),
                    Step::Nothing => return Err(ErrorKind::WouldBlock.into()),
                    Step::End => return Ok(0),
                    Step::GiveUp => {
                        self.stop.store(true, Ordering::Release);
                        return Err(ErrorKind::WouldBlock.into());
                    }
                    Step::Fail => return Err(io::Error::other("gone")),
                }
            }
            let n = self.pending.len().min(buffer.len());
            buffer[..n].copy_from_slice(&self.pending[..n]);
            self.pending.drain(..n);
            Ok(n)
        }

        fn write(&mut self, text: &[u8]) -> io::Result<usize> {
            if self.held > 0 {
                self.held -= 1;
                return Err(ErrorKind::WouldBlock.into());
            }
            // A few bytes at a time, as a slow terminal does.
            let n = text.len().min(7);
            self.shown.push_str(&String::from_utf8_lossy(&text[..n]));
            Ok(n)
        }

        fn forget_typed(&mut self) -> io::Result<()> {
            self.pending.clear();
            Ok(())
        }

        fn columns(&self) -> usize {
            80
        }

        fn sleep(&mut self, time: Duration) {
            // Typed while the question settles.
            self.pending.extend_from_slice(std::mem::take(&mut self.early).as_bytes());
            self.slept += time;
        }
    }

    fn asked(early: &'static str, steps: &[Step]) -> (io::Result<Said>, String) {
        let stop = AtomicBool::new(false);
        let mut script = Script {
            early,
            steps: steps.iter().cloned().collect(),
            pending: b"y\n".to_vec(),
            shown: String::new(),
            stop: &stop,
            slept: Duration::ZERO,
            held: 3,
        };
        let said = converse(&mut script, "action  deploy on production\n", &stop);
        assert!(script.slept >= SETTLE);
        (said, script.shown)
    }

    #[test]
    fn only_yes_is_yes() {
        for yes in ["y\n", "Y\n", "yes\n", "YES\n", "yEs\n", " y \n", "y\r", "y\r\n", "y\nn\n"] {
            assert_eq!(asked("", &[Step::Nothing, Step::Type(yes)]).0.unwrap(), Said::Yes, "{yes:?}");
        }
        for no in [
            "\n",
            "n\n",
            "no\n",
            "yy\n",
            "ye\n",
            "yes!\n",
            "y y\n",
            "\ny\n",
            "\0y\n",
            "ÿ\n",
            "yes\u{301}\n",
            "1\n",
        ] {
            assert_eq!(asked("", &[Step::Type(no)]).0.unwrap(), Said::No, "{no:?}");
        }
    }

    #[test]
    fn a_line_may_come_in_pieces() {
        let pieces = [
            Step::Type("y"),
            Step::Nothing,
            Step::Type("e"),
            Step::Type("s"),
            Step::Nothing,
            Step::Type("\n"),
        ];
        assert_eq!(asked("", &pieces).0.unwrap(), Said::Yes);
    }

    #[test]
    fn the_end_of_the_input_is_no() {
        assert_eq!(asked("", &[Step::End]).0.unwrap(), Said::End);
        assert_eq!(asked("", &[Step::Type("y"), Step::End]).0.unwrap(), Said::End);
    }

    #[test]
    fn what_was_typed_before_does_not_count() {
        let (said, shown) = asked("y\ny\nyes", &[Step::Nothing, Step::Type("\n")]);
        assert_eq!(said.unwrap(), Said::No);
        assert_eq!(shown, "\naction  deploy on production\napprove? [y/N] ");
    }

    #[test]
    fn a_question_that_is_given_up_takes_no_answer() {
        let (said, shown) = asked("", &[Step::Nothing, Step::GiveUp, Step::Type("y\n")]);
        assert_eq!(said.unwrap(), Said::Stopped);
        assert!(
            shown.ends_with("no longer asked: the time is up, or nobody waits for the answer\n"),
            "{shown}"
        );
    }

    #[test]
    fn a_terminal_that_fails_is_no_answer() {
        let error = asked("", &[Step::Fail]).0.unwrap_err();
        assert_eq!(error.to_string(), "the terminal cannot be asked: gone");
    }

    #[test]
    fn an_endless_line_is_no() {
        let long: Vec<Step> = std::iter::repeat_n(Step::Type("yyyyyyyyyyyyyyyy"), 100).collect();
        assert_eq!(asked("", &long).0.unwrap(), Said::No);
    }

    #[test]
    fn what_draws_over_or_hides_is_escaped() {
        let text = "a\u{1b}[2J\n\r\u{9b}\u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\u{e0041}é漢";
        assert_eq!(shown(text), r"a\u{1b}[2J\n\r\u{9b}\u{202e}\u{2066}\u{61c}\u{200b}\u{feff}\u{e0041}é漢");
    }

    #[test]
    fn a_long_line_cannot_pass_for_another() {
        let fake = format!("action  rm on /\nparams  {{\"a\":\"{}action  ls on /\"}}\n", " ".repeat(60));
        let shown = laid_out(&fake, 80);
        let lines: Vec<&str> = shown.lines().collect();
        assert!(lines.iter().all(|line| line.len() < 80), "{shown}");
        assert_eq!(lines.iter().filter(|line| line.starts_with("action")).count(), 1, "{shown}");
        assert!(lines[2].starts_with("      | "), "{shown}");
        let whole: String = shown.replace("\n      | ", "");
        assert_eq!(whole, fake);
    }

    #[test]
    fn a_long_question_says_again_what_is_asked() {
        let long = format!("action  rm on /\nparams  {}\n", "x".repeat(5_000));
        assert!(laid_out(&long, 80).ends_with("\nasked is:\naction  rm on /\n"));
        assert!(!laid_out("action  rm on /\nrisk    low\n", 80).contains("asked is"));
        let wide = laid_out(&format!("params  {}", "漢".repeat(100)), 80);
        assert!(wide.lines().all(|line| line.chars().count() <= 39 + 4), "{wide}");
    }
}
