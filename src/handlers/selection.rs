//! What a list and a watch have in common: which objects they are about, and the wait for a version that is yet to come.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;

use super::Sight;
use crate::clock;
use crate::handlers::cluster::{Cluster, key, prefix};
use crate::kinds::{Kind, KindRef};
use crate::names::is_dns1123_label;
use crate::object::Object;
use crate::registry;
use crate::request::options::ListOptions;
use crate::request::selector::{FieldSelector, LabelSelector};
use crate::schema::convert;
use crate::status::Status;
use crate::storage::{Revision, View};

/// How long a request waits for a version that is yet to come.
const FUTURE_VERSION_WAIT: Duration = Duration::from_secs(3);

/// Which objects a list or a watch is about.
#[derive(Clone)]
pub(super) struct Selection {
    pub(super) kind: KindRef,
    /// All keys begin so that there are to look at.
    pub(super) prefix: String,
    labels: LabelSelector,
    fields: FieldSelector,
    /// A name is selected and it is known where it would be, so nothing else is read.
    pub(super) one_key: Option<String>,
}

impl Selection {
    pub(super) fn new(kind: &KindRef, namespace: &str, options: &ListOptions) -> Self {
        // Across namespaces a selected one narrows the list, except where a page goes on.
        let narrowed = || {
            let selected = options.fields.exact("metadata.namespace");
            selected.filter(|name| {
                options.continue_token.is_empty() && is_dns1123_label(name).is_empty()
            })
        };
        let namespace = match namespace {
            "" => narrowed().unwrap_or_default(),
            namespace => namespace,
        };
        let is_placed = !kind.namespaced || !namespace.is_empty();
        let name = options.fields.exact("metadata.name");
        Selection {
            kind: kind.clone(),
            prefix: prefix(kind, namespace),
            labels: options.labels.clone(),
            fields: options.fields.clone(),
            one_key: name
                .filter(|_| is_placed)
                .map(|name| key(kind, namespace, name)),
        }
    }

    pub(super) fn is_everything(&self) -> bool {
        self.labels.is_empty() && self.fields.is_empty()
    }

    pub(super) fn matches(&self, object: &Object) -> bool {
        // Hardly any selector is about what only the whole object tells.
        let value = OnceCell::new();
        let field = |label: &str| match label {
            "metadata.name" => object.name().to_owned(),
            "metadata.namespace" => object.namespace().to_owned(),
            other => field(&self.kind, value.get_or_init(|| object.value()), other),
        };
        self.labels.matches(|key| object.label(key)) && self.fields.matches(&field)
    }

    /// The objects of that moment to look at, from `prefix + start` on, in key order.
    pub(super) fn candidates<'a>(
        &self,
        view: &'a View<'_, Object>,
        start: &str,
        at: Revision,
    ) -> impl Iterator<Item = (&'a Arc<str>, &'a Arc<Object>)> + use<'a> {
        let from = [&self.prefix, start].concat();
        let one = self.one_key.as_deref().filter(|key| **key >= *from);
        let one = one.and_then(|key| view.entry_at(key, at));
        let all = self.one_key.is_none();
        let all = all.then(|| view.range(&self.prefix, start, at));
        one.into_iter().chain(all.into_iter().flatten())
    }

    /// About how many objects there are to look at.
    pub(super) fn count(&self, cluster: &Cluster, limit: usize) -> usize {
        match self.one_key {
            Some(_) => 1,
            None if limit > 0 && self.is_everything() => limit,
            None => cluster.storage.view().count(&self.prefix),
        }
    }

    /// What the keys begin with that an event may be about.
    pub(super) fn into_scope(self) -> String {
        self.one_key.unwrap_or(self.prefix)
    }
}

/// What a field label selects by: the text at that path, unless the kind has it otherwise.
fn field(kind: &Kind, object: &Value, label: &str) -> String {
    let path: Vec<&str> = label.split('.').collect();
    let path = convert::stored_path(&path, kind);
    let programmed = registry::strategy(kind).field(object, &path);
    programmed.unwrap_or_else(|| {
        let found = path.iter().try_fold(object, |at, name| at.get(*name));
        found.and_then(Value::as_str).unwrap_or_default().to_owned()
    })
}

/// Waits a while for a version that is yet to come.
pub(super) async fn wait_for(sight: Sight<'_>, version: u64) -> Result<(), Status> {
    let cluster = sight.cluster;
    let mut latest = cluster.storage.subscribe();
    let wait = SignedDuration::try_from(FUTURE_VERSION_WAIT).unwrap_or_default();
    let deadline = clock::add(cluster.clock.now(), wait);
    loop {
        latest.borrow_and_update();
        if sight.horizon().0 >= version {
            return Ok(());
        }
        tokio::select! {
            changed = latest.changed() => if changed.is_err() { break },
            () = cluster.clock.sleep_until(deadline) => break,
        }
    }
    let status = Status::resource_version_too_large(version, sight.horizon().0, 1);
    Err(status)
}
