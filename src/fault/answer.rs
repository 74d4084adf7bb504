//! Faults that answer in the server's place, with the body and the headers the real server sends.

use serde_json::{Value, json};

use super::catalogue::Scripted;
use crate::request::info::RequestInfo;
use crate::request::negotiation::Negotiated;
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
            scripted = scripted.with("headers", Value::Object(headers.collect()));
        }
        if !self.causes.is_empty() {
            let causes = self.causes.iter();
            let causes = causes.map(|(field, detail)| json!({"field": field, "detail": detail}));
            scripted = scripted.with("causes", Value::Array(causes.collect()));
        }
        scripted
    }

    /// The answer to one request about this kind of object.
    pub(crate) fn write(&self, info: &RequestInfo, kind: &str, negotiated: Negotiated) -> Response {
        let mut response = match &self.kind {
            Kind::TooManyRequests => self.too_many_requests_text(),
            Kind::Raw { status, body } => {
                Response::new(*status, "text/plain; charset=utf-8", body.clone())
            }
            Kind::Status(value) => raw_status(value),
            _ => Response::status(&self.worded(self.status(info, kind)), negotiated),
        };
        response.extra_headers.extend(self.headers.iter().cloned());
        response
    }

    fn worded(&self, mut status: Status) -> Status {
        if let Some(message) = &self.message {
            status.message.clone_from(message);
        }
        if let Some(seconds) = self.retry_after {
            status.details.get_or_insert_default().retry_after_seconds = seconds;
        }
        status
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
        let message = self.message.as_deref();
        let message = message.unwrap_or("Too many requests, please try again later.\n");
        Response::text(429, message.to_owned()).header("retry-after", seconds.to_string())
    }
}

fn raw_status(value: &Value) -> Response {
    let code = value["code"].as_u64().and_then(|c| u16::try_from(c).ok());
    let body = format!("{}\n", crate::codec::json::compact(value));
    Response::new(code.unwrap_or(500), "application/json", body)
}
