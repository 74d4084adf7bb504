//! Whether what was planned for a request has happened: a fault that had no effect has not fired.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

/// Why a fault had no effect, where nothing else is known.
const OVERTAKEN: &str = "the request was answered before it could act";

/// Who counts what rules have done.
pub(crate) trait Counts: Send + Sync {
    fn has_fired(&self, id: u64);

    /// It was to act, and could do nothing to the request.
    fn had_no_effect(&self, id: u64, why: &str);
}

/// One time that a rule is to act; whoever does what it asks for says so here.
#[derive(Clone, Default)]
pub(crate) struct Firing(Option<Arc<Pending>>);

struct Pending {
    faults: Arc<dyn Counts>,
    id: u64,
    has_acted: AtomicBool,
    why_not: Mutex<&'static str>,
}

impl Firing {
    pub(super) fn new(faults: Arc<dyn Counts>, id: u64) -> Self {
        Firing(Some(Arc::new(Pending {
            faults,
            id,
            has_acted: AtomicBool::new(false),
            why_not: Mutex::new(OVERTAKEN),
        })))
    }

    /// It acts now; the first time counts.
    pub(crate) fn acts(&self) {
        if let Some(pending) = &self.0
            && !pending.has_acted.swap(true, Ordering::AcqRel)
        {
            pending.faults.has_fired(pending.id);
        }
    }

    /// It acts now, or can do nothing for this reason.
    pub(crate) fn acts_if(&self, has_effect: bool, otherwise: &'static str) {
        match has_effect {
            true => self.acts(),
            false => self.cannot(otherwise),
        }
    }

    /// It has no effect so far, for this reason.
    pub(crate) fn cannot(&self, why: &'static str) {
        if let Some(pending) = &self.0 {
            *pending.why_not.lock() = why;
        }
    }

    /// Whether it is over, and nothing has come of it: nobody else could still act.
    pub(crate) fn was_in_vain(&self) -> bool {
        self.0.as_ref().is_some_and(|pending| {
            Arc::strong_count(pending) == 1 && !pending.has_acted.load(Ordering::Acquire)
        })
    }
}

impl std::fmt::Debug for Firing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.0.as_ref().map(|pending| pending.id);
        f.debug_tuple("Firing").field(&id).finish()
    }
}

impl Drop for Pending {
    fn drop(&mut self) {
        if !*self.has_acted.get_mut() {
            self.faults.had_no_effect(self.id, self.why_not.get_mut());
        }
    }
}
