//! An object as a webhook or a policy sees it: in the version its rules are about, and of a subresource with a kind of its
//! own as that.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::Attributes;
use crate::codec::json;
use crate::kinds::{KindRef, Struct, Wire};
use crate::object::{metadata_mut, object_mut};
use crate::registry;
use crate::schema::{self, convert};

/// What a scale shows of the metadata.
const SHOWN: [&str; 5] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
];

/// A version of the kind of a write.
#[derive(Clone)]
pub(super) struct View<'a> {
    write: &'a Attributes<'a>,
    /// The kind of the resource in that version.
    pub(super) resource: KindRef,
    /// The kind of what is shown.
    pub(super) kind: KindRef,
}

impl<'a> View<'a> {
    pub(super) fn new(write: &'a Attributes<'a>, resource: KindRef) -> Self {
        View {
            write,
            kind: write.shape(&resource),
            resource,
        }
    }

    pub(super) fn schema(&self) -> &Struct {
        &self.kind.schema
    }

    /// The version that the objects of the write are of, if it is not the one that is shown.
    fn other_version(&self) -> Option<KindRef> {
        if self.write.is_other_shape() {
            return None;
        }
        let (asked, kind) = (self.write.asked?, &self.resource);
        let objects = match kind.custom {
            // These are checked in the version that a client speaks.
            Some(_) => Some(self.write.kind.clone()),
            None => asked.catalog.find_stored(&kind.stored.group, &kind.kind),
        };
        objects.filter(|objects| objects.api_version() != kind.api_version())
    }

    /// Whether the objects of the write are whole ones, of which no more than a scale is shown.
    fn is_scale_of(&self, object: &Value) -> bool {
        self.kind.kind == "Scale" && object["kind"] != "Scale"
    }

    /// The object as it is shown.
    pub(super) fn show(&self, object: &Value) -> Value {
        if self.is_scale_of(object) {
            return self.scale_of(object);
        }
        let mut shown = object.clone();
        if let Some(objects) = self.other_version() {
            match &self.resource.custom {
                Some(custom) => schema::custom::shown(&mut shown, &self.resource, custom),
                None => convert::from_stored(&mut shown, &self.resource, &objects),
            }
            set(&mut shown, "apiVersion", self.resource.api_version().into());
        }
        shown
    }

    /// Takes over what became of what was shown.
    pub(super) fn put_back(&self, mut shown: Value, object: &mut Value) {
        if self.is_scale_of(object) {
            let replicas = shown["spec"]["replicas"].clone();
            let paths = registry::strategy(&self.resource).scale_paths(&self.resource);
            let mut place = object;
            for name in &paths.replicas {
                place = object_mut(place).entry(name).or_insert(Value::Null);
            }
            *place = replicas;
            return;
        }
        if let Some(objects) = self.other_version() {
            match &objects.custom {
                Some(custom) => schema::custom::shown(&mut shown, &objects, custom),
                None => convert::to_stored(&mut shown, &self.resource, &objects),
            }
            set(&mut shown, "apiVersion", objects.api_version().into());
        }
        *object = shown;
    }

    /// What a decoded object lacks to be one of this version: its defaults, and what it is.
    pub(super) fn complete(&self, object: &mut Value) {
        set(object, "kind", self.kind.kind.as_str().into());
        set(object, "apiVersion", self.kind.api_version().into());
        registry::set_defaults(&self.kind, object);
    }

    /// JSON as the server writes it.
    pub(super) fn to_json(&self, shown: &Value) -> Vec<u8> {
        match self.kind.wire {
            Wire::GoStruct => schema::to_json(shown, self.schema()),
            Wire::Unstructured => json::compact(shown).into_bytes(),
        }
    }

    fn scale_of(&self, object: &Value) -> Value {
        let strategy = registry::strategy(&self.resource);
        let paths = strategy.scale_paths(&self.resource);
        let number = |path: &[String]| {
            let found = path.iter().try_fold(object, |value, name| value.get(name));
            found.and_then(Value::as_i64).unwrap_or_default()
        };
        let selector = strategy.scale_selector(&self.resource, object);
        let mut scale = json!({
            "kind": self.kind.kind,
            "apiVersion": self.kind.api_version(),
            "spec": {"replicas": number(&paths.replicas)},
            "status": {"replicas": number(&paths.status_replicas), "selector": selector},
        });
        for field in SHOWN {
            if let Some(value) = object["metadata"].get(field) {
                metadata_mut(&mut scale).insert(field.to_owned(), value.clone());
            }
        }
        schema::prune(&mut scale, self.schema());
        scale
    }
}

fn set(object: &mut Value, field: &str, value: Value) {
    object_mut(object).insert(field.to_owned(), value);
}

/// `group/version, Kind=K`, as Go prints a GroupVersionKind.
pub(super) fn shown_kind(api_version: &str, kind: &str) -> String {
    let version: Cow<'_, str> = match api_version {
        "" => "/".into(),
        text if text.contains('/') => text.into(),
        text => format!("/{text}").into(),
    };
    format!("{version}, Kind={kind}")
}
