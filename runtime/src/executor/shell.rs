//! Actions carried out by a command.

use super::http::data;
use super::{Data, ExecuteError, Executor};
use crate::approval::shown;
use crate::json;
use crate::task::Task;
use std::convert::Infallible;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io::ErrorKind;
use std::process::{ExitStatus, Stdio};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command};

/// How much of what a command that failed wrote to stderr its error shows, in bytes.
const STDERR: usize = 2 << 10;

/// Runs a command with `sh -c` for each action.
///
/// Nothing of the action stands in the command line. The command gets the whole task on stdin as one JSON object, as
/// [`Task::from_json`] reads it, with the params as they are, and three variables: `AEGIS_ACTION_TYPE`,
/// `AEGIS_ACTION_TARGET` and `AEGIS_AGENT_ID`. They are text that an agent chose: put them in double quotes,
/// `"$AEGIS_ACTION_TARGET"`, after `--` where a program takes options. Of the environment it gets `PATH`, `HOME`,
/// `LANG`, `LC_*`, `TMPDIR`, `TZ` and what is added with [`env`](Self::env).
///
/// Exit code 0 is success, and stdout is the data: JSON if it parses, else `{"text": …}`. A longer one than
/// [`max_output`](Self::max_output) is read to its end and cut to `{"text": …, "cut": true, "bytes": N}`. Any other
/// code, or a signal, is an error with the end of stderr.
///
/// An action ends when the command has ended and nothing holds its stdout and stderr any more. If the runtime gives
/// up waiting before, the command is killed with all that it started, but for what made itself a process group of
/// its own.
///
/// It needs a runtime of tokio with its I/O enabled.
///
/// # Examples
///
/// ```
/// use aegis_runtime::executor::{Executor, ShellExecutor};
/// use aegis_runtime::{Action, Task};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// let executor = ShellExecutor::new(r#"printf '{"done": "%s in %s"}' "$AEGIS_ACTION_TARGET" "$REGION""#)
///     .env("REGION", "north");
/// let data = executor.execute(&Task::new(Action::new("deploy", "staging; reboot"))).await.unwrap();
/// assert_eq!(data["done"], "staging; reboot in north");
/// # });
/// ```
pub struct ShellExecutor {
    command: OsString,
    env: Vec<(OsString, OsString)>,
    inherit: bool,
    max_output: usize,
}

impl ShellExecutor {
    /// Runs a command, in the words of `sh`.
    #[must_use]
    pub fn new(command: impl Into<OsString>) -> Self {
        ShellExecutor { command: command.into(), env: Vec::new(), inherit: false, max_output: 1 << 20 }
    }

    /// Adds a variable to the command's environment.
    #[must_use]
    pub fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Gives the command the whole environment of this process, secrets included.
    #[must_use]
    pub fn inherit_env(self) -> Self {
        ShellExecutor { inherit: true, ..self }
    }

    /// The most bytes of stdout that are kept; 1 MiB unless set.
    #[must_use]
    pub fn max_output(self, bytes: usize) -> Self {
        ShellExecutor { max_output: bytes, ..self }
    }

    fn start(&self, task: &Task) -> Result<(Child, Group), ExecuteError> {
        let action = task.action();
        let variables = [
            ("type", "AEGIS_ACTION_TYPE", action.kind()),
            ("target", "AEGIS_ACTION_TARGET", action.target()),
            ("agent_id", "AEGIS_AGENT_ID", action.agent_id()),
        ];
        if let Some((key, ..)) = variables.iter().find(|(.., value)| value.contains('\0')) {
            return Err(ExecuteError::permanent(format!(
                "the command was not started: the action's `{key}` holds a NUL, which no variable can"
            )));
        }
        let mut command = Command::new("sh");
        command.arg("-c").arg(&self.command);
        if !self.inherit {
            command.env_clear().envs(std::env::vars_os().filter(|(name, _)| is_passed_on(name)));
        }
        command
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .envs(variables.map(|(_, name, value)| (name, value)))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        #[cfg(unix)]
        command.process_group(0);
        let child = command.spawn().map_err(|error| {
            let message = format!("the command could not be started: {error}");
            match error.kind() {
                ErrorKind::WouldBlock | ErrorKind::OutOfMemory | ErrorKind::Interrupted => {
                    ExecuteError::new(message)
                }
                _ => ExecuteError::permanent(message),
            }
        })?;
        let group = Group::of(&child);
        Ok((child, group))
    }
}

impl Executor for ShellExecutor {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        let mut input = String::new();
        json::write_task(&mut input, task);
        // The group is dropped first: while the child is not waited for, its number is not given to another.
        let (mut child, mut group) = self.start(task)?;
        let (stdin, stdout, stderr) = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let feed = async {
            if let Some(mut stdin) = stdin {
                // A command that does not read its input ends as it likes.
                let _ = stdin.write_all(input.as_bytes()).await;
            }
            std::future::pending::<Infallible>().await
        };
        let run = async {
            let mut output = Head::new(self.max_output);
            let mut errors = Tail::default();
            let read = tokio::join!(
                drain(stdout, |bytes| output.push(bytes)),
                drain(stderr, |bytes| errors.push(bytes))
            );
            let status = child.wait().await;
            group.ended();
            (read.0.and(read.1).and(status), output, errors)
        };
        let (status, output, errors) = tokio::select! {
            ended = run => ended,
            never = feed => match never {},
        };
        match status {
            Ok(status) if status.success() => Ok(data(&output.kept, output.cut())),
            Ok(status) => Err(ExecuteError::new(format!("the command {}{}", ending(status), errors.said()))),
            Err(error) => Err(ExecuteError::new(format!("the command was lost: {error}"))),
        }
    }
}

impl fmt::Debug for ShellExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let env: Vec<&OsStr> = self.env.iter().map(|(name, _)| name.as_os_str()).collect();
        f.debug_struct("ShellExecutor")
            .field("command", &self.command)
            .field("env", &env)
            .field("inherit", &self.inherit)
            .field("max_output", &self.max_output)
            .finish()
    }
}

/// Whether a variable of this process is one for every command.
fn is_passed_on(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| {
        matches!(name, "PATH" | "HOME" | "LANG" | "TMPDIR" | "TZ") || name.starts_with("LC_")
    })
}

/// In which way a command did not succeed.
fn ending(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was killed by signal {signal}");
    }
    match status.code() {
        Some(code) => format!("ended with code {code}"),
        None => "ended without a code".to_owned(),
    }
}

/// Reads to the end.
async fn drain(from: Option<impl AsyncRead + Unpin>, mut each: impl FnMut(&[u8])) -> std::io::Result<()> {
    let Some(mut from) = from else { return Ok(()) };
    let mut buffer = vec![0; 16 << 10];
    loop {
        match from.read(&mut buffer).await? {
            0 => return Ok(()),
            n => each(buffer.get(..n).unwrap_or_default()),
        }
    }
}

/// The first bytes of many.
struct Head {
    most: usize,
    kept: Vec<u8>,
    all: u64,
}

impl Head {
    fn new(most: usize) -> Self {
        Head { most, kept: Vec::new(), all: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        let room = self.most.saturating_sub(self.kept.len()).min(bytes.len());
        self.kept.extend_from_slice(bytes.get(..room).unwrap_or_default());
        self.all = self.all.saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
    }

    /// How many there were, if not all were kept.
    fn cut(&self) -> Option<Option<u64>> {
        let all_kept = u64::try_from(self.kept.len()).is_ok_and(|kept| kept == self.all);
        (!all_kept).then_some(Some(self.all))
    }
}

/// The last bytes of many.
#[derive(Default)]
struct Tail {
    kept: Vec<u8>,
    cut: bool,
}

impl Tail {
    fn push(&mut self, bytes: &[u8]) {
        self.kept.extend_from_slice(bytes);
        let over = self.kept.len().saturating_sub(STDERR);
        if over > 0 {
            self.kept.drain(..over);
            self.cut = true;
        }
    }

    /// As the end of a message.
    fn said(&self) -> String {
        // The rest of a character whose first bytes are gone.
        let broken =
            if self.cut { self.kept.iter().take_while(|byte| **byte & 0xc0 == 0x80).count() } else { 0 };
        let text = String::from_utf8_lossy(self.kept.get(broken..).unwrap_or_default());
        match text.trim() {
            "" => ", and said nothing on stderr".to_owned(),
            text if self.cut => format!(": ...{}", shown(text)),
            text => format!(": {}", shown(text)),
        }
    }
}

/// The process group of a command, killed when dropped, unless the command was waited for.
struct Group(#[cfg(unix)] Option<rustix::process::Pid>);

#[cfg(unix)]
impl Group {
    /// Of a child that leads its group.
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Group(id.and_then(rustix::process::Pid::from_raw))
    }

    fn ended(&mut self) {
        self.0 = None;
    }
}

#[cfg(unix)]
impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // It may have ended by itself.
            let _ = rustix::process::kill_process_group(group, rustix::process::Signal::KILL);
        }
    }
}

#[cfg(not(unix))]
impl Group {
    fn of(_: &Child) -> Self {
        Group()
    }

    fn ended(&mut self) {}
}
