//! The constructors of the answers: one a status, and what can be said of any.

use serde_json::Value;

use super::answer::{Answer, Kind};
use super::catalogue::{Arguments, FaultKind, Parameter, Takes, optional, plain, required};
use super::effect::{Effect, Loss};
use super::rule::Fault;

const MESSAGE: Parameter = optional("message", Takes::Text, "Instead of the usual message.");
const RETRY_AFTER: Parameter = optional(
    "retryAfter",
    Takes::Number(0, u32::MAX as u64),
    "When to come again, in seconds.",
);
const HEADERS: Parameter = optional("headers", Takes::Texts, "Further headers of the answer.");
/// What can be said of an answer that stands in for another.
pub(super) const WORDING: &[Parameter] = &[MESSAGE, RETRY_AFTER, HEADERS];

pub(super) const KINDS: &[FaultKind] = &[
    answer("badRequest", "400 BadRequest.", |a| {
        worded(Fault::bad_request(), a)
    }),
    answer(
        "unauthorized",
        "401 Unauthorized, as for an expired token.",
        |a| worded(Fault::unauthorized(), a),
    ),
    answer("forbidden", "403 Forbidden.", |a| {
        worded(Fault::forbidden(), a)
    }),
    answer(
        "notFound",
        "404 NotFound about the object the request names.",
        |a| worded(Fault::not_found(), a),
    ),
    answer("methodNotAllowed", "405 MethodNotAllowed.", |a| {
        worded(Fault::method_not_allowed(), a)
    }),
    answer("notAcceptable", "406 NotAcceptable.", |a| {
        worded(Fault::not_acceptable(), a)
    }),
    answer(
        "conflict",
        "409 Conflict: the object has been modified. It stays what it was; `lostRace` is a real one.",
        |a| worded(Fault::conflict(), a),
    ),
    answer(
        "alreadyExists",
        "409 AlreadyExists; `createdFirst` is a real one.",
        |a| worded(Fault::already_exists(), a),
    ),
    answer(
        "gone",
        "410 Expired, as HTTP status: a list or a continue token that is too old.",
        |a| worded(Fault::gone(), a),
    ),
    answer("requestEntityTooLarge", "413 RequestEntityTooLarge.", |a| {
        worded(Fault::request_entity_too_large(), a)
    }),
    answer("unsupportedMediaType", "415 UnsupportedMediaType.", |a| {
        worded(Fault::unsupported_media_type(), a)
    }),
    FaultKind {
        name: "invalid",
        about: "422 Invalid, with these causes.",
        parameters: &[
            optional("causes", Takes::Causes, "What is invalid."),
            MESSAGE,
            RETRY_AFTER,
            HEADERS,
        ],
        make: |a| worded(Fault::invalid(), a),
    },
    answer(
        "tooManyRequests",
        "429 as priority and fairness refuses: plain text and `Retry-After: 1`.",
        |a| worded(Fault::too_many_requests(), a),
    ),
    answer(
        "tooManyRequestsStatus",
        "429 as a Status, as an eviction or a cache that is not ready refuses.",
        |a| worded(Fault::too_many_requests_status(), a),
    ),
    answer("internalError", "500 InternalError.", |a| {
        worded(Fault::internal_error(), a)
    }),
    answer(
        "serverTimeout",
        "500 ServerTimeout, as when the store cannot be reached.",
        |a| worded(Fault::server_timeout(), a),
    ),
    answer("serviceUnavailable", "503 ServiceUnavailable.", |a| {
        worded(Fault::service_unavailable(), a)
    }),
    answer("gatewayTimeout", "504 Timeout.", |a| {
        worded(Fault::gateway_timeout(), a)
    }),
    FaultKind {
        name: "status",
        about: "Any Status; its `code` is the HTTP status.",
        parameters: &[
            required("status", Takes::Map, "The Status, as JSON."),
            HEADERS,
        ],
        make: |a| worded(Fault::status(a.value("status")), a),
    },
    FaultKind {
        name: "raw",
        about: "Any answer at all.",
        parameters: &[
            required("code", Takes::Number(200, 599), "The HTTP status."),
            optional("body", Takes::Text, "The body."),
            HEADERS,
        ],
        make: |a| {
            let code = a.number("code").and_then(|code| u16::try_from(code).ok());
            let fault = Fault::raw(code.unwrap_or(500), a.text("body").unwrap_or_default());
            worded(fault, a)
        },
    },
];

const fn answer(
    name: &'static str,
    about: &'static str,
    make: fn(&Arguments) -> Fault,
) -> FaultKind {
    FaultKind {
        parameters: WORDING,
        ..plain(name, about, make)
    }
}

/// The fault with everything a script says of its answer.
pub(super) fn worded(mut fault: Fault, a: &Arguments) -> Fault {
    if let Some(message) = a.text("message") {
        fault = fault.message(message);
    }
    if let Some(seconds) = a.number("retryAfter") {
        fault = fault.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    for (name, value) in a.texts("headers") {
        fault = fault.response_header(name, value);
    }
    for (field, detail) in a.texts("causes") {
        fault = fault.cause(field, detail);
    }
    fault
}

/// The constructors of the answers, one a status.
impl Fault {
    fn answer(kind: Kind) -> Self {
        Fault::new(Effect::Answer(Answer::new(kind)))
    }

    /// 400 BadRequest.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::bad_request().verb("create");
    /// ```
    pub fn bad_request() -> Self {
        Fault::answer(Kind::BadRequest)
    }

    /// 401 Unauthorized, as for an expired token.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::unauthorized().nth(2);
    /// ```
    pub fn unauthorized() -> Self {
        Fault::answer(Kind::Unauthorized)
    }

    /// 403 Forbidden.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().verb("delete");
    /// ```
    pub fn forbidden() -> Self {
        Fault::answer(Kind::Forbidden)
    }

    /// 404 NotFound about the object the request names.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_found().verb("get").first(1);
    /// ```
    pub fn not_found() -> Self {
        Fault::answer(Kind::NotFound)
    }

    /// 405 MethodNotAllowed.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::method_not_allowed().verb("deletecollection");
    /// ```
    pub fn method_not_allowed() -> Self {
        Fault::answer(Kind::MethodNotAllowed)
    }

    /// 406 NotAcceptable.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_acceptable().verb("list");
    /// ```
    pub fn not_acceptable() -> Self {
        Fault::answer(Kind::NotAcceptable)
    }

    /// 409 Conflict: the object has been modified. It stays what it was; see [`Fault::lost_race`] for a real one.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().verb("update").first(2);
    /// ```
    pub fn conflict() -> Self {
        Fault::answer(Kind::Conflict)
    }

    /// 409 AlreadyExists; see [`Fault::created_first`] for a real one.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::already_exists().verb("create").first(1);
    /// ```
    pub fn already_exists() -> Self {
        Fault::answer(Kind::AlreadyExists)
    }

    /// 410 Expired, as HTTP status: a list or a continue token that is too old.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::gone().verb("list").first(1);
    /// ```
    pub fn gone() -> Self {
        Fault::answer(Kind::Gone)
    }

    /// 413 RequestEntityTooLarge.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::request_entity_too_large().verb("update");
    /// ```
    pub fn request_entity_too_large() -> Self {
        Fault::answer(Kind::RequestEntityTooLarge)
    }

    /// 415 UnsupportedMediaType.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::unsupported_media_type().verb("patch");
    /// ```
    pub fn unsupported_media_type() -> Self {
        Fault::answer(Kind::UnsupportedMediaType)
    }

    /// 422 Invalid; see [`Fault::cause`].
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::invalid().cause("subsets[0].ports", "too many").verb("create");
    /// ```
    pub fn invalid() -> Self {
        Fault::answer(Kind::Invalid)
    }

    /// 429 as priority and fairness refuses: plain text and `Retry-After: 1`.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests().retry_after(3).first(1);
    /// ```
    pub fn too_many_requests() -> Self {
        Fault::answer(Kind::TooManyRequests)
    }

    /// 429 as a Status, as an eviction or a cache that is not ready refuses.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests_status().retry_after(3);
    /// ```
    pub fn too_many_requests_status() -> Self {
        Fault::answer(Kind::TooManyRequestsStatus)
    }

    /// 500 InternalError.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().every(3);
    /// ```
    pub fn internal_error() -> Self {
        Fault::answer(Kind::InternalError)
    }

    /// 500 ServerTimeout, as when the store cannot be reached.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::server_timeout().first(1);
    /// ```
    pub fn server_timeout() -> Self {
        Fault::answer(Kind::ServerTimeout)
    }

    /// 503 ServiceUnavailable.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().retry_after(1).first(2);
    /// ```
    pub fn service_unavailable() -> Self {
        Fault::answer(Kind::ServiceUnavailable)
    }

    /// 504 Timeout.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::gateway_timeout().verb("create");
    /// ```
    pub fn gateway_timeout() -> Self {
        Fault::answer(Kind::GatewayTimeout)
    }

    /// Any Status at all, as JSON; its `code`, from 200 to 599, is the HTTP status.
    ///
    /// ```
    /// use serde_json::json;
    /// let fault = fake_apiserver::Fault::status(json!({"kind": "Status", "apiVersion": "v1", "code": 418}));
    /// ```
    pub fn status(status: Value) -> Self {
        Fault::answer(Kind::Status(status))
    }

    /// Any body at all, with a status from 200 to 599.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::raw(502, "<html>Bad Gateway</html>").response_header("Server", "nginx");
    /// ```
    pub fn raw(status: u16, body: impl Into<String>) -> Self {
        Fault::answer(Kind::Raw {
            status,
            body: body.into(),
        })
    }

    fn with_answer(mut self, change: impl FnOnce(&mut Answer)) -> Self {
        if let Effect::Answer(answer) | Effect::LoseAnswer(Loss::Answer(answer)) = &mut self.effect
        {
            change(answer);
        }
        self
    }

    /// The `Retry-After` of an answer, in seconds. Does nothing to other faults.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().retry_after(5);
    /// ```
    pub fn retry_after(self, seconds: u32) -> Self {
        self.with_answer(|answer| answer.retry_after = Some(seconds))
    }

    /// The message of an answer. Does nothing to other faults.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().message("quota exceeded");
    /// ```
    pub fn message(self, message: impl Into<String>) -> Self {
        let message = message.into();
        self.with_answer(|answer| answer.message = Some(message))
    }

    /// A header of an answer. Does nothing to other faults.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().response_header("Via", "1.1 proxy");
    /// ```
    pub fn response_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let header = (name.into(), value.into());
        self.with_answer(|answer| answer.headers.push(header))
    }

    /// A cause of a 422. Does nothing to other faults.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::invalid().cause("metadata.name", "is taken by a legend");
    /// ```
    pub fn cause(self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        let cause = (field.into(), detail.into());
        self.with_answer(|answer| answer.causes.push(cause))
    }
}
