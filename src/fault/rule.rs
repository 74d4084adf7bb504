//! A rule: when, how often, and what goes wrong.

use std::panic::{AssertUnwindSafe, Location, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use super::argument::{Argument, Arguments};
use super::custom::FaultRequest;
use super::kind::FaultKind;
use super::schedule::{Per, Schedule};
use crate::request::facts::Facts;
use crate::request::when::{When, when_methods};

/// One rule of what goes wrong: made by a constructor that names the fault, narrowed by the methods that say when, and
/// installed by [`FakeApiServer::fault`](crate::FakeApiServer::fault).
///
/// What is left out matches everything; what is given more than once matches any of it.
///
/// ```
/// use fake_apiserver::Fault;
///
/// // The first two updates of this object are refused with 409.
/// let fault = Fault::conflict().verb("update").resource("endpoints").name("db").first(2);
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fault does nothing until it is installed"]
pub struct Fault {
    pub(crate) label: Option<String>,
    pub(crate) when: When,
    pub(crate) schedule: Schedule,
    pub(crate) per: Per,
    pub(crate) what: What,
    pub(crate) carries_on: bool,
    /// Its closure wants the name that is sent.
    pub(crate) looks_inside: bool,
    /// Not having acted is no mistake.
    pub(crate) optional: bool,
    /// The line of the test that installed it, if one did.
    pub(crate) caller: Option<&'static Location<'static>>,
}

/// What goes wrong.
#[derive(Clone, Debug)]
pub(crate) enum What {
    Kind(&'static FaultKind, Arguments),
    Custom(Custom),
}

/// A rule's own code.
#[derive(Clone)]
pub(crate) struct Custom(Arc<Decide>);

/// What a closure says a request is to meet.
type Decide = dyn Fn(&FaultRequest<'_>) -> Option<Fault> + Send + Sync;

impl std::fmt::Debug for Custom {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Custom")
    }
}

impl Custom {
    /// What the closure says, or how it failed.
    pub(super) fn decide(&self, facts: &Facts<'_>, attempt: u64) -> Result<Option<Fault>, String> {
        let request = FaultRequest::new(facts, attempt);
        // Nothing of the server's is touched by the closure, so nothing is left half done.
        catch_unwind(AssertUnwindSafe(|| (self.0)(&request))).map_err(|panic| {
            let text = panic.downcast_ref::<String>().cloned();
            let text = text.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
            format!("panicked: {}", text.unwrap_or_default())
        })
    }
}

impl What {
    /// What messages call a rule without a name.
    fn title(&self) -> String {
        match self {
            What::Kind(kind, arguments) => kind.title(arguments),
            What::Custom(_) => "custom fault".to_owned(),
        }
    }

    /// Why it can do nothing to a request, if so: some faults are about requests of one kind.
    pub(super) fn mismatch(&self, facts: &Facts<'_>) -> Option<String> {
        match self {
            What::Kind(kind, arguments) => kind.mismatch(arguments, facts),
            What::Custom(_) => None,
        }
    }

    /// Refuses what could not be done, or not as it was said.
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            What::Kind(kind, arguments) => kind.check(arguments),
            What::Custom(_) => Ok(()),
        }
    }
}

impl Fault {
    pub(super) fn new(kind: &'static FaultKind) -> Self {
        let fault = Fault::of(What::Kind(kind, Arguments::default()));
        match kind.is_of_watches() {
            true => fault.verb("watch"),
            false => fault,
        }
    }

    fn of(what: What) -> Self {
        Fault {
            label: None,
            when: When::default(),
            schedule: Schedule::Always,
            per: Per::Rule,
            what,
            carries_on: false,
            looks_inside: false,
            optional: false,
            caller: None,
        }
    }

    /// Whatever a closure makes of a request: the fault it returns, or none, and then the rule has not acted. It is asked
    /// about the requests that the rule matches when its schedule says so; of the fault it returns only what goes wrong
    /// counts, not its conditions and its schedule.
    ///
    /// It may assert. If it panics, or returns a fault that [`FakeApiServer::fault`](crate::FakeApiServer::fault) would
    /// refuse, the request is answered with a 500 that says so, the journal shows it, and dropping
    /// the rule's guard (or else the server) panics with the same message, so that the test fails.
    ///
    /// ```
    /// use std::time::Duration;
    /// use fake_apiserver::Fault;
    ///
    /// // Every request of a client waits longer than its last one.
    /// let fault = Fault::custom(|request| {
    ///     Some(Fault::delay(Duration::from_millis(10 * request.attempt())))
    /// });
    /// ```
    pub fn custom(
        decide: impl Fn(&FaultRequest<'_>) -> Option<Fault> + Send + Sync + 'static,
    ) -> Self {
        Fault::of(What::Custom(Custom(Arc::new(decide))))
    }

    /// Tells the kind something.
    pub(super) fn with(mut self, parameter: &'static str, argument: Argument) -> Self {
        if let What::Kind(_, arguments) = &mut self.what {
            arguments.put(parameter, argument);
        }
        self
    }

    /// The same for a setter of all kinds.
    #[track_caller]
    pub(super) fn set(self, setter: &str, parameter: &'static str, argument: Argument) -> Self {
        let of = match &self.what {
            What::Kind(kind, _) if kind.parameter(parameter).is_some() => {
                return self.with(parameter, argument);
            }
            What::Kind(kind, _) => kind.constructor(),
            What::Custom(_) => "custom".to_owned(),
        };
        panic!("`{setter}` does nothing to a `Fault::{of}`");
    }

    /// The pairs a parameter has so far.
    pub(super) fn given(&self, parameter: &str) -> Vec<(String, String)> {
        match &self.what {
            What::Kind(_, arguments) => arguments.texts(parameter).to_vec(),
            What::Custom(_) => Vec::new(),
        }
    }

    /// Names the rule, for messages and the journal.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().named("the lost race");
    /// ```
    pub fn named(mut self, label: impl Into<String>) -> Self {
        self.label = Some(label.into());
        self
    }

    /// Acts on the first `n` matching attempts.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().first(2);
    /// ```
    pub fn first(self, n: u64) -> Self {
        self.attempts(1, n)
    }

    /// Acts on the matching attempts from one to another, both included and counted from 1.
    ///
    /// ```
    /// // Lets two through, then fails three.
    /// let fault = fake_apiserver::Fault::conflict().attempts(3, 5);
    /// ```
    pub fn attempts(mut self, from: u64, to: u64) -> Self {
        self.schedule = Schedule::Range { from, to: Some(to) };
        self
    }

    /// Acts on all matching attempts from this one on.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().from_attempt(4);
    /// ```
    pub fn from_attempt(mut self, from: u64) -> Self {
        self.schedule = Schedule::Range { from, to: None };
        self
    }

    /// Acts on this matching attempt alone.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().nth(2);
    /// ```
    pub fn nth(self, n: u64) -> Self {
        self.attempts(n, n)
    }

    /// Acts on every n-th matching attempt.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().every(3);
    /// ```
    pub fn every(mut self, n: u64) -> Self {
        self.schedule = Schedule::Every(n);
        self
    }

    /// Acts on each matching attempt with this probability, from 0 to 1, by the server's seed.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests().probability(0.1);
    /// ```
    pub fn probability(mut self, probability: f64) -> Self {
        self.schedule = Schedule::Probability(probability);
        self
    }

    /// Acts on all matching attempts for this long, by the server's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::service_unavailable().during(Duration::from_secs(30));
    /// ```
    pub fn during(mut self, span: Duration) -> Self {
        self.schedule = Schedule::During(span);
        self
    }

    /// What attempts are counted by. Default: all that match the rule together.
    ///
    /// ```
    /// use fake_apiserver::{Fault, Per};
    /// // The first update of each object is refused.
    /// let fault = Fault::conflict().verb("update").per(Per::Object).first(1);
    /// ```
    pub fn per(mut self, per: Per) -> Self {
        self.per = per;
        self
    }

    /// After this rule has acted, the next ones are asked too: a delay, then a failure.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay(Duration::from_millis(50)).carry_on();
    /// ```
    pub fn carry_on(mut self) -> Self {
        self.carries_on = true;
        self
    }

    /// The rule need not act: dropping its guard never panics.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().probability(0.01).optional();
    /// ```
    pub fn optional(mut self) -> Self {
        self.optional = true;
        self
    }

    /// Its closure wants the name that is sent in a body.
    pub(crate) fn looking_inside(mut self) -> Self {
        self.looks_inside = true;
        self
    }

    /// How messages call the rule.
    pub(crate) fn title(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.what.title())
    }

    /// How messages to the test call the rule: with the line that installed it.
    pub(crate) fn described(&self) -> String {
        let title = self.title();
        match self.caller {
            Some(caller) => format!("{title:?} installed at {caller}"),
            None => format!("{title:?}"),
        }
    }
}

when_methods!(
    Fault,
    "let guard = server.fault(fake_apiserver::Fault::conflict()",
    ".optional());"
);

#[cfg(test)]
mod tests {
    use super::*;

    fn panic_of(set: impl FnOnce() -> Fault) -> String {
        let panic = catch_unwind(AssertUnwindSafe(set)).unwrap_err();
        panic.downcast_ref::<String>().unwrap().clone()
    }

    #[test]
    fn a_setter_that_does_nothing_to_a_fault_is_a_mistake() {
        for (told, expected) in [
            (
                panic_of(|| Fault::lost_race().retry_after(1)),
                "`retry_after` does nothing to a `Fault::lost_race`",
            ),
            (
                panic_of(|| Fault::conflict().cause("a", "b")),
                "`cause` does nothing to a `Fault::conflict`",
            ),
            (
                panic_of(|| Fault::reset().message("x")),
                "`message` does nothing to a `Fault::reset`",
            ),
            (
                panic_of(|| Fault::hang().response_header("A", "b")),
                "`response_header` does nothing to a `Fault::hang`",
            ),
            (
                panic_of(|| Fault::drip(1, Duration::ZERO).before_answer()),
                "`before_answer` does nothing to a `Fault::drip`",
            ),
            (
                panic_of(|| Fault::custom(|_| None).after_events(1)),
                "`after_events` does nothing to a `Fault::custom`",
            ),
        ] {
            assert_eq!(told, expected);
        }
    }
}
