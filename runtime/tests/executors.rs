//! Actions carried out by a command and by a web service: what they get, what they give, and how they end.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod web;

use aegis_runtime::executor::{Data, ExecuteError, Executor, HttpExecutor};
use aegis_runtime::{Action, Task};
use aegis_vm::json::{self, Json};
use serde_json::json;
use std::time::Duration;
use web::{Server, drip, raw, reply};

/// Long enough for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(60);

/// With params that only an exact writer keeps.
fn task() -> Task {
    let params = r#"{"big":123456789012345678901234567890,"far":1e999,"token":"t0p","text":"é\u0000\"\n"}"#;
    let Json::Object(params) = json::parse(params).unwrap() else { panic!("not an object") };
    let action = Action::new("deploy", "staging").agent("ci-7").description("why").params(params);
    Task::new(action).parent("planner").chain("c-41", 2)
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn done(executor: &impl Executor, task: &Task) -> Result<Data, ExecuteError> {
    run(executor.execute(task))
}

mod http {
    use super::*;
    use std::sync::{Arc, mpsc};

    fn executor(server: &Server) -> HttpExecutor {
        HttpExecutor::new(&server.url).unwrap().timeout(PATIENCE)
    }

    #[test]
    fn the_whole_task_is_posted() {
        let server = Server::new(|_, _, stream| reply(stream, 201, &[], br#"{"version":41}"#));
        let executor = executor(&server).header("Authorization", "Bearer t0p").unwrap();
        assert_eq!(done(&executor, &task()).unwrap(), json!({ "version": 41 }));
        let [seen] = &server.seen()[..] else { panic!("not one request") };
        assert_eq!(seen.line, "POST /hook?key=s3cret-path HTTP/1.1");
        assert_eq!(seen.header("authorization"), "Bearer t0p");
        assert_eq!(seen.header("content-type"), "application/json");
        assert_eq!(Task::from_json(std::str::from_utf8(&seen.body).unwrap()).unwrap(), task());
        assert!(!format!("{executor:?}").contains("t0p"));
    }

    #[test]
    fn a_body_is_data() {
        for (body, data) in [
            (&b"[1, 2]"[..], json!([1, 2])),
            (b"", json!({ "text": "" })),
            (b"done\n", json!({ "text": "done\n" })),
            (b"{\"a\":", json!({ "text": "{\"a\":" })),
            (b"a\xffb", json!({ "text": "a\u{fffd}b" })),
            (b"[\"0123456\"]", json!(["0123456"])),
            (b"[\"01234567\"]", json!({ "text": "[\"01234567\"", "cut": true, "bytes": 12 })),
            ("123456789é€".as_bytes(), json!({ "text": "123456789é", "cut": true, "bytes": 14 })),
            ("1234567890€".as_bytes(), json!({ "text": "1234567890", "cut": true, "bytes": 13 })),
        ] {
            let server = Server::new(move |_, _, stream| reply(stream, 200, &[], body));
            assert_eq!(done(&executor(&server).max_output(11), &task()).unwrap(), data, "{body:?}");
        }
    }

    #[test]
    fn a_body_without_end_is_cut() {
        let (enough, ended) = mpsc::channel();
        let server = Server::new(move |_, _, stream| {
            let start = format!("HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{}", "x".repeat(3_000_000));
            drip(stream, start.as_bytes(), &enough);
        });
        let data = done(&executor(&server).max_output(2_000_000), &task()).unwrap();
        assert_eq!(data["text"].as_str().unwrap().len(), 2_000_000);
        assert_eq!((&data["cut"], &data["bytes"]), (&json!(true), &json!(null)));
        ended.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn what_went_wrong_may_or_may_not_pass() {
        for (status, permanent) in
            [(400, true), (404, true), (409, true), (429, false), (500, false), (503, false), (304, true)]
        {
            let server = Server::new(move |_, _, stream| reply(stream, status, &[], b"no \x1b[2J room"));
            let error = done(&executor(&server), &task()).unwrap_err();
            assert_eq!(error.is_permanent(), permanent, "{status}: {error}");
            assert!(error.to_string().contains(&format!("answered {status}")), "{error}");
            assert!(!error.to_string().contains(char::is_control), "{error}");
            if status != 304 {
                assert!(error.to_string().ends_with(": no \\u{1b}[2J room"), "{error}");
            }
        }
        for (bytes, permanent, word) in [
            ("", false, "no answer from"),
            ("garbage\r\n\r\n", true, "no answer from"),
            ("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhalf", true, "may have been done"),
            ("HTTP/1.1 500 No\r\ncontent-length: 9\r\n\r\nhalf", false, "answered 500"),
            ("HTTP/1.1 400 No\r\ncontent-length: 9\r\n\r\nhalf", true, "answered 400"),
        ] {
            let server = Server::new(move |_, _, stream| raw(stream, bytes.as_bytes()));
            let error = done(&executor(&server), &task()).unwrap_err();
            assert_eq!(error.is_permanent(), permanent, "{bytes}: {error}");
            assert!(error.to_string().contains(word), "{bytes}: {error}");
            assert!(!error.to_string().contains("s3cret-path"), "{error}");
        }
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let error = done(&HttpExecutor::new(&format!("http://{closed}/")).unwrap(), &task()).unwrap_err();
        assert!(!error.is_permanent(), "{error}");
    }

    #[test]
    fn a_redirect_is_not_followed() {
        let other = Arc::new(Server::new(|_, _, stream| reply(stream, 200, &[], b"1")));
        for status in [301, 302, 303, 307, 308] {
            let to = other.url.clone();
            let server = Server::new(move |_, _, stream| reply(stream, status, &[("location", &to)], b""));
            let error = done(&executor(&server), &task()).unwrap_err();
            assert!(
                error.is_permanent() && error.to_string().contains("redirects are not followed"),
                "{error}"
            );
        }
        assert!(other.seen().is_empty());
    }

    #[test]
    fn a_slow_drip_ends() {
        let (enough, ended) = mpsc::channel();
        let server = Server::new(move |_, _, stream| drip(stream, b"HTTP/1.1 200 ", &enough));
        let error = done(&executor(&server).timeout(Duration::from_millis(200)), &task()).unwrap_err();
        assert!(error.to_string().contains("longer than 200ms") && !error.is_permanent(), "{error}");
        ended.recv_timeout(PATIENCE).unwrap();
    }

    #[test]
    fn plain_http_needs_to_be_allowed() {
        let executor = HttpExecutor::new("http://192.0.2.1:9/").unwrap();
        let error = done(&executor, &task()).unwrap_err();
        assert!(error.is_permanent() && error.to_string().contains("use https"), "{error}");
    }

    #[test]
    fn a_header_that_cannot_be_is_refused() {
        for (name, value) in [
            ("", "a"),
            ("a b", "a"),
            ("a\r\nb", "a"),
            ("x-a", "a\r\nx-b: b"),
            ("x-a", "\0"),
            ("Content-Length", "3"),
            ("transfer-encoding", "chunked"),
            ("content-type", "text/plain"),
        ] {
            let executor = HttpExecutor::new("https://example.com/").unwrap();
            let error = executor.header(name, value).map(|_| ()).unwrap_err().to_string();
            assert!(!error.contains(char::is_control), "{error}");
        }
    }
}

#[cfg(unix)]
mod shell {
    use super::*;
    use aegis_runtime::executor::ShellExecutor;
    use std::io::{BufRead as _, BufReader};
    use std::path::Path;
    use std::sync::mpsc;

    fn on(target: &str) -> Task {
        Task::new(Action::new("deploy", target).agent("ci-7"))
    }

    fn text(data: &Data) -> &str {
        data["text"].as_str().unwrap_or_else(|| panic!("no text: {data}"))
    }

    #[test]
    fn the_whole_task_is_on_stdin() {
        let data = done(&ShellExecutor::new("echo text:; cat"), &task()).unwrap();
        assert_eq!(Task::from_json(text(&data).strip_prefix("text:\n").unwrap()).unwrap(), task());
    }

    #[test]
    fn output_is_data() {
        for (command, data) in [
            (r#"echo '{"a": [1]}'"#, json!({ "a": [1] })),
            ("echo done", json!({ "text": "done\n" })),
            ("true", json!({ "text": "" })),
            (r"printf 'a\377b'", json!({ "text": "a\u{fffd}b" })),
            ("printf 123456789012", json!({ "text": "12345678901", "cut": true, "bytes": 12 })),
            ("printf 1234567890é", json!({ "text": "1234567890", "cut": true, "bytes": 12 })),
            ("printf 12345678901", json!(12_345_678_901_u64)),
            ("echo no >&2; printf 1", json!(1)),
        ] {
            assert_eq!(
                done(&ShellExecutor::new(command).max_output(11), &task()).unwrap(),
                data,
                "{command}"
            );
        }
    }

    #[test]
    fn an_action_is_never_a_command() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().to_str().unwrap();
        let command =
            r#"cd "$DIR" && printf '%s|%s|%s' "$AEGIS_ACTION_TYPE" "$AEGIS_ACTION_TARGET" "$AEGIS_AGENT_ID""#;
        let executor = ShellExecutor::new(command).env("DIR", path);
        for evil in [
            "; touch pwned",
            "$(touch pwned)",
            "`touch pwned`",
            "' ; touch pwned; '",
            "\" ; touch pwned; \"",
            "\n touch pwned\n",
            "| touch pwned",
            "&& touch pwned",
            "> pwned",
            "-n",
            "%s%n\\",
            "() { :; }; touch pwned",
            "*",
            "é\u{1}\u{7f}",
            "",
        ] {
            let action = Action::new(evil, evil).agent(evil).param("text", evil).param(evil, evil);
            let data = done(&executor, &Task::new(action).parent(evil)).unwrap();
            assert_eq!(text(&data), format!("{evil}|{evil}|{evil}"));
            assert_eq!(std::fs::read_dir(&dir).unwrap().count(), 0, "{evil:?}");
        }
    }

    #[test]
    fn a_nul_starts_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let started = dir.path().join("started");
        let executor = ShellExecutor::new(r#"touch "$STARTED""#).env("STARTED", &started);
        for (key, action) in [
            ("type", Action::new("a\0b", "t")),
            ("target", Action::new("a", "\0")),
            ("agent_id", Action::new("a", "t").agent("b\0")),
        ] {
            let error = done(&executor, &Task::new(action)).unwrap_err();
            assert!(
                error.is_permanent() && error.to_string().contains(&format!("`{key}` holds a NUL")),
                "{error}"
            );
        }
        assert!(!started.exists());
        done(&executor, &on("t")).unwrap();
        assert!(started.exists());
    }

    #[test]
    fn too_long_for_a_variable_starts_nothing() {
        let error = done(&ShellExecutor::new("true"), &on(&"x".repeat(1 << 24))).unwrap_err();
        assert!(error.is_permanent() && error.to_string().contains("could not be started"), "{error}");
    }

    #[test]
    fn only_some_of_the_environment_is_passed_on() {
        let names = |executor: ShellExecutor| {
            let data = done(&executor, &on("t")).unwrap();
            let mut names: Vec<String> = text(&data)
                .lines()
                .filter_map(|line| line.split_once('='))
                .map(|(name, _)| name.to_owned())
                .collect();
            names.sort();
            names
        };
        // What cargo sets for a test is there to be left out.
        assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some());
        let few = names(ShellExecutor::new("env").env("ADDED", "1").env("AEGIS_ACTION_TYPE", "other"));
        let own = ["PATH", "HOME", "LANG", "TMPDIR", "TZ", "ADDED", "PWD", "SHLVL", "_", "OLDPWD"];
        for name in &few {
            assert!(
                own.contains(&name.as_str()) || name.starts_with("LC_") || name.starts_with("AEGIS_"),
                "{name}"
            );
        }
        for name in ["PATH", "ADDED", "AEGIS_ACTION_TYPE", "AEGIS_ACTION_TARGET", "AEGIS_AGENT_ID"] {
            assert!(few.contains(&name.to_owned()), "{name}");
        }
        let all = names(ShellExecutor::new("env").inherit_env());
        assert!(all.contains(&"CARGO_MANIFEST_DIR".to_owned()), "{all:?}");
        let kind = ShellExecutor::new(r#"printf %s. "$AEGIS_ACTION_TYPE""#).env("AEGIS_ACTION_TYPE", "other");
        assert_eq!(text(&done(&kind, &on("t")).unwrap()), "deploy.");
        assert!(!format!("{:?}", ShellExecutor::new("env").env("TOKEN", "t0p")).contains("t0p"));
    }

    #[test]
    fn a_failure_says_how_and_shows_the_end_of_stderr() {
        for (command, said) in [
            ("exit 3", "the command ended with code 3, and said nothing on stderr"),
            (
                "echo out; printf 'no \\033[2J\\nroom\\n' >&2; exit 1",
                "the command ended with code 1: no \\u{1b}[2J\\nroom",
            ),
            ("kill -9 $$", "the command was killed by signal 9, and said nothing on stderr"),
        ] {
            assert_eq!(done(&ShellExecutor::new(command), &on("t")).unwrap_err().to_string(), said);
        }
        let error = done(&ShellExecutor::new("no-such-program-here"), &on("t")).unwrap_err().to_string();
        assert!(error.contains("ended with code 127: "), "{error}");
        let long = "i=0; while [ $i -lt 5000 ]; do echo é; i=$((i+1)); done >&2; printf end >&2; exit 1";
        let error = done(&ShellExecutor::new(long), &on("t")).unwrap_err().to_string();
        assert!(error.starts_with("the command ended with code 1: ..."), "{error}");
        assert!(error.ends_with("é\\nend") && !error.contains('\u{fffd}') && error.len() < 4_000, "{error}");
    }

    #[test]
    fn stdin_need_not_be_read() {
        // Far more than a pipe holds.
        let big = Task::new(Action::new("deploy", "t").param("text", "x".repeat(4 << 20)));
        for command in ["true", "exec <&-; echo 1", "head -c 1 >/dev/null"] {
            done(&ShellExecutor::new(command), &big).unwrap();
        }
        // While a process that is left keeps stdin open and does not read it.
        let left = "sleep 1000 <&0 >/dev/null 2>&1 & echo $!";
        let data = done(&ShellExecutor::new(left), &big).unwrap();
        let left = i32::try_from(data.as_i64().unwrap()).unwrap();
        let left = rustix::process::Pid::from_raw(left).unwrap();
        rustix::process::kill_process(left, rustix::process::Signal::KILL).unwrap();
        // And one that reads it all gets it all.
        let data = done(&ShellExecutor::new("wc -c"), &big).unwrap();
        assert!(data.as_u64().unwrap() > 4 << 20, "{data}");
    }

    #[test]
    fn a_gigabyte_of_output_is_not_kept() {
        let before = peak();
        let data = done(&ShellExecutor::new("yes | head -c 1073741824"), &on("t")).unwrap();
        assert_eq!((&data["cut"], &data["bytes"]), (&json!(true), &json!(1_u64 << 30)));
        assert_eq!(text(&data).len(), 1 << 20);
        if let (Some(before), Some(after)) = (before, peak()) {
            // Other tests of this process take some, too.
            assert!(after - before < 128 << 10, "{before} kB, then {after} kB");
        }
        // And none of stderr but its end.
        let error = done(&ShellExecutor::new("yes | head -c 33554432 >&2; exit 1"), &on("t")).unwrap_err();
        assert!(error.to_string().len() < 8_000);
    }

    /// The most memory that this process ever had, in kB, where that is told.
    fn peak() -> Option<u64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// Says when a command that holds the pipe has begun, and when nobody holds it any more.
    fn watch(pipe: &Path) -> mpsc::Receiver<&'static str> {
        assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
        let (sender, receiver) = mpsc::channel();
        let pipe = pipe.to_owned();
        std::thread::spawn(move || {
            let mut pipe = BufReader::new(std::fs::File::open(pipe).unwrap());
            pipe.read_line(&mut String::new()).unwrap();
            sender.send("begun").unwrap();
            assert_eq!(pipe.read_line(&mut String::new()).unwrap(), 0);
            sender.send("ended").unwrap();
        });
        receiver
    }

    #[test]
    fn what_is_given_up_is_killed_with_all_that_it_started() {
        for command in [
            // Waiting for a child that has children.
            r#"exec 3>"$PIPE"; (sleep 1000 & sleep 1000) & echo up >&3; wait"#,
            // The command has ended, but what it left holds stdout.
            r#"exec 3>"$PIPE"; sleep 1000 & echo up >&3"#,
            // Nothing of it ends when asked to.
            r#"trap '' TERM INT HUP; exec 3>"$PIPE"; sh -c 'trap "" TERM; while :; do sleep 1000; done' & echo up >&3; wait"#,
            // Nothing holds stdout and stderr, but it goes on.
            r#"exec 3>"$PIPE" >/dev/null 2>&1; sleep 1000 & echo up >&3; sleep 1000"#,
        ] {
            let dir = tempfile::tempdir().unwrap();
            let pipe = dir.path().join("pipe");
            let events = watch(&pipe);
            let executor = ShellExecutor::new(command).env("PIPE", &pipe);
            let events = run(async {
                let begun = tokio::task::spawn_blocking(move || {
                    assert_eq!(events.recv_timeout(PATIENCE), Ok("begun"));
                    events
                });
                let task = on("t");
                tokio::select! {
                    biased;
                    ended = executor.execute(&task) => panic!("{command}: {ended:?}"),
                    events = begun => events.unwrap(),
                }
            });
            assert_eq!(events.recv_timeout(PATIENCE), Ok("ended"), "{command}");
        }
    }

    #[test]
    fn many_at_once() {
        let executor = ShellExecutor::new(r#"cat >/dev/null; printf '"%s"' "$AEGIS_ACTION_TARGET""#);
        run(async {
            let executor = std::sync::Arc::new(executor);
            let all: Vec<_> = (0..50)
                .map(|n| {
                    let executor = executor.clone();
                    tokio::spawn(async move { executor.execute(&on(&format!("t{n}"))).await })
                })
                .collect();
            for (n, one) in all.into_iter().enumerate() {
                assert_eq!(one.await.unwrap().unwrap(), json!(format!("t{n}")));
            }
        });
    }
}
