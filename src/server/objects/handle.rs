//! The objects of one kind, as a test holds them.

use std::fmt::Debug;
use std::marker::PhantomData;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::hand::Hand;
use crate::handlers::cluster::Cluster;
use crate::kinds::KindRef;
use crate::object::{meta_str, metadata_mut};

/// The objects of one kind, in one namespace or in all, read and written by the test's own hand: without HTTP, past
/// access control, faults and journal. Watches see what it does like any other write.
///
/// [`FakeApiServer::resource`](crate::FakeApiServer::resource) and [`FakeApiServer::kind`](crate::FakeApiServer::kind) give it. Without a [`namespace`](Self::namespace) it stands for
/// all of them, which can be listed; one object of a kind that is in namespaces needs to be told which.
///
/// ```
/// use serde_json::json;
///
/// let server = fake_apiserver::FakeApiServer::start_blocking();
/// let endpoints = server.resource("endpoints").namespace("shop");
/// endpoints.put(json!({"metadata": {"name": "db"}}));
/// endpoints.label("db", "app", "shop");
/// endpoints.patch("db", json!({"metadata": {"annotations": {"a": "b"}}}));
/// assert_eq!(endpoints.get("db").unwrap()["metadata"]["labels"]["app"], "shop");
///
/// endpoints.delete("db");
/// assert!(endpoints.list().is_empty());
/// ```
#[must_use = "these are objects to read or write; nothing is done to them yet"]
pub struct Objects<'a, K = Value> {
    hand: Hand<'a>,
    namespace: Option<String>,
    kind: PhantomData<fn() -> K>,
}

impl<K> Clone for Objects<'_, K> {
    fn clone(&self) -> Self {
        Objects {
            hand: self.hand.clone(),
            namespace: self.namespace.clone(),
            kind: PhantomData,
        }
    }
}

impl<K> Debug for Objects<'_, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Objects")
            .field("resource", &self.hand.kind.plural)
            .field("namespace", &self.namespace)
            .finish_non_exhaustive()
    }
}

impl<'a, K> Objects<'a, K> {
    pub(super) fn new(cluster: &'a Cluster, kind: KindRef) -> Self {
        cluster.settle(&kind);
        Objects {
            hand: Hand { cluster, kind },
            namespace: None,
            kind: PhantomData,
        }
    }

    /// Those in this namespace.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.resource("endpoints").namespace("default").get("db").is_none());
    /// ```
    ///
    /// # Panics
    ///
    /// If objects of this kind are in no namespace, or it has no name.
    #[track_caller]
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        let (namespace, kind) = (namespace.into(), &self.hand.kind);
        if !kind.namespaced {
            panic!("{} are in no namespace, not in {namespace:?}", kind.plural);
        }
        if namespace.is_empty() {
            panic!(
                "a namespace has a name; without one, {} are those of all",
                kind.plural
            );
        }
        self.namespace = Some(namespace);
        self
    }

    /// The same objects as another type.
    ///
    /// ```
    /// #[derive(serde::Deserialize)]
    /// struct Named { metadata: Meta }
    /// #[derive(serde::Deserialize)]
    /// struct Meta { name: String }
    ///
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let all = server.resource("namespaces").typed::<Named>().list();
    /// let names: Vec<&str> = all.iter().map(|namespace| namespace.metadata.name.as_str()).collect();
    /// assert_eq!(names, ["default", "kube-node-lease", "kube-public", "kube-system"]);
    /// ```
    pub fn typed<T>(self) -> Objects<'a, T> {
        Objects {
            hand: self.hand,
            namespace: self.namespace,
            kind: PhantomData,
        }
    }

    /// Deletes an object as a client would that asks for nothing else: one with finalizers stays until they are gone.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let endpoints = server.resource("endpoints").namespace("default");
    /// endpoints.put(json!({"metadata": {"name": "db"}}));
    /// endpoints.delete("db");
    /// assert!(endpoints.get("db").is_none());
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not there, or may not be deleted.
    #[track_caller]
    pub fn delete(&self, name: &str) {
        if let Err(problem) = self.hand.delete(self.place(), name) {
            panic!(
                "{} {name:?} cannot be deleted: {problem}",
                self.hand.kind.plural
            );
        }
    }

    /// The namespace of one object.
    #[track_caller]
    fn place(&self) -> &str {
        let kind = &self.hand.kind;
        match &self.namespace {
            Some(namespace) => namespace,
            None if kind.namespaced => panic!(
                "{} are in namespaces; .namespace(\"default\") says which one is meant",
                kind.plural
            ),
            None => "",
        }
    }
}

impl<K: DeserializeOwned> Objects<'_, K> {
    /// The object of this name, if it is there.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.resource("namespaces").get("kube-system").is_some());
    /// assert!(server.resource("namespaces").get("shop").is_none());
    /// ```
    ///
    /// # Panics
    ///
    /// If it does not fit the type, or there is no saying which namespace is meant.
    #[track_caller]
    pub fn get(&self, name: &str) -> Option<K> {
        // Not a closure: it would hide the caller's line.
        let value = self.hand.get(self.place(), name)?;
        Some(typed(value))
    }

    /// All of them, in order of namespace and name.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert_eq!(server.resource("namespaces").list().len(), 4);
    /// assert!(server.resource("endpoints").list().is_empty());
    /// ```
    ///
    /// # Panics
    ///
    /// If one does not fit the type.
    #[track_caller]
    pub fn list(&self) -> Vec<K> {
        let mut list = Vec::new();
        for value in self
            .hand
            .list(self.namespace.as_deref().unwrap_or_default())
        {
            list.push(typed(value));
        }
        list
    }

    /// Stores an object, new or in place of the one of its name, as [`FakeApiServer::object`](crate::FakeApiServer::object) does; what comes back is what
    /// was stored. Its kind and its namespace need not be said again.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let stored = server.resource("endpoints").namespace("shop").put(json!({"metadata": {"name": "db"}}));
    /// assert_eq!(stored["metadata"]["namespace"], "shop");
    /// ```
    ///
    /// # Panics
    ///
    /// If it is not valid, of another kind, or for another namespace.
    #[track_caller]
    pub fn put(&self, object: impl Serialize) -> K {
        let completed = serde_json::to_value(object)
            .map_err(|error| error.to_string())
            .and_then(|object| self.completed(object));
        match completed.and_then(|object| self.hand.put(object)) {
            Ok(stored) => typed(stored),
            Err(problem) => panic!("this object cannot be stored: {problem}"),
        }
    }

    /// Changes an object by a merge patch: what it has is put in, and its nulls are taken out.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let settings = server.resource("configmaps").namespace("default");
    /// settings.put(json!({"metadata": {"name": "colours"}, "data": {"sky": "blue", "sun": "red"}}));
    /// let changed = settings.patch("colours", json!({"data": {"sky": "grey", "sun": null}}));
    /// assert_eq!(changed["data"], json!({"sky": "grey"}));
    /// ```
    ///
    /// # Panics
    ///
    /// If there is no such object, or what becomes of it is not valid.
    #[track_caller]
    pub fn patch(&self, name: &str, patch: impl Serialize) -> K {
        let place = self.place();
        let patched = serde_json::to_value(patch)
            .map_err(|error| error.to_string())
            .and_then(|patch| self.hand.patch(place, name, &patch));
        match patched {
            Ok(stored) => typed(stored),
            Err(problem) => {
                panic!(
                    "{} {name:?} cannot be patched: {problem}",
                    self.hand.kind.plural
                )
            }
        }
    }

    /// Puts a label on an object, or takes it off.
    ///
    /// ```
    /// use serde_json::json;
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let namespaces = server.resource("namespaces");
    /// assert_eq!(namespaces.label("default", "team", "shop")["metadata"]["labels"]["team"], "shop");
    /// assert_eq!(namespaces.label("default", "team", None)["metadata"]["labels"].get("team"), None);
    /// ```
    ///
    /// # Panics
    ///
    /// As [`patch`](Self::patch).
    #[track_caller]
    pub fn label<'v>(&self, name: &str, label: &str, value: impl Into<Option<&'v str>>) -> K {
        self.patch(name, json!({"metadata": {"labels": {label: value.into()}}}))
    }

    /// The object with its kind and its namespace.
    fn completed(&self, mut object: Value) -> Result<Value, String> {
        let kind = &self.hand.kind;
        let Some(members) = object.as_object_mut() else {
            return Err(format!("this is no object: {object}"));
        };
        for (member, own) in [
            ("apiVersion", kind.api_version()),
            ("kind", (&*kind.kind).into()),
        ] {
            let said = members.entry(member).or_insert_with(|| own.as_ref().into());
            if *said != *own {
                return Err(format!("its {member} is {said}, not {own:?}"));
            }
        }
        if let Some(namespace) = &self.namespace {
            match meta_str(&object, "namespace") {
                "" => {
                    metadata_mut(&mut object)
                        .insert("namespace".to_owned(), namespace.as_str().into());
                }
                said if said != namespace => {
                    return Err(format!("its namespace is {said:?}, not {namespace:?}"));
                }
                _ => {}
            }
        }
        Ok(object)
    }
}

#[track_caller]
fn typed<T: DeserializeOwned>(value: Value) -> T {
    match serde_json::from_value(value) {
        Ok(typed) => typed,
        Err(error) => panic!("the stored object does not fit the type asked for: {error}"),
    }
}
