//! Many decisions at once.
//!
//! In a large table a decision waits for memory, twice: for a bucket, and for the literal that its key names.
//! Actions that are decided one after the other wait one after the other; here the buckets of several
//! actions are looked at before any is decided, then their literals, so that the waits run side by side.

use crate::decision::Decision;
use crate::literals::Glance;
use crate::policy::Policy;
use crate::{Clock, Request};
use core::hint::black_box;

/// The actions whose buckets are looked at side by side.
const SIDE_BY_SIDE: usize = 16;

impl Policy {
    /// Decides actions, and puts the decisions behind those that `decisions` has: the same, in the same order,
    /// as [`evaluate`](Self::evaluate) gives one by one. Allocates only if `decisions` has too little room.
    ///
    /// Worth it where the table is larger than the processor's caches, from some thousand rules on.
    ///
    /// # Examples
    ///
    /// ```
    /// use aegis_vm::{NoClock, Policy, Request};
    ///
    /// let policy = Policy::from_file("examples/policy.aegisb")?;
    /// let requests = [Request::new("monitor", "cpu"), Request::new("destroy_cluster", "staging")];
    /// let mut decisions = Vec::with_capacity(requests.len());
    /// policy.evaluate_batch(&requests, NoClock, &mut decisions);
    /// assert_eq!(decisions[0].rule_name(), "monitor_auto");
    /// assert_eq!(decisions[1].rule_name(), "destroy_block");
    /// # Ok::<(), aegis_vm::LoadError>(())
    /// ```
    pub fn evaluate_batch<'p>(
        &'p self,
        requests: &[Request<'_>],
        clock: impl Clock + Copy,
        decisions: &mut Vec<Decision<'p>>,
    ) {
        decisions.reserve(requests.len());
        for some in requests.chunks(SIDE_BY_SIDE) {
            if let Some(first) = self.roots.first() {
                let mut glances = [Glance::default(); SIDE_BY_SIDE];
                for (glance, request) in glances.iter_mut().zip(some) {
                    *glance = first.glance(&self.tables, request).unwrap_or_default();
                }
                let strings = self.tables.strings.as_bytes();
                let alike = glances.iter().filter(|glance| glance.alike);
                let bytes = alike.filter_map(|glance| strings.get(crate::tables::index(glance.text)));
                // Only the wait for them counts.
                black_box(bytes.fold(0, |all, byte| all ^ byte));
            }
            decisions.extend(some.iter().map(|request| self.evaluate(request, clock)));
        }
    }
}
