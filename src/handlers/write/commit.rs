//! The end of the path: the store takes an object, or lets it go.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;

use super::attempt::Attempt;
use super::{Author, Stop, Write};
use crate::handlers::conversion;
use crate::kinds::KindRef;
use crate::object::{Object, set_resource_version};
use crate::request::options::DeleteOptions;
use crate::response::Warnings;
use crate::schema;
use crate::storage::{Commit, Moved, Op};

impl Attempt<'_> {
    /// Stores an object in place of the one that was there, if nobody was faster.
    pub(super) async fn put(
        &self,
        key: &str,
        live: Option<&Arc<Object>>,
        object: Value,
    ) -> Result<Arc<Object>, Stop> {
        let write = self.write;
        let (kind, object) = self.kept(object).await?;
        let claims = self.strategy.claims(&object);
        let within = (write.kind.namespaced && !write.namespace.is_empty())
            .then(|| write.cluster.namespace_key(write.namespace));
        let commit = Commit {
            key,
            expected: live,
            op: Op::Put,
            within: within.as_deref(),
        };
        let put = write.cluster.storage.commit(&commit, |revision| {
            let mut object = object;
            set_resource_version(&mut object, Some(revision));
            Object::new(&kind, object, claims)
        })?;
        if put.kind.policy.defines_kinds {
            write.cluster.redefine(&put.kind);
        }
        match live {
            // Most of what is created is only ever shown.
            None => put.drop_value(),
            Some(replaced) => {
                replaced.drop_value();
                write.cluster.kept.add(&put);
            }
        }
        Ok(put)
    }

    /// The object as it is kept. A custom one may have come in another version.
    async fn kept(&self, mut object: Value) -> Result<(KindRef, Value), Stop> {
        let kind = self.write.kind;
        let catalog = self.write.cluster.catalog();
        let stored = match &kind.custom {
            Some(_) if !kind.is_stored() => catalog.find_stored(&kind.stored.group, &kind.kind),
            _ => None,
        };
        let Some(stored) = stored else {
            return Ok((self.stored.clone(), object));
        };
        object = conversion::kept(self.write.cluster, object, kind, &stored).await?;
        if let Some(custom) = &stored.custom {
            schema::custom::shown(&mut object, &stored, custom);
        }
        Ok((stored, object))
    }

    /// Takes an object out of the store, and what goes with it.
    pub(super) async fn remove(&self, live: &Arc<Object>) -> Result<Arc<Object>, Moved> {
        let key = self.write.key(live.name());
        let commit = Commit {
            key: &key,
            expected: Some(live),
            op: Op::Delete,
            within: None,
        };
        let storage = &self.write.cluster.storage;
        let last = storage.commit(&commit, |revision| live.at_revision(revision))?;
        if last.kind.policy.defines_kinds {
            self.write.cluster.redefine(&last.kind);
        }
        self.remove_along().await;
        Ok(last)
    }

    /// Deletes what goes with an object that is gone, if it is there.
    fn remove_along(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        let write = self.write;
        let other = self.strategy.deleted_along();
        let other =
            other.and_then(|(group, kind)| write.cluster.catalog().find_stored(group, kind));
        Box::pin(async move {
            let Some(kind) = other else { return };
            let along = Write {
                kind: &kind,
                subresource: "",
                author: Author::Server,
                ..*write
            };
            // Nothing but its absence can stop a deletion without preconditions.
            let _ = along
                .run(&DeleteOptions::default(), &mut Warnings::default())
                .await;
        })
    }
}
