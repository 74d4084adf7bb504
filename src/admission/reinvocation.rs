//! Who is asked a second time about an object that changed after they were asked.

use std::collections::BTreeSet;

use serde_json::Value;

/// What the two rounds of mutating admission know of each other.
#[derive(Default)]
pub(super) struct Reinvocation {
    /// This is the second round.
    pub(super) is_again: bool,
    /// Somebody changed the object.
    pub(super) is_needed: bool,
    #[cfg_attr(
        not(feature = "cel"),
        expect(dead_code, reason = "only policies ask for it")
    )]
    pub(super) policies: Invoked,
    pub(super) webhooks: Invoked,
}

/// Who of one kind was asked.
#[derive(Default)]
pub(super) struct Invoked {
    /// What they left.
    last: Option<Value>,
    /// Were asked, and may be again.
    before: BTreeSet<String>,
    again: BTreeSet<String>,
}

impl Invoked {
    /// Begins a round: who was asked before is asked again, if others changed what they left.
    pub(super) fn begin(&mut self, is_again: bool, object: Option<&Value>) {
        if is_again && self.last.as_ref() != object {
            self.require();
        }
    }

    /// Whether somebody is asked in the second round.
    pub(super) fn is_due(&self, who: &str) -> bool {
        self.again.contains(who)
    }

    /// Everybody who was asked so far, and may be again, is.
    pub(super) fn require(&mut self) {
        self.again.append(&mut self.before);
    }

    /// Somebody was asked who may be again.
    pub(super) fn add(&mut self, who: &str) {
        self.before.insert(who.to_owned());
    }

    pub(super) fn end(&mut self, object: Option<&Value>) {
        self.last = object.cloned();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn who_was_asked_is_asked_again_after_a_change() {
        let mut invoked = Invoked::default();
        invoked.begin(false, Some(&json!(1)));
        invoked.add("a");
        invoked.require();
        invoked.add("b");
        invoked.end(Some(&json!(2)));
        assert_eq!((invoked.is_due("a"), invoked.is_due("b")), (true, false));
        invoked.begin(true, Some(&json!(2)));
        assert!(!invoked.is_due("b"));
        invoked.begin(true, Some(&json!(3)));
        assert!(invoked.is_due("b"));
    }
}
