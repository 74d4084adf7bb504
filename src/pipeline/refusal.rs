//! Why a request got no further, and what it is answered with.

use http::header;

use crate::codec::html;
use crate::request::Request;
use crate::response::{Fate, Response};
use crate::status::Status;

/// Why a request got no further.
pub(super) enum Refusal {
    Status(Status),
    /// What the outermost filter says of a crash, in plain text and knowing nothing of the filters below.
    Panicked(String),
    /// What a fault says instead.
    Scripted(Box<Response>),
    /// The same, with headers, in the format negotiated for errors.
    ScriptedStatus(Status, Vec<(String, String)>),
    /// No answer at all.
    Silent,
    /// A 403 of the authorizer, which upstream marks.
    Denied(Status),
    /// No answer, or not a whole one.
    Broken(Fate),
    /// An answer from outside the API, which gets no more headers than it has.
    Raw(Box<Response>),
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        if status.is_panic() {
            Refusal::Panicked(status.message)
        } else {
            Refusal::Status(status)
        }
    }
}

impl Refusal {
    pub(super) fn undetermined(request: &Request) -> Self {
        let target = html::escape(&request.path_and_query());
        let text = format!(
            "Internal Server Error: \"{target}\": failed to create RequestInfo: unable to determine kind and namespace \
             from url, {target}\n"
        );
        Refusal::Raw(Box::new(Response::text(500, text)))
    }

    /// The deadline's answer comes from a filter that knows no kinds.
    pub(super) fn timed_out() -> Self {
        const BODY: &str = "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}";
        let response = Response::new(504, "text/plain; charset=utf-8", BODY)
            .header(header::CACHE_CONTROL, "no-cache, private");
        Refusal::Raw(Box::new(response))
    }
}
