//! Who owns the one field that an object shares with a part of it that is shown as another kind, such as its scale:
//! upstream's `ScaleHandler`.

use serde_json::Value;

use super::managed_fields::{Managed, Owned};
use super::path::Element;
use super::set::Set;

/// What the field is called, in the version of the object and in that of its part.
pub(crate) struct Mapping<'a> {
    pub(crate) whole: (&'a str, &'a [&'a str]),
    pub(crate) part: (&'a str, &'a [&'a str]),
}

impl Mapping<'_> {
    fn is_in_whole(&self, owned: &Owned) -> bool {
        let (version, path) = self.whole;
        owned.api_version == version && contains(&owned.set, path)
    }
}

fn contains(set: &Set, path: &[&str]) -> bool {
    let path: Vec<Element> = path.iter().map(|name| Element::field(name)).collect();
    set.contains(&path)
}

fn only(path: &[&str]) -> Set {
    Set::of_fields::<&str, &[&str]>(&[path])
}

/// Gives a part the managers that own the field in the whole.
pub(crate) fn managers_of_part(whole: &Value, part: &mut Value, mapping: &Mapping<'_>) {
    let mut managed = Managed::default();
    for (id, owned) in Managed::of(whole).entries.into_vec() {
        if mapping.is_in_whole(&owned) {
            let owned = Owned {
                set: only(mapping.part.1),
                api_version: mapping.part.0.to_owned(),
                time: owned.time,
            };
            managed.entries.insert(id, owned);
        }
    }
    managed.store(part);
}

/// Gives the whole the managers that the part has now. Upstream compares them by their versions too, so who updated the
/// whole does so anew through the part, without a time.
pub(crate) fn managers_of_whole(whole: &mut Value, part: &Value, mapping: &Mapping<'_>) {
    let before = Managed::of(whole);
    let mut of_part = Managed::of(part).entries;
    let mut after = Managed::default();
    for (id, owned) in before.entries.iter() {
        let mut owned = owned.clone();
        if owned.api_version != mapping.whole.0 {
            continue;
        }
        if mapping.is_in_whole(&owned) && of_part.remove(id).is_none() {
            owned.set.subtract(&only(mapping.whole.1));
            if owned.set.is_empty() {
                continue;
            }
        }
        after.entries.insert(id.clone(), owned);
    }
    for (id, owned) in of_part.into_vec() {
        if contains(&owned.set, mapping.part.1) {
            let time = before.entries.get(&id).and_then(|owned| owned.time.clone());
            let owned = Owned {
                set: only(mapping.whole.1),
                api_version: mapping.whole.0.to_owned(),
                time,
            };
            after.entries.insert(id, owned);
        }
    }
    after.store(whole);
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_field_goes_to_who_changed_it_through_the_part() {
        let mapping = Mapping {
            whole: ("apps/v1", &["spec", "replicas"]),
            part: ("autoscaling/v1", &["spec", "size"]),
        };
        let entry = |manager: &str, version: &str, fields: Value| json!({"manager": manager, "operation": "Update", "apiVersion": version, "fieldsType": "FieldsV1", "fieldsV1": fields});
        let own = entry(
            "m",
            "apps/v1",
            json!({"f:spec": {"f:paused": {}, "f:replicas": {}}}),
        );
        let mut whole = json!({"metadata": {"managedFields": [own]}});
        let mut part = json!({"metadata": {}});
        managers_of_part(&whole, &mut part, &mapping);
        let size = json!({"f:spec": {"f:size": {}}});
        assert_eq!(
            part["metadata"]["managedFields"],
            json!([entry("m", "autoscaling/v1", size.clone())])
        );
        part["metadata"]["managedFields"] = json!([entry("hpa", "autoscaling/v1", size)]);
        managers_of_whole(&mut whole, &part, &mapping);
        assert_eq!(
            whole["metadata"]["managedFields"],
            json!([
                entry("hpa", "apps/v1", json!({"f:spec": {"f:replicas": {}}})),
                entry("m", "apps/v1", json!({"f:spec": {"f:paused": {}}})),
            ])
        );
    }
}
