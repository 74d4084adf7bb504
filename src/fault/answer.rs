//! Faults that answer in the server's place, with the body and the headers the real server sends.

use http::header;
use serde_json::{Value, json};

use super::catalogue::Scripted;
use crate::authentication::UserInfo;
use crate::authorization::{self, Attributes};
use crate::codec::json;
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
    /// 422 for a watch with `sendInitialEvents`.
    WatchListDisabled,
    Status(Value),
    Raw {
        status: u16,
        body: String,
    },
}

impl Kind {
    /// What scripts call it.
    fn name(&self) -> &'static str {
        match self {
            Kind::BadRequest => "badRequest",
            Kind::Unauthorized => "unauthorized",
            Kind::Forbidden => "forbidden",
            Kind::NotFound => "notFound",
            Kind::MethodNotAllowed => "methodNotAllowed",
            Kind::NotAcceptable => "notAcceptable",
            Kind::Conflict => "conflict",
            Kind::AlreadyExists => "alreadyExists",
            Kind::Gone => "gone",
            Kind::RequestEntityTooLarge => "requestEntityTooLarge",
            Kind::UnsupportedMediaType => "unsupportedMediaType",
            Kind::Invalid => "invalid",
            Kind::TooManyRequests => "tooManyRequests",
            Kind::TooManyRequestsStatus => "tooManyRequestsStatus",
            Kind::InternalError => "internalError",
            Kind::ServerTimeout => "serverTimeout",
            Kind::ServiceUnavailable => "serviceUnavailable",
            Kind::GatewayTimeout => "gatewayTimeout",
            Kind::WatchListDisabled => "sendInitialEventsRefused",
            Kind::Status(_) => "status",
            Kind::Raw { .. } => "raw",
        }
    }
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

    pub(super) fn check(&self) -> Result<(), String> {
        match &self.kind {
            Kind::Status(status) if code(status).is_none() => Err(format!(
                "a Status needs a `code` from 200 to 599, which is the HTTP status; this one is {}",
                json::compact(status)
            )),
            _ => Ok(()),
        }
    }

    /// The answer as scripts write it, under a name of its own where it takes another's place.
    pub(super) fn script(&self, name: Option<&'static str>) -> Scripted {
        let mut scripted = Scripted::new(name.unwrap_or(self.kind.name()));
        match &self.kind {
            Kind::Status(status) => scripted = scripted.with("status", status.clone()),
            Kind::Raw { status, body } => {
                scripted = scripted.with("code", *status).with("body", body.as_str());
            }
            _ => {}
        }
        if let Some(message) = &self.message {
            scripted = scripted.with("message", message.as_str());
        }
        if let Some(seconds) = self.retry_after {
            scripted = scripted.with("retryAfter", seconds);
        }
        if !self.headers.is_empty() {
            let headers = self.headers.iter();
            let headers = headers.map(|(name, value)| (name.clone(), value.as_str().into()));
            scripted = scripted.with("headers", json::object(headers));
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter();
            let causes = causes.map(|(field, detail)| json!({"field": field, "detail": detail}));
            scripted = scripted.with("causes", Value::Array(causes.collect()));
        }
        scripted
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
            Response::text(429, message.to_owned())
                .header(header::RETRY_AFTER, seconds.to_string()),
        )
    }

    fn raw(&self, status: u16, body: &str) -> Response {
        let body = self.message.as_deref().unwrap_or(body).to_owned();
        self.with_headers(Response::new(status, "text/plain; charset=utf-8", body))
    }

    fn raw_status(&self, value: &Value) -> Response {
        let code = code(value).unwrap_or(500);
        let mut value = value.clone();
        if let (Some(message), Some(members)) = (&self.message, value.as_object_mut()) {
            members.insert("message".to_owned(), message.as_str().into());
        }
        let body = format!("{}\n", json::compact(&value));
        self.with_headers(Response::new(code, "application/json", body))
    }

    fn with_headers(&self, mut response: Response) -> Response {
        if let Some(seconds) = self.retry_after {
            response = response.header(header::RETRY_AFTER, seconds.to_string());
        }
        response.extra_headers.extend(self.headers.iter().cloned());
        response
    }
}

/// The HTTP status that a Status goes with.
fn code(status: &Value) -> Option<u16> {
    let code = u16::try_from(status["code"].as_u64()?).ok()?;
    (200..=599).contains(&code).then_some(code)
}
