//! A deletion and a re-creation that the client sleeps through.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Weak};

use serde_json::{Map, Value, json};

use super::identity::Identity;
use crate::Fault;
use crate::fault::guard::Counter;
use crate::object::meta_str;
use crate::server::FakeApiServer;

/// What a new object does not say of itself.
const MADE_UP: [&str; 8] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
    "managedFields",
    "finalizers",
];

/// A rule that never acts: once the watch is broken and the next request comes, the object that was changed last is not
/// the one it was, and the history does not tell.
pub(crate) fn rule(server: &Arc<FakeApiServer>, broken: Counter, watched: &Identity) -> Fault {
    let (server, watched) = (Arc::downgrade(server), watched.clone());
    let done = AtomicBool::new(false);
    Fault::custom(move |_| {
        if broken.fired() > 0 && !done.swap(true, Ordering::AcqRel) {
            recreate(&server, &watched);
        }
        None
    })
}

fn recreate(server: &Weak<FakeApiServer>, watched: &Identity) {
    let Some(server) = server.upgrade() else {
        return;
    };
    let objects = server.resource(&watched.resource);
    let version = |object: &Value| {
        meta_str(object, "resourceVersion")
            .parse::<u64>()
            .unwrap_or_default()
    };
    let in_place = |object: &Value| {
        watched.namespace.is_empty() || meta_str(object, "namespace") == watched.namespace
    };
    let all = objects.list().into_iter().filter(in_place);
    let Some(object) = all.max_by_key(version) else {
        return;
    };
    let (name, namespace) = (meta_str(&object, "name"), meta_str(&object, "namespace"));
    let one = match namespace {
        "" => server.resource(&watched.resource),
        namespace => server.resource(&watched.resource).namespace(namespace),
    };
    if object["metadata"]["finalizers"].is_array() {
        one.patch(name, json!({"metadata": {"finalizers": null}}));
    }
    if one.get(name).is_some() {
        one.delete(name);
    }
    if one.get(name).is_none() {
        server.object(anew(&object));
    }
    server.compact(server.revision());
}

/// The object as somebody would write it again.
fn anew(object: &Value) -> Value {
    let members = object.as_object().into_iter().flatten();
    let kept = members
        .filter(|(member, _)| *member != "status")
        .map(|(member, value)| {
            let value = match (member.as_str(), value.as_object()) {
                ("metadata", Some(metadata)) => without(metadata).into(),
                _ => value.clone(),
            };
            (member.clone(), value)
        });
    kept.collect::<Map<String, Value>>().into()
}

fn without(metadata: &Map<String, Value>) -> Map<String, Value> {
    let members = metadata.iter();
    let kept = members.filter(|(member, _)| !MADE_UP.contains(&member.as_str()));
    kept.map(|(member, value)| (member.clone(), value.clone()))
        .collect()
}
