//! Ownership after creates and plain updates: who changes a field owns it, and no one else does.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::compare::compare;
use super::managed_fields::{Identity, Managed, Operation, Owned, Sent};
use super::set::Set;
use super::typed::items;
use super::versions::Elsewhere;
use super::{Paths, Writer};
use crate::kinds::StructRef;
use crate::schema::prune;

/// Fields nobody owns: upstream's `stripSet`.
pub(crate) static STRIPPED: LazyLock<Set> = LazyLock::new(|| {
    Set::of_fields::<&str, &[&str]>(&[
        &["apiVersion"],
        &["kind"],
        &["metadata"],
        &["metadata", "name"],
        &["metadata", "namespace"],
        &["metadata", "creationTimestamp"],
        &["metadata", "selfLink"],
        &["metadata", "uid"],
        &["metadata", "clusterName"],
        &["metadata", "generation"],
        &["metadata", "managedFields"],
        &["metadata", "resourceVersion"],
    ])
});

/// Gives the fields of a new object to its creator, beside the entries the client sent with it.
pub(crate) fn create(
    object: &mut Value,
    schema: &StructRef,
    writer: &Writer<'_>,
    reset: Paths<'_>,
) {
    let managed = Managed::for_create(object);
    let change = Change::between(&zero(schema), object, schema, reset);
    track(change, &Elsewhere::default(), managed, schema, writer).store(object);
}

/// Gives the fields that differ from the stored object to the writer, and takes them from everyone else. `live` is the
/// stored object; the entries of `new` are replaced.
pub(crate) fn update(
    live: &Value,
    new: &mut Value,
    sent: &Sent,
    schema: &StructRef,
    writer: &Writer<'_>,
    reset: Paths<'_>,
) {
    let managed = match sent {
        Sent::Reset if writer.subresource.is_empty() => Managed::default(),
        Sent::Entries(entries) if writer.subresource.is_empty() => {
            Managed::decode(entries).unwrap_or_else(|| Managed::of(live))
        }
        _ => Managed::of(live),
    };
    // Whoever cleared the entries, in this request or before it, does not want the object tracked; only an apply
    // starts again.
    if managed.entries.is_empty() {
        return managed.store(new);
    }
    let managed = managed.without_foreign(writer);
    let change = Change::between(live, new, schema, reset);
    if *sent == Sent::Absent
        && let [entry] = items(live["metadata"].get("managedFields"))
        && change.is_the_owners(&managed, writer)
    {
        return keep(entry, new, writer);
    }
    let reset = Set::of_fields(reset);
    let Ok(elsewhere) = Elsewhere::between(live, new, &managed.entries, writer, &reset) else {
        // Nobody can tell whose the fields are.
        return Managed::default().store(new);
    };
    track(change, &elsewhere, managed, schema, writer).store(new);
}

/// What a write did to the fields of an object.
pub(crate) struct Change {
    changed: Set,
    removed: Set,
}

impl Change {
    pub(crate) fn between(
        live: &Value,
        new: &Value,
        schema: &StructRef,
        reset: Paths<'_>,
    ) -> Change {
        let comparison = compare(live, new, schema).without(&Set::of_fields(reset));
        let (changed, removed) = comparison.into_changed_and_removed();
        Change { changed, removed }
    }

    /// Whether the writer, who alone owns anything, owned all that changed before: nobody's fields become others then.
    fn is_the_owners(&self, managed: &Managed, writer: &Writer<'_>) -> bool {
        let mut entries = managed.entries.iter();
        let (Some((id, owned)), None) = (entries.next(), entries.next()) else {
            return false;
        };
        *id == Identity::of(writer, Operation::Update)
            && !self.changed.is_empty()
            && self.changed.is_within(&owned.set)
            && self.changed.is_apart_from(&STRIPPED)
            && self.removed.is_apart_from(&owned.set)
    }
}

/// Leaves the one entry of an object as it is stored, but for its time.
fn keep(entry: &Value, new: &mut Value, writer: &Writer<'_>) {
    let mut entry = entry.clone();
    entry["time"] = writer.now.into();
    new["metadata"]["managedFields"] = Value::Array(vec![entry]);
}

/// Moves ownership along with a change.
pub(crate) fn track(
    change: Change,
    elsewhere: &Elsewhere,
    managed: Managed,
    schema: &StructRef,
    writer: &Writer<'_>,
) -> Managed {
    let mut managed = managed.reconciled(writer.api_version, schema, elsewhere);
    let Change { changed, removed } = change;
    for (_, owned) in managed.entries.iter_mut() {
        if owned.api_version != writer.api_version {
            elsewhere.take(owned);
            continue;
        }
        owned.set.subtract(&changed);
        owned.set.subtract(&removed);
    }
    managed.drop_empty();
    let mut taken = changed;
    taken.subtract(&STRIPPED);
    if !taken.is_empty() {
        let owned = Owned {
            set: taken,
            api_version: writer.api_version.to_owned(),
            time: Some(writer.now.to_owned()),
        };
        managed.absorb_newer(Identity::of(writer, Operation::Update), owned);
    }
    managed.cap();
    managed
}

/// What Go's empty object of a kind looks like: the live object of a create.
pub(crate) fn zero(schema: &StructRef) -> Value {
    let mut value = json!({});
    prune(&mut value, schema);
    value
}
