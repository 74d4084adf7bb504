//! Answers in the server's place: one a status, and what can be said of any.

mod said;
mod wording;

use serde_json::Value;

use crate::Fault;
use crate::fault::answer::{Said, Say};
use crate::fault::argument::{Argument, Parameter, Takes, optional, required};
use crate::fault::kind::{Act, FaultKind};
use crate::request::negotiation::{OFFERED, offered};
use crate::status::Status;

pub(super) use said::{gateway_timeout, internal_error};

const MESSAGE: Parameter = optional("message", Takes::Text, "Instead of the usual message.");
const RETRY_AFTER: Parameter = optional(
    "retryAfter",
    Takes::Number(0, u32::MAX as u64),
    "When to come again, in seconds.",
);
const HEADERS: Parameter = optional("headers", Takes::Texts, "Further headers of the answer.");
const CAUSES: Parameter = optional("causes", Takes::Causes, "What is invalid.");
const STATUS: Parameter = required("status", Takes::Map, "The Status, as JSON.");
const CODE: Parameter = required("code", Takes::Number(200, 599), "The HTTP status.");
const BODY: Parameter = optional("body", Takes::Text, "The body.");
/// What can be said of an answer.
pub(super) const WORDING: &[Parameter] = &[MESSAGE, RETRY_AFTER, HEADERS];

pub(super) const KINDS: &[FaultKind] = &[
    answer("badRequest", "BadRequest", "400 BadRequest.", |_, _| {
        Said::Handler(Status::bad_request(
            "the request was refused by a scripted fault",
        ))
    }),
    answer(
        "unauthorized",
        "Unauthorized",
        "401 Unauthorized, as for an expired token.",
        |_, _| Said::Filter(Status::unauthorized()),
    ),
    answer("forbidden", "Forbidden", "403 Forbidden.", |of, _| {
        Said::Filter((of.forbidden)())
    }),
    answer(
        "notFound",
        "NotFound",
        "404 NotFound about the object the request names.",
        |of, _| Said::Handler(said::not_found(of)),
    ),
    answer(
        "methodNotAllowed",
        "MethodNotAllowed",
        "405 MethodNotAllowed.",
        |_, _| Said::Filter(Status::method_not_allowed()),
    ),
    answer(
        "notAcceptable",
        "NotAcceptable",
        "406 NotAcceptable.",
        |of, _| {
            let streams = matches!(of.info.verb(), "list" | "watch");
            Said::Filter(Status::not_acceptable_route(&offered(streams)))
        },
    ),
    answer(
        "conflict",
        "Conflict",
        "409 Conflict: the object has been modified. It stays what it was; `lostRace` is a real one.",
        |of, _| Said::Handler(of.status(Status::modified)),
    ),
    answer(
        "alreadyExists",
        "AlreadyExists",
        "409 AlreadyExists; `createdFirst` is a real one.",
        |of, _| Said::Handler(of.status(Status::already_exists)),
    ),
    answer(
        "gone",
        "Gone",
        "410 Expired, as HTTP status: a list or a continue token that is too old.",
        |_, _| {
            Said::Handler(Status::expired(
                "The resourceVersion for the provided list is too old.",
            ))
        },
    ),
    answer(
        "requestEntityTooLarge",
        "RequestEntityTooLarge",
        "413 RequestEntityTooLarge.",
        |_, _| Said::Handler(Status::request_entity_too_large("limit is 3145728")),
    ),
    answer(
        "unsupportedMediaType",
        "UnsupportedMediaType",
        "415 UnsupportedMediaType.",
        |of, _| match of.info.verb() {
            "patch" => Said::Filter(Status::unsupported_media_type_route()),
            _ => Said::Handler(Status::unsupported_media_type(&OFFERED)),
        },
    ),
    answer(
        "invalid",
        "Invalid",
        "422 Invalid, with these causes.",
        |of, a| {
            let (group, errors) = (of.info.api_group(), said::field_errors(a));
            Said::Handler(Status::invalid(of.kind, group, of.name, &errors))
        },
    )
    .told(&[CAUSES, MESSAGE, RETRY_AFTER, HEADERS]),
    answer(
        "tooManyRequests",
        "TooManyRequests",
        "429 as priority and fairness refuses: plain text and `Retry-After: 1`.",
        |_, a| Said::Raw(said::too_many_requests(a)),
    ),
    answer(
        "tooManyRequestsStatus",
        "TooManyRequestsStatus",
        "429 as a Status, as an eviction or a cache that is not ready refuses.",
        |_, _| Said::Handler(Status::too_many_requests("storage is (re)initializing", 1)),
    ),
    answer(
        "internalError",
        "InternalError",
        "500 InternalError.",
        |_, _| Said::Handler(internal_error()),
    ),
    answer(
        "serverTimeout",
        "ServerTimeout",
        "500 ServerTimeout, as when the store cannot be reached.",
        |of, _| {
            let (verb, resource, group) = (of.info.verb(), of.info.resource(), of.info.api_group());
            Said::Handler(Status::server_timeout(verb, resource, group))
        },
    ),
    answer(
        "serviceUnavailable",
        "ServiceUnavailable",
        "503 ServiceUnavailable.",
        |_, _| {
            Said::Handler(Status::service_unavailable(
                "the server is currently unable to handle the request",
            ))
        },
    ),
    answer(
        "gatewayTimeout",
        "GatewayTimeout",
        "504 Timeout.",
        |_, _| Said::Handler(gateway_timeout()),
    ),
    answer(
        "status",
        "a status",
        "Any Status; its `code` is the HTTP status.",
        |_, a| Said::Raw(said::status(a)),
    )
    .told(&[STATUS, MESSAGE, RETRY_AFTER, HEADERS])
    .checked(said::check_status),
    answer("raw", "raw {code}", "Any answer at all.", |_, a| {
        Said::Raw(said::raw(a))
    })
    .told(&[CODE, BODY, MESSAGE, RETRY_AFTER, HEADERS]),
];

const fn answer(
    name: &'static str,
    title: &'static str,
    about: &'static str,
    say: Say,
) -> FaultKind {
    FaultKind::new(name, title, about, Act::Answer(say)).told(WORDING)
}

/// The constructors of the answers, one a status.
impl Fault {
    /// 400 BadRequest.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::bad_request().verb("create");
    /// ```
    pub fn bad_request() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "badRequest") })
    }

    /// 401 Unauthorized, as for an expired token.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::unauthorized().nth(2);
    /// ```
    pub fn unauthorized() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "unauthorized") })
    }

    /// 403 Forbidden.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().verb("delete");
    /// ```
    pub fn forbidden() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "forbidden") })
    }

    /// 404 NotFound about the object the request names.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_found().verb("get").first(1);
    /// ```
    pub fn not_found() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "notFound") })
    }

    /// 405 MethodNotAllowed.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::method_not_allowed().verb("deletecollection");
    /// ```
    pub fn method_not_allowed() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "methodNotAllowed") })
    }

    /// 406 NotAcceptable.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::not_acceptable().verb("list");
    /// ```
    pub fn not_acceptable() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "notAcceptable") })
    }

    /// 409 Conflict: the object has been modified. It stays what it was; see [`Fault::lost_race`] for a real one.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::conflict().verb("update").first(2);
    /// ```
    pub fn conflict() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "conflict") })
    }

    /// 409 AlreadyExists; see [`Fault::created_first`] for a real one.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::already_exists().verb("create").first(1);
    /// ```
    pub fn already_exists() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "alreadyExists") })
    }

    /// 410 Expired, as HTTP status: a list or a continue token that is too old.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::gone().verb("list").first(1);
    /// ```
    pub fn gone() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "gone") })
    }

    /// 413 RequestEntityTooLarge.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::request_entity_too_large().verb("update");
    /// ```
    pub fn request_entity_too_large() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "requestEntityTooLarge") })
    }

    /// 415 UnsupportedMediaType.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::unsupported_media_type().verb("patch");
    /// ```
    pub fn unsupported_media_type() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "unsupportedMediaType") })
    }

    /// 422 Invalid; see [`Fault::cause`].
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::invalid().cause("subsets[0].ports", "too many").verb("create");
    /// ```
    pub fn invalid() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "invalid") })
    }

    /// 429 as priority and fairness refuses: plain text and `Retry-After: 1`.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests().retry_after(3).first(1);
    /// ```
    pub fn too_many_requests() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "tooManyRequests") })
    }

    /// 429 as a Status, as an eviction or a cache that is not ready refuses.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::too_many_requests_status().retry_after(3);
    /// ```
    pub fn too_many_requests_status() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "tooManyRequestsStatus") })
    }

    /// 500 InternalError.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::internal_error().every(3);
    /// ```
    pub fn internal_error() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "internalError") })
    }

    /// 500 ServerTimeout, as when the store cannot be reached.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::server_timeout().first(1);
    /// ```
    pub fn server_timeout() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "serverTimeout") })
    }

    /// 503 ServiceUnavailable.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().retry_after(1).first(2);
    /// ```
    pub fn service_unavailable() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "serviceUnavailable") })
    }

    /// 504 Timeout.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::gateway_timeout().verb("create");
    /// ```
    pub fn gateway_timeout() -> Self {
        Fault::new(const { FaultKind::named(KINDS, "gatewayTimeout") })
    }

    /// Any Status at all, as JSON; its `code`, from 200 to 599, is the HTTP status. What is not said of `kind`,
    /// `apiVersion`, `metadata` and `status` is what the server says.
    ///
    /// ```
    /// use serde_json::json;
    /// let fault = fake_apiserver::Fault::status(json!({"code": 500, "message": "etcdserver: leader changed"}));
    /// ```
    pub fn status(status: Value) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "status") })
            .with("status", Argument::Value(status))
    }

    /// Any body at all, with a status from 200 to 599.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::raw(502, "<html>Bad Gateway</html>").response_header("Server", "nginx");
    /// ```
    pub fn raw(status: u16, body: impl Into<String>) -> Self {
        Fault::new(const { FaultKind::named(KINDS, "raw") })
            .with("code", Argument::Number(status.into()))
            .with("body", Argument::Text(body.into()))
    }
}
