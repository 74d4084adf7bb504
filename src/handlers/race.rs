//! Lost races, made real: somebody else writes just before the request, so that the refusal is the server's own and a
//! retry that reads again succeeds.

use serde_json::{Value, json};

use super::Target;
use super::cluster::Cluster;
use super::write::{Author, Edit, Proposal, Propose, Write};
use crate::fault::race::Race;
use crate::object::{meta_str, metadata_mut};
use crate::registry::{self, WriteContext};
use crate::request::options::DeleteOptions;
use crate::response::Warnings;
use crate::status::Status;

/// The annotation another writer leaves.
const ANNOTATION: &str = "fake-apiserver/raced-at";

/// Writes before the request does. `name` is that of the object the request is about.
pub(crate) async fn run(race: Race, cluster: &Cluster, target: &Target, name: &str) {
    if name.is_empty() {
        return;
    }
    let write = Write {
        cluster,
        kind: &target.kind,
        subresource: "",
        namespace: &target.namespace,
        name,
        author: Author::Server,
        dry_run: false,
    };
    let edit = Edit(annotated);
    let options = DeleteOptions::default();
    let intent: &dyn Propose = match race {
        Race::Update => &edit,
        Race::Delete => &options,
        Race::Create => &Bare,
    };
    // What is not there cannot be changed or deleted first, nor what is there created.
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
        registry::strategy(write.kind).set_defaults(&mut object);
        Ok(Proposal::Create(object))
    }
}
