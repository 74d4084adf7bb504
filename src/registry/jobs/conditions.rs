//! The conditions of a job, and what the Table makes of them.

use jiff::Timestamp;
use serde_json::Value;

use crate::codec::time;

/// In the order that one of them names the state of the job.
const STATES: [&str; 2] = ["Complete", "Failed"];
const LATER_STATES: [&str; 3] = ["Suspended", "FailureTarget", "SuccessCriteriaMet"];

pub(super) fn is_true(status: &Value, ty: &str) -> bool {
    has(status, ty, "True")
}

pub(super) fn has(status: &Value, ty: &str, value: &str) -> bool {
    let conditions = status["conditions"].as_array().into_iter().flatten();
    conditions
        .into_iter()
        .any(|condition| condition["type"] == ty && condition["status"] == value)
}

/// `IsJobFinished`.
pub(super) fn is_finished(status: &Value) -> bool {
    STATES.iter().any(|state| is_true(status, state))
}

/// One word for the state of a job.
pub(super) fn summary(status: &Value, terminating: bool) -> &'static str {
    let found =
        |states: &[&'static str]| states.iter().copied().find(|state| is_true(status, state));
    match (found(&STATES), terminating) {
        (Some(state), _) => state,
        (None, true) => "Terminating",
        (None, false) => found(&LATER_STATES).unwrap_or("Running"),
    }
}

/// How long the job took, or has taken so far.
pub(super) fn duration(status: &Value, age: &dyn Fn(&str) -> String) -> String {
    let at = |field: &str| status[field].as_str();
    match (at("startTime"), at("completionTime")) {
        (None, _) => String::new(),
        (Some(start), None) => age(start),
        (Some(start), Some(end)) => between(start, end),
    }
}

fn between(start: &str, end: &str) -> String {
    let second = |text: &str| time::parse(text).map_or(0, Timestamp::as_second);
    time::human_duration(second(end) - second(start))
}
