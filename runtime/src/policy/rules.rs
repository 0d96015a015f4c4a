//! What may take the place of the policy in service.
//!
//! Takes the policy in service and another, gives nothing or why the other is refused. A file that is whole can still
//! be the wrong one: one of another agent, or last month's. Both are mistakes of a deploy that no digest finds, so
//! both are refused unless the caller allows them by name.

use super::error::{Fault, ReloadErrorKind};
use aegis_vm::Policy;

/// What may take the place of a policy in service, and how much of a file is read.
///
/// # Examples
///
/// ```
/// use aegis_runtime::policy::{PolicyHandle, ReloadRules};
///
/// let small = ReloadRules::default().max_bytes(1 << 10);
/// let error = PolicyHandle::from_file_with("../vm/examples/policy.aegisb", small).unwrap_err();
/// assert!(error.to_string().contains("bytes long, and at most 1024 are read"));
///
/// // To go back to an older revision, once:
/// let handle = PolicyHandle::from_file("../vm/examples/policy.aegisb")?;
/// let back = ReloadRules::default().allow_lower_revision(true);
/// handle.reload_from_with("../vm/examples/policy.aegisb", back)?;
/// # Ok::<(), aegis_runtime::policy::ReloadError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReloadRules {
    other_policy: bool,
    lower_revision: bool,
    max_bytes: u64,
}

impl Default for ReloadRules {
    /// Neither another policy nor a lower revision, and at most 1 GiB.
    fn default() -> Self {
        ReloadRules { other_policy: false, lower_revision: false, max_bytes: 1 << 30 }
    }
}

impl ReloadRules {
    /// Whether a policy of another id may take the place of one that has an id. Revisions of different policies are
    /// not compared.
    #[must_use]
    pub fn allow_other_policy(mut self, allow: bool) -> Self {
        self.other_policy = allow;
        self
    }

    /// Whether a lower revision may take the place of a higher one of the same policy.
    #[must_use]
    pub fn allow_lower_revision(mut self, allow: bool) -> Self {
        self.lower_revision = allow;
        self
    }

    /// The most bytes of a file that is read; a longer one is refused unread.
    #[must_use]
    pub fn max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = bytes;
        self
    }

    pub(super) fn most_bytes(self) -> u64 {
        self.max_bytes
    }

    /// Whether a policy may take the place of another.
    pub(super) fn check(self, serving: &Policy, offered: &Policy) -> Result<(), Fault> {
        let (id, other) = (serving.policy_id(), offered.policy_id());
        if id == other {
            let (least, revision) = (serving.revision(), offered.revision());
            if revision < least && !self.lower_revision {
                return Err(Fault::new(
                    ReloadErrorKind::LowerRevision,
                    format!(
                        "its revision {revision} is lower than {least}, which is in service; build it with a higher \
                         `--revision`, or allow a lower one in the reload rules"
                    ),
                ));
            }
        } else if !id.is_empty() && !self.other_policy {
            let found = if other.is_empty() {
                "it has no policy id".into()
            } else {
                format!("its policy id is `{other}`")
            };
            return Err(Fault::new(
                ReloadErrorKind::OtherPolicy,
                format!(
                    "{found}, and that of the policy in service is `{id}`; build it with `--policy-id {id}`, or allow \
                     another policy in the reload rules"
                ),
            ));
        }
        Ok(())
    }
}
