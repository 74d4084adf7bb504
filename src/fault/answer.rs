//! Answers in the server's place, with the body and the headers the real server sends.

use super::argument::Arguments;
use crate::request::info::RequestInfo;
use crate::status::Status;

/// An answer that was scripted.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(super) say: Say,
    pub(super) arguments: Arguments,
}

/// What a kind of answer says of a subject.
pub(super) type Say = fn(&Subject<'_>, &Arguments) -> Said;

/// What an answer is about.
pub(crate) struct Subject<'a> {
    pub(crate) info: &'a RequestInfo,
    /// The kind of the resource.
    pub(crate) kind: &'a str,
    /// In the path, or in the body of a create.
    pub(crate) name: &'a str,
    /// What the authorizer says to whom it turns away.
    pub(crate) forbidden: &'a dyn Fn() -> Status,
}

/// What is said, and by whom on a real server: handlers warn of what is deprecated.
pub(super) enum Said {
    Handler(Status),
    Filter(Status),
    Raw(Raw),
}

/// What is no Status, or one that is written as it was given.
#[derive(Debug)]
pub(crate) struct Raw {
    pub(crate) code: u16,
    pub(crate) content_type: &'static str,
    /// With a warning not to guess at the type.
    pub(crate) nosniff: bool,
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

/// The answer to one request.
pub(crate) struct Reply {
    pub(crate) body: Body,
    /// In the place of the server's own of these names.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) is_a_handlers: bool,
}

/// What an answer consists of.
pub(crate) enum Body {
    /// In the format negotiated for errors.
    Status(Status),
    Raw(Raw),
}

impl Answer {
    /// The answer to a request about this.
    pub(crate) fn reply(&self, subject: &Subject<'_>) -> Reply {
        let said = (self.say)(subject, &self.arguments);
        let is_a_handlers = matches!(said, Said::Handler(_));
        let body = match said {
            Said::Handler(status) | Said::Filter(status) => Body::Status(self.worded(status)),
            Said::Raw(raw) => Body::Raw(raw),
        };
        Reply {
            body,
            headers: self.arguments.texts("headers").to_vec(),
            is_a_handlers,
        }
    }

    fn worded(&self, mut status: Status) -> Status {
        if let Some(message) = self.arguments.text("message") {
            message.clone_into(&mut status.message);
        }
        if let Some(seconds) = self.arguments.number("retryAfter") {
            let seconds = u32::try_from(seconds).unwrap_or(u32::MAX);
            status.details.get_or_insert_default().retry_after_seconds = seconds;
        }
        status
    }
}
