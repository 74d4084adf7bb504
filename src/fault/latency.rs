//! Faults of time: an answer that is late, a body that drips.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use jiff::SignedDuration;

use super::catalogue::{Arguments, FaultKind, Parameter, Scripted, Takes, optional, required};
use super::effect::Effect;
use super::rule::Fault;
use crate::clock;
use crate::handlers::cluster::Cluster;
use crate::response::{Body, ByteStream};

const BEFORE_ANSWER: Parameter = optional(
    "beforeAnswer",
    Takes::Flag,
    "The request is handled at once, and its answer is late.",
);

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind {
        name: "delay",
        about: "The request waits before it is handled.",
        parameters: &[
            required("length", Takes::Time, "How long, by the server's clock."),
            BEFORE_ANSWER,
        ],
        make: |a| placed(Fault::delay(a.time("length")), a),
    },
    FaultKind {
        name: "delayBetween",
        about: "The request waits, every length between two being as likely.",
        parameters: &[
            required("from", Takes::Time, "The shortest, by the server's clock."),
            required("to", Takes::Time, "The longest."),
            BEFORE_ANSWER,
        ],
        make: |a| placed(Fault::delay_between(a.time("from"), a.time("to")), a),
    },
    FaultKind {
        name: "delayLogNormal",
        about: "The request waits as real servers make one wait: mostly shortly, sometimes long.",
        parameters: &[
            required(
                "median",
                Takes::Time,
                "The length half of the delays stay below.",
            ),
            required(
                "sigma",
                Takes::Fraction,
                "How wide the lengths spread; 0 is not at all.",
            ),
            required("cap", Takes::Time, "The longest."),
            BEFORE_ANSWER,
        ],
        make: |a| {
            let (median, cap) = (a.time("median"), a.time("cap"));
            placed(Fault::delay_log_normal(median, a.fraction("sigma"), cap), a)
        },
    },
    FaultKind {
        name: "drip",
        about: "The body comes a few bytes at a time.",
        parameters: &[
            required("bytes", Takes::Number(1, u64::MAX), "How many at a time."),
            required(
                "every",
                Takes::Time,
                "The time between, by the server's clock.",
            ),
        ],
        make: |a| Fault::drip(a.size("bytes"), a.time("every")),
    },
];

fn placed(fault: Fault, a: &Arguments) -> Fault {
    if a.flag("beforeAnswer") {
        fault.before_answer()
    } else {
        fault
    }
}

/// A wait before the request is handled, or before it is answered.
#[derive(Clone, Debug)]
pub(crate) struct Delay {
    pub(crate) length: Length,
    pub(crate) place: Place,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    BeforeHandling,
    BeforeAnswer,
}

/// How long a delay is; what is not fixed is drawn by the server's seed.
#[derive(Clone, Debug)]
pub(crate) enum Length {
    Fixed(Duration),
    Uniform(Duration, Duration),
    LogNormal {
        median: Duration,
        sigma: f64,
        cap: Duration,
    },
}

/// A body that comes a few bytes at a time.
#[derive(Clone, Debug)]
pub(crate) struct Drip {
    pub(crate) bytes: usize,
    pub(crate) every: Duration,
}

impl Length {
    pub(super) fn check(&self) -> Result<(), String> {
        match self {
            Length::Uniform(from, to) if to < from => {
                Err(format!("there is no delay between {from:?} and {to:?}"))
            }
            _ => Ok(()),
        }
    }

    /// One draw; `roll` gives numbers from 0 to 1.
    pub(crate) fn draw(&self, roll: &dyn Fn() -> f64) -> Duration {
        match self {
            Length::Fixed(length) => *length,
            Length::Uniform(from, to) => *from + to.saturating_sub(*from).mul_f64(roll()),
            Length::LogNormal { median, sigma, cap } => {
                let scale = (sigma * standard_normal(roll)).exp();
                median.mul_f64(scale.min(1e6)).min(*cap)
            }
        }
    }
}

impl Delay {
    /// The fault as scripts write it.
    pub(super) fn script(&self) -> Scripted {
        let scripted = match &self.length {
            Length::Fixed(length) => Scripted::new("delay").with_time("length", *length),
            Length::Uniform(from, to) => Scripted::new("delayBetween")
                .with_time("from", *from)
                .with_time("to", *to),
            Length::LogNormal { median, sigma, cap } => Scripted::new("delayLogNormal")
                .with_time("median", *median)
                .with("sigma", *sigma)
                .with_time("cap", *cap),
        };
        scripted.with_flag("beforeAnswer", self.place == Place::BeforeAnswer)
    }
}

impl Drip {
    /// The fault as scripts write it.
    pub(super) fn script(&self) -> Scripted {
        Scripted::new("drip")
            .with("bytes", self.bytes)
            .with_time("every", self.every)
    }

    /// The same body, slowly.
    pub(crate) fn slow(self, body: Body, cluster: Arc<Cluster>) -> Body {
        let mut whole: ByteStream = match body {
            Body::Full(body) => Box::pin(futures_util::stream::once(std::future::ready(body))),
            Body::Stream(frames) => frames,
            other => return other,
        };
        let every = SignedDuration::try_from(self.every).unwrap_or(SignedDuration::MAX);
        Body::Stream(Box::pin(async_stream::stream! {
            while let Some(mut chunk) = whole.next().await {
                while !chunk.is_empty() {
                    yield chunk.split_to(chunk.len().min(self.bytes));
                    let until = clock::add(cluster.clock.now(), every);
                    cluster.clock.sleep_until(until).await;
                }
            }
        }))
    }
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
        Fault::new(Effect::Delay(Delay {
            length: Length::Fixed(length),
            place: Place::BeforeHandling,
        }))
    }

    /// The request is handled later by something between these two.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay_between(Duration::from_millis(10), Duration::from_millis(90));
    /// ```
    pub fn delay_between(from: Duration, to: Duration) -> Self {
        Fault::new(Effect::Delay(Delay {
            length: Length::Uniform(from, to),
            place: Place::BeforeHandling,
        }))
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
        let length = Length::LogNormal { median, sigma, cap };
        Fault::new(Effect::Delay(Delay {
            length,
            place: Place::BeforeHandling,
        }))
    }

    /// A delay comes after the request was handled, before its answer. Does nothing to other faults.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::delay(Duration::from_secs(40)).before_answer();
    /// ```
    pub fn before_answer(mut self) -> Self {
        if let Effect::Delay(delay) = &mut self.effect {
            delay.place = Place::BeforeAnswer;
        }
        self
    }

    /// The body of the answer comes this many bytes at a time, this far apart.
    ///
    /// ```
    /// use std::time::Duration;
    /// let fault = fake_apiserver::Fault::drip(16, Duration::from_millis(10)).verb("list");
    /// ```
    pub fn drip(bytes: usize, every: Duration) -> Self {
        Fault::new(Effect::Drip(Drip { bytes, every }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_stay_within_their_bounds() {
        let (from, to) = (Duration::from_millis(10), Duration::from_millis(20));
        assert_eq!(Length::Uniform(from, to).draw(&|| 0.0), from);
        assert_eq!(Length::Uniform(from, to).draw(&|| 1.0), to);
        let tail = Length::LogNormal {
            median: from,
            sigma: 5.0,
            cap: to,
        };
        assert_eq!(tail.draw(&|| 1e-9), to);
    }
}
