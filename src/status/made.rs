//! Each Status by what it says.

use super::field::{self, FieldError};
use super::{Cause, Details, Status, Verdict, qualified};
use crate::codec::quote::quote;

impl Status {
    pub(crate) fn bad_request(message: impl Into<String>) -> Self {
        Status::new(400, "BadRequest", message)
    }

    pub(crate) fn unauthorized() -> Self {
        Status::new(401, "Unauthorized", "Unauthorized")
    }

    /// A denial; `name` may be empty, and of a path that is no resource all three are.
    pub(crate) fn forbidden(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let what = qualified(resource, group);
        let message = if resource.is_empty() {
            format!("forbidden: {why}")
        } else if name.is_empty() {
            format!("{what} is forbidden: {why}")
        } else {
            format!("{what} {} is forbidden: {why}", quote(name))
        };
        Status::new(403, "Forbidden", message).named(name, group, resource)
    }

    pub(crate) fn not_found(resource: &str, group: &str, name: &str) -> Self {
        let message = format!("{} {} not found", qualified(resource, group), quote(name));
        Status::new(404, "NotFound", message).named(name, group, resource)
    }

    /// What the router answers for a path below a served prefix that leads nowhere.
    pub(crate) fn no_route() -> Self {
        Status::new(
            404,
            "NotFound",
            "the server could not find the requested resource",
        )
        .with_details(Details::default())
    }

    pub(crate) fn method_not_allowed() -> Self {
        Status::new(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
        .with_details(Details::default())
    }

    /// A verb that a resource does not have, where the router lets it through.
    pub(crate) fn method_not_supported(resource: &str, group: &str, verb: &str) -> Self {
        let message = format!(
            "{verb} is not supported on resources of kind {}",
            quote(&qualified(resource, group))
        );
        Status::new(405, "MethodNotAllowed", message).named("", group, resource)
    }

    /// The router's refusal of an `Accept` header; it knows what the route can produce.
    pub(crate) fn not_acceptable_route(available: &[&str]) -> Self {
        let message = format!(
            "406: Not Acceptable\n\nAvailable representations: {}",
            available.join(", ")
        );
        Status::new(406, "NotAcceptable", message).with_details(Details::default())
    }

    /// The handler's refusal of an `Accept` header.
    pub(crate) fn not_acceptable(accepted: &[&str]) -> Self {
        Status::not_acceptable_because(format!(
            "only the following media types are accepted: {}",
            accepted.join(", ")
        ))
    }

    pub(crate) fn not_acceptable_because(message: String) -> Self {
        Status::new(406, "NotAcceptable", message)
    }

    pub(crate) fn already_exists(resource: &str, group: &str, name: &str) -> Self {
        let message = format!(
            "{} {} already exists",
            qualified(resource, group),
            quote(name)
        );
        Status::new(409, "AlreadyExists", message).named(name, group, resource)
    }

    /// The object of this name is still being deleted.
    pub(crate) fn already_exists_terminating(resource: &str, group: &str, name: &str) -> Self {
        let mut status = Status::already_exists(resource, group, name);
        status.message = format!("object is being deleted: {}", status.message);
        status
    }

    /// A name made from `generateName` was taken, time after time.
    pub(crate) fn generated_name_conflict(mut self) -> Self {
        self.message
            .push_str(", the server was not able to generate a unique name for the object");
        self.details.get_or_insert_default().retry_after_seconds = 1;
        self
    }

    /// `resource` is the kind where a delete precondition failed.
    pub(crate) fn conflict(resource: &str, group: &str, name: &str, why: &str) -> Self {
        let message = format!(
            "Operation cannot be fulfilled on {} {}: {why}",
            qualified(resource, group),
            quote(name)
        );
        Status::new(409, "Conflict", message).named(name, group, resource)
    }

    /// The optimistic lock failed.
    pub(crate) fn modified(resource: &str, group: &str, name: &str) -> Self {
        let why = "the object has been modified; please apply your changes to the latest version and try again";
        Status::conflict(resource, group, name, why)
    }

    /// Server-side apply ran into other managers' fields.
    pub(crate) fn apply_conflict(message: String, causes: Vec<Cause>) -> Self {
        Status::new(409, "Conflict", message).with_details(Details {
            causes,
            ..Details::default()
        })
    }

    pub(crate) fn expired(message: impl Into<String>) -> Self {
        Status::new(410, "Expired", message)
    }

    /// A streaming list, where the server has none.
    pub(crate) fn watch_list_disabled() -> Self {
        let error = FieldError::forbidden(
            "sendInitialEvents",
            "sendInitialEvents is forbidden for watch unless the WatchList feature gate is enabled",
        );
        Status::invalid("ListOptions", "meta.k8s.io", "", &[error])
    }

    pub(crate) fn request_entity_too_large(message: impl AsRef<str>) -> Self {
        Status::new(
            413,
            "RequestEntityTooLarge",
            format!("Request entity too large: {}", message.as_ref()),
        )
    }

    /// The handler's refusal of a `Content-Type`.
    pub(crate) fn unsupported_media_type(accepted: &[&str]) -> Self {
        let message = format!(
            "the body of the request was in an unknown format - accepted media types include: {}",
            accepted.join(", ")
        );
        Status::new(415, "UnsupportedMediaType", message)
    }

    /// The router's refusal of a `Content-Type`.
    pub(crate) fn unsupported_media_type_route() -> Self {
        Status::new(415, "UnsupportedMediaType", "415: Unsupported Media Type")
            .with_details(Details::default())
    }

    /// Validation failed. The message says each error once, the causes repeat them as found.
    pub(crate) fn invalid(kind: &str, group: &str, name: &str, errors: &[FieldError]) -> Self {
        let message = format!(
            "{} {} is invalid: {}",
            qualified(kind, group),
            quote(name),
            field::aggregate(errors)
        );
        let causes = field::told(errors).iter().map(FieldError::cause).collect();
        Status::new(422, "Invalid", message).with_details(Details {
            name: name.to_owned(),
            group: group.to_owned(),
            kind: kind.to_owned(),
            causes,
            ..Details::default()
        })
    }

    /// A patch that could not be applied, without saying why.
    pub(crate) fn unprocessable() -> Self {
        Status::new(
            422,
            "Invalid",
            "the server rejected our request due to an error in our request",
        )
        .with_details(Details::default())
    }

    /// An error that is no API error: a 500 without a reason.
    pub(crate) fn raw(message: impl Into<String>) -> Self {
        Status::new(500, "", message)
    }

    /// Where the real server crashes.
    pub(crate) fn panicked() -> Self {
        Status {
            verdict: Verdict::Panic,
            ..Status::raw("This request caused apiserver to panic. Look in the logs for details.")
        }
    }

    pub(crate) fn internal_error(why: &str) -> Self {
        let cause = Cause {
            reason: String::new(),
            message: why.to_owned(),
            field: String::new(),
        };
        Status::new(
            500,
            "InternalError",
            format!("Internal error occurred: {why}"),
        )
        .with_details(Details {
            causes: vec![cause],
            ..Details::default()
        })
    }

    /// The store could not be reached; the code is 500 all the same.
    pub(crate) fn server_timeout(verb: &str, resource: &str, group: &str) -> Self {
        let what = qualified(resource, group);
        let message = format!(
            "The {verb} operation against {what} could not be completed at this time, please try again."
        );
        let mut status = Status::new(500, "ServerTimeout", message).named(verb, group, resource);
        status.details.get_or_insert_default().retry_after_seconds = 2;
        status
    }

    pub(crate) fn service_unavailable(message: &str) -> Self {
        Status::new(503, "ServiceUnavailable", message)
    }

    /// A deadline passed while the request was handled.
    pub(crate) fn timeout(why: &str) -> Self {
        Status::new(504, "Timeout", format!("Timeout: {why}")).with_details(Details::default())
    }

    pub(crate) fn too_many_requests(message: &str, retry_after_seconds: u32) -> Self {
        Status::new(429, "TooManyRequests", message).with_details(Details {
            retry_after_seconds,
            ..Details::default()
        })
    }

    /// A failure with any code and reason.
    pub(crate) fn scripted(code: u16, reason: &str, message: &str) -> Self {
        let mut status = Status::new(code, "", message);
        status.reason = reason.to_owned().into();
        status
    }

    /// A resource version beyond the newest one, and after how many seconds to ask again, or 0.
    pub(crate) fn resource_version_too_large(
        requested: u64,
        current: u64,
        retry_after_seconds: u32,
    ) -> Self {
        let cause = Cause {
            reason: "ResourceVersionTooLarge".to_owned(),
            message: "Too large resource version".to_owned(),
            field: String::new(),
        };
        let message =
            format!("Timeout: Too large resource version: {requested}, current: {current}");
        Status::new(504, "Timeout", message).with_details(Details {
            causes: vec![cause],
            retry_after_seconds,
            ..Details::default()
        })
    }

    /// Something was done, of which there is nothing to show.
    pub(crate) fn done(code: u16) -> Self {
        Status {
            verdict: Verdict::Success,
            ..Status::new(code, "", "")
        }
    }

    /// The answer to a deletion that removed the object.
    pub(crate) fn deleted(resource: &str, group: &str, name: &str, uid: &str) -> Self {
        let mut status = Status::new(200, "", "").named(name, group, resource);
        status.details.get_or_insert_default().uid = uid.to_owned();
        status.verdict = Verdict::Success;
        status
    }
}
