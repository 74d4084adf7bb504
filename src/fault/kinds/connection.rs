//! Faults of the connection: what a client sees of a network or a server that fails.

use super::answers::{WORDING, gateway_timeout, internal_error};
use crate::Fault;
use crate::fault::answer::Said;
use crate::fault::argument::{Argument, Parameter, Takes, required};
use crate::fault::effect::{After, Before, Break, Effect, Instead};
use crate::fault::kind::{Act, FaultKind};

const TEXT: Parameter = required("text", Takes::Text, "What is sent.");
const BYTES: Parameter = required(
    "bytes",
    Takes::Number(0, u64::MAX),
    "How much of the body is sent.",
);
const REQUESTS: Parameter = required(
    "requests",
    Takes::Number(1, u64::MAX),
    "How many requests a connection lasts.",
);

pub(super) const KINDS: &[FaultKind] = &[
    FaultKind::new(
        "reset",
        "connection reset",
        "The connection is reset (an RST); the request is not handled.",
        Act::Effect(|_, _| Effect::Before(Before::Instead(Instead::Reset))),
    ),
    FaultKind::new(
        "emptyReply",
        "empty reply",
        "The connection is closed without an answer.",
        Act::Effect(|_, _| Effect::Before(Before::Instead(Instead::Close))),
    ),
    FaultKind::new(
        "garbage",
        "garbage",
        "These bytes take the place of an answer.",
        Act::Effect(|a, _| Effect::Before(Before::Instead(Instead::Garbage(a.bytes("text"))))),
    )
    .told(&[TEXT]),
    FaultKind::new(
        "hang",
        "hang",
        "No answer comes until the client gives up.",
        Act::Effect(|_, _| Effect::Before(Before::Instead(Instead::Silence))),
    ),
    FaultKind::new(
        "resetAfter",
        "connection reset after {bytes} bytes of the body",
        "The connection is reset in the middle of the body.",
        Act::Effect(|a, _| Effect::Answer(After::Break(Break::Reset(a.size("bytes"))))),
    )
    .told(&[BYTES]),
    FaultKind::new(
        "truncateAfter",
        "body truncated after {bytes} bytes",
        "The body is shorter than it says.",
        Act::Effect(|a, _| Effect::Answer(After::Break(Break::Close(a.size("bytes"))))),
    )
    .told(&[BYTES]),
    FaultKind::new(
        "closeAfterAnswer",
        "connection closed after the answer",
        "The answer is good, and the last on its connection.",
        Act::Effect(|_, _| Effect::Answer(After::Break(Break::Last))),
    ),
    FaultKind::new(
        "closeAfter",
        "connection closed after {requests} requests",
        "The n-th request of a connection, and any after it, is the last on it.",
        Act::Effect(|_, _| Effect::Answer(After::Break(Break::Last))),
    )
    .told(&[REQUESTS])
    .unless(|a, facts| {
        // It may be too early in the life of a connection.
        let (requests, ordinal) = (a.number("requests").unwrap_or(1), facts.ordinal);
        (ordinal < requests)
            .then(|| format!("the connection has had {ordinal} of {requests} requests"))
    }),
    FaultKind::new(
        "appliedThenReset",
        "applied, then connection reset",
        "The request is handled, then the connection is reset.",
        Act::Effect(|_, _| Effect::Answer(After::Instead(Instead::Reset))),
    ),
    FaultKind::new(
        "appliedThenSilence",
        "applied, then hang",
        "The request is handled, then no answer comes.",
        Act::Effect(|_, _| Effect::Answer(After::Instead(Instead::Silence))),
    ),
    FaultKind::new(
        "appliedThenInternalError",
        "applied, then InternalError",
        "The request is handled, then answered with 500.",
        Act::LostAnswer(|_, _| Said::Handler(internal_error())),
    )
    .told(WORDING),
    FaultKind::new(
        "appliedThenTimeout",
        "applied, then GatewayTimeout",
        "The request is handled, then answered with 504.",
        Act::LostAnswer(|_, _| Said::Handler(gateway_timeout())),
    )
    .told(WORDING),
];

impl Fault {
    /// The request is not handled; the connection is reset (RST) without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::reset().verb("create");
    /// ```
    pub fn reset() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "reset") })
    }

    /// The request is not handled; the connection is closed without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::empty_reply().verb("get");
    /// ```
    pub fn empty_reply() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "emptyReply") })
    }

    /// The request is not handled; these bytes come instead of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::garbage(b"SSH-2.0-OpenSSH\r\n");
    /// ```
    pub fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "garbage") })
            .with("text", Argument::Bytes(bytes.into()))
    }

    /// The request is not handled and not answered, until the client gives up.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::hang().verb("list");
    /// ```
    pub fn hang() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "hang") })
    }

    /// The request is handled; the connection is reset (RST) after this many bytes of the answer's body.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::reset_after(100).verb("list");
    /// ```
    pub fn reset_after(bytes: usize) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "resetAfter") })
            .with("bytes", Argument::size(bytes))
    }

    /// The request is handled; the answer's body ends after this many bytes.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::truncate_after(100).verb("list");
    /// ```
    pub fn truncate_after(bytes: usize) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "truncateAfter") })
            .with("bytes", Argument::size(bytes))
    }

    /// Every connection is closed after this many requests, each of them answered. Over HTTP/2 the client is told to
    /// go away, and what it has asked already is answered.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::close_after(100);
    /// ```
    pub fn close_after(requests: u64) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "closeAfter") })
            .with("requests", Argument::Number(requests))
    }

    /// The request is answered, and then its keep-alive connection is closed; see also [`Fault::close_after`].
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::close_after_answer().every(100);
    /// ```
    pub fn close_after_answer() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "closeAfterAnswer") })
    }

    /// The request is handled (a write is applied), and then the connection is reset (RST) without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_reset().verb("create").first(1);
    /// ```
    pub fn applied_then_reset() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "appliedThenReset") })
    }

    /// The request is handled (a write is applied), and then there is no answer until the client gives up.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_silence().verb("create").first(1);
    /// ```
    pub fn applied_then_silence() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "appliedThenSilence") })
    }

    /// The request is handled (a write is applied), and then answered with 500.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_internal_error().verb("update").first(1);
    /// ```
    pub fn applied_then_internal_error() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "appliedThenInternalError") })
    }

    /// The request is handled (a write is applied), and then answered with 504.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_timeout().verb("create").first(1);
    /// ```
    pub fn applied_then_timeout() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "appliedThenTimeout") })
    }
}
