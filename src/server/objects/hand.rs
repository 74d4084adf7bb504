//! What the test's own hand does to objects: the writes of a client, but nobody's, and past access control.

use serde_json::{Value, json};

use crate::handlers::body;
use crate::handlers::cluster::{Cluster, key, prefix};
use crate::handlers::seed::Seeder;
use crate::handlers::write::{Proposal, Propose, Write, Written};
use crate::kinds::KindRef;
use crate::object::Object;
use crate::patch::{self, PatchType};
use crate::registry::{self, WriteContext};
use crate::request::options::{DeleteOptions, FieldValidation};
use crate::response::Warnings;
use crate::schema;
use crate::status::Status;

/// The hand, on the objects of one kind. A namespace is empty for a kind that is in none, and for the list of all.
#[derive(Clone)]
pub(super) struct Hand<'a> {
    pub(super) cluster: &'a Cluster,
    pub(super) kind: KindRef,
}

impl Hand<'_> {
    pub(super) fn get(&self, namespace: &str, name: &str) -> Option<Value> {
        self.cluster.settle(&self.kind);
        let view = self.cluster.storage.view();
        view.get(&key(&self.kind, namespace, name))
            .map(|object| self.shown(object))
    }

    pub(super) fn list(&self, namespace: &str) -> Vec<Value> {
        self.cluster.settle(&self.kind);
        let prefix = prefix(&self.kind, namespace);
        let view = self.cluster.storage.view();
        view.range(&prefix, "", view.revision())
            .map(|(_, object)| self.shown(object))
            .collect()
    }

    pub(super) fn put(&self, object: Value) -> Result<Value, String> {
        let stored = Seeder::new(self.cluster).object(object)?;
        stored
            .map(|object| self.shown(&object))
            .ok_or_else(|| "it holds no object".to_owned())
    }

    /// A merge patch. As a write leaves the status alone where that is a subresource, it is patched there.
    pub(super) fn patch(
        &self,
        namespace: &str,
        name: &str,
        patch: &Value,
    ) -> Result<Value, String> {
        let mut rest = patch.clone();
        let status = match self.kind.subresource("status") {
            Some(_) => rest.as_object_mut().and_then(|rest| rest.remove("status")),
            None => None,
        };
        let only_status = status.is_some() && rest == json!({});
        let mut result = Ok(Value::Null);
        if !only_status {
            result = self.merge(namespace, name, "", &rest);
        }
        match status {
            Some(status) if result.is_ok() => {
                self.merge(namespace, name, "status", &json!({"status": status}))
            }
            _ => result,
        }
    }

    pub(super) fn delete(&self, namespace: &str, name: &str) -> Result<(), String> {
        self.write(namespace, name, "", &DeleteOptions::default())
            .map(drop)
    }

    /// The object in the version that the hand holds.
    fn shown(&self, object: &Object) -> Value {
        Value::clone(&object.value_in(&self.kind))
    }

    fn merge(
        &self,
        namespace: &str,
        name: &str,
        subresource: &str,
        patch: &Value,
    ) -> Result<Value, String> {
        self.write(namespace, name, subresource, &Merge(patch.to_string()))
    }

    fn write(
        &self,
        namespace: &str,
        name: &str,
        subresource: &str,
        intent: &dyn Propose,
    ) -> Result<Value, String> {
        let write = Write {
            subresource,
            ..Write::of_the_server(self.cluster, &self.kind, namespace, name)
        };
        match write.run_now(intent, &mut Warnings::default()) {
            Ok(Written::Created(object) | Written::Updated(object) | Written::Deleted(object)) => {
                Ok(self.shown(&object))
            }
            Err(status) => Err(status.message),
        }
    }
}

/// A merge patch that may say nothing the kind does not know.
struct Merge(String);

impl Propose for Merge {
    fn propose(
        &self,
        write: &Write<'_>,
        _context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let live = live.ok_or_else(|| write.not_found())?;
        let (schema, bytes) = (&write.kind.schema, self.0.as_bytes());
        let patched = patch::apply(
            PatchType::Merge,
            live,
            bytes,
            schema,
            FieldValidation::Strict,
        )?;
        let decoded = schema::read(patched.next, write.kind).map_err(Status::bad_request)?;
        if !decoded.strict.is_empty() {
            return Err(Status::bad_request(decoded.strict.join(", ")));
        }
        let mut object = decoded.value;
        body::set_type(&mut object, write.kind);
        registry::set_defaults(write.kind, &mut object);
        Ok(Proposal::Update(object))
    }
}
