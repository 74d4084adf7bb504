//! A definition as upstream's internal type has it: what is the same in all versions stands beside them, and only there.

use serde_json::Value;

use crate::registry::validation::read::{list_at, text_at};

/// The `spec`.
pub(super) struct Spec<'a> {
    /// As it is written in v1.
    pub(super) written: &'a Value,
    pub(super) versions: Vec<Version<'a>>,
    /// What all versions have, if it is the same.
    pub(super) common: Parts<'a>,
}

/// One of the versions.
pub(super) struct Version<'a> {
    pub(super) name: &'a str,
    pub(super) written: &'a Value,
    /// What this version has for itself.
    pub(super) own: Parts<'a>,
}

/// What may be said once for all versions.
#[derive(Clone, Copy, Default)]
pub(super) struct Parts<'a> {
    /// With `openAPIV3Schema` in it.
    pub(super) validation: Option<&'a Value>,
    pub(super) subresources: Option<&'a Value>,
    pub(super) columns: &'a [Value],
    pub(super) selectable: &'a [Value],
}

impl<'a> Parts<'a> {
    fn of(version: &'a Value) -> Self {
        let given = |field: &str| version.get(field).filter(|value| !value.is_null());
        Parts {
            validation: given("schema"),
            subresources: given("subresources"),
            columns: list_at(version, "additionalPrinterColumns"),
            selectable: list_at(version, "selectableFields"),
        }
    }

    /// The schema itself.
    pub(super) fn schema(&self) -> Option<&'a Value> {
        schema_in(self.validation?)
    }

    /// Whether objects have a status of their own.
    pub(super) fn has_status(&self) -> bool {
        self.subresources
            .is_some_and(|subresources| !subresources["status"].is_null())
    }
}

fn schema_in(validation: &Value) -> Option<&Value> {
    validation
        .get("openAPIV3Schema")
        .filter(|schema| !schema.is_null())
}

impl<'a> Spec<'a> {
    pub(super) fn of(crd: &'a Value) -> Self {
        let written = &crd["spec"];
        let versions = list_at(written, "versions");
        let mut parts: Vec<Parts<'a>> = versions.iter().map(Parts::of).collect();
        let common = take_common(&mut parts);
        let version = |(written, own): (&'a Value, Parts<'a>)| Version {
            name: text_at(written, "name"),
            written,
            own,
        };
        Spec {
            written,
            versions: versions.iter().zip(parts).map(version).collect(),
            common,
        }
    }

    /// All schemas, that of all versions first.
    pub(super) fn schemas(&self) -> impl Iterator<Item = &'a Value> {
        let own = self.versions.iter().map(|version| version.own.schema());
        std::iter::once(self.common.schema()).chain(own).flatten()
    }

    /// The schema of a version; nothing where there is no such version, and nothing in it where it has none.
    pub(super) fn schema_of(&self, name: &str) -> Option<Option<&'a Value>> {
        if self
            .versions
            .iter()
            .all(|version| version.own.validation.is_none())
        {
            return Some(self.common.validation);
        }
        let version = self.versions.iter().find(|version| version.name == name);
        version.map(|version| version.own.validation)
    }

    /// Whether a version has a status of its own, as the first of its name says.
    pub(super) fn has_status(&self, name: &str) -> bool {
        if self
            .versions
            .iter()
            .all(|version| version.own.subresources.is_none())
        {
            return self.common.has_status();
        }
        let version = self.versions.iter().find(|version| version.name == name);
        version.is_some_and(|version| version.own.has_status())
    }

    pub(super) fn has_any_status(&self) -> bool {
        let any = |version: &Version<'_>| version.own.has_status();
        self.common.has_status() || self.versions.iter().any(any)
    }

    pub(super) fn preserves_unknown_fields(&self) -> bool {
        self.written["preserveUnknownFields"] == true
    }
}

/// Takes what is the same in all.
fn take_common<'a>(parts: &mut [Parts<'a>]) -> Parts<'a> {
    let Some(first) = parts.first().copied() else {
        return Parts::default();
    };
    let mut common = Parts::default();
    if parts
        .iter()
        .all(|other| other.validation == first.validation)
    {
        common.validation = first.validation;
        parts.iter_mut().for_each(|other| other.validation = None);
    }
    if parts
        .iter()
        .all(|other| other.subresources == first.subresources)
    {
        common.subresources = first.subresources;
        parts.iter_mut().for_each(|other| other.subresources = None);
    }
    if parts.iter().all(|other| other.columns == first.columns) {
        common.columns = first.columns;
        parts.iter_mut().for_each(|other| other.columns = &[]);
    }
    if parts
        .iter()
        .all(|other| other.selectable == first.selectable)
    {
        common.selectable = first.selectable;
        parts.iter_mut().for_each(|other| other.selectable = &[]);
    }
    common
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_all_versions_say_is_said_once() {
        let (schema, other) = (
            json!({"openAPIV3Schema": {}}),
            json!({"openAPIV3Schema": {"type": "object"}}),
        );
        let crd = json!({"spec": {"versions": [
            {"name": "v1", "schema": schema, "subresources": {"status": {}}},
            {"name": "v2", "schema": other, "subresources": {"status": {}}},
        ]}});
        let spec = Spec::of(&crd);
        assert_eq!(spec.common.validation, None);
        assert!(spec.common.has_status() && spec.has_status("v2"));
        assert_eq!(spec.schema_of("v2"), Some(Some(&other)));
        assert_eq!(spec.schema_of("v3"), None);
        assert_eq!(spec.schemas().count(), 2);
    }
}
