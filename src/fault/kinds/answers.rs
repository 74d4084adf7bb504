//! Answers in the server's place: one a status, and what can be said of any.

use serde_json::Value;

use crate::Fault;
use crate::codec::json;
use crate::fault::answer::{Raw, Said, Say, Subject};
use crate::fault::argument::{Argument, Arguments, Parameter, Takes, optional, required};
use crate::fault::kind::{Act, FaultKind};
use crate::request::negotiation::{OFFERED, offered};
use crate::status::Status;
use crate::status::field::FieldError;

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
        |of, _| Said::Handler(not_found(of)),
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
            let (group, errors) = (of.info.api_group(), field_errors(a));
            Said::Handler(Status::invalid(of.kind, group, of.name, &errors))
        },
    )
    .told(&[CAUSES, MESSAGE, RETRY_AFTER, HEADERS]),
    answer(
        "tooManyRequests",
        "TooManyRequests",
        "429 as priority and fairness refuses: plain text and `Retry-After: 1`.",
        |_, a| Said::Raw(too_many_requests(a)),
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
        |_, a| Said::Raw(status(a)),
    )
    .told(&[STATUS, MESSAGE, RETRY_AFTER, HEADERS])
    .checked(check_status),
    answer("raw", "raw {code}", "Any answer at all.", |_, a| {
        Said::Raw(raw(a))
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

impl Subject<'_> {
    /// A Status about an object.
    fn status(&self, of: fn(&str, &str, &str) -> Status) -> Status {
        of(self.info.resource(), self.info.api_group(), self.name)
    }
}

/// What a create does not find is its namespace; what a list does not find is its resource.
fn not_found(of: &Subject<'_>) -> Status {
    match (of.info.verb(), of.info.namespace()) {
        ("create", namespace) if !namespace.is_empty() => {
            Status::not_found("namespaces", "", namespace)
        }
        _ if of.name.is_empty() => Status::no_route(),
        _ => of.status(Status::not_found),
    }
}

pub(super) fn internal_error() -> Status {
    Status::internal_error("a scripted fault")
}

pub(super) fn gateway_timeout() -> Status {
    Status::timeout("request did not complete within requested timeout - context deadline exceeded")
}

fn field_errors(a: &Arguments) -> Vec<FieldError> {
    let causes = a.texts("causes").iter();
    let errors =
        causes.map(|(field, detail)| FieldError::invalid_str(field.as_str(), "", detail.as_str()));
    errors.collect()
}

fn too_many_requests(a: &Arguments) -> Raw {
    let message = a.text("message");
    Raw {
        code: 429,
        content_type: "text/plain; charset=utf-8",
        nosniff: true,
        retry_after: Some(a.number("retryAfter").unwrap_or(1)),
        body: message
            .unwrap_or("Too many requests, please try again later.\n")
            .to_owned(),
    }
}

fn raw(a: &Arguments) -> Raw {
    let code = a.number("code").and_then(|code| u16::try_from(code).ok());
    Raw {
        code: code.unwrap_or(500),
        content_type: "text/plain; charset=utf-8",
        nosniff: false,
        retry_after: a.number("retryAfter"),
        body: a
            .text("message")
            .or(a.text("body"))
            .unwrap_or_default()
            .to_owned(),
    }
}

fn status(a: &Arguments) -> Raw {
    let mut status = a.value("status");
    if let (Some(message), Some(members)) = (a.text("message"), status.as_object_mut()) {
        members.insert("message".to_owned(), message.into());
    }
    Raw {
        code: code(&status).unwrap_or(500),
        content_type: "application/json",
        nosniff: false,
        retry_after: a.number("retryAfter"),
        body: format!("{}\n", json::compact(&status)),
    }
}

fn check_status(a: &Arguments) -> Result<(), String> {
    let status = a.value("status");
    code(&status).map(drop).ok_or_else(|| {
        format!(
            "a Status needs a `code` from 200 to 599, which is the HTTP status; this one is {}",
            json::compact(&status)
        )
    })
}

/// The HTTP status that a Status goes with.
fn code(status: &Value) -> Option<u16> {
    let code = u16::try_from(status["code"].as_u64()?).ok()?;
    (200..=599).contains(&code).then_some(code)
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

    /// Any Status at all, as JSON; its `code`, from 200 to 599, is the HTTP status.
    ///
    /// ```
    /// use serde_json::json;
    /// let fault = fake_apiserver::Fault::status(json!({"kind": "Status", "apiVersion": "v1", "code": 418}));
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

    /// The `Retry-After` of an answer, in seconds.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().retry_after(5);
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.set(
            "retry_after",
            "retryAfter",
            Argument::Number(seconds.into()),
        )
    }

    /// The message of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().message("quota exceeded");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn message(self, message: impl Into<String>) -> Self {
        self.set("message", "message", Argument::Text(message.into()))
    }

    /// A header of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().response_header("Via", "1.1 proxy");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn response_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut headers = self.given("headers");
        headers.push((name.into(), value.into()));
        self.set("response_header", "headers", Argument::Texts(headers))
    }

    /// A cause of a 422.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::invalid().cause("metadata.name", "is taken by a legend");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is another than [`Fault::invalid`].
    #[track_caller]
    pub fn cause(self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut causes = self.given("causes");
        causes.push((field.into(), detail.into()));
        self.set("cause", "causes", Argument::Causes(causes))
    }
}
