//! Actions carried out by a web service.

use super::{Data, ExecuteError, Executor};
use crate::http::{Client, EndpointError, Failure, FailureKind, quoted};
use crate::json;
use crate::task::Task;
use std::fmt;
use std::time::Duration;
use ureq::http::header::{
    CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, HeaderName, HeaderValue, TRANSFER_ENCODING, UPGRADE,
};

/// Sends actions to a web service, each as a POST of the whole task in JSON, as [`Task::from_json`] reads it.
///
/// A status from 200 to 299 is success, and the body is the data: JSON if it parses, else `{"text": …}`. A longer
/// body than [`max_output`](Self::max_output) is cut to `{"text": …, "cut": true, "bytes": N}`, where `bytes` is the
/// length that the service named, or null.
///
/// A status from 400 to 499, but for 429, and one from 300 to 399, for redirects are not followed, are errors that
/// trying again cannot mend. So is a body that breaks off after success was said: the action may have been done. A
/// status from 500 and a connection that fails or takes too long may be tried again: the service should know an action
/// that it has done already.
///
/// When the runtime gives up waiting, a request that is on its way still ends on its own, within
/// [`timeout`](Self::timeout); a request that is not is not sent.
///
/// # Examples
///
/// ```
/// use aegis_runtime::executor::HttpExecutor;
/// use std::time::Duration;
///
/// let executor = HttpExecutor::new("https://deploys.example.com/actions")?
///     .header("authorization", "Bearer 8f3a")?
///     .timeout(Duration::from_secs(10));
/// assert!(!format!("{executor:?}").contains("8f3a"));
/// # Ok::<(), aegis_runtime::EndpointError>(())
/// ```
pub struct HttpExecutor {
    client: Client,
    headers: Vec<(HeaderName, HeaderValue)>,
    max_output: usize,
}

impl HttpExecutor {
    /// Sends actions to a URL, within 30 seconds each.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if the URL is not a whole one of http or https, or holds a name or password.
    pub fn new(url: &str) -> Result<Self, EndpointError> {
        Ok(HttpExecutor {
            client: Client::new(url, Duration::from_secs(30))?,
            headers: Vec::new(),
            max_output: 1 << 20,
        })
    }

    /// Sends a header with each request.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if the name or the value cannot be a header, or the header is one that says how the body is
    /// sent.
    pub fn header(mut self, name: &str, value: &str) -> Result<Self, EndpointError> {
        let parsed = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| EndpointError::new(format!("`{}` cannot be the name of a header", quoted(name))))?;
        if [CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, EXPECT, TRANSFER_ENCODING, UPGRADE].contains(&parsed) {
            return Err(EndpointError::new(format!(
                "the header `{parsed}` says how the body is sent and cannot be set"
            )));
        }
        let mut value = HeaderValue::from_str(value).map_err(|_| {
            EndpointError::new(format!(
                "the value of the header `{parsed}` has a character that none can have"
            ))
        })?;
        value.set_sensitive(true);
        self.headers.push((parsed, value));
        Ok(self)
    }

    /// How long one request may take, its answer included.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        HttpExecutor { client: self.client.timeout(timeout), ..self }
    }

    /// The most bytes of a body that are kept; 1 MiB unless set.
    #[must_use]
    pub fn max_output(self, bytes: usize) -> Self {
        HttpExecutor { max_output: bytes, ..self }
    }

    /// How many requests may be under way at once; 64 unless set, at least 1. The others wait.
    #[must_use]
    pub fn in_flight(self, most: usize) -> Self {
        HttpExecutor { client: self.client.in_flight(most), ..self }
    }

    /// Allows http to other machines. Anyone on the way can then read and change what is sent.
    #[must_use]
    pub fn allow_plain_http(self) -> Self {
        HttpExecutor { client: self.client.allow_plain(), ..self }
    }

    /// Goes through the proxy that the environment names (`HTTPS_PROXY` and the like), but for this machine.
    #[must_use]
    pub fn proxy_from_env(self) -> Self {
        HttpExecutor { client: self.client.proxy_from_env(), ..self }
    }
}

impl Executor for HttpExecutor {
    async fn execute(&self, task: &Task) -> Result<Data, ExecuteError> {
        let mut body = String::new();
        json::write_task(&mut body, task);
        let reply =
            self.client.post(&self.headers, body.as_bytes(), self.max_output).await.map_err(not_done)?;
        let said = || match quoted(String::from_utf8_lossy(&reply.body).trim()) {
            text if text.is_empty() => String::new(),
            text => format!(": {text}"),
        };
        let origin = self.client.origin();
        match reply.status {
            200..=299 => Ok(data(&reply.body, reply.cut.then_some(reply.length))),
            300..=399 => Err(ExecuteError::permanent(format!(
                "{origin} answered {}, and redirects are not followed: give the url that it leads to",
                reply.status
            ))),
            429 => Err(ExecuteError::new(format!("{origin} answered 429{}", said()))),
            400..=499 => {
                Err(ExecuteError::permanent(format!("{origin} answered {}{}", reply.status, said())))
            }
            other => Err(ExecuteError::new(format!("{origin} answered {other}{}", said()))),
        }
    }
}

fn not_done(failure: Failure) -> ExecuteError {
    match failure.kind {
        FailureKind::Broken(status @ 200..=299) => ExecuteError::permanent(format!(
            "{}; the action may have been done, since {status} says so",
            failure.message
        )),
        FailureKind::Broken(500..=599 | 429) | FailureKind::Connection => ExecuteError::new(failure.message),
        FailureKind::Broken(_) | FailureKind::Refused | FailureKind::Protocol => {
            ExecuteError::permanent(failure.message)
        }
    }
}

/// What was put out, as data: JSON if it parses, else text. `cut` says that there was more, and how much in all if
/// that is known.
pub(super) fn data(output: &[u8], cut: Option<Option<u64>>) -> Data {
    if let Some(bytes) = cut {
        let text = String::from_utf8_lossy(whole_chars(output));
        return serde_json::json!({ "text": text, "cut": true, "bytes": bytes });
    }
    serde_json::from_slice(output)
        .unwrap_or_else(|_| serde_json::json!({ "text": String::from_utf8_lossy(output) }))
}

/// Without the first bytes of a character whose rest was cut off.
fn whole_chars(output: &[u8]) -> &[u8] {
    match std::str::from_utf8(output) {
        Err(error) if error.error_len().is_none() => output.get(..error.valid_up_to()).unwrap_or(output),
        _ => output,
    }
}

impl fmt::Debug for HttpExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let headers: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("HttpExecutor")
            .field("client", &self.client)
            .field("headers", &headers)
            .field("max_output", &self.max_output)
            .finish()
    }
}
