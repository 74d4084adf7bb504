//! Times of entries that are not worth a write.

use serde_json::{Map, Value};

/// Upstream's `IgnoreManagedFieldsTimestampsTransformer`, for just before a write: where the new object differs from
/// the stored one in nothing but times of entries, it gets the stored times back, so that the write becomes none.
/// Entries are compared by position: that times moved one past another is a difference.
pub(crate) fn keep_times(live: &Value, new: &mut Value) {
    let stored = &live["metadata"]["managedFields"];
    if stored == &new["metadata"]["managedFields"] || !differ_in_times_at_most(live, new) {
        return;
    }
    if let Some(field) = new
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("managedFields"))
    {
        *field = stored.clone();
    }
}

fn differ_in_times_at_most(live: &Value, new: &Value) -> bool {
    equal_but(live, new, "metadata", |live, new| {
        equal_but(live, new, "managedFields", same_entries)
    })
}

fn same_entries(live: &Value, new: &Value) -> bool {
    let (Some(live), Some(new)) = (live.as_array(), new.as_array()) else {
        return live == new;
    };
    live.len() == new.len()
        && live
            .iter()
            .zip(new)
            .all(|(live, new)| same_but_time(live, new))
}

fn same_but_time(live: &Value, new: &Value) -> bool {
    let (Some(live), Some(new)) = (live.as_object(), new.as_object()) else {
        return live == new;
    };
    let rest =
        |entry: &'_ Map<String, Value>| entry.len() - usize::from(entry.contains_key("time"));
    rest(live) == rest(new)
        && live
            .iter()
            .all(|(field, value)| field == "time" || new.get(field) == Some(value))
}

/// Whether two objects are equal, the members of this name being compared in this way.
fn equal_but(a: &Value, b: &Value, name: &str, same: impl Fn(&Value, &Value) -> bool) -> bool {
    let (Some(a), Some(b)) = (a.as_object(), b.as_object()) else {
        return a == b;
    };
    let equal = |(field, value): (&String, &Value)| {
        b.get(field).is_some_and(|other| match field == name {
            true => same(value, other),
            false => value == other,
        })
    };
    a.len() == b.len() && a.iter().all(equal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_write_that_only_moves_times_gets_the_stored_ones_back() {
        let object = |time, label| {
            let entry =
                json!({"manager": "a", "operation": "Apply", "apiVersion": "v1", "time": time});
            json!({"metadata": {"labels": {"a": label}, "managedFields": [entry]}})
        };
        let live = object("2024-01-01T00:00:00Z", "1");
        let mut same = object("2024-01-01T00:00:09Z", "1");
        keep_times(&live, &mut same);
        assert_eq!(same, live);
        let changed = object("2024-01-01T00:00:09Z", "2");
        let mut new = changed.clone();
        keep_times(&live, &mut new);
        assert_eq!(new, changed);
    }
}
