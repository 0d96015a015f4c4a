//! A question to a web service, and an answer that nobody in between can give.

use super::{Answer, ApprovalError, ApprovalHandler, ApprovalRequest};
use crate::http::{Client, EndpointError, FailureKind, Reply, quoted};
use crate::json;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde::Deserialize;
use sha2::Sha256;
use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use ureq::http::header::{HeaderName, HeaderValue};

const TIMESTAMP: HeaderName = HeaderName::from_static("x-aegis-timestamp");
const SIGNATURE: HeaderName = HeaderName::from_static("x-aegis-signature");

/// The pause before the first further try; each pause after it is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// Asks a web service, which asks whom it likes, and answers.
///
/// The question is a POST of a JSON object:
///
/// ```json
/// {
///   "request_id": "5f0c…", "session_id": "a91e…",
///   "action": {
///     "type": "deploy", "target": "production", "agent_id": "ci-7", "description": "",
///     "params": {"version": 41, "token": "[REDACTED]"},
///     "parent_agent_id": "planner", "chain_id": "c-41", "chain_depth": 2
///   },
///   "risk_level": "high", "rule": "production_approve", "origin": "policies/base.yaml:12",
///   "policy_digest": "77c1…", "text": "action  deploy on production\n…", "asked_at": 1773844200
/// }
/// ```
///
/// with two headers, by which the service knows who asks:
///
/// ```text
/// X-Aegis-Timestamp: 1773844201
/// X-Aegis-Signature: v1=<HMAC-SHA256 of the secret over timestamp "." body, in hexadecimal>
/// ```
///
/// The answer is a status 200 with a JSON object of `request_id` (the same), `approved` (true or false), `by` (who
/// said so) and perhaps `reason`, and one header:
///
/// ```text
/// X-Aegis-Signature: v1=<HMAC-SHA256 of the secret over request_id "." body, in hexadecimal>
/// ```
///
/// Whatever else comes back denies: another status, a redirect, an answer that is too long, that is no such object
/// or whose signature is missing or wrong. If the connection fails or takes too long, or the status is 429, 502, 503
/// or 504, the question is put again, with the same `request_id` and body.
///
/// # Examples
///
/// ```
/// use aegis_runtime::approval::WebhookApproval;
/// use std::time::Duration;
///
/// let secret = "from the environment, say";
/// let handler = WebhookApproval::new("https://approvals.example.com/ask", secret)?
///     .timeout(Duration::from_secs(120))
///     .retries(1);
/// assert!(!format!("{handler:?}").contains(secret));
/// # Ok::<(), aegis_runtime::EndpointError>(())
/// ```
pub struct WebhookApproval {
    client: Client,
    key: Hmac<Sha256>,
    retries: u32,
    max_answer: usize,
}

impl WebhookApproval {
    /// Asks the service behind a URL, with which the secret is shared.
    ///
    /// # Errors
    ///
    /// [`EndpointError`] if the URL is not a whole one of http or https, or holds a name or password, or if the secret
    /// is empty.
    pub fn new(url: &str, secret: impl AsRef<[u8]>) -> Result<Self, EndpointError> {
        let secret = secret.as_ref();
        if secret.is_empty() {
            return Err(EndpointError::new(
                "the secret of the web service is empty: anyone could answer; give it one that cannot be guessed",
            ));
        }
        let key = Hmac::new_from_slice(secret)
            .map_err(|_| EndpointError::new("the secret of the web service cannot be a key"))?;
        Ok(WebhookApproval {
            client: Client::new(url, Duration::from_secs(60))?,
            key,
            retries: 2,
            max_answer: 64 << 10,
        })
    }

    /// How long one try may take, the answer included; 60 seconds unless set.
    #[must_use]
    pub fn timeout(self, timeout: Duration) -> Self {
        WebhookApproval { client: self.client.timeout(timeout), ..self }
    }

    /// How many tries may follow the first; 2 unless set.
    #[must_use]
    pub fn retries(self, retries: u32) -> Self {
        WebhookApproval { retries, ..self }
    }

    /// The most bytes that an answer may have; 64 KiB unless set.
    #[must_use]
    pub fn max_answer(self, bytes: usize) -> Self {
        WebhookApproval { max_answer: bytes, ..self }
    }

    /// How many questions may be under way at once; 64 unless set, at least 1. The others wait.
    #[must_use]
    pub fn in_flight(self, most: usize) -> Self {
        WebhookApproval { client: self.client.in_flight(most), ..self }
    }

    /// Allows http to other machines. Anyone on the way can then read the questions, though still not answer them.
    #[must_use]
    pub fn allow_plain_http(self) -> Self {
        WebhookApproval { client: self.client.allow_plain(), ..self }
    }

    /// Goes through the proxy that the environment names (`HTTPS_PROXY` and the like), but for this machine.
    #[must_use]
    pub fn proxy_from_env(self) -> Self {
        WebhookApproval { client: self.client.proxy_from_env(), ..self }
    }

    /// Over a prefix, a point and a body.
    fn mac(&self, prefix: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.key.clone();
        mac.update(prefix.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac
    }

    async fn once(&self, id: &str, body: &[u8]) -> Result<Answer, Fault> {
        let timestamp = unix_seconds();
        let signature = signature_text(&self.mac(&timestamp.to_string(), body).finalize().into_bytes());
        let signature = HeaderValue::from_str(&signature)
            .map_err(|_| Fault::Final("the question cannot be signed".to_owned()))?;
        let headers = [(TIMESTAMP, HeaderValue::from(timestamp)), (SIGNATURE, signature)];
        let reply =
            self.client.post(&headers, body, self.max_answer).await.map_err(|failure| {
                match failure.kind {
                    FailureKind::Connection | FailureKind::Broken(200 | 429 | 502..=504) => {
                        Fault::Passing(failure.message)
                    }
                    FailureKind::Refused | FailureKind::Protocol | FailureKind::Broken(_) => {
                        Fault::Final(failure.message)
                    }
                }
            })?;
        self.judged(id, &reply)
    }

    /// The answer that a reply is.
    fn judged(&self, id: &str, reply: &Reply) -> Result<Answer, Fault> {
        let origin = self.client.origin();
        let fault = |why: String| Err(Fault::Final(format!("{origin} {why}")));
        match reply.status {
            200 => {}
            status @ (429 | 502..=504) => return Err(Fault::Passing(format!("{origin} answered {status}"))),
            status @ 300..=399 => {
                return fault(format!(
                    "answered {status}, and redirects are not followed: give the url that it leads to"
                ));
            }
            status => return fault(format!("answered {status}; only 200 is an answer")),
        }
        if reply.cut {
            return fault(format!(
                "answered more than {} bytes: say less, or raise it with max_answer()",
                self.max_answer
            ));
        }
        let mut signatures = reply.headers.get_all(&SIGNATURE).iter();
        let signature = match (signatures.next(), signatures.next()) {
            (None, _) => return fault(format!("answered without the header `{SIGNATURE}`")),
            (Some(_), Some(_)) => return fault(format!("answered with more than one header `{SIGNATURE}`")),
            (Some(signature), None) => signature,
        };
        let Some(signature) = signature_bytes(signature.as_bytes()) else {
            return fault(format!(
                "answered with a header `{SIGNATURE}` that is not v1= and 64 hexadecimal digits"
            ));
        };
        // In constant time.
        if self.mac(id, &reply.body).verify_slice(&signature).is_err() {
            return fault(format!(
                "answered with a wrong signature: it must be made with the shared secret over the request_id, a \
                 point and the body; request_id is {}",
                quoted(id)
            ));
        }
        let Ok(text) = std::str::from_utf8(&reply.body) else {
            return fault("answered what is not UTF-8".to_owned());
        };
        // A list of the same values would do for serde.
        if !text.trim_start().starts_with('{') {
            return fault("answered what is no JSON object".to_owned());
        }
        // Refuses a key of these that is repeated, and a value of another kind.
        let said: Said = match serde_json::from_str(text) {
            Ok(said) => said,
            Err(error) => {
                return fault(format!(
                    "answered what is no object of `request_id`, `approved` and `by`: {}",
                    quoted(&error.to_string())
                ));
            }
        };
        if said.request_id != id {
            return fault(format!("answered another question, `{}`", quoted(&said.request_id)));
        }
        if said.by.trim().is_empty() {
            return fault("answered without saying who did: `by` is empty".to_owned());
        }
        Ok(if said.approved {
            Answer::approved(said.by)
        } else {
            Answer::denied(said.by, said.reason.unwrap_or_default())
        })
    }
}

impl ApprovalHandler for WebhookApproval {
    async fn ask(&self, request: &ApprovalRequest) -> Result<Answer, ApprovalError> {
        let body = question(request);
        let mut pause = FIRST_PAUSE;
        let mut tried = 0_u32;
        loop {
            tried = tried.saturating_add(1);
            match self.once(&request.id, body.as_bytes()).await {
                Ok(answer) => return Ok(answer),
                Err(Fault::Final(message)) => return Err(ApprovalError::new(message)),
                Err(Fault::Passing(message)) if tried > self.retries => {
                    return Err(ApprovalError::new(match tried {
                        1 => message,
                        _ => format!("{message} (the last of {tried} tries)"),
                    }));
                }
                Err(Fault::Passing(_)) => {}
            }
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
        }
    }
}

impl fmt::Debug for WebhookApproval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebhookApproval")
            .field("client", &self.client)
            .field("retries", &self.retries)
            .field("max_answer", &self.max_answer)
            .finish_non_exhaustive()
    }
}

/// Why there is no answer.
enum Fault {
    /// It may pass.
    Passing(String),
    Final(String),
}

/// What the service says; what else it says is ignored.
#[derive(Deserialize)]
struct Said {
    request_id: String,
    approved: bool,
    by: String,
    reason: Option<String>,
}

fn question(request: &ApprovalRequest) -> String {
    let mut out = String::new();
    let mut text = |name: &str, value: &str| {
        out.push_str(name);
        json::write_text(&mut out, value);
    };
    text("{\"request_id\":", &request.id);
    text(",\"session_id\":", &request.session_id);
    out.push_str(",\"action\":");
    json::write_task(&mut out, &request.task);
    let mut text = |name: &str, value: &str| {
        out.push_str(name);
        json::write_text(&mut out, value);
    };
    text(",\"risk_level\":", request.risk_level.as_str());
    text(",\"rule\":", &request.rule);
    text(",\"origin\":", &request.origin);
    text(",\"policy_digest\":", &request.policy_digest);
    text(",\"text\":", &request.text());
    out.push_str(",\"asked_at\":");
    out.push_str(&unix_seconds().to_string());
    out.push('}');
    out
}

fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |after| after.as_secs())
}

fn signature_text(mac: &[u8]) -> String {
    let mut text = String::from("v1=");
    for byte in mac {
        text.extend(
            [byte >> 4, byte & 15].into_iter().filter_map(|digit| char::from_digit(digit.into(), 16)),
        );
    }
    text
}

fn signature_bytes(text: &[u8]) -> Option<[u8; 32]> {
    let hex = std::str::from_utf8(text).ok()?.strip_prefix("v1=")?;
    if hex.len() != 64 || !hex.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let mut bytes = [0; 32];
    for (byte, at) in bytes.iter_mut().zip((0..64).step_by(2)) {
        *byte = u8::from_str_radix(hex.get(at..at + 2)?, 16).ok()?;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    #[test]
    fn a_signature_reads_back() {
        let bytes: [u8; 32] = std::array::from_fn(|n| u8::try_from(n * 8).unwrap());
        let text = signature_text(&bytes);
        assert_eq!(text.len(), 67);
        assert_eq!(signature_bytes(text.as_bytes()), Some(bytes));
        assert_eq!(signature_bytes(text.to_uppercase().replace('V', "v").as_bytes()), Some(bytes));
        for wrong in [
            "",
            "v1=",
            &text[1..],
            &text[..66],
            &format!("{text}0"),
            &text.replace('0', "+"),
            &text.replace("v1", "v2"),
        ] {
            assert_eq!(signature_bytes(wrong.as_bytes()), None, "{wrong}");
        }
    }

    #[test]
    fn the_mac_is_the_one_of_the_standard() {
        let handler = WebhookApproval::new("https://example.com/", "key").unwrap();
        let mac = handler.mac("The quick brown fox jumps over the lazy dog", b"");
        // printf 'The quick brown fox jumps over the lazy dog.' | openssl dgst -sha256 -hmac key
        assert_eq!(
            signature_text(&mac.finalize().into_bytes()),
            "v1=e98139c39d76eb80d8db982552b44b251b94f312987f91ee72d12ef673caa813"
        );
    }
}
