//! Lost races, made real: someone else writes just before the request, so that the refusal is the server's own and a
//! retry that reads again succeeds.

use std::sync::Arc;

use serde_json::{Value, json};

use super::catalogue::{FaultKind, Scripted, plain};
use super::effect::Effect;
use super::rule::Fault;
use crate::handlers::cluster::{Cluster, key};
use crate::handlers::delete::delete;
use crate::handlers::{Target, admission};
use crate::object::{Object, meta_str, metadata_mut};
use crate::registry::generic;
use crate::request::options::DeleteOptions;

/// The annotation another writer leaves.
const ANNOTATION: &str = "fake-apiserver/raced-at";

pub(super) const KINDS: &[FaultKind] = &[
    plain(
        "lostRace",
        "Another writer changes the object first.",
        |_| Fault::lost_race(),
    ),
    plain(
        "deletedFirst",
        "Another writer deletes the object first.",
        |_| Fault::deleted_first(),
    ),
    plain(
        "createdFirst",
        "Another writer creates the object first.",
        |_| Fault::created_first(),
    ),
];

/// What the other writer does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Race {
    Update,
    Delete,
    Create,
}

impl Race {
    /// The fault as scripts write it.
    pub(super) fn script(self) -> Scripted {
        Scripted::new(match self {
            Race::Update => "lostRace",
            Race::Delete => "deletedFirst",
            Race::Create => "createdFirst",
        })
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Race::Update => "another writer updates first",
            Race::Delete => "another writer deletes first",
            Race::Create => "another writer creates first",
        }
    }

    /// Writes before the request does. `name` is that of the object the request is about.
    pub(crate) fn run(self, cluster: &Cluster, target: &Target, name: &str) {
        if name.is_empty() {
            return;
        }
        match self {
            Race::Update => update(cluster, target, name),
            Race::Delete => {
                let options = DeleteOptions::default();
                let (strategy, namespace) = (target.strategy, target.namespace.as_str());
                // What is not there cannot be deleted first.
                let _ = cluster
                    .storage
                    .write(|tx| delete(cluster, tx, strategy, namespace, name, &options));
            }
            Race::Create => create(cluster, target, name),
        }
    }
}

fn update(cluster: &Cluster, target: &Target, name: &str) {
    let resource = target.strategy.resource();
    let key = key(resource, &target.namespace, name);
    cluster.storage.write(|tx| {
        let Some(live) = tx.get(&key).cloned() else {
            return;
        };
        let mut next = live.to_value();
        let annotations = metadata_mut(&mut next)
            .entry("annotations")
            .or_insert_with(|| json!({}));
        annotations[ANNOTATION] = meta_str(&live.value(), "resourceVersion").into();
        tx.put(&key, |revision| {
            Object::at_revision(resource, next, revision)
        });
    });
}

fn create(cluster: &Cluster, target: &Target, name: &str) {
    let resource = target.strategy.resource();
    let key = key(resource, &target.namespace, name);
    let mut object: Value = json!({"kind": resource.kind, "apiVersion": resource.api_version(), "metadata": {"name": name}});
    if resource.namespaced {
        metadata_mut(&mut object).insert("namespace".to_owned(), target.namespace.as_str().into());
    }
    target.strategy.set_defaults(&mut object);
    cluster.storage.write(|tx| {
        if tx.get(&key).is_some()
            || admission::check_create(cluster, tx, target.strategy, &target.namespace, &object)
                .is_err()
        {
            return;
        }
        target.strategy.prepare_for_create(&mut object);
        generic::fill_system_fields(&mut object, cluster.ids.uid(), &cluster.timestamp());
        let _: Arc<Object> = tx.put(&key, |revision| {
            Object::at_revision(resource, object, revision)
        });
    });
}

impl Fault {
    /// Another writer changes the object just before: an update that carries a resourceVersion gets the server's own
    /// 409 Conflict.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::lost_race().verb("update").first(2);
    /// ```
    pub fn lost_race() -> Self {
        Fault::new(Effect::Race(Race::Update))
    }

    /// Another writer deletes the object just before: a get or a patch gets the server's own 404.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::deleted_first().verb("patch").first(1);
    /// ```
    pub fn deleted_first() -> Self {
        Fault::new(Effect::Race(Race::Delete))
    }

    /// Another writer creates the object just before: a create gets the server's own 409 AlreadyExists.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::created_first().verb("create").first(1);
    /// ```
    pub fn created_first() -> Self {
        Fault::new(Effect::Race(Race::Create))
    }
}
