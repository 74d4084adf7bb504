//! Faults of the connection: what a client sees of a network or a server that fails.

use super::answer::{Answer, Kind};
use super::catalogue::{FaultKind, Scripted, Takes, plain, required};
use super::effect::{Effect, Loss};
use super::rule::Fault;
use super::statuses::{WORDING, worded};

pub(super) const KINDS: &[FaultKind] = &[
    plain(
        "reset",
        "The connection is reset (an RST); the request is not handled.",
        |_| Fault::reset(),
    ),
    plain(
        "emptyReply",
        "The connection is closed without an answer.",
        |_| Fault::empty_reply(),
    ),
    FaultKind {
        name: "garbage",
        about: "These bytes take the place of an answer.",
        parameters: &[required("text", Takes::Text, "What is sent.")],
        make: |a| Fault::garbage(a.text("text").unwrap_or_default()),
    },
    plain("hang", "No answer comes until the client gives up.", |_| {
        Fault::hang()
    }),
    FaultKind {
        name: "resetAfter",
        about: "The connection is reset in the middle of the body.",
        parameters: &[required(
            "bytes",
            Takes::Number(0, u64::MAX),
            "How much of the body is sent.",
        )],
        make: |a| Fault::reset_after(a.size("bytes")),
    },
    FaultKind {
        name: "truncateAfter",
        about: "The body is shorter than it says.",
        parameters: &[required(
            "bytes",
            Takes::Number(0, u64::MAX),
            "How much of the body is sent.",
        )],
        make: |a| Fault::truncate_after(a.size("bytes")),
    },
    plain(
        "closeAfterAnswer",
        "The answer is good, and the last on its connection.",
        |_| Fault::close_after_answer(),
    ),
    FaultKind {
        name: "closeAfter",
        about: "The n-th request of a connection, and any after it, is the last on it.",
        parameters: &[required(
            "requests",
            Takes::Number(1, u64::MAX),
            "How many requests a connection lasts.",
        )],
        make: |a| Fault::close_after(a.number("requests").unwrap_or(1)),
    },
    plain(
        "appliedThenReset",
        "The request is handled, then the connection is reset.",
        |_| Fault::applied_then_reset(),
    ),
    plain(
        "appliedThenSilence",
        "The request is handled, then no answer comes.",
        |_| Fault::applied_then_silence(),
    ),
    FaultKind {
        name: "appliedThenInternalError",
        about: "The request is handled, then answered with 500.",
        parameters: WORDING,
        make: |a| worded(Fault::applied_then_internal_error(), a),
    },
    FaultKind {
        name: "appliedThenTimeout",
        about: "The request is handled, then answered with 504.",
        parameters: WORDING,
        make: |a| worded(Fault::applied_then_timeout(), a),
    },
];

/// What becomes of the connection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Connection {
    /// An RST before any byte of an answer.
    Reset,
    /// Closed before any byte of an answer.
    Empty,
    /// These bytes instead of an answer, then closed.
    Garbage(Vec<u8>),
    /// Nothing, until the client gives up.
    Hang,
    /// An RST after this many bytes of the body.
    ResetAfter(usize),
    /// Closed after this many bytes of the body.
    TruncateAfter(usize),
    /// A good answer, and then the connection is closed.
    CloseAfterAnswer,
    /// The same for the n-th request of a connection, and those after it.
    CloseAfter(u64),
}

impl Connection {
    pub(crate) fn title(&self) -> String {
        match self {
            Connection::Reset => "connection reset".to_owned(),
            Connection::Empty => "empty reply".to_owned(),
            Connection::Garbage(_) => "garbage".to_owned(),
            Connection::Hang => "hang".to_owned(),
            Connection::ResetAfter(bytes) => {
                format!("connection reset after {bytes} bytes of the body")
            }
            Connection::TruncateAfter(bytes) => format!("body truncated after {bytes} bytes"),
            Connection::CloseAfterAnswer => "connection closed after the answer".to_owned(),
            Connection::CloseAfter(requests) => {
                format!("connection closed after {requests} requests")
            }
        }
    }

    /// The fault as scripts write it.
    pub(super) fn script(&self) -> Scripted {
        match self {
            Connection::Reset => Scripted::new("reset"),
            Connection::Empty => Scripted::new("emptyReply"),
            Connection::Garbage(bytes) => {
                Scripted::new("garbage").with("text", String::from_utf8_lossy(bytes))
            }
            Connection::Hang => Scripted::new("hang"),
            Connection::ResetAfter(bytes) => Scripted::new("resetAfter").with("bytes", *bytes),
            Connection::TruncateAfter(bytes) => {
                Scripted::new("truncateAfter").with("bytes", *bytes)
            }
            Connection::CloseAfterAnswer => Scripted::new("closeAfterAnswer"),
            Connection::CloseAfter(requests) => {
                Scripted::new("closeAfter").with("requests", *requests)
            }
        }
    }

    /// Whether the request has to be handled for there to be something to break.
    pub(crate) fn needs_an_answer(&self) -> bool {
        matches!(
            self,
            Connection::ResetAfter(_)
                | Connection::TruncateAfter(_)
                | Connection::CloseAfterAnswer
                | Connection::CloseAfter(_)
        )
    }
}

/// Why it is too early in the life of a connection.
pub(super) fn mismatch(connection: &Connection, ordinal: u64) -> Option<String> {
    match connection {
        Connection::CloseAfter(requests) if ordinal < *requests => Some(format!(
            "the connection has had {ordinal} of {requests} requests"
        )),
        _ => None,
    }
}

impl Fault {
    fn connection(connection: Connection) -> Self {
        Fault::new(Effect::Connection(connection))
    }

    /// The request is not handled; the connection is reset (RST) without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::reset().verb("create");
    /// ```
    pub fn reset() -> Self {
        Fault::connection(Connection::Reset)
    }

    /// The request is not handled; the connection is closed without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::empty_reply().verb("get");
    /// ```
    pub fn empty_reply() -> Self {
        Fault::connection(Connection::Empty)
    }

    /// The request is not handled; these bytes come instead of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::garbage(b"SSH-2.0-OpenSSH\r\n");
    /// ```
    pub fn garbage(bytes: impl Into<Vec<u8>>) -> Self {
        Fault::connection(Connection::Garbage(bytes.into()))
    }

    /// The request is not handled and not answered, until the client gives up.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::hang().verb("list");
    /// ```
    pub fn hang() -> Self {
        Fault::connection(Connection::Hang)
    }

    /// The request is handled; the connection is reset (RST) after this many bytes of the answer's body.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::reset_after(100).verb("list");
    /// ```
    pub fn reset_after(bytes: usize) -> Self {
        Fault::connection(Connection::ResetAfter(bytes))
    }

    /// The request is handled; the answer's body ends after this many bytes.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::truncate_after(100).verb("list");
    /// ```
    pub fn truncate_after(bytes: usize) -> Self {
        Fault::connection(Connection::TruncateAfter(bytes))
    }

    /// Every connection is closed after this many requests, each of them answered. Over HTTP/2 the client is told to
    /// go away, and what it has asked already is answered.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::close_after(100);
    /// ```
    pub fn close_after(requests: u64) -> Self {
        Fault::connection(Connection::CloseAfter(requests))
    }

    /// The request is answered, and then its keep-alive connection is closed; see also [`Fault::close_after`].
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::close_after_answer().every(100);
    /// ```
    pub fn close_after_answer() -> Self {
        Fault::connection(Connection::CloseAfterAnswer)
    }

    /// The request is handled (a write is applied), and then the connection is reset (RST) without an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_reset().verb("create").first(1);
    /// ```
    pub fn applied_then_reset() -> Self {
        Fault::new(Effect::LoseAnswer(Loss::Connection(Connection::Reset)))
    }

    /// The request is handled (a write is applied), and then there is no answer until the client gives up.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_silence().verb("create").first(1);
    /// ```
    pub fn applied_then_silence() -> Self {
        Fault::new(Effect::LoseAnswer(Loss::Connection(Connection::Hang)))
    }

    /// The request is handled (a write is applied), and then answered with 500.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_internal_error().verb("update").first(1);
    /// ```
    pub fn applied_then_internal_error() -> Self {
        Fault::new(Effect::LoseAnswer(Loss::Answer(Answer::new(
            Kind::InternalError,
        ))))
    }

    /// The request is handled (a write is applied), and then answered with 504.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::applied_then_timeout().verb("create").first(1);
    /// ```
    pub fn applied_then_timeout() -> Self {
        Fault::new(Effect::LoseAnswer(Loss::Answer(Answer::new(
            Kind::GatewayTimeout,
        ))))
    }
}
