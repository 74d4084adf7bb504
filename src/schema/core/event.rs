//! Event.

use super::super::{API_VERSION, KIND, METADATA_REQUIRED, Struct, Type, opt, ptr, req, shown};
use super::OBJECT_REFERENCE;

/// The descriptions that are also those of columns.
pub(crate) mod docs {
    pub(crate) const INVOLVED_OBJECT: &str = "The object that this event is about.";
    pub(crate) const REASON: &str = "This should be a short, machine understandable string that gives the reason for the transition into the object's current status.";
    pub(crate) const MESSAGE: &str =
        "A human-readable description of the status of this operation.";
    pub(crate) const SOURCE: &str =
        "The component reporting this event. Should be a short machine understandable string.";
    pub(crate) const FIRST_TIMESTAMP: &str =
        "The time at which the event was first recorded. (Time of server receipt is in TypeMeta.)";
    pub(crate) const LAST_TIMESTAMP: &str =
        "The time at which the most recent occurrence of this event was recorded.";
    pub(crate) const COUNT: &str = "The number of times this event has occurred.";
    pub(crate) const TYPE: &str =
        "Type of this event (Normal, Warning), new types could be added in the future";
}

pub(crate) static EVENT: Struct = Struct::new(
    "Event",
    "A report of something that happened to an object.",
    &[
        KIND,
        API_VERSION,
        METADATA_REQUIRED,
        req(
            "involvedObject",
            Type::Struct(&OBJECT_REFERENCE),
            docs::INVOLVED_OBJECT,
        ),
        opt("reason", Type::String, docs::REASON),
        opt("message", Type::String, docs::MESSAGE),
        shown("source", Type::Struct(&EVENT_SOURCE), docs::SOURCE),
        shown("firstTimestamp", Type::Time, docs::FIRST_TIMESTAMP),
        shown("lastTimestamp", Type::Time, docs::LAST_TIMESTAMP),
        opt("count", Type::Int32, docs::COUNT),
        opt("type", Type::String, docs::TYPE),
        shown(
            "eventTime",
            Type::MicroTime,
            "When the event was first observed.",
        ),
        ptr(
            "series",
            Type::Struct(&EVENT_SERIES),
            "The series of events this one stands for.",
        ),
        opt(
            "action",
            Type::String,
            "What was done, or tried, to the object.",
        ),
        ptr(
            "related",
            Type::Struct(&OBJECT_REFERENCE),
            "Another object, for actions that take two.",
        ),
        shown(
            "reportingComponent",
            Type::String,
            "The controller that reports the event.",
        ),
        shown(
            "reportingInstance",
            Type::String,
            "Which instance of that controller.",
        ),
    ],
);

static EVENT_SOURCE: Struct = Struct::new(
    "EventSource",
    "Who reports an event.",
    &[
        opt("component", Type::String, "The component."),
        opt("host", Type::String, "The node it runs on."),
    ],
);

static EVENT_SERIES: Struct = Struct::new(
    "EventSeries",
    "How often an event happened, and when last.",
    &[
        opt("count", Type::Int32, "How often so far."),
        shown(
            "lastObservedTime",
            Type::MicroTime,
            "When it was last observed.",
        ),
    ],
);
