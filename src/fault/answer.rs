//! Faults that answer in the server's place, with the body and the headers the real server sends.

use serde_json::Value;

use super::effect::{Effect, Loss};
use super::rule::Fault;
use crate::request::info::RequestInfo;
use crate::response::Response;
use crate::status::Status;
use crate::status::field::FieldError;

/// An answer that was scripted.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) kind: Kind,
    /// Instead of the message of the kind.
    pub(crate) message: Option<String>,
    pub(crate) retry_after: Option<u32>,
    pub(crate) headers: Vec<(String, String)>,
    /// `(field, detail)` of the causes of a 422.
    pub(crate) causes: Vec<(String, String)>,
}

/// The answers that have a form of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Kind {
    BadRequest,
    Unauthorized,
    Forbidden,
    NotFound,
    MethodNotAllowed,
    NotAcceptable,
    Conflict,
    AlreadyExists,
    Gone,
    RequestEntityTooLarge,
    UnsupportedMediaType,
    Invalid,
    /// Plain text, as priority and fairness refuses.
    TooManyRequests,
    /// A Status, as an eviction or a cache that is not ready refuses.
    TooManyRequestsStatus,
    InternalError,
    /// 500 with reason ServerTimeout.
    ServerTimeout,
    ServiceUnavailable,
    GatewayTimeout,
    /// 422 for a watch with `sendInitialEvents`.
    WatchListDisabled,
    Status(Value),
    Raw {
        status: u16,
        body: String,
    },
}

/// How the scripted answer is to be written.
pub(crate) enum Written {
    Status(Status),
    Response(Response),
}

impl Answer {
    pub(crate) fn new(kind: Kind) -> Self {
        Answer {
            kind,
            message: None,
            retry_after: None,
            headers: Vec::new(),
            causes: Vec::new(),
        }
    }

    pub(crate) fn title(&self) -> String {
        match &self.kind {
            Kind::Status(_) => "a status".to_owned(),
            Kind::Raw { status, .. } => format!("raw {status}"),
            kind => format!("{kind:?}"),
        }
    }

    /// The answer for one request.
    pub(crate) fn write(&self, info: &RequestInfo, kind: &str) -> Written {
        let status = match &self.kind {
            Kind::TooManyRequests => return Written::Response(self.too_many_requests_text()),
            Kind::Raw { status, body } => return Written::Response(self.raw(*status, body)),
            Kind::Status(value) => return Written::Response(self.raw_status(value)),
            _ => self.status(info, kind),
        };
        let mut status = status;
        if let Some(message) = &self.message {
            status.message.clone_from(message);
        }
        if let Some(seconds) = self.retry_after {
            status.details.get_or_insert_default().retry_after_seconds = seconds;
        }
        Written::Status(status)
    }

    /// The Status of a kind, about what the request is about.
    fn status(&self, info: &RequestInfo, kind: &str) -> Status {
        let (resource, group, name) = (
            info.resource.as_str(),
            info.api_group.as_str(),
            info.name.as_str(),
        );
        match &self.kind {
            Kind::BadRequest => Status::bad_request("the request was refused by a scripted fault"),
            Kind::Unauthorized => Status::unauthorized(),
            Kind::Forbidden => {
                Status::forbidden(resource, group, name, "denied by a scripted fault")
            }
            Kind::NotFound => Status::not_found(resource, group, name),
            Kind::MethodNotAllowed => Status::method_not_allowed(),
            Kind::NotAcceptable => Status::not_acceptable(&crate::request::negotiation::OFFERED),
            Kind::Conflict => Status::modified(resource, group, name),
            Kind::AlreadyExists => Status::already_exists(resource, group, name),
            Kind::Gone => Status::expired("The resourceVersion for the provided list is too old."),
            Kind::RequestEntityTooLarge => Status::request_entity_too_large("limit is 3145728"),
            Kind::UnsupportedMediaType => {
                Status::unsupported_media_type(&crate::request::negotiation::OFFERED)
            }
            Kind::Invalid => Status::invalid(kind, group, name, &self.field_errors()),
            Kind::InternalError => Status::internal_error("a scripted fault"),
            Kind::ServerTimeout => Status::server_timeout(info.verb, resource, group),
            Kind::ServiceUnavailable => {
                Status::service_unavailable("the server is currently unable to handle the request")
            }
            Kind::GatewayTimeout => Status::timeout(
                "request did not complete within requested timeout - context deadline exceeded",
            ),
            Kind::WatchListDisabled => Status::watch_list_disabled(),
            Kind::TooManyRequestsStatus => {
                Status::too_many_requests("storage is (re)initializing", 1)
            }
            Kind::TooManyRequests | Kind::Status(_) | Kind::Raw { .. } => Status::raw(""),
        }
    }

    fn field_errors(&self) -> Vec<FieldError> {
        let errors = self
            .causes
            .iter()
            .map(|(field, detail)| FieldError::invalid_str(field.as_str(), "", detail.as_str()));
        errors.collect()
    }

    fn too_many_requests_text(&self) -> Response {
        let seconds = self.retry_after.unwrap_or(1);
        let message = self
            .message
            .as_deref()
            .unwrap_or("Too many requests, please try again later.\n");
        self.with_headers(
            Response::text(429, message.to_owned()).header("retry-after", seconds.to_string()),
        )
    }

    fn raw(&self, status: u16, body: &str) -> Response {
        self.with_headers(Response::new(
            status,
            "text/plain; charset=utf-8",
            body.to_owned(),
        ))
    }

    fn raw_status(&self, value: &Value) -> Response {
        let code = value["code"]
            .as_u64()
            .and_then(|c| u16::try_from(c).ok())
            .unwrap_or(500);
        let body = format!("{}\n", crate::codec::json::compact(value));
        self.with_headers(Response::new(code, "application/json", body))
    }

    fn with_headers(&self, response: Response) -> Response {
        let mut response = response;
        response.extra_headers.extend(self.headers.iter().cloned());
        response
    }
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

    /// Any Status at all, as JSON; its `code` is the HTTP status.
    ///
    /// ```
    /// use serde_json::json;
    /// let fault = fake_apiserver::Fault::status(json!({"kind": "Status", "apiVersion": "v1", "code": 418}));
    /// ```
    pub fn status(status: Value) -> Self {
        Fault::answer(Kind::Status(status))
    }

    /// Any body at all.
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
