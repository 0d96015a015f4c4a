//! What the web handlers share: one POST to one place, with a bound on its time, its answer and how many are under
//! way.

use crate::approval::shown;
use std::fmt;
use std::io::Read as _;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;
use ureq::http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use ureq::http::{Request, Uri};
use ureq::{Agent, Proxy};

/// How many requests are under way at once, unless told otherwise.
const IN_FLIGHT: usize = 64;

/// Longer than any request should take; what is beyond it could not be added to a clock.
const LONGEST: Duration = Duration::from_secs(365 * 24 * 3600);

/// How much of another's words a message shows, in characters.
const QUOTED: usize = 300;

/// Why a web service cannot be called as it was set up.
///
/// # Examples
///
/// ```
/// use aegis_runtime::executor::HttpExecutor;
///
/// let error = HttpExecutor::new("example.com/actions").unwrap_err();
/// assert_eq!(error.to_string(), "the url of the web service is none: invalid format");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointError(String);

impl EndpointError {
    pub(crate) fn new(message: impl Into<String>) -> Self {
        EndpointError(message.into())
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for EndpointError {}

/// Posts to one URL.
pub(crate) struct Client {
    uri: Uri,
    /// Scheme, host and port: the rest of a URL may be a secret, and is not shown.
    origin: String,
    /// Whether what is sent could be read on the way.
    open: bool,
    allow_plain: bool,
    loopback: bool,
    env_proxy: bool,
    timeout: Duration,
    agent: Agent,
    room: Arc<Semaphore>,
}

/// What came back.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    /// No longer than asked for.
    pub(crate) body: Vec<u8>,
    /// Whether there was more of it.
    pub(crate) cut: bool,
    /// How long it is, if the service said so.
    pub(crate) length: Option<u64>,
}

/// Why nothing, or not all, came back.
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    /// Names the place and the reason.
    pub(crate) message: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// Nothing was sent.
    Refused,
    /// The connection was not made, broke or was too slow.
    Connection,
    /// What came back is no HTTP, or the other end is not who it should be.
    Protocol,
    /// A status came back, but not the whole body.
    Broken(u16),
}

impl Client {
    /// Posts to a URL, each try within a time.
    pub(crate) fn new(url: &str, timeout: Duration) -> Result<Self, EndpointError> {
        let uri: Uri = url.parse().map_err(|error: ureq::http::uri::InvalidUri| {
            EndpointError(format!("the url of the web service is none: {error}"))
        })?;
        let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else {
            return Err(EndpointError::new(
                "the url of the web service is not whole: write it as https://host/path",
            ));
        };
        let plain = match scheme {
            "https" => false,
            "http" => true,
            other => {
                return Err(EndpointError(format!(
                    "the url of the web service begins with `{other}:`: use https"
                )));
            }
        };
        if authority.as_str().contains('@') {
            return Err(EndpointError::new(
                "the url of the web service holds a name or password: send them in a header",
            ));
        }
        let host = authority.host();
        let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(host);
        let loopback = address.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok_and(|address| address.is_loopback());
        if host.is_empty() {
            return Err(EndpointError::new("the url of the web service names no host"));
        }
        let timeout = timeout.min(LONGEST);
        Ok(Client {
            origin: format!("{scheme}://{authority}"),
            open: plain && !loopback,
            allow_plain: false,
            loopback,
            env_proxy: false,
            timeout,
            agent: agent(timeout, None),
            room: Arc::new(Semaphore::new(IN_FLIGHT)),
            uri,
        })
    }

    pub(crate) fn timeout(self, timeout: Duration) -> Self {
        Client { timeout: timeout.min(LONGEST), ..self }.rebuilt()
    }

    pub(crate) fn allow_plain(self) -> Self {
        Client { allow_plain: true, ..self }
    }

    pub(crate) fn in_flight(self, most: usize) -> Self {
        Client { room: Arc::new(Semaphore::new(most.clamp(1, Semaphore::MAX_PERMITS))), ..self }
    }

    pub(crate) fn proxy_from_env(self) -> Self {
        Client { env_proxy: true, ..self }.rebuilt()
    }

    fn rebuilt(self) -> Self {
        // What stays on this machine goes through no proxy, or it would not stay.
        let proxy = if self.env_proxy && !self.loopback { Proxy::try_from_env() } else { None };
        Client { agent: agent(self.timeout, proxy), ..self }
    }

    /// Scheme, host and port.
    pub(crate) fn origin(&self) -> &str {
        &self.origin
    }

    /// Sends a body of JSON, and reads the answer up to so many bytes.
    ///
    /// If the future is dropped, a request that is not on its way yet is not sent.
    pub(crate) async fn post(
        &self,
        headers: &[(HeaderName, HeaderValue)],
        body: &[u8],
        most: usize,
    ) -> Result<Reply, Failure> {
        let failed = |kind, message| Failure { kind, message };
        if self.open && !self.allow_plain {
            return Err(failed(
                FailureKind::Refused,
                format!(
                    "{} is not called: anyone on the way could read and change it; use https, or allow it \
                     with allow_plain_http()",
                    self.origin
                ),
            ));
        }
        let mut request = Request::post(self.uri.clone()).header(CONTENT_TYPE, "application/json");
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(body.to_vec()).map_err(|error| {
            failed(FailureKind::Refused, format!("no request to {} can be made: {error}", self.origin))
        })?;
        let permit = Arc::clone(&self.room).acquire_owned().await.map_err(|_| {
            failed(FailureKind::Refused, format!("no more requests to {} are made", self.origin))
        })?;
        let (agent, origin, timeout) = (self.agent.clone(), self.origin.clone(), self.timeout);
        let mut task = Dropped(tokio::task::spawn_blocking(move || {
            let reply = exchange(&agent, request, most, &origin, timeout);
            drop(permit);
            reply
        }));
        (&mut task.0).await.unwrap_or_else(|error| {
            Err(failed(
                FailureKind::Connection,
                format!("the request to {} was given up: {error}", self.origin),
            ))
        })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("origin", &self.origin)
            .field("allow_plain", &self.allow_plain)
            .field("env_proxy", &self.env_proxy)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}

/// A blocking task that is not begun once nobody waits for it.
struct Dropped<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for Dropped<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

fn agent(timeout: Duration, proxy: Option<Proxy>) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .proxy(proxy)
        .timeout_global(Some(timeout))
        .user_agent(concat!("aegis-runtime/", env!("CARGO_PKG_VERSION")))
        .accept("application/json")
        .input_buffer_size(16 << 10)
        .output_buffer_size(16 << 10)
        .max_response_header_size(16 << 10)
        .build()
        .into()
}

fn exchange(
    agent: &Agent,
    request: Request<Vec<u8>>,
    most: usize,
    origin: &str,
    timeout: Duration,
) -> Result<Reply, Failure> {
    let mut response = agent.run(request).map_err(|error| failure(&error, None, origin, timeout))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    let mut body = Vec::new();
    let length = response.body().content_length();
    // One more than is kept, to know whether there is more.
    let limit = u64::try_from(most).unwrap_or(u64::MAX).saturating_add(1);
    match response.body_mut().as_reader().take(limit).read_to_end(&mut body) {
        Ok(_) => {}
        Err(error) => return Err(failure(&error.into(), Some(status), origin, timeout)),
    }
    let cut = body.len() > most;
    body.truncate(most);
    Ok(Reply { status, headers, body, cut, length })
}

fn failure(error: &ureq::Error, status: Option<u16>, origin: &str, timeout: Duration) -> Failure {
    use std::io::ErrorKind::{InvalidData, InvalidInput};
    let why = match error {
        ureq::Error::Timeout(_) => format!("it took longer than {timeout:?}"),
        other => quoted(&other.to_string()),
    };
    let kind = match error {
        ureq::Error::Io(error) if matches!(error.kind(), InvalidData | InvalidInput) => FailureKind::Protocol,
        ureq::Error::Io(_)
        | ureq::Error::Timeout(_)
        | ureq::Error::HostNotFound
        | ureq::Error::ConnectionFailed => FailureKind::Connection,
        _ => FailureKind::Protocol,
    };
    match status {
        Some(status) => Failure {
            kind: FailureKind::Broken(status),
            message: format!("{origin} answered {status}, but its answer broke off: {why}"),
        },
        None => Failure { kind, message: format!("no answer from {origin}: {why}") },
    }
}

/// Another's words for a message: they draw over nothing, and are cut where they get long.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = shown(&text.chars().take(QUOTED).collect::<String>());
    if text.chars().nth(QUOTED).is_some() {
        quoted.push_str("...");
    }
    quoted
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn client(url: &str) -> Result<Client, EndpointError> {
        Client::new(url, Duration::from_secs(1))
    }

    #[test]
    fn a_url_must_be_whole_and_of_the_web() {
        for (url, word) in [
            ("", "is none"),
            ("not a url", "is none"),
            ("/path", "not whole"),
            ("example.com", "not whole"),
            ("https:///path", "is none"),
            ("ftp://example.com/", "`ftp:`"),
            ("https://me:s3cret@example.com/", "in a header"),
        ] {
            let error = client(url).map(|_| ()).unwrap_err().to_string();
            assert!(error.contains(word), "{url}: {error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn plain_http_stays_on_this_machine() {
        for url in [
            "http://localhost:1/",
            "http://LOCALHOST/",
            "http://127.0.0.1/",
            "http://127.9.9.9:80/x",
            "http://[::1]:8/",
        ] {
            assert!(!client(url).unwrap().open, "{url}");
        }
        for url in [
            "http://example.com/",
            "http://localhost.example.com/",
            "http://127.0.0.1.example.com/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://127.1/",
            "http://[::2]/",
        ] {
            assert!(client(url).unwrap().open, "{url}");
        }
        assert!(!client("https://example.com/").unwrap().open);
    }

    #[test]
    fn a_path_is_not_shown() {
        let client = client("https://hooks.example.com:8443/T0/s3cret?key=s3cret").unwrap();
        assert_eq!(client.origin(), "https://hooks.example.com:8443");
        assert!(!format!("{client:?}").contains("s3cret"));
    }
}
