//! Approval by a web service: the one answer that approves, and what does not.
//!
//! `PROPTEST_CASES` sets the number of drawn answers.

#![expect(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod web;

use aegis_runtime::approval::{Answer, ApprovalError, ApprovalHandler, ApprovalRequest, WebhookApproval};
use aegis_runtime::{Action, RiskLevel, Task};
use aegis_vm::json::{self, Json};
use hmac::{Hmac, KeyInit as _, Mac as _};
use proptest::prelude::*;
use sha2::Sha256;
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Barrier, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use web::{Seen, Server, drip, raw, reply};

const SECRET: &str = "a secret that nobody guesses";
const ID: &str = "0123456789abcdef0123456789abcdef";

/// Long enough for a machine that is busy with other things.
const PATIENCE: Duration = Duration::from_secs(30);

fn question() -> ApprovalRequest {
    let params =
        r#"{"big":123456789012345678901234567890,"far":1e999,"text":"é\u0001\"","token":"[REDACTED]"}"#;
    let Json::Object(params) = json::parse(params).unwrap() else { panic!("not an object") };
    let action = Action::new("deploy", "production").agent("ci-7").params(params);
    let mut request = ApprovalRequest::new(ID, Task::new(action).parent("planner").chain("c-41", 2));
    request.session_id = "s-1".to_owned();
    request.risk_level = RiskLevel::High;
    request.rule = "production_approve".to_owned();
    request.origin = "policies/base.yaml:12".to_owned();
    request.policy_digest = "77c1".to_owned();
    request
}

fn signed_with(secret: &str, prefix: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    for part in [prefix.as_bytes(), b".", body] {
        mac.update(part);
    }
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("v1={hex}")
}

fn signed(body: &[u8]) -> String {
    signed_with(SECRET, ID, body)
}

fn yes() -> String {
    format!(r#"{{"request_id":"{ID}","approved":true,"by":"ann"}}"#)
}

/// A signed answer.
fn answer(stream: &mut TcpStream, body: &[u8]) {
    reply(stream, 200, &[("X-Aegis-Signature", &signed(body))], body);
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

fn ask(handler: &WebhookApproval) -> Result<Answer, ApprovalError> {
    run(ApprovalHandler::ask(handler, &question()))
}

fn handler(server: &Server) -> WebhookApproval {
    WebhookApproval::new(&server.url, SECRET).unwrap().timeout(PATIENCE).retries(0)
}

#[test]
fn a_signed_yes_approves() {
    let server = Server::new(|_, _, stream| answer(stream, yes().as_bytes()));
    let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(ask(&handler(&server)).unwrap(), Answer::approved("ann"));
    let after = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();

    let [seen] = &server.seen()[..] else { panic!("not one request") };
    assert_eq!(seen.line, "POST /hook?key=s3cret-path HTTP/1.1");
    assert_eq!(seen.header("content-type"), "application/json");
    let timestamp = seen.header("x-aegis-timestamp");
    assert!((before..=after).contains(&timestamp.parse().unwrap()), "{timestamp}");
    assert_eq!(seen.header("x-aegis-signature"), signed_with(SECRET, timestamp, &seen.body));

    // Exact, so by the reader that is.
    let body = std::str::from_utf8(&seen.body).unwrap();
    let Json::Object(body) = json::parse(body).unwrap() else { panic!("no object: {body}") };
    let request = question();
    let Some(Json::Object(action)) = body.get("action") else { panic!("no action: {body:?}") };
    assert_eq!(Action::from_object(action.clone()).unwrap(), *request.task.action());
    for (key, value) in [("parent_agent_id", "planner"), ("chain_id", "c-41")] {
        assert_eq!(action.get(key), Some(&value.into()));
    }
    assert_eq!(action.get("chain_depth"), Some(&Json::Int(2)));
    for (key, value) in [
        ("request_id", ID),
        ("session_id", "s-1"),
        ("risk_level", "high"),
        ("rule", "production_approve"),
        ("origin", "policies/base.yaml:12"),
        ("policy_digest", "77c1"),
        ("text", &request.text()),
    ] {
        assert_eq!(body.get(key), Some(&value.into()), "{key}");
    }
    let Some(Json::Int(asked_at)) = body.get("asked_at") else { panic!("not asked at a time: {body:?}") };
    assert!((before..=after).contains(&u64::try_from(*asked_at).unwrap()));
}

#[test]
fn a_signed_no_denies() {
    for (body, denied) in [
        (
            format!(
                r#" {{"by":"bob","reason":"not today","request_id":"{ID}","approved":false,"more":[1]}} "#
            ),
            Answer::denied("bob", "not today"),
        ),
        (
            format!(r#"{{"by":"bob","reason":null,"request_id":"{ID}","approved":false}}"#),
            Answer::denied("bob", ""),
        ),
    ] {
        let server = Server::new(move |_, _, stream| answer(stream, body.as_bytes()));
        assert_eq!(ask(&handler(&server)).unwrap(), denied);
    }
}

/// An answer that is none: what is sent back, and a word of the error.
type Wrong = (&'static str, Box<dyn Fn(&Seen, usize, &mut TcpStream) + Send + Sync>);

fn body(word: &'static str, text: impl Into<Vec<u8>>) -> Wrong {
    let text = text.into();
    (word, Box::new(move |_, _, stream| answer(stream, &text)))
}

fn status(word: &'static str, status: u16) -> Wrong {
    (
        word,
        Box::new(move |_, _, stream| {
            reply(stream, status, &[("X-Aegis-Signature", &signed(yes().as_bytes()))], yes().as_bytes());
        }),
    )
}

fn signature(word: &'static str, headers: Vec<String>) -> Wrong {
    (
        word,
        Box::new(move |_, _, stream| {
            let headers: Vec<(&str, &str)> =
                headers.iter().map(|value| ("x-aegis-signature", value.as_str())).collect();
            reply(stream, 200, &headers, yes().as_bytes());
        }),
    )
}

fn bytes(word: &'static str, bytes: impl Into<Vec<u8>>) -> Wrong {
    let bytes = bytes.into();
    (word, Box::new(move |_, _, stream| raw(stream, &bytes)))
}

#[test]
fn whatever_else_denies() {
    let yes = yes();
    let right = signed(yes.as_bytes());
    let with = |from: &str, to: &str| yes.replace(from, to);
    let whole = format!("HTTP/1.1 200 OK\r\nX-Aegis-Signature: {right}\r\n");
    let length = yes.len();
    let wrong = [
        status("answered 201; only 200", 201),
        status("answered 203; only 200", 203),
        status("answered 400; only 200", 400),
        status("answered 403; only 200", 403),
        status("answered 500; only 200", 500),
        status("answered 429", 429),
        status("answered 503", 503),
        bytes("answered 204; only 200", format!("HTTP/1.1 204 No\r\nX-Aegis-Signature: {right}\r\n\r\n")),
        signature("without the header", vec![]),
        signature("more than one header", vec![right.clone(), right.clone()]),
        signature("64 hexadecimal digits", vec![String::new()]),
        signature("64 hexadecimal digits", vec![right[3..].to_owned()]),
        signature("64 hexadecimal digits", vec![right[..66].to_owned()]),
        signature("64 hexadecimal digits", vec![right.replace("v1", "v0")]),
        signature("64 hexadecimal digits", vec![format!("{right}, {right}")]),
        signature("a wrong signature", vec![format!("v1={}", "0".repeat(64))]),
        signature("a wrong signature", vec![signed_with("another", ID, yes.as_bytes())]),
        signature("a wrong signature", vec![signed_with(SECRET, "another", yes.as_bytes())]),
        signature("a wrong signature", vec![signed_with(SECRET, ID, b"")]),
        (
            "a wrong signature",
            Box::new(|seen, _, stream| {
                // The question, sent back.
                let (own, question) = (seen.header("x-aegis-signature"), &seen.body);
                reply(stream, 200, &[("x-aegis-signature", own)], question);
            }),
        ),
        body("not UTF-8", [yes.as_bytes(), b"\xff"].concat()),
        body("no JSON object", ""),
        body("no JSON object", "true"),
        body("no JSON object", format!(r#"["{ID}", true, "ann", null]"#)),
        body("is no object of", &yes[..length - 1]),
        body("is no object of", format!("{yes}{yes}")),
        body("is no object of", with("true", "True")),
        body("duplicate field `approved`", with("true", r#"true,"approved":true"#)),
        body("duplicate field `approved`", with("true", r#"false,"appr\u006fved":true"#)),
        body("duplicate field `by`", with("true", r#"true,"by":"eve""#)),
        body("duplicate field `request_id`", with("true", &format!(r#"true,"request_id":"{ID}""#))),
        body("missing field `approved`", with("approved", "Approved")),
        body("missing field `by`", with("by", "who")),
        body("missing field `request_id`", with("request_id", "id")),
        body("expected a boolean", with("true", r#""true""#)),
        body("expected a boolean", with("true", "1")),
        body("expected a boolean", with("true", "null")),
        body("expected a boolean", with("true", "[true]")),
        body("expected a string", with(r#""ann""#, "7")),
        body("`by` is empty", with("ann", "")),
        body("`by` is empty", with("ann", " \\n")),
        body("answered another question", with(ID, "0123456789abcdef0123456789abcdee")),
        body("answered another question", with(ID, "")),
        body("more than 1024 bytes", with("ann", &"a".repeat(1024))),
        bytes("no answer from", ""),
        bytes("no answer from", "\0\u{1}garbage\r\n\r\n"),
        bytes("no answer from", yes.as_str()),
        bytes("no answer from", "HTTP/1.1 200 OK\r\n"),
        bytes("no answer from", format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "x".repeat(100_000))),
        bytes("broke off", format!("{whole}content-length: {}\r\n\r\n{yes}", length + 1)),
        bytes("broke off", format!("{whole}transfer-encoding: chunked\r\n\r\n{length:x}\r\n{yes}")),
        bytes("broke off", format!("{whole}transfer-encoding: chunked\r\n\r\nzz\r\n{yes}\r\n0\r\n\r\n")),
        bytes("wrong signature", format!("{whole}content-length: {}\r\n\r\n{yes}", length - 1)),
    ];
    for (nth, (word, reply)) in wrong.into_iter().enumerate() {
        let server = Server::new(reply);
        let error = match ask(&handler(&server).max_answer(1024)) {
            Err(error) => error.to_string(),
            Ok(answer) => panic!("{nth}, {word}: {answer:?}"),
        };
        assert!(error.contains(word), "{nth}, {word}: {error}");
        assert!(error.contains("http://127.0.0.1:"), "{error}");
        assert!(!error.contains(SECRET) && !error.contains("s3cret-path"), "{error}");
        assert!(error.len() < 1_000 && !error.contains(char::is_control), "{error}");
        assert_eq!(server.seen().len(), 1, "{word}: asked again");
    }
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Arc::new(Server::new(|_, _, stream| answer(stream, yes().as_bytes())));
    for status in [301, 302, 303, 307, 308] {
        let to = other.url.clone();
        let server = Server::new(move |_, _, stream| reply(stream, status, &[("location", &to)], b""));
        let error = ask(&handler(&server)).unwrap_err().to_string();
        assert!(error.contains(&format!("answered {status}, and redirects are not followed")), "{error}");
    }
    assert!(other.seen().is_empty());
}

#[test]
fn what_passes_is_tried_again_as_the_same_question() {
    let server = Server::new(|_, nth, stream| match nth {
        0 => reply(stream, 503, &[], b"soon"),
        1 => {}
        2 => raw(stream, b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{"),
        _ => answer(stream, yes().as_bytes()),
    });
    assert_eq!(ask(&handler(&server).retries(3)).unwrap(), Answer::approved("ann"));
    let seen = server.seen();
    assert_eq!(seen.len(), 4);
    assert!(seen.iter().all(|one| one.body == seen[0].body));
    assert!(seen[0].body.starts_with(format!(r#"{{"request_id":"{ID}","#).as_bytes()));
}

#[test]
fn trying_again_ends() {
    let server = Server::new(|_, _, stream| reply(stream, 502, &[], b""));
    let error = ask(&handler(&server).retries(1)).unwrap_err().to_string();
    assert!(error.ends_with("answered 502 (the last of 2 tries)"), "{error}");
    assert_eq!(server.seen().len(), 2);

    // A port where nobody listens any more.
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let handler = WebhookApproval::new(&format!("http://{closed}/"), SECRET).unwrap().retries(1);
    let error = ask(&handler).unwrap_err().to_string();
    assert!(error.contains("no answer from") && error.contains("(the last of 2 tries)"), "{error}");
}

#[test]
fn a_no_is_not_asked_again() {
    let server = Server::new(|_, nth, stream| match nth {
        0 => reply(stream, 403, &[], b""),
        _ => answer(stream, yes().as_bytes()),
    });
    ask(&handler(&server).retries(5)).unwrap_err();
    assert_eq!(server.seen().len(), 1);
}

#[test]
fn a_slow_drip_ends() {
    for start in
        ["HTTP/1.1 200 ", "HTTP/1.1 200 OK\r\nx:", "HTTP/1.1 200 OK\r\ncontent-length: 60000\r\n\r\n"]
    {
        let (enough, ended) = mpsc::channel();
        let server = Server::new(move |_, _, stream| drip(stream, start.as_bytes(), &enough));
        let error = ask(&handler(&server).timeout(Duration::from_millis(200))).unwrap_err().to_string();
        assert!(error.contains("longer than 200ms"), "{start:?}: {error}");
        // The server is let go, too.
        ended.recv_timeout(PATIENCE).unwrap();
    }
}

#[test]
fn plain_http_needs_to_be_allowed() {
    // An address that is kept for examples.
    let handler = WebhookApproval::new("http://192.0.2.1:9/", SECRET).unwrap();
    let error = ask(&handler).unwrap_err().to_string();
    assert!(error.contains("http://192.0.2.1:9 is not called") && error.contains("use https"), "{error}");
}

#[test]
fn what_cannot_work_is_refused() {
    let error = WebhookApproval::new("https://example.com/", "").unwrap_err().to_string();
    assert!(error.contains("is empty"), "{error}");
    WebhookApproval::new("example.com", SECRET).unwrap_err();
    let debug = format!("{:?}", WebhookApproval::new("https://example.com/s3cret-path", SECRET).unwrap());
    assert!(!debug.contains(SECRET) && !debug.contains("s3cret-path"), "{debug}");
}

#[test]
fn so_many_are_under_way_and_no_more() {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    // Each waits for another: with fewer than two at once there would be no end.
    let pair = Barrier::new(2);
    let server = Server::new({
        let most = most.clone();
        move |_, _, stream| {
            most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            pair.wait();
            now.fetch_sub(1, Ordering::SeqCst);
            answer(stream, yes().as_bytes());
        }
    });
    let handler = handler(&server).in_flight(2);
    run(async {
        let request = question();
        let ask = || ApprovalHandler::ask(&handler, &request);
        let answers = tokio::join!(ask(), ask(), ask(), ask(), ask(), ask());
        let answers = [answers.0, answers.1, answers.2, answers.3, answers.4, answers.5];
        assert!(answers.into_iter().all(|answer| answer == Ok(Answer::approved("ann"))));
    });
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[test]
fn who_gives_up_waiting_asks_nothing() {
    let (arrived, first) = mpsc::channel();
    let (go, gone) = mpsc::channel::<()>();
    let gone = Mutex::new(gone);
    let server = Server::new(move |_, _, stream| {
        arrived.send(()).unwrap();
        let _ = gone.lock().unwrap().recv();
        answer(stream, yes().as_bytes());
    });
    let handler = handler(&server).in_flight(1);
    run(async {
        let request = question();
        let mut held = Box::pin(ApprovalHandler::ask(&handler, &request));
        let mut queued = Box::pin(ApprovalHandler::ask(&handler, &request));
        let arrived = tokio::task::spawn_blocking(move || first.recv_timeout(PATIENCE).unwrap());
        tokio::select! {
            biased;
            _ = &mut held => panic!("answered too early"),
            _ = &mut queued => panic!("answered out of turn"),
            there = arrived => there.unwrap(),
        }
        drop(queued);
        go.send(()).unwrap();
        assert_eq!(held.await.unwrap(), Answer::approved("ann"));
    });
    assert_eq!(server.seen().len(), 1);
}

/// What a test has the server say next.
fn saying() -> (Arc<Mutex<Vec<u8>>>, Server) {
    let next = Arc::new(Mutex::new(Vec::new()));
    let server = Server::new({
        let next = next.clone();
        move |_, _, stream| raw(stream, &next.lock().unwrap())
    });
    (next, server)
}

fn framed(signature: &[u8], body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\nx-aegis-signature: ",
        body.len()
    );
    [head.as_bytes(), signature, b"\r\n\r\n", body].concat()
}

#[test]
fn drawn_answers_never_approve() {
    let (next, server) = saying();
    let handler = handler(&server);
    let right = framed(signed(yes().as_bytes()).as_bytes(), yes().as_bytes());
    *next.lock().unwrap() = right;
    // So that the rest says something.
    assert_eq!(ask(&handler).unwrap(), Answer::approved("ann"));

    let any_body = || {
        prop_oneof![
            prop::collection::vec(any::<u8>(), 0..200),
            Just(yes().into_bytes()),
            "\\{\"approved\":true(,\"[a-z_]{2,10}\":(true|\"[a-z]\"|null|1)){0,4}\\}"
                .prop_map(String::into_bytes),
        ]
    };
    let mut config = ProptestConfig { failure_persistence: None, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 400;
    }
    let answers = prop_oneof![
        // Not even HTTP.
        prop::collection::vec(any::<u8>(), 0..300),
        // Signed by one who does not know the secret.
        (any_body(), "v1=[0-9a-f]{64}").prop_map(|(body, signature)| framed(signature.as_bytes(), &body)),
        // Signed, but something was changed on the way.
        (any::<prop::sample::Index>(), any::<u8>()).prop_map(|(at, byte)| {
            let mut body = yes().into_bytes();
            let signature = signed(&body);
            let at = at.index(body.len());
            body[at] = if body[at] == byte { byte ^ 1 } else { byte };
            framed(signature.as_bytes(), &body)
        }),
        (3_usize..67, 1_u8..16).prop_map(|(at, change)| {
            let mut signature = signed(yes().as_bytes()).into_bytes();
            let digit = char::from(signature[at]).to_digit(16).unwrap() ^ u32::from(change);
            signature[at] = u8::try_from(char::from_digit(digit, 16).unwrap()).unwrap();
            framed(&signature, yes().as_bytes())
        }),
    ];
    proptest!(config, |(said in answers)| {
        *next.lock().unwrap() = said;
        prop_assert!(ask(&handler).is_err());
    });

    // Signed, but not what was asked for.
    proptest!(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() }, |(body in any_body())| {
        prop_assume!(body != yes().as_bytes());
        *next.lock().unwrap() = framed(signed(&body).as_bytes(), &body);
        prop_assert!(ask(&handler).is_err());
    });
}
