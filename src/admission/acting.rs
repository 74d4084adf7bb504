//! What acts on writes because somebody put it into the store: webhooks, policies and what binds them.
//!
//! It is read from the store once and kept until one of its kinds is written again, so that a write in a cluster without
//! any costs a look at what was written since the last one.

use std::sync::Arc;

use parking_lot::Mutex;

use super::matching::GROUP;
#[cfg(feature = "cel")]
use super::policies::Policy;
use super::webhooks::Webhook;
use crate::object::Object;
use crate::registry::Lister;
use crate::storage::{Moment, Revision, Storage, View};

/// How many writes are looked through; after more than these, all is read again.
const MAX_LOOKED_THROUGH: usize = 64;

/// All that acts at one moment.
#[derive(Debug, Default)]
pub(crate) struct Acting {
    pub(super) mutating: Vec<Webhook>,
    pub(super) validating: Vec<Webhook>,
    #[cfg(feature = "cel")]
    pub(super) mutating_policies: Vec<Policy>,
    #[cfg(feature = "cel")]
    pub(super) validating_policies: Vec<Policy>,
}

impl Acting {
    fn read(lister: &dyn Lister) -> Self {
        Acting {
            mutating: Webhook::all(lister, "MutatingWebhookConfiguration"),
            validating: Webhook::all(lister, "ValidatingWebhookConfiguration"),
            #[cfg(feature = "cel")]
            mutating_policies: Policy::all(lister, "MutatingAdmissionPolicy"),
            #[cfg(feature = "cel")]
            validating_policies: Policy::all(lister, "ValidatingAdmissionPolicy"),
        }
    }

    /// Whether nothing acts.
    pub(super) fn is_empty(&self) -> bool {
        self.mutating.is_empty() && self.validating.is_empty() && !self.has_policies()
    }

    #[cfg(feature = "cel")]
    fn has_policies(&self) -> bool {
        !self.mutating_policies.is_empty() || !self.validating_policies.is_empty()
    }

    /// Policies cannot be stored without their expressions being compiled.
    #[cfg(not(feature = "cel"))]
    fn has_policies(&self) -> bool {
        false
    }
}

/// What was read last, and when.
#[derive(Debug, Default)]
pub(crate) struct Known(Mutex<Option<(Moment, Arc<Acting>)>>);

impl Known {
    /// What acts now.
    pub(crate) fn now(&self, storage: &Storage<Object>, lister: &dyn Lister) -> Arc<Acting> {
        let mut known = self.0.lock();
        let view = storage.view();
        let moment = view.moment();
        if let Some((seen, acting)) = &mut *known
            && moment.follows(seen)
            && is_unchanged(&view, seen.revision)
        {
            *seen = moment;
            return acting.clone();
        }
        drop(view);
        let acting = Arc::new(Acting::read(lister));
        *known = Some((moment, acting.clone()));
        acting
    }
}

fn is_unchanged(view: &View<'_, Object>, since: Revision) -> bool {
    if view.revision() == since {
        return true;
    }
    let Ok(events) = view.events_after(since, MAX_LOOKED_THROUGH + 1) else {
        return false;
    };
    events.len() <= MAX_LOOKED_THROUGH
        && !events.iter().any(|event| event.object.kind.group == GROUP)
}
