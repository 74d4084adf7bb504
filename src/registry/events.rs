//! core/v1 Event.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::generic::{self, Deletion};
use super::resource::Resource;
use super::strategy::Strategy;
use super::validation::event as rules;
use crate::kinds;
use crate::object::meta_str;
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Events;

static RESOURCE: Resource = Resource {
    group: "",
    version: "v1",
    plural: "events",
    singular: "event",
    kind: "Event",
    list_kind: "EventList",
    namespaced: true,
    short_names: &["ev"],
    categories: &[],
    verbs: &[
        "create",
        "delete",
        "deletecollection",
        "get",
        "list",
        "patch",
        "update",
        "watch",
    ],
    subresources: &[],
    storage_prefix: "events",
    storage_version_hash: "r2yiGXH7wu8=",
    schema: LazyLock::new(|| kinds::core_schema("events")),
};

impl Strategy for Events {
    fn resource(&self) -> &'static Resource {
        &RESOURCE
    }

    fn validate(&self, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn validate_update(&self, object: &Value, _old: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn allow_create_on_update(&self) -> bool {
        true
    }

    /// Events have no dependents: the garbage collector's finalizers make no sense on them.
    fn before_delete(
        &self,
        object: &Value,
        options: &DeleteOptions,
        now: &str,
    ) -> Result<Deletion, Status> {
        let options = DeleteOptions {
            orphan_dependents: Some(false),
            propagation: None,
            ..options.clone()
        };
        generic::before_delete(&RESOURCE, object, &options, now)
    }

    fn selectable_fields(&self) -> &'static [&'static str] {
        &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
            "metadata.namespace",
            "metadata.name",
        ]
    }

    fn field(&self, object: &Value, label: &str) -> String {
        match label.split_once('.') {
            Some((part, field)) => text(&object[part], field).to_owned(),
            None if label == "source" => source_component(object).to_owned(),
            None => text(object, label).to_owned(),
        }
    }

    fn row(&self, object: &Value, age: &dyn Fn(&str) -> String) -> Vec<Value> {
        let first = match text(object, "firstTimestamp") {
            "" => age(text(object, "eventTime")),
            time => age(time),
        };
        let series = &object["series"];
        let last = match text(object, "lastTimestamp") {
            _ if series.is_object() => age(text(series, "lastObservedTime")),
            "" => first.clone(),
            time => age(time),
        };
        vec![
            last.into(),
            text(object, "type").into(),
            text(object, "reason").into(),
            target(&object["involvedObject"]).into(),
            text(&object["involvedObject"], "fieldPath").into(),
            source(object).into(),
            text(object, "message").trim().into(),
            first.into(),
            count(object),
            meta_str(object, "name").into(),
        ]
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
        assert_eq!(
            Value::from(Events.row(&object, &age)),
            json!([
                "<b>",
                "Normal",
                "R",
                "pod/p",
                "spec.containers{c}",
                "kubelet, n1",
                "m",
                "<a>",
                3,
                "ev"
            ])
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
        assert_eq!(
            Value::from(Events.row(&object, &age)),
            json!(["<z>", "", "", "node", "", "k", "", "<a>", 5, "ev"])
        );
    }

    #[test]
    fn an_event_can_be_selected_by_what_it_is_about() {
        let object =
            json!({"involvedObject": {"name": "p"}, "reason": "R", "reportingComponent": "k"});
        for (label, value) in [
            ("involvedObject.name", "p"),
            ("involvedObject.uid", ""),
            ("reason", "R"),
            ("source", "k"),
        ] {
            assert_eq!(Events.field(&object, label), value, "{label}");
        }
    }

    #[test]
    fn no_propagation_policy_holds_an_event() {
        let options = DeleteOptions {
            orphan_dependents: Some(true),
            ..DeleteOptions::default()
        };
        let object = json!({"metadata": {"name": "ev"}});
        assert_eq!(
            Events.before_delete(&object, &options, "now").ok(),
            Some(Deletion::Remove(None))
        );
    }
}
