//! Ownership after creates and plain updates: who changes a field owns it, and no one else does.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::managed_fields::{Identity, Managed, Operation, Owned, Sent};
use super::set::Set;
use super::typed::compare;
use super::{Paths, Writer};
use crate::schema::{Struct, prune};

/// Fields nobody owns: upstream's `stripSet`.
pub(crate) static STRIPPED: LazyLock<Set> = LazyLock::new(|| {
    Set::of_fields(&[
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
    schema: &'static Struct,
    writer: &Writer<'_>,
    reset: Paths<'_>,
) {
    let managed = Managed::for_create(object);
    track(&zero(schema), object, managed, schema, writer, reset).store(object);
}

/// Gives the fields that differ from the stored object to the writer, and takes them from everyone else. `live` is the
/// stored object; the entries of `new` are replaced.
pub(crate) fn update(
    live: &Value,
    new: &mut Value,
    sent: &Sent,
    schema: &'static Struct,
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
    track(live, new, managed, schema, writer, reset).store(new);
}

/// Moves ownership along with a change.
pub(crate) fn track(
    live: &Value,
    new: &Value,
    managed: Managed,
    schema: &'static Struct,
    writer: &Writer<'_>,
    reset: Paths<'_>,
) -> Managed {
    let mut managed = managed.reconciled(writer.api_version, schema);
    let comparison = compare(live, new, schema).without(&Set::of_fields(reset));
    let (changed, removed) = comparison.into_changed_and_removed();
    for owned in managed.entries.values_mut() {
        owned.set.subtract(&changed);
        owned.set.subtract(&removed);
    }
    managed.drop_empty();
    let mut taken = changed;
    taken.subtract(&STRIPPED);
    if !taken.is_empty() {
        let id = Identity::of(writer, Operation::Update);
        let time = Some(writer.now.to_owned());
        managed.absorb(
            id.clone(),
            Owned {
                set: taken,
                api_version: writer.api_version.to_owned(),
                time: time.clone(),
            },
        );
        if let Some(entry) = managed.entries.get_mut(&id) {
            entry.time = time;
        }
    }
    managed.cap();
    managed
}

/// What Go's empty object of a kind looks like: the live object of a create.
pub(crate) fn zero(schema: &'static Struct) -> Value {
    let mut value = json!({});
    prune(&mut value, schema);
    value
}
