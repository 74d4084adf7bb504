//! Lost races, made real: somebody else writes just before the request, so that the refusal is the server's own and a
//! retry that reads again succeeds.

use serde_json::{Value, json};

use super::Target;
use super::cluster::Cluster;
use super::write::{Edit, Proposal, Propose, Write};
use crate::object::{meta_str, metadata_mut};
use crate::registry::{self, WriteContext};
use crate::request::options::DeleteOptions;
use crate::response::Warnings;
use crate::status::Status;

/// The annotation another writer leaves.
const ANNOTATION: &str = "fake-apiserver/raced-at";

/// Changes the object, if it is there.
pub(crate) async fn update(cluster: &Cluster, target: &Target, name: &str) {
    run(cluster, target, name, &Edit(annotated)).await;
}

/// Deletes the object, if it is there.
pub(crate) async fn delete(cluster: &Cluster, target: &Target, name: &str) {
    run(cluster, target, name, &DeleteOptions::default()).await;
}

/// Creates the object, if it is not there.
pub(crate) async fn create(cluster: &Cluster, target: &Target, name: &str) {
    run(cluster, target, name, &Bare).await;
}

async fn run(cluster: &Cluster, target: &Target, name: &str, intent: &dyn Propose) {
    let write = Write::of_the_server(cluster, &target.kind, &target.namespace, name);
    // What cannot be done before the request is not.
    let _ = write.run(intent, &mut Warnings::default()).await;
}

fn annotated(live: &Value) -> Option<Value> {
    let mut next = live.clone();
    let annotations = metadata_mut(&mut next)
        .entry("annotations")
        .or_insert_with(|| json!({}));
    annotations[ANNOTATION] = meta_str(live, "resourceVersion").into();
    Some(next)
}

/// An object with a name and nothing else.
struct Bare;

impl Propose for Bare {
    fn propose(
        &self,
        write: &Write<'_>,
        _context: &WriteContext<'_>,
        live: Option<&Value>,
        _warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        if live.is_some() {
            return Ok(Proposal::Nothing);
        }
        let mut object = json!({
            "kind": write.kind.kind,
            "apiVersion": write.kind.api_version(),
            "metadata": {"name": write.name},
        });
        if write.kind.namespaced {
            metadata_mut(&mut object).insert("namespace".to_owned(), write.namespace.into());
        }
        registry::set_defaults(write.kind, &mut object);
        Ok(Proposal::Bare(object))
    }
}
