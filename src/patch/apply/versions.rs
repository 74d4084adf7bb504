//! What a write did to an object in the other versions that somebody wrote it in: fields may have other names there, or
//! be no fields at all.

use serde_json::Value;

use super::Writer;
use super::compare::{Comparison, compare};
use super::config::validate;
use super::entries::{Entries, Owned};
use super::set::Set;
use crate::kinds::StructRef;

/// Shows an object of the writer's version in another one, of which it tells the schema. Nothing, where the version is not
/// known.
pub(crate) type InVersion<'a> = &'a dyn Fn(&Value, &str) -> Option<(Value, StructRef)>;

/// The comparisons in the versions of those who own something, but for the version of the write.
#[derive(Default)]
pub(crate) struct Elsewhere(Vec<(String, Comparison, StructRef)>);

impl Elsewhere {
    /// The error is of an object that another version could not have: no Go type leaves out what it does not know.
    pub(crate) fn between(
        live: &Value,
        new: &Value,
        entries: &Entries,
        writer: &Writer<'_>,
        reset: &Set,
    ) -> Result<Self, String> {
        let mut all = Elsewhere::default();
        for (_, owned) in entries.iter() {
            let version = &*owned.api_version;
            if version == writer.api_version || all.find(version).is_some() {
                continue;
            }
            let shown = |object| (writer.in_version)(object, version);
            if let (Some((live, schema)), Some((new, _))) = (shown(live), shown(new)) {
                if schema.unstructured {
                    let check = |what, object| {
                        let wrong = |e| format!("failed to convert {what} object: {e}");
                        validate(object, &schema).map_err(wrong)
                    };
                    check("old", &live)?;
                    check("new", &new)?;
                }
                let comparison = compare(&live, &new, &schema).without(reset);
                all.0.push((version.to_owned(), comparison, schema));
            }
        }
        Ok(all)
    }

    fn find(&self, version: &str) -> Option<&(String, Comparison, StructRef)> {
        self.0.iter().find(|(known, ..)| known == version)
    }

    /// The schema of a version that somebody wrote in.
    pub(crate) fn schema(&self, version: &str) -> Option<&StructRef> {
        self.find(version).map(|(.., schema)| schema)
    }

    /// What of an owner's fields has another value now.
    pub(crate) fn taken(&self, owned: &Owned) -> Set {
        let comparison = self.find(&owned.api_version);
        comparison.map_or_else(Set::default, |(_, comparison, _)| {
            owned.set.intersection(&comparison.changed())
        })
    }

    /// Takes from an owner what changed and what is gone.
    pub(crate) fn take(&self, owned: &mut Owned) {
        if let Some((_, comparison, _)) = self.find(&owned.api_version) {
            owned.set.subtract(&comparison.changed());
            owned.set.subtract(&comparison.removed);
        }
    }
}
