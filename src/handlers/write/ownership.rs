//! Whose the fields of a written object are.

use serde_json::Value;

use super::{Author, Proposal, Write};
use crate::patch::apply::{self, Sent, Writer};
use crate::schema::convert;

impl Write<'_> {
    /// The object in place of the stored one; what it changes is the writer's.
    pub(crate) fn replacing(
        &self,
        live: &Value,
        mut object: Value,
        sent: &Sent,
        now: &str,
    ) -> Proposal {
        let reset = self.kind.resets(self.subresource);
        self.with_writer(now, |writer| {
            apply::update(live, &mut object, sent, &self.kind.schema, writer, reset);
        });
        Proposal::Update(object)
    }

    /// Who writes, for `managedFields`; `None` for who owns nothing.
    pub(crate) fn with_writer<R>(
        &self,
        now: &str,
        run: impl FnOnce(&Writer<'_>) -> R,
    ) -> Option<R> {
        let Author::Client { manager, .. } = self.author else {
            return None;
        };
        let is_foreign = |version: &str| {
            let other = self.cluster.catalog().find_kind(version, &self.kind.kind);
            other.is_some_and(|other| other.group != self.kind.group)
        };
        let in_version = |object: &Value, version: &str| {
            let other = self.cluster.catalog().find_kind(version, &self.kind.kind)?;
            let mut object = object.clone();
            if let Some(custom) = &other.custom {
                if custom.has_webhook() {
                    // Nobody can be asked here. What others wrote in their version stays theirs.
                    return Some((Value::Null, other.schema.clone()));
                }
                // As it is: what the other version does not know is a mistake there.
                object["apiVersion"] = other.api_version().into();
                return Some((object, other.schema.clone()));
            }
            let stored = &self.stored();
            if !self.kind.is_stored() {
                convert::to_stored(&mut object, self.kind, stored);
            }
            if !other.is_stored() {
                convert::from_stored(&mut object, &other, stored);
            }
            Some((object, other.schema.clone()))
        };
        Some(run(&Writer {
            is_foreign: &is_foreign,
            in_version: &in_version,
            manager,
            api_version: &self.kind.api_version(),
            subresource: self.subresource,
            now,
        }))
    }
}
