//! A rule: when, how often, and what goes wrong.

use std::panic::Location;
use std::time::Duration;

use super::effect::Effect;
use super::schedule::{Per, Schedule};
use super::when::{When, when_methods};

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
    pub(crate) effect: Effect,
    pub(crate) carries_on: bool,
    /// Not having acted is no mistake.
    pub(crate) optional: bool,
    /// The line of the test that installed it, if one did.
    pub(crate) caller: Option<&'static Location<'static>>,
}

impl Fault {
    pub(crate) fn new(effect: Effect) -> Self {
        Fault {
            label: None,
            when: When::default(),
            schedule: Schedule::Always,
            per: Per::Rule,
            effect,
            carries_on: false,
            optional: false,
            caller: None,
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

    /// How messages call the rule.
    pub(crate) fn title(&self) -> String {
        self.label.clone().unwrap_or_else(|| self.effect.title())
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

when_methods!(Fault, "fake_apiserver::Fault::conflict()");
