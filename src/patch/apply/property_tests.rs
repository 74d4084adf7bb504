use std::sync::LazyLock;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::fields::field_set;
use super::managed_fields::{Managed, unmanaged};
use super::path::Element;
use super::set::Set;
use super::typed::{child_type, is_granular, item_element};
use super::update::{Change, STRIPPED, track};
use super::versions::Elsewhere;
use super::{AppliedKind, Sent, Writer, apply, create, keep_times, update};
use crate::codec::json::Node;
use crate::kinds::Type;
use crate::kinds::samples::{NAMESPACE, choices};
use crate::schema::prune;

/// Namespace, because it has every kind of list.
static KIND: LazyLock<AppliedKind<'static>> = LazyLock::new(|| AppliedKind {
    name: "Namespace",
    schema: &NAMESPACE,
    reset: &[],
});

#[derive(Clone, Debug)]
enum Step {
    Update(usize, Value),
    Apply(usize, Value, bool),
}

fn config() -> impl Strategy<Value = Value> {
    let map = || proptest::option::of(proptest::collection::btree_map("[abc]", "[12]", 0..3));
    let finalizers = proptest::sample::subsequence(vec!["x", "y", "z"], 0..3).prop_shuffle();
    let references = proptest::sample::subsequence(vec!["u1", "u2"], 0..3);
    let conditions = proptest::collection::btree_map(
        "[AB]",
        (any::<bool>(), proptest::option::of("[rs]")),
        0..3,
    );
    let phase = proptest::option::of("[PQ]");
    let atomic = proptest::option::of(proptest::sample::subsequence(vec!["k", "l"], 0..3));
    (map(), map(), finalizers, references, conditions, phase, atomic).prop_map(
        |(labels, annotations, finalizers, references, conditions, phase, atomic)| {
            let conditions: Vec<Value> = conditions
                .into_iter()
                .map(|(ty, (status, reason))| {
                    let mut condition = json!({"type": ty, "status": if status { "True" } else { "False" }});
                    condition
                        .as_object_mut()
                        .unwrap()
                        .extend(reason.map(|r| ("reason".to_owned(), json!(r))));
                    condition
                })
                .collect();
            let references: Vec<Value> = references
                .iter()
                .map(|uid| json!({"apiVersion": "v1", "kind": "K", "uid": uid, "name": "o"}))
                .collect();
            let mut metadata = json!({"name": "n", "finalizers": finalizers, "ownerReferences": references});
            let metadata_map = metadata.as_object_mut().unwrap();
            metadata_map.extend(labels.map(|map| ("labels".to_owned(), json!(map))));
            metadata_map.extend(annotations.map(|map| ("annotations".to_owned(), json!(map))));
            let mut status = Map::new();
            status.extend(phase.map(|phase| ("phase".to_owned(), json!(phase))));
            status.insert("conditions".to_owned(), json!(conditions));
            let mut config = json!({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": status});
            if let Some(finalizers) = atomic {
                config["spec"] = json!({"finalizers": finalizers});
            }
            config
        },
    )
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        (0..3usize, config()).prop_map(|(manager, config)| Step::Update(manager, config)),
        (0..3usize, config(), any::<bool>())
            .prop_map(|(manager, config, force)| Step::Apply(manager, config, force)),
    ]
}

fn writer<'a>(manager: usize, now: &'a str) -> Writer<'a> {
    Writer {
        is_foreign: &|_| false,
        in_version: &|_, _| None,
        manager: ["m1", "m2", "m3"][manager],
        api_version: "v1",
        subresource: "",
        now,
    }
}

fn time(second: usize) -> String {
    format!("2024-01-01T00:00:{second:02}Z")
}

/// The object after one step; the same object if it was a conflict.
fn take(live: &Value, step: &Step, now: &str) -> Value {
    match step {
        Step::Update(manager, config) => {
            let mut new = config.clone();
            new["metadata"]["uid"] = "u".into();
            prune(&mut new, &NAMESPACE);
            update(
                live,
                &mut new,
                &Sent::Absent,
                &NAMESPACE,
                &writer(*manager, now),
                &[],
            );
            new
        }
        Step::Apply(manager, config, force) => apply(
            Some(live),
            &Node::from_value(config),
            &KIND,
            &writer(*manager, now),
            *force,
        )
        .unwrap_or_else(|_| live.clone()),
    }
}

fn first(config: &Value) -> Value {
    let mut object = config.clone();
    prune(&mut object, &NAMESPACE);
    create(
        &mut object,
        &NAMESPACE,
        &writer(0, "2024-01-01T00:00:00Z"),
        &[],
    );
    object["metadata"]["uid"] = "u".into();
    object
}

/// What is at a path.
fn find<'a>(value: &'a Value, path: &[Element], ty: &Type) -> Option<&'a Value> {
    let [element, rest @ ..] = path else {
        return Some(value);
    };
    let found = match (ty, element) {
        (Type::List(list), element) => value
            .as_array()?
            .iter()
            .find(|item| item_element(list, item).as_ref() == Ok(element)),
        (_, Element::Field(name)) => value.get(&**name),
        _ => None,
    };
    find(found?, rest, child_type(ty, element)?)
}

fn type_at(path: &[Element]) -> Option<&'static Type> {
    static ROOT: LazyLock<Type> = LazyLock::new(|| Type::Struct(NAMESPACE.clone()));
    path.iter()
        .try_fold(&*ROOT, |ty, element| child_type(ty, element))
}

/// Whether an owned path is in order. A container may be owned while nothing is in it, which leaves no trace of it.
fn is_there(object: &Value, path: &[Element]) -> bool {
    let container =
        type_at(path).is_some_and(|ty| is_granular(ty, &[]) || matches!(ty, Type::List(_)));
    find(object, path, &Type::Struct(NAMESPACE.clone())).is_some() || container
}

/// The fields that have to have an owner: those with a value. Go writes some with none.
fn leaves(object: &Value) -> Vec<Vec<Element>> {
    let mut plain = unmanaged(object);
    plain["metadata"].as_object_mut().unwrap().remove("uid");
    let paths = field_set(&plain, &NAMESPACE).difference(&STRIPPED).paths();
    let is_leaf = |path: &Vec<Element>| {
        !paths
            .iter()
            .any(|other| other.len() > path.len() && other.starts_with(path))
    };
    let is_set = |path: &Vec<Element>| {
        let value = find(&plain, path, &Type::Struct(NAMESPACE.clone())).unwrap();
        *value != json!("") && *value != json!({})
    };
    paths
        .iter()
        .filter(|path| is_leaf(path) && is_set(path))
        .cloned()
        .collect()
}

fn owned(object: &Value) -> Set {
    Managed::of(object)
        .entries
        .iter()
        .fold(Set::default(), |all, (_, owned)| all.union(&owned.set))
}

proptest! {
    #![proptest_config(choices::config(256))]

    #[test]
    fn applying_twice_is_applying_once(start in config(), wanted in config(), between in step()) {
        let live = take(&first(&start), &between, &time(1));
        // An empty map is applied anew each time: it is not kept.
        let mut wanted = wanted;
        prune(&mut wanted, &NAMESPACE);
        let node = Node::from_value(&wanted);
        let once = apply(Some(&live), &node, &KIND, &writer(1, &time(2)), true).unwrap();
        let mut twice = apply(Some(&once), &node, &KIND, &writer(1, &time(3)), false).unwrap();
        keep_times(&once, &mut twice);
        prop_assert_eq!(twice, once);
    }

    /// Configurations that differ in few fields often change nothing but values: then the entry is kept as it is.
    #[test]
    fn an_update_leaves_the_entries_that_tracking_it_would(start in config(), phase in "[PQ]", manager in 0..2usize) {
        let live = first(&start);
        prop_assume!(!Managed::of(&live).entries.is_empty());
        let (now, mut new) = (time(1), live.clone());
        new["status"]["phase"] = phase.into();
        new["metadata"].as_object_mut().unwrap().remove("managedFields");
        let writer = writer(manager, &now);
        let mut tracked = new.clone();
        update(&live, &mut new, &Sent::Absent, &NAMESPACE, &writer, &[]);
        let change = Change::between(&live, &tracked, &NAMESPACE, &[]);
        track(change, &Elsewhere::default(), Managed::of(&live), &NAMESPACE, &writer).store(&mut tracked);
        prop_assert_eq!(new, tracked);
    }

    #[test]
    fn an_applied_value_is_there(start in config(), wanted in config()) {
        let (live, node) = (first(&start), Node::from_value(&wanted));
        let object = apply(Some(&live), &node, &KIND, &writer(1, &time(2)), true).unwrap();
        for path in leaves(&wanted) {
            let value = find(&wanted, &path, &Type::Struct(NAMESPACE.clone()));
            if value != Some(&json!([])) {
                prop_assert_eq!(find(&object, &path, &Type::Struct(NAMESPACE.clone())), value);
            }
        }
    }

    #[test]
    fn ownership_and_fields_agree(start in config(), steps in proptest::collection::vec(step(), 1..8)) {
        let mut live = first(&start);
        for (i, step) in steps.iter().enumerate() {
            live = take(&live, step, &time(i + 1));
            let owned = owned(&live);
            for path in owned.paths() {
                prop_assert!(is_there(&live, &path), "{:?} is not in {}", path, live);
            }
            let is_tracked = !owned.is_empty();
            // A time that the server shows without having been told is nobody's.
            let is_shown = |path: &[Element]| {
                path.last() == Some(&Element::field("lastTransitionTime"))
                    && find(&live, path, &Type::Struct(NAMESPACE.clone())) == Some(&Value::Null)
            };
            for path in leaves(&live).iter().filter(|path| is_tracked && !is_shown(path)) {
                prop_assert!(owned.contains(path), "{:?} has no owner in {}", path, live);
            }
        }
    }
}
