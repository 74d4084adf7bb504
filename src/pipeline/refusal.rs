//! Why a request got no further, and what it is answered with.

use http::header;

use crate::codec::html;
use crate::request::Request;
use crate::response::{Fate, Response};
use crate::status::Status;

/// Why a request got no further.
pub(super) enum Refusal {
    /// In the format negotiated for errors.
    Status(Status),
    /// Something else, with the headers that every answer has.
    Answer(Box<Response>),
    /// What comes from outside the API, without them.
    Outer(Box<Response>),
    /// No answer at all.
    Silent,
}

impl From<Status> for Refusal {
    fn from(status: Status) -> Self {
        Refusal::Status(status)
    }
}

impl Refusal {
    pub(super) fn undetermined(request: &Request) -> Self {
        let target = html::escape(&request.path_and_query());
        let text = format!(
            "Internal Server Error: \"{target}\": failed to create RequestInfo: unable to determine kind and namespace \
             from url, {target}\n"
        );
        Refusal::Outer(Box::new(Response::text(500, text)))
    }

    /// The deadline's answer comes from a filter that knows no kinds.
    pub(super) fn timed_out() -> Self {
        const BODY: &str = "{\"metadata\":{},\"status\":\"Failure\",\"message\":\"Timeout: request did not complete within the allotted timeout\",\"reason\":\"Timeout\",\"details\":{},\"code\":504}";
        let response = Response::new(504, "text/plain; charset=utf-8", BODY)
            .header(header::CACHE_CONTROL, "no-cache, private");
        Refusal::Outer(Box::new(response))
    }

    /// No answer, or not a whole one.
    pub(super) fn broken(fate: Fate) -> Self {
        let mut response = Response::empty(500).hijacked();
        response.fate = fate;
        Refusal::Outer(Box::new(response))
    }
}
