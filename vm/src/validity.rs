//! How long a decision holds.

use crate::eval::{Evaluation, Settled};
use crate::format::{OP_TIME_AFTER, OP_TIME_BEFORE, OP_WEEKDAYS};
use crate::policy::Policy;
use crate::tables::Tables;
use crate::{Clock, Request, Timestamp};
use std::collections::BTreeSet;

const MINUTE: i64 = 60;
const DAY: i64 = 86_400;

/// The minutes of the day at which a decision of the policy may change; none if no rule looks at the time.
pub(crate) fn minutes(tables: &Tables) -> Vec<u16> {
    let mut minutes = BTreeSet::new();
    for test in tables.tests.slice(&tables.bytes).unwrap_or_default() {
        match test.op.get() {
            OP_TIME_AFTER | OP_TIME_BEFORE => {
                // Every day begins anew.
                minutes.insert(0);
                minutes.extend(u16::try_from(test.a.get()));
            }
            OP_WEEKDAYS => {
                minutes.insert(0);
            }
            _ => {}
        }
    }
    minutes.into_iter().collect()
}

impl Policy {
    /// The next instant after `now` at which the same action is decided otherwise: by another rule, with another
    /// error, or by none; `None` if it never is. Until then a caller can keep the decision.
    ///
    /// Exact: the action is decided anew at each minute of the coming week at which some condition of the policy
    /// changes, until the answer does. That takes at most 7 decisions for each such minute of the day, and one
    /// if the decision does not depend on the time.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_vm::{Policy, Request, Timestamp};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// // 2026-03-18T14:30:00Z, a Wednesday: during the day, staging is open.
    /// let now = Timestamp::from_unix(1_773_844_200, 0);
    /// let deploy = Request::new("deploy", "staging");
    /// assert_eq!(policy.evaluate(deploy, now).rule_name(), "staging_day_auto");
    ///
    /// let until = policy.valid_until(deploy, now).unwrap();
    /// assert_eq!(until.minute_of_day(), 18 * 60);
    /// assert_ne!(policy.evaluate(deploy, until).rule_name(), "staging_day_auto");
    /// assert_eq!(policy.valid_until(Request::new("monitor", "cpu"), now), None);
    /// # Ok::<(), aegis_vm::LoadError>(())
    /// ```
    #[must_use]
    pub fn valid_until<'a>(&self, request: impl Into<Request<'a>>, now: Timestamp) -> Option<Timestamp> {
        let request = request.into();
        let mut asked = false;
        let decided = self.settled(request, || {
            asked = true;
            now
        });
        if !asked {
            return None;
        }
        let today = now.unix_seconds().div_euclid(DAY);
        let days = (0..=7).filter_map(|day| today.checked_add(day)?.checked_mul(DAY));
        let minutes = |day: i64| {
            self.minutes.iter().filter_map(move |&minute| day.checked_add(i64::from(minute) * MINUTE))
        };
        let mut instants = days.flat_map(minutes).filter(|&seconds| seconds > now.unix_seconds());
        let changed =
            instants.find(|&seconds| self.settled(request, Timestamp::from_unix(seconds, 0)) != decided);
        changed.map(|seconds| Timestamp::from_unix(seconds, 0))
    }

    /// The first rule with an event, and the event.
    fn settled(&self, request: Request<'_>, clock: impl Clock) -> Settled {
        let Some((first, others)) = self.roots.split_first() else { return Settled::NONE };
        let found = first.find(&self.tables, &request, &mut ());
        Evaluation::new(self, &request, clock, ()).decide(found, others)
    }
}
