//! Faults that answer in the server's place, with the body and the headers the real server sends.

use serde_json::Value;

use super::effect::{Effect, Loss};
use super::rule::Fault;
use crate::authentication::UserInfo;
use crate::authorization::{self, Attributes};
use crate::request::negotiation::{OFFERED, offered};
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
    Status(Value),
    Raw {
        status: u16,
        body: String,
    },
}

/// How the scripted answer is to be written.
pub(crate) enum Written {
    /// With these headers, in the format negotiated for errors.
    Status(Status, Vec<(String, String)>),
    Response(Response),
}

/// What an answer is about.
pub(crate) struct About<'a> {
    pub(crate) user: &'a UserInfo,
    pub(crate) attributes: Attributes<'a>,
    /// The kind of the resource.
    pub(crate) kind: &'a str,
    /// In the path, or in the body of a create.
    pub(crate) name: &'a str,
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

    /// Whether the real server gives this answer from within a handler, which warns of what is deprecated.
    pub(crate) fn is_a_handlers(&self, verb: &str) -> bool {
        match self.kind {
            Kind::UnsupportedMediaType => verb != "patch",
            Kind::Unauthorized
            | Kind::Forbidden
            | Kind::MethodNotAllowed
            | Kind::NotAcceptable
            | Kind::TooManyRequests
            | Kind::Status(_)
            | Kind::Raw { .. } => false,
            _ => true,
        }
    }

    /// The answer for one request.
    pub(crate) fn write(&self, about: &About<'_>) -> Written {
        let mut status = match &self.kind {
            Kind::TooManyRequests => return Written::Response(self.too_many_requests_text()),
            Kind::Raw { status, body } => return Written::Response(self.raw(*status, body)),
            Kind::Status(value) => return Written::Response(self.raw_status(value)),
            _ => self.status(about),
        };
        if let Some(message) = &self.message {
            status.message.clone_from(message);
        }
        if let Some(seconds) = self.retry_after {
            status.details.get_or_insert_default().retry_after_seconds = seconds;
        }
        Written::Status(status, self.headers.clone())
    }

    /// The Status of a kind, about what the request is about.
    fn status(&self, about: &About<'_>) -> Status {
        let Attributes {
            verb,
            api_group: group,
            resource,
            namespace,
            ..
        } = about.attributes;
        let (kind, name) = (about.kind, about.name);
        match &self.kind {
            Kind::BadRequest => Status::bad_request("the request was refused by a scripted fault"),
            Kind::Unauthorized => Status::unauthorized(),
            Kind::Forbidden => authorization::forbidden(about.user, &about.attributes, ""),
            // What a create does not find is its namespace; what a list does not find is its resource.
            Kind::NotFound if verb == "create" && !namespace.is_empty() => {
                Status::not_found("namespaces", "", namespace)
            }
            Kind::NotFound if name.is_empty() => Status::no_route(),
            Kind::NotFound => Status::not_found(resource, group, name),
            Kind::MethodNotAllowed => Status::method_not_allowed(),
            Kind::NotAcceptable => {
                Status::not_acceptable_route(&offered(matches!(verb, "list" | "watch")))
            }
            Kind::Conflict => Status::modified(resource, group, name),
            Kind::AlreadyExists => Status::already_exists(resource, group, name),
            Kind::Gone => Status::expired("The resourceVersion for the provided list is too old."),
            Kind::RequestEntityTooLarge => Status::request_entity_too_large("limit is 3145728"),
            Kind::UnsupportedMediaType if verb == "patch" => Status::unsupported_media_type_route(),
            Kind::UnsupportedMediaType => Status::unsupported_media_type(&OFFERED),
            Kind::Invalid => Status::invalid(kind, group, name, &self.field_errors()),
            Kind::InternalError => Status::internal_error("a scripted fault"),
            Kind::ServerTimeout => Status::server_timeout(verb, resource, group),
            Kind::ServiceUnavailable => {
                Status::service_unavailable("the server is currently unable to handle the request")
            }
            Kind::GatewayTimeout => Status::timeout(
                "request did not complete within requested timeout - context deadline exceeded",
            ),
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
        let body = self.message.as_deref().unwrap_or(body).to_owned();
        self.with_headers(Response::new(status, "text/plain; charset=utf-8", body))
    }

    fn raw_status(&self, value: &Value) -> Response {
        let code = value["code"]
            .as_u64()
            .and_then(|c| u16::try_from(c).ok())
            .unwrap_or(500);
        let mut value = value.clone();
        if let (Some(message), Some(members)) = (&self.message, value.as_object_mut()) {
            members.insert("message".to_owned(), message.as_str().into());
        }
        let body = format!("{}\n", crate::codec::json::compact(&value));
        self.with_headers(Response::new(code, "application/json", body))
    }

    fn with_headers(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response = response.header("retry-after", seconds.to_string());
        }
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
