//! The state of a server, kept: to be put back, to start other servers from, to be read.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::clock::Clock;
use crate::codec::yaml;
use crate::error::Error;
use crate::handlers::bootstrap;
use crate::handlers::cluster::{Cluster, Start};
use crate::handlers::seed::{Seeder, defines_kinds};
use crate::handlers::version::Version;
use crate::ids::Ids;
use crate::object::Object;
use crate::storage::Contents;

/// The state of a server at one moment: cheap to take, to clone, and to start servers from, since objects are shared and
/// never copied.
///
/// It holds the live objects, the revision, the clock, and how far the seed's made-up names have come. It does not hold
/// what was before: old versions and events are history, not state. Faults, and what was set up with the builder, stay
/// with their server.
///
/// - [`FakeApiServer::restore`](crate::FakeApiServer::restore) puts it back into a running server. Clients go on in that
///   server's time, so neither the revision nor the made-up names go back: no `resourceVersion` and no uid ever stands
///   for two things.
/// - [`FakeApiServer::fork`](crate::FakeApiServer::fork) and
///   [`FakeApiServerBuilder::from_snapshot`](crate::FakeApiServerBuilder::from_snapshot) start a server that goes on from
///   that moment: asked the same, it answers the same bytes as the server the snapshot was taken of.
///
/// ```
/// use fake_apiserver::FakeApiServer;
/// use serde_json::json;
///
/// let server = FakeApiServer::start_blocking();
/// let empty = server.snapshot();
/// server.object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
///
/// server.restore(&empty);
/// assert!(server.resource("namespaces").get("shop").is_none());
/// ```
#[derive(Clone)]
pub struct Snapshot(Arc<Held>);

enum Held {
    /// Taken of a server.
    Taken {
        contents: Contents<Object>,
        ids: Ids,
        clock: Clock,
        start: Start,
    },
    /// Read from manifests, which were found to be good.
    Written(Vec<Value>),
}

impl std::fmt::Debug for Snapshot {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let objects = match &*self.0 {
            Held::Taken { contents, .. } => contents.entries.len(),
            Held::Written(values) => values.len(),
        };
        f.debug_struct("Snapshot")
            .field("objects", &objects)
            .field("revision", &self.revision())
            .finish()
    }
}

impl Snapshot {
    /// Reads manifests: one or many documents, lists among them, as `kubectl get -o yaml` and
    /// [`to_yaml`](Self::to_yaml) write them. What they leave out, uids for one, is made up by the server they go to.
    ///
    /// ```
    /// use fake_apiserver::{FakeApiServer, Snapshot};
    ///
    /// let snapshot = Snapshot::from_yaml("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")?;
    /// let server = FakeApiServer::builder().from_snapshot(&snapshot).start_blocking();
    /// assert!(server.resource("namespaces").get("shop").is_some());
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the text is no YAML, or has an object that is not valid, of a kind the server does not have, or there twice;
    /// the message names the line.
    pub fn from_yaml(text: &str) -> Result<Snapshot, Error> {
        let trial = Cluster::scratch(Clock::running(), Arc::new(Ids::new(0)), Version::default());
        let values = Seeder::new(&trial).text("snapshot", text.as_bytes())?;
        Ok(Snapshot(Arc::new(Held::Written(values))))
    }

    /// All objects as manifests: one `List`, as `kubectl get -o yaml` prints it, the namespaces first.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let yaml = server.snapshot().to_yaml();
    /// assert!(yaml.starts_with("apiVersion: v1\nitems:\n- apiVersion: v1\n  kind: Namespace\n"));
    /// ```
    pub fn to_yaml(&self) -> String {
        let list = json!({
            "apiVersion": "v1",
            "kind": "List",
            "metadata": {"resourceVersion": ""},
            "items": self.objects(),
        });
        String::from_utf8_lossy(&yaml::emit(&list)).into_owned()
    }

    /// All objects as values, the namespaces first.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.snapshot().objects()[0]["kind"], "Namespace");
    /// ```
    pub fn objects(&self) -> Vec<Value> {
        match &*self.0 {
            Held::Taken { contents, .. } => {
                let objects = contents.entries.iter().map(|entry| entry.object.to_value());
                let (mut first, rest): (Vec<_>, Vec<_>) =
                    objects.partition(|object| object["kind"] == "Namespace");
                first.extend(rest);
                first
            }
            Held::Written(values) => values.iter().flat_map(items).collect(),
        }
    }

    /// The revision of that moment; one read from manifests has none.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.snapshot().revision(), Some(server.revision()));
    /// ```
    pub fn revision(&self) -> Option<u64> {
        match &*self.0 {
            Held::Taken { contents, .. } => Some(contents.revision.0),
            Held::Written(_) => None,
        }
    }

    /// Whether it was read from a text with nothing in it, not even an empty list.
    pub(crate) fn is_of_nothing(&self) -> bool {
        matches!(&*self.0, Held::Written(values) if values.is_empty())
    }

    pub(crate) fn take(cluster: &Cluster) -> Snapshot {
        Snapshot(Arc::new(Held::Taken {
            contents: cluster.storage.contents(),
            ids: cluster.ids.fork(),
            clock: cluster.clock.fork(),
            start: cluster.start,
        }))
    }

    /// The source of made-up names as it was.
    pub(crate) fn ids(&self) -> Option<Ids> {
        match &*self.0 {
            Held::Taken { ids, .. } => Some(ids.fork()),
            Held::Written(_) => None,
        }
    }

    /// A clock that goes on from that moment.
    pub(crate) fn clock(&self) -> Option<Clock> {
        match &*self.0 {
            Held::Taken { clock, .. } => Some(clock.fork()),
            Held::Written(_) => None,
        }
    }

    /// When the cluster began that it is of.
    pub(crate) fn began(&self) -> Option<Timestamp> {
        match &*self.0 {
            Held::Taken { start, .. } => Some(start.time),
            Held::Written(_) => None,
        }
    }

    /// Puts the objects into a store that nobody has seen yet.
    pub(crate) fn begin(&self, cluster: &Cluster) -> Result<(), String> {
        match &*self.0 {
            Held::Taken { contents, .. } => {
                cluster.storage.begin_with(contents);
                cluster.redefine_all();
                Ok(())
            }
            Held::Written(values) => write(cluster, values),
        }
    }

    /// Puts the objects in place of all that is there, in one step.
    pub(crate) fn restore(&self, cluster: &Cluster) -> Result<(), String> {
        let renew = |object: &Object, revision| object.at_revision(revision);
        match &*self.0 {
            Held::Taken { contents, .. } => cluster.storage.restore(contents, renew),
            Held::Written(values) => {
                let stage = Cluster {
                    authority: cluster.authority.clone(),
                    ..Cluster::scratch(cluster.clock.fork(), cluster.ids.clone(), cluster.version)
                };
                write(&stage, values)?;
                bootstrap::begin(&stage);
                cluster.storage.restore(&stage.storage.contents(), renew);
            }
        }
        cluster.redefine_all();
        Ok(())
    }
}

fn write(cluster: &Cluster, values: &[Value]) -> Result<(), String> {
    let mut seeder = Seeder::new(cluster);
    let (definitions, others): (Vec<_>, Vec<_>) =
        values.iter().partition(|value| defines_kinds(value));
    let mut all = definitions.into_iter().chain(others);
    all.try_for_each(|value| seeder.object(value.clone()).map(drop))
}

/// The items of a plain list, or the object itself.
fn items(value: &Value) -> Vec<Value> {
    match (value["kind"].as_str(), value["items"].as_array()) {
        (Some("List"), Some(items)) => items.clone(),
        _ => vec![value.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cluster() -> Cluster {
        let cluster = Cluster::scratch(Clock::running(), Arc::new(Ids::new(1)), Version::default());
        bootstrap::begin(&cluster);
        cluster
    }

    #[test]
    fn a_fork_has_the_same_objects_not_copies() {
        let cluster = cluster();
        let fork = Cluster::scratch(Clock::running(), Arc::new(Ids::new(1)), Version::default());
        Snapshot::take(&cluster).begin(&fork).unwrap();
        let (ours, theirs) = (cluster.storage.contents(), fork.storage.contents());
        assert_eq!(ours.entries.len(), theirs.entries.len());
        assert!(!ours.entries.is_empty());
        let mut pairs = std::iter::zip(&ours.entries, &theirs.entries);
        assert!(pairs.all(|(a, b)| Arc::ptr_eq(&a.object, &b.object)));
    }

    #[test]
    fn what_is_wrong_with_manifests_is_located() {
        for (text, problem) in [
            ("a: [", "snapshot:"),
            ("- 1\n", "snapshot:1: this is no object"),
            (
                "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n---\nkind: Pad\napiVersion: v1\n",
                "snapshot:5: v1 Pad is not a kind",
            ),
        ] {
            let error = Snapshot::from_yaml(text).unwrap_err().to_string();
            assert!(error.starts_with(problem), "{error}");
        }
    }
}
