//! core/v1 Event.

use serde_json::{Value, json};

use super::deletion::{self, Deletion};
use super::strategy::{Strategy, WriteContext};
use super::validation::event as rules;
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Events;

impl Strategy for Events {
    /// The rules have grown with the group: who writes to core/v1 is held to the old ones.
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = rules::validate_legacy(object, rules::Names::of(write.asked));
        if !write.asked.group.is_empty() {
            errors.extend(rules::validate_new(object));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = rules::validate_legacy(object, rules::Names::of(write.asked));
        if !write.asked.group.is_empty() {
            errors.extend(rules::validate_new_update(object, old));
        }
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    /// Events have no dependents: the garbage collector's finalizers make no sense on them.
    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        let options = DeleteOptions {
            orphan_dependents: Some(false),
            propagation: None,
            ..options.clone()
        };
        deletion::before_delete(write, object, &options)
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        (path == ["source"]).then(|| source_component(object).to_owned())
    }

    fn cell(&self, column: &str, object: &Value, age: &dyn Fn(&str) -> String) -> Value {
        match column {
            "Last Seen" => last_seen(object, age).into(),
            "First Seen" => first_seen(object, age).into(),
            "Object" => target(&object["involvedObject"]).into(),
            "Source" => source(object).into(),
            "Message" => text(object, "message").trim().into(),
            "Count" => count(object),
            _ => Value::Null,
        }
    }
}

fn first_seen(object: &Value, age: &dyn Fn(&str) -> String) -> String {
    match text(object, "firstTimestamp") {
        "" => age(text(object, "eventTime")),
        time => age(time),
    }
}

fn last_seen(object: &Value, age: &dyn Fn(&str) -> String) -> String {
    let series = &object["series"];
    match text(object, "lastTimestamp") {
        _ if series.is_object() => age(text(series, "lastObservedTime")),
        "" => first_seen(object, age),
        time => age(time),
    }
}

/// `pod/web-1`.
fn target(reference: &Value) -> String {
    let kind = text(reference, "kind").to_lowercase();
    match text(reference, "name") {
        "" => kind,
        name => format!("{kind}/{name}"),
    }
}

/// `kubelet, node-1`.
fn source(object: &Value) -> String {
    let component = source_component(object);
    let instance = match text(&object["source"], "host") {
        "" => text(object, "reportingInstance"),
        host => host,
    };
    if instance.is_empty() {
        component.to_owned()
    } else {
        format!("{component}, {instance}")
    }
}

fn source_component(object: &Value) -> &str {
    match text(&object["source"], "component") {
        "" => text(object, "reportingComponent"),
        component => component,
    }
}

/// An event without a count happened once; a series has its own count.
fn count(object: &Value) -> Value {
    let number = |object: &Value| object["count"].as_i64().unwrap_or_default();
    match (&object["series"], number(object)) {
        (series @ Value::Object(_), _) => json!(number(series)),
        (_, 0) => json!(1),
        (_, count) => json!(count),
    }
}

fn text<'a>(object: &'a Value, field: &str) -> &'a str {
    object[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::sample;

    fn age(time: &str) -> String {
        format!("<{time}>")
    }

    #[test]
    fn a_row_shows_the_event_before_its_name() {
        let object = json!({
            "metadata": {"name": "ev"},
            "involvedObject": {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{c}"},
            "type": "Normal", "reason": "R", "message": " m\n", "count": 3,
            "source": {"component": "kubelet", "host": "n1"},
            "firstTimestamp": "a", "lastTimestamp": "b",
        });
        let cells = [
            "Last Seen",
            "Object",
            "Source",
            "Message",
            "First Seen",
            "Count",
        ];
        assert_eq!(
            Value::from(
                cells
                    .map(|column| Events.cell(column, &object, &age))
                    .to_vec()
            ),
            json!(["<b>", "pod/p", "kubelet, n1", "m", "<a>", 3])
        );
    }

    #[test]
    fn a_series_tells_when_and_how_often() {
        let object = json!({
            "metadata": {"name": "ev"},
            "involvedObject": {"kind": "Node"},
            "eventTime": "a",
            "series": {"count": 5, "lastObservedTime": "z"},
            "reportingComponent": "k",
        });
        let cells = ["Last Seen", "Object", "Source", "First Seen", "Count"];
        assert_eq!(
            Value::from(
                cells
                    .map(|column| Events.cell(column, &object, &age))
                    .to_vec()
            ),
            json!(["<z>", "node", "k", "<a>", 5])
        );
    }

    #[test]
    fn the_source_of_an_event_is_a_component() {
        let object = json!({"source": {"component": "c"}, "reportingComponent": "k"});
        assert_eq!(Events.field(&object, &["source"]).as_deref(), Some("c"));
        assert_eq!(Events.field(&object, &["reason"]), None);
    }

    #[test]
    fn no_propagation_policy_holds_an_event() {
        let options = DeleteOptions {
            orphan_dependents: Some(true),
            ..DeleteOptions::default()
        };
        let object = json!({"metadata": {"name": "ev"}});
        let (kind, lister) = (sample::kind("events"), sample::Claimed::default());
        let write = sample::write(&kind, &lister);
        assert_eq!(
            Events.before_delete(&write, &object, &options).ok(),
            Some(Deletion::Remove(None))
        );
    }
}
