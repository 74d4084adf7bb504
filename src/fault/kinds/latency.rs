//! Faults of time: an answer that is late, a body that drips.

use std::time::Duration;

use crate::Fault;
use crate::fault::argument::{Argument, Arguments, Parameter, Takes, optional, required};
use crate::fault::effect::{After, Before, Effect};
use crate::fault::kind::{Act, FaultKind};

const BEFORE_ANSWER: Parameter = optional(
    "beforeAnswer",
    Takes::Flag,
    "The request is handled at once, and its answer is late.",
);
const LENGTH: Parameter = required("length", Takes::Time, "How long, by the server's clock.");
const FROM: Parameter = required("from", Takes::Time, "The shortest, by the server's clock.");
const TO: Parameter = required("to", Takes::Time, "The longest.");
const MEDIAN: Parameter = required(
    "median",
    Takes::Time,
    "The length half of the delays stay below.",
);
const SIGMA: Parameter = required(
    "sigma",
    Takes::Fraction,
    "How wide the lengths spread; 0 is not at all.",
);
const CAP: Parameter = required("cap", Takes::Time, "The longest.");
const BYTES: Parameter = required("bytes", Takes::Number(1, u64::MAX), "How many at a time.");
const EVERY: Parameter = required(
    "every",
    Takes::Time,
    "The time between, by the server's clock.",
);

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind::new(
        "delay",
        "delay",
        "The request waits before it is handled.",
        Act::Effect(|a, _| wait(a, a.time("length"))),
    )
    .told(&[LENGTH, BEFORE_ANSWER]),
    FaultKind::new(
        "delayBetween",
        "delay",
        "The request waits, every length between two being as likely.",
        Act::Effect(|a, roll| wait(a, uniform(a.time("from"), a.time("to"), roll))),
    )
    .told(&[FROM, TO, BEFORE_ANSWER])
    .checked(|a| match (a.time("from"), a.time("to")) {
        (from, to) if to < from => Err(format!("there is no delay between {from:?} and {to:?}")),
        _ => Ok(()),
    }),
    FaultKind::new(
        "delayLogNormal",
        "delay",
        "The request waits as real servers make one wait: mostly shortly, sometimes long.",
        Act::Effect(|a, roll| {
            let (median, cap) = (a.time("median"), a.time("cap"));
            wait(a, log_normal(median, a.fraction("sigma"), cap, roll))
        }),
    )
    .told(&[MEDIAN, SIGMA, CAP, BEFORE_ANSWER]),
    FaultKind::new(
        "drip",
        "drip",
        "The body comes a few bytes at a time.",
        Act::Effect(|a, _| {
            Effect::Answer(After::Drip {
                bytes: a.size("bytes"),
                every: a.time("every"),
            })
        }),
    )
    .told(&[BYTES, EVERY]),
];

/// Before the request is handled, or before it is answered.
fn wait(a: &Arguments, length: Duration) -> Effect {
    match a.flag("beforeAnswer") {
        true => Effect::Answer(After::Wait(length)),
        false => Effect::Before(Before::Wait(length)),
    }
}

fn uniform(from: Duration, to: Duration, roll: &dyn Fn() -> f64) -> Duration {
    let spread = to.saturating_sub(from);
    from.saturating_add(times(spread, roll())).min(to)
}

fn log_normal(median: Duration, sigma: f64, cap: Duration, roll: &dyn Fn() -> f64) -> Duration {
    let scale = (sigma * standard_normal(roll)).exp();
    times(median, scale.min(1e6)).min(cap)
}

/// Or the longest there is, where the product would be longer.
fn times(length: Duration, factor: f64) -> Duration {
    let seconds = length.as_secs_f64() * factor;
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}

/// Box and Muller's way from two even numbers to a normal one.
fn standard_normal(roll: &dyn Fn() -> f64) -> f64 {
    let (a, b) = (roll().max(f64::MIN_POSITIVE), roll());
    (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
}

impl Fault {
    /// The request is handled this much later, by the server's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay(Duration::from_millis(200)).verb("list");
    /// ```
    pub fn delay(length: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "delay") })
            .with("length", Argument::Time(length))
    }

    /// The request is handled later by something between these two.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay_between(Duration::from_millis(10), Duration::from_millis(90));
    /// ```
    pub fn delay_between(from: Duration, to: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "delayBetween") })
            .with("from", Argument::Time(from))
            .with("to", Argument::Time(to))
    }

    /// The request is handled later by a log-normal delay: mostly near the median, seldom much longer, never above the
    /// cap.
    ///
    /// ```
    /// use std::time::Duration;
    /// let (median, cap) = (Duration::from_millis(20), Duration::from_secs(2));
    /// let fault = fake_apiserver::Fault::delay_log_normal(median, 0.8, cap);
    /// ```
    pub fn delay_log_normal(median: Duration, sigma: f64, cap: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "delayLogNormal") })
            .with("median", Argument::Time(median))
            .with("sigma", Argument::Fraction(sigma))
            .with("cap", Argument::Time(cap))
    }

    /// A delay comes after the request was handled, before its answer.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay(Duration::from_secs(40)).before_answer();
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no delay.
    #[track_caller]
    pub fn before_answer(self) -> Self {
        self.set("before_answer", "beforeAnswer", Argument::Flag(true))
    }

    /// The body of the answer comes this many bytes at a time, this far apart.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::drip(16, Duration::from_millis(10)).verb("list");
    /// ```
    pub fn drip(bytes: usize, every: Duration) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "drip") })
            .with("bytes", Argument::size(bytes))
            .with("every", Argument::Time(every))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_within_their_bounds() {
        let (from, to) = (Duration::from_millis(10), Duration::from_millis(20));
        assert_eq!(uniform(from, to, &|| 0.0), from);
        assert_eq!(uniform(from, to, &|| 1.0), to);
        assert_eq!(log_normal(from, 5.0, to, &|| 1e-9), to);
    }
}
