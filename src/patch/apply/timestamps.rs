//! Times of entries that are not worth a write.

use serde_json::Value;

/// Upstream's `IgnoreManagedFieldsTimestampsTransformer`, for just before a write: where the new object differs from
/// the stored one in nothing but times of entries, it gets the stored times back, so that the write becomes none.
/// Entries are compared by position: that times moved one past another is a difference.
pub(crate) fn keep_times(live: &Value, new: &mut Value) {
    let stored = &live["metadata"]["managedFields"];
    if stored == &new["metadata"]["managedFields"] || without_times(live) != without_times(new) {
        return;
    }
    if let Some(field) = new
        .get_mut("metadata")
        .and_then(|metadata| metadata.get_mut("managedFields"))
    {
        *field = stored.clone();
    }
}

fn without_times(object: &Value) -> Value {
    let mut object = object.clone();
    let entries = object
        .pointer_mut("/metadata/managedFields")
        .and_then(Value::as_array_mut);
    for entry in entries
        .into_iter()
        .flatten()
        .filter_map(Value::as_object_mut)
    {
        entry.remove("time");
    }
    object
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
