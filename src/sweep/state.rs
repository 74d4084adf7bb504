//! The end state of a run: what the program has left behind, as it is from run to run.
//!
//! What differs between any two runs is taken away: times, versions, uids, who manages which field, the names that the
//! server makes up, the order of what has none.

use std::cell::OnceCell;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde_json::{Map, Value};

use super::identity::without_suffix;
use crate::handlers::cluster::Cluster;
use crate::object::{Object, meta_str, meta_strings, owner_references};
use crate::status::qualified;
use crate::storage::Indexed as _;

/// What is different each time.
const VOLATILE: [&str; 7] = [
    "uid",
    "resourceVersion",
    "generation",
    "creationTimestamp",
    "managedFields",
    "selfLink",
    "deletionGracePeriodSeconds",
];
/// What another writer leaves who wins a race.
const RACED: &str = "fake-apiserver/raced-at";
/// The kinds that say what happened, not what is.
const OF_HISTORY: [&str; 1] = ["Event"];
/// Lists without an order, and what their elements are told apart by.
const UNORDERED: [(&str, &str); 3] = [
    ("conditions", "type"),
    ("ownerReferences", "name"),
    ("finalizers", ""),
];

/// What names begin with that the server makes up inside of objects.
const MADE_UP: [&str; 1] = ["kube-api-access-"];

/// The objects of a moment, by their keys.
pub(crate) type Objects = BTreeMap<String, Arc<Object>>;

/// What was changed since the start, by the title of each object; nothing stands for what was deleted.
#[derive(Clone, Debug, Default)]
pub(crate) struct State {
    pub(crate) objects: BTreeMap<String, Value>,
    /// What is wrong with it whatever the reference says.
    pub(crate) unsound: Vec<String>,
    /// All the rest, as it was at the start.
    pub(crate) unchanged: Vec<Arc<Object>>,
}

/// All that is stored; what the server makes up when somebody first looks is not the program's doing.
pub(crate) fn all_objects(cluster: &Cluster) -> Objects {
    cluster
        .catalog()
        .kinds()
        .for_each(|kind| cluster.settle(kind));
    objects(cluster)
}

/// All that is stored.
pub(crate) fn objects(cluster: &Cluster) -> Objects {
    let view = cluster.storage.view();
    let all = view.range("/", "", view.revision());
    all.map(|(key, object)| (key.to_string(), object.clone()))
        .collect()
}

impl State {
    /// What there is now, as far as it was not there at the start.
    pub(crate) fn of(start: &Objects, now: &Objects) -> Self {
        let both: Vec<Both<'_>> = side_by_side(start, now).collect();
        let made_up = both
            .iter()
            .filter(|both| both.is_changed())
            .filter_map(|both| both.now)
            .map(|object| meta_str(&object.value(), "generateName").to_owned())
            .filter(|start| !start.is_empty());
        let made_up: Vec<String> = made_up.chain(MADE_UP.map(str::to_owned)).collect();
        let all: Vec<Arc<Object>> = now.values().cloned().collect();
        let names = Names {
            now: &all,
            titles: OnceCell::new(),
            made_up,
        };
        let mut state = State::default();
        for both in both {
            state.take_in(&both, &names);
        }
        state.in_order()
    }

    fn take_in(&mut self, both: &Both<'_>, names: &Names<'_>) {
        let Some(object) = both.now else {
            let gone = both.start.map(|gone| title(gone, &names.made_up));
            gone.into_iter()
                .for_each(|title| self.add(title, Value::Null));
            return;
        };
        self.unsound.extend(names.unsound(object));
        if OF_HISTORY.contains(&object.kind.kind.as_ref()) {
            return;
        }
        let same = |object: &Arc<Object>| names.same(&object.value());
        let value = both.is_changed().then(|| same(object));
        // What was made anew just as it was is as it was.
        let value = value.filter(|value| both.start.is_none_or(|old| same(old) != *value));
        match value {
            Some(value) => self.add(title(object, &names.made_up), value),
            None => self.unchanged.push(object.clone()),
        }
    }

    /// The object of a title, changed or not; nothing stands for one that was deleted.
    pub(crate) fn find(&self, wanted: &str) -> Option<Value> {
        if let Some(changed) = self.objects.get(wanted) {
            return Some(changed.clone());
        }
        let found = self
            .unchanged
            .iter()
            .find(|object| title(object, &[]) == wanted)?;
        let names = Names {
            now: &self.unchanged,
            titles: OnceCell::new(),
            made_up: MADE_UP.map(str::to_owned).into(),
        };
        Some(names.same(&found.value()))
    }

    /// Several objects have one title if their names were made up.
    fn add(&mut self, title: String, value: Value) {
        let here = self
            .objects
            .entry(title)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Value::Array(values) = here {
            values.push(value);
        }
    }

    /// Those of one title, in an order of their own, get a number each.
    fn in_order(self) -> Self {
        let mut objects = BTreeMap::new();
        for (title, values) in self.objects {
            let Value::Array(mut values) = values else {
                continue;
            };
            values.sort_by_cached_key(Value::to_string);
            let several = title.ends_with('*');
            for (number, value) in (1..).zip(values) {
                let title = match several {
                    true => format!("{title}{number}"),
                    false => title.clone(),
                };
                objects.insert(title, value);
            }
        }
        State { objects, ..self }
    }
}

/// An object at the start and now, if it was there.
struct Both<'a> {
    start: Option<&'a Arc<Object>>,
    now: Option<&'a Arc<Object>>,
}

impl Both<'_> {
    fn is_changed(&self) -> bool {
        match (self.start, self.now) {
            (Some(start), Some(now)) => !Arc::ptr_eq(start, now),
            _ => true,
        }
    }
}

/// All objects of two moments, which are both in the order of their keys.
fn side_by_side<'a>(start: &'a Objects, now: &'a Objects) -> impl Iterator<Item = Both<'a>> {
    let (mut start, mut now) = (start.iter().peekable(), now.iter().peekable());
    std::iter::from_fn(move || {
        let order = match (start.peek(), now.peek()) {
            (Some((old, _)), Some((new, _))) => old.cmp(new),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => return None,
        };
        let old = start.next_if(|_| order.is_le());
        let new = now.next_if(|_| order.is_ge());
        Some(Both {
            start: old.map(|(_, object)| object),
            now: new.map(|(_, object)| object),
        })
    })
}

/// Whether the server has still to see to something: what is owned by nobody, or is about to go.
pub(crate) fn is_unsettled(start: &Objects, now: &Objects) -> bool {
    let both: Vec<Both<'_>> = side_by_side(start, now).collect();
    let lost = both.iter().any(|both| both.now.is_none());
    let touched = both.iter().filter(|both| lost || both.is_changed());
    // Most objects have no owner, and then nobody's uid is asked for.
    let uids: OnceCell<BTreeSet<&str>> = OnceCell::new();
    let is_there = |owner: &str| {
        let uids = uids.get_or_init(|| now.values().map(|object| object.uid()).collect());
        uids.contains(owner)
    };
    touched.filter_map(|both| both.now).any(|object| {
        let is_going = object.is_terminating() && object.kind.kind == "Namespace";
        is_going || object.owners().any(|owner| !is_there(owner))
    })
}

/// `Deployment.apps shop/web`
fn title(object: &Arc<Object>, made_up: &[String]) -> String {
    let kind = qualified(&object.kind.kind, &object.kind.group);
    let name = without_suffix(object.name(), made_up);
    match object.namespace() {
        "" => format!("{kind} {name}"),
        namespace => format!("{kind} {namespace}/{name}"),
    }
}

/// What stands for what, from run to run.
struct Names<'a> {
    now: &'a [Arc<Object>],
    /// By uid; put together when the first uid is met.
    titles: OnceCell<BTreeMap<&'a str, String>>,
    made_up: Vec<String>,
}

impl<'a> Names<'a> {
    fn titles(&self) -> &BTreeMap<&'a str, String> {
        self.titles.get_or_init(|| {
            let all = self.now.iter();
            all.map(|object| (object.uid(), title(object, &self.made_up)))
                .collect()
        })
    }

    fn same(&self, object: &Value) -> Value {
        let generation = object["metadata"]["generation"].as_i64();
        let mut plain = object.clone();
        if let Some(metadata) = plain.get_mut("metadata").and_then(Value::as_object_mut) {
            VOLATILE.iter().for_each(|member| {
                metadata.remove(*member);
            });
            without_race(metadata);
        }
        self.value(&plain, generation)
    }

    fn value(&self, value: &Value, generation: Option<i64>) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(list) => list.iter().map(|one| self.value(one, generation)).collect(),
            Value::Object(members) => {
                let same = members.iter().map(|(key, member)| {
                    let same = match (key.as_str(), generation, member.as_i64()) {
                        // How far behind it is says more than how often the object was changed.
                        ("observedGeneration", Some(newest), Some(seen)) => {
                            (newest - seen).to_string().into()
                        }
                        _ => sorted(key, self.value(member, generation)),
                    };
                    (key.clone(), same)
                });
                let same: BTreeMap<String, Value> = same.collect();
                same.into_iter().collect::<Map<String, Value>>().into()
            }
            other => other.clone(),
        }
    }

    fn text(&self, text: &str) -> String {
        match text {
            text if is_uid(text) => match self.titles().get(text) {
                Some(title) => format!("<uid of {title}>"),
                None => "<uid of what is gone>".to_owned(),
            },
            text if is_time(text) => "<time>".to_owned(),
            text => without_suffix(text, &self.made_up),
        }
    }

    /// What is wrong with an object by itself.
    fn unsound(&self, object: &Arc<Object>) -> Vec<String> {
        let mut found = Vec::new();
        if object.owners().next().is_none() && !object.is_terminating() {
            return found;
        }
        let (value, title) = (object.value(), title(object, &self.made_up));
        for owner in owner_references(&value) {
            let (kind, name) = (&owner["kind"], &owner["name"]);
            if !self
                .titles()
                .contains_key(owner["uid"].as_str().unwrap_or_default())
            {
                let (kind, name) = (
                    kind.as_str().unwrap_or_default(),
                    name.as_str().unwrap_or_default(),
                );
                found.push(format!(
                    "{title} is owned by {kind} {name}, which is not there any more"
                ));
            }
        }
        if object.is_terminating() {
            let waits = meta_strings(&value, "finalizers").join(", ");
            found.push(format!(
                "{title} is being deleted and waits for its finalizers: {waits}"
            ));
        }
        found
    }
}

/// What another writer left is none of the program's doing.
fn without_race(metadata: &mut Map<String, Value>) {
    let Some(annotations) = metadata
        .get_mut("annotations")
        .and_then(Value::as_object_mut)
    else {
        return;
    };
    if annotations.remove(RACED).is_some() && annotations.is_empty() {
        metadata.remove("annotations");
    }
}

fn sorted(key: &str, value: Value) -> Value {
    match (value, UNORDERED.iter().find(|(list, _)| *list == key)) {
        (Value::Array(mut list), Some((_, by))) => {
            list.sort_by_cached_key(|one| match one.get(*by) {
                Some(told) => told.to_string(),
                None => one.to_string(),
            });
            list.into()
        }
        (value, _) => value,
    }
}

/// `2026-01-01T12:00:00Z`, with a fraction or without.
fn is_time(text: &str) -> bool {
    text.len() >= 20
        && text.as_bytes().get(10) == Some(&b'T')
        && text.parse::<jiff::Timestamp>().is_ok()
}

fn is_uid(text: &str) -> bool {
    let is_part = |(index, byte): (usize, u8)| match index {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(is_part)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::FakeApiServer;

    fn state(fill: impl Fn(&FakeApiServer)) -> State {
        let server = FakeApiServer::start_blocking();
        let start = all_objects(server.cluster());
        fill(&server);
        State::of(&start, &objects(server.cluster()))
    }

    #[test]
    fn what_differs_from_run_to_run_is_the_same() {
        let filled = |times: usize| {
            state(|server| {
                for _ in 0..times {
                    server.object(
                        json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"},
                        "data": {"at": format!("2026-01-01T00:00:0{times}Z")}}),
                    );
                }
                let owner = server
                    .resource("configmaps")
                    .namespace("default")
                    .get("a")
                    .unwrap();
                server.object(
                    json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"generateName": "s-",
                    "ownerReferences": [{"apiVersion": "v1", "kind": "ConfigMap", "name": "a",
                        "uid": owner["metadata"]["uid"]}]}}),
                );
            })
        };
        let one = filled(1);
        assert_eq!(one.objects, filled(3).objects);
        let titles: Vec<&String> = one.objects.keys().collect();
        assert_eq!(titles, ["ConfigMap default/a", "Secret default/s-*1"]);
        assert_eq!(one.objects["ConfigMap default/a"]["data"]["at"], "<time>");
        let owner = &one.objects["Secret default/s-*1"]["metadata"]["ownerReferences"][0]["uid"];
        assert_eq!(*owner, "<uid of ConfigMap default/a>");
    }

    #[test]
    fn what_is_unsound_is_told() {
        let state = state(|server| {
            server.object(json!({"apiVersion": "v1", "kind": "ConfigMap",
                "metadata": {"name": "a", "finalizers": ["test/a"]}}));
            server
                .resource("configmaps")
                .namespace("default")
                .delete("a");
        });
        assert_eq!(
            state.unsound[0],
            "ConfigMap default/a is being deleted and waits for its finalizers: test/a"
        );
    }
}
