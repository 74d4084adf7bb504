//! The objects of a server in the test's own hand: stored, read, changed and deleted without HTTP.
//!
//! What is asked for is checked in [`handle`], so that a slip panics at the line of the test that made it; what is then
//! done stands in [`hand`], the one place that knows how.

mod hand;
mod handle;

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

pub use self::handle::Objects;

use super::FakeApiServer;
use crate::handlers::seed::Seeder;

impl FakeApiServer {
    /// Stores an object as it is, past admission and access control. Watches see it like any other write.
    ///
    /// What it does not say is filled in as for a client's create: the namespace is `default`, a `generateName` gets a
    /// suffix, uid and creationTimestamp are made up. A namespace that is missing is made. An object of the same name is
    /// replaced, as by an update: what the new one leaves out is gone, but for its uid and creationTimestamp, and what a
    /// Service was allocated.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// server.object(json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"name": "db", "namespace": "shop"}}));
    /// assert!(server.resource("namespaces").get("shop").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If the object is not valid, or of a kind the server does not have.
    #[track_caller]
    pub fn object(&self, object: impl Serialize) {
        let result = serde_json::to_value(object)
            .map_err(|e| e.to_string())
            .and_then(|value| Seeder::new(&self.inner.cluster).object(value));
        if let Err(error) = result {
            panic!("this object cannot be stored: {error}");
        }
    }

    /// Stores objects, each as by [`object`](Self::object).
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let named = |name| json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}});
    /// server.objects(["a", "b"].map(named));
    /// assert_eq!(server.resource("secrets").list().len(), 2);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`object`](Self::object).
    #[track_caller]
    pub fn objects<T: Serialize>(&self, objects: impl IntoIterator<Item = T>) {
        for object in objects {
            self.object(object);
        }
    }

    /// Stores the objects of a YAML or JSON file with one or many documents, or of all such files in a directory whose
    /// names do not start with a dot. Each is stored as by [`object`](Self::object); the same object twice is a mistake.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(&file, "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n").unwrap();
    /// server.objects_file(file.path());
    /// assert!(server.resource("namespaces").get("shop").is_some());
    /// ```
    ///
    /// # Panics
    ///
    /// If the file cannot be read, has no object in it, or one that is wrong; the message names file and line.
    #[track_caller]
    pub fn objects_file(&self, path: impl AsRef<Path>) {
        if let Err(error) = Seeder::new(&self.inner.cluster).files(path.as_ref()) {
            panic!("{error}");
        }
    }

    /// The objects of a resource, as JSON. It goes by plural, singular, short name or kind (`endpoints`, `ns`), with its
    /// group after a dot if it has one. [`Objects::typed`] gives them a type.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let namespace = server.resource("ns").get("default").unwrap();
    /// assert_eq!(namespace["status"]["phase"], "Active");
    /// ```
    ///
    /// # Panics
    ///
    /// If the server has no such resource.
    #[track_caller]
    pub fn resource(&self, name: &str) -> Objects<'_> {
        match self.inner.cluster.catalog().find_name(name) {
            Some(kind) => Objects::new(&self.inner.cluster, kind),
            None => {
                let catalog = self.inner.cluster.catalog();
                let served: Vec<_> = catalog.kinds().map(|kind| kind.plural.as_str()).collect();
                panic!(
                    "the fake apiserver has no resource {name:?}; it has {}",
                    served.join(", ")
                )
            }
        }
    }

    /// The objects of a kind, as its Rust type: one of `k8s-openapi`, of whatever version, or any other that says
    /// `apiVersion` and `kind` when its default is serialized. For a type that does not, or has no default, see
    /// [`Objects::typed`].
    ///
    /// ```
    /// use k8s_openapi::api::core::v1::ConfigMap;
    /// use serde_json::json;
    ///
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let settings = server.kind::<ConfigMap>().namespace("shop");
    /// settings.put(json!({"metadata": {"name": "colours"}, "data": {"sky": "blue"}}));
    ///
    /// let colours: ConfigMap = settings.get("colours").unwrap();
    /// assert_eq!(colours.data.unwrap()["sky"], "blue");
    /// ```
    ///
    /// # Panics
    ///
    /// If the type does not say which kind it is, or the server does not have that kind.
    #[track_caller]
    pub fn kind<K: Default + Serialize + DeserializeOwned>(&self) -> Objects<'_, K> {
        let name = std::any::type_name::<K>();
        let blank = serde_json::to_value(K::default()).unwrap_or_default();
        let (api_version, kind) = (&blank["apiVersion"], &blank["kind"]);
        let (Some(api_version), Some(kind)) = (api_version.as_str(), kind.as_str()) else {
            panic!(
                "{name} does not say which kind it is: its default is serialized without apiVersion and kind; \
                 server.resource(\"…\").typed::<{name}>() takes it all the same"
            );
        };
        match self.inner.cluster.catalog().find_kind(api_version, kind) {
            Some(kind) => Objects::new(&self.inner.cluster, kind),
            None => {
                panic!("the fake apiserver does not have the kind of {name}, {api_version} {kind}")
            }
        }
    }
}
