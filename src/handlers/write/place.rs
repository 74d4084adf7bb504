//! Objects that are put in their place as they are: by a test before its client comes, and by the server at its start.

use std::sync::Arc;

use serde_json::{Value, json};

use super::attempt::Attempt;
use super::{Proposal, Propose, Stop, Write, Written};
use crate::handlers::cluster::Cluster;
use crate::ids::NAME_ATTEMPTS;
use crate::kinds::KindRef;
use crate::object::{Object, meta_str, metadata_mut, set_resource_version};
use crate::registry::{self, WriteContext, generic};
use crate::response::Warnings;
use crate::schema::prune;
use crate::status::Status;

/// An object that is canonical and defaulted, as it is to be.
struct Placed<'a>(&'a Value);

impl Propose for Placed<'_> {
    fn propose(
        &self,
        _write: &Write<'_>,
        _context: &WriteContext<'_>,
        _live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        Ok(Proposal::Place(self.0.clone()))
    }
}

/// Stores an object that keeps what it says about itself (uid, times, status), in place of any of its name. A namespace
/// that is missing is made.
pub(crate) fn place(
    cluster: &Cluster,
    kind: &KindRef,
    object: &Value,
) -> Result<Arc<Object>, Status> {
    let (namespace, name) = (meta_str(object, "namespace"), meta_str(object, "name"));
    let write = Write::of_the_server(cluster, kind, namespace, name);
    let placed = write.run_now(&Placed(object), &mut Warnings::default())?;
    match placed {
        Written::Created(object) | Written::Updated(object) | Written::Deleted(object) => {
            Ok(object)
        }
    }
}

/// Makes a namespace as if someone had created it, if it is not there.
pub(crate) fn namespace(cluster: &Cluster, name: &str) -> Result<(), Status> {
    let Some(kind) = cluster.catalog().find_stored("", "Namespace") else {
        return Ok(());
    };
    if cluster
        .storage
        .view()
        .get(&cluster.namespace_key(name))
        .is_some()
    {
        return Ok(());
    }
    let mut object = json!({"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": name}});
    registry::set_defaults(&kind, &mut object);
    place(cluster, &kind, &object).map(drop)
}

/// Makes an object that says its kind and version, if it is not there.
pub(crate) fn unless_there(cluster: &Cluster, mut object: Value) -> Result<(), Status> {
    let text = |field: &str| object[field].as_str().unwrap_or_default();
    let kind = cluster
        .catalog()
        .find_kind(text("apiVersion"), text("kind"));
    let Some(kind) = kind else { return Ok(()) };
    let key = kind.key(meta_str(&object, "namespace"), meta_str(&object, "name"));
    if cluster.storage.view().get(&key).is_some() {
        return Ok(());
    }
    prune(&mut object, &kind.schema);
    registry::set_defaults(&kind, &mut object);
    place(cluster, &kind, &object).map(drop)
}

/// Makes what the controllers make along with an object.
pub(crate) fn along(cluster: &Cluster, object: &Object) {
    let Some(authority) = &cluster.authority else {
        return;
    };
    let strategy = registry::strategy(&object.kind);
    for (group, kind, mut other) in strategy.created_along(object.name(), authority) {
        if let Some(kind) = cluster.catalog().find_stored(group, kind) {
            other["apiVersion"] = kind.api_version().into();
            other["kind"] = kind.kind.as_str().into();
            // It is valid, and its namespace is there.
            let _ = unless_there(cluster, other);
        }
    }
}

/// Whether an object is one that the controllers make along with the other.
pub(crate) fn comes_along(cluster: &Cluster, with: &Object, object: &Object) -> bool {
    let Some(authority) = &cluster.authority else {
        return false;
    };
    let strategy = registry::strategy(&with.kind);
    let all = strategy.created_along(with.name(), authority);
    all.iter().any(|(group, kind, other)| {
        (*group, *kind) == (&object.kind.group, &object.kind.kind)
            && meta_str(other, "name") == object.name()
    })
}

/// Makes the namespace that is written to, where namespaces spring up by themselves.
pub(super) fn implicit_namespace(write: &Write<'_>) -> Result<(), Status> {
    let springs_up =
        write.cluster.implicit_namespaces && write.kind.namespaced && !write.namespace.is_empty();
    if springs_up {
        namespace(write.cluster, write.namespace)?;
    }
    Ok(())
}

impl Attempt<'_> {
    pub(super) async fn place(
        &self,
        mut object: Value,
        live: Option<Arc<Object>>,
        old: Option<&Value>,
    ) -> Result<Written, Stop> {
        let mut complete = object.clone();
        self.strategy
            .prepare_for_create(&self.context, &mut complete);
        fill_in(&mut object, complete);
        set_resource_version(&mut object, None);
        self.identify(&mut object, old);
        self.name(&mut object)?;
        self.strategy.allocate(&self.context, &mut object, old)?;
        generic::before_create(&self.context, self.strategy, &mut object)?;
        if self.write.kind.namespaced {
            namespace(self.write.cluster, self.write.namespace)?;
        }
        let key = self.write.key(meta_str(&object, "name"));
        let stored = self.put(&key, live.as_ref(), object).await?;
        Ok(match live {
            Some(_) => Written::Updated(stored),
            None => Written::Created(stored),
        })
    }

    /// Gives an object the identity of the one whose place it takes, or else a new one, where it has none of its own.
    fn identify(&self, object: &mut Value, old: Option<&Value>) {
        let kept = |field: &str| old.and_then(|old| old["metadata"].get(field)).cloned();
        let ids = &self.write.cluster.ids;
        let metadata = metadata_mut(object);
        metadata
            .entry("uid")
            .or_insert_with(|| kept("uid").unwrap_or_else(|| ids.uid().into()));
        metadata.entry("creationTimestamp").or_insert_with(|| {
            kept("creationTimestamp").unwrap_or_else(|| self.context.now.into())
        });
    }

    /// Makes up the name of an object that has only a `generateName`.
    fn name(&self, object: &mut Value) -> Result<(), Status> {
        let (given, base) = (meta_str(object, "name"), meta_str(object, "generateName"));
        if !given.is_empty() || base.is_empty() {
            return Ok(());
        }
        let is_free = |name: &String| self.write.find(&self.write.key(name)).is_none();
        let ids = &self.write.cluster.ids;
        let mut names = (0..NAME_ATTEMPTS).map(|_| ids.name(base));
        let name = names.find(is_free).ok_or_else(|| {
            Status::internal_error(&format!("no name that starts with {base:?} is free"))
        })?;
        metadata_mut(object).insert("name".to_owned(), name.into());
        Ok(())
    }
}

/// Takes over what a creation would have set, where the object does not say.
fn fill_in(object: &mut Value, complete: Value) {
    if let (Value::Object(object), Value::Object(complete)) = (object, complete) {
        for (key, value) in complete {
            match object.get_mut(&key) {
                Some(own) => fill_in(own, value),
                None => {
                    object.insert(key, value);
                }
            }
        }
    }
}
