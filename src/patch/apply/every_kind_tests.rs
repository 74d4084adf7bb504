//! What holds of applied configurations of every kind.

use proptest::prelude::*;
use serde_json::Value;

use super::{AppliedKind, Writer, apply, keep_times};
use crate::codec::json::Node;
use crate::kinds::Kind;
use crate::kinds::samples::objects::{canonical, check_every_kind};

/// What somebody applies to an object of a kind.
fn take(kind: &Kind, live: Option<&Value>, config: &Value, manager: &str, now: &str) -> Value {
    let applied = AppliedKind {
        name: &kind.kind,
        schema: &kind.schema,
        reset: &[],
    };
    let writer = Writer {
        is_foreign: &|_| false,
        in_version: &|_, _| None,
        manager,
        api_version: &kind.api_version(),
        subresource: "",
        now,
    };
    let config = Node::from_value(config);
    // What was applied once is nobody's to fight over.
    let force = live.is_some_and(|live| !manages(live, manager));
    let object = apply(live, &config, &applied, &writer, force);
    object.unwrap_or_else(|error| panic!("{error:?}: {config:?}"))
}

fn manages(object: &Value, manager: &str) -> bool {
    let entries = object["metadata"]["managedFields"].as_array();
    entries.is_some_and(|entries| entries.iter().any(|entry| entry["manager"] == manager))
}

#[test]
fn applying_twice_is_applying_once() {
    check_every_kind(12, |kind, choices: &[Vec<u16>; 2]| {
        let [other, wanted] = choices.each_ref().map(|choices| {
            let mut config = canonical(kind, choices);
            if let Some(metadata) = config["metadata"].as_object_mut() {
                metadata.remove("managedFields");
            }
            config
        });
        let live = take(kind, None, &other, "other", "2024-01-01T00:00:01Z");
        let once = take(kind, Some(&live), &wanted, "me", "2024-01-01T00:00:02Z");
        let mut twice = take(kind, Some(&once), &wanted, "me", "2024-01-01T00:00:03Z");
        keep_times(&once, &mut twice);
        prop_assert_eq!(twice, once);
        Ok(())
    });
}
