//! Server-side apply itself.

use serde_json::Value;

use super::compare::compare;
use super::conflicts::{self, Conflict, conflicts_of};
use super::fields::field_set;
use super::managed_fields::{Identity, Managed, Operation, Owned, unmanaged};
use super::merge;
use super::set::Set;
use super::update::{Change, STRIPPED, track, zero};
use super::{AppliedKind, ApplyError, Writer, config, last_applied};
use crate::codec::json::Node;
use crate::patch::restore::restore;
use crate::schema::prune;

/// Who gets the fields of an object that was not tracked before.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// Applies a configuration. The result is the merged object in canonical form, with its `managedFields`; it is `live`
/// itself, but for `managedFields`, where the configuration changes nothing.
pub(crate) fn apply(
    live: Option<&Value>,
    config: &Node,
    kind: &AppliedKind<'_>,
    writer: &Writer<'_>,
    force: bool,
) -> Result<Value, ApplyError> {
    let config = config::read(config, kind, writer)?;
    let mut current = live.map_or_else(|| zero(kind.schema), unmanaged);
    if live.is_some() {
        // The merge writes both, so both count as there.
        current["apiVersion"] = writer.api_version.into();
        current["kind"] = kind.name.into();
    }
    let applier = Applier {
        live: &current,
        config: &config,
        kind,
        writer,
    };
    let managed = applier
        .starting_set(live.map(Managed::of).unwrap_or_default())
        .without_foreign(writer);
    let (merged, managed) = applier.run(&managed, force).or_else(|conflicts| {
        match applier.remaining(conflicts).as_slice() {
            [] => applier
                .run(&managed, true)
                .map_err(|conflicts| conflicts::error(&conflicts)),
            left => Err(conflicts::error(left)),
        }
    })?;
    let mut object = match merged {
        Some(merged) => canonical(&merged, kind, writer)?,
        None => current.clone(),
    };
    managed.store(&mut object);
    last_applied::keep_up_to_date(&mut object, &config, writer.manager);
    Ok(object)
}

/// Without the nulls of the configuration, which stand for empty values and have no place in an object. What passed for
/// a number or a string there need not be one of the kind's.
fn canonical(
    merged: &Value,
    kind: &AppliedKind<'_>,
    writer: &Writer<'_>,
) -> Result<Value, ApplyError> {
    let mut object = restore(merged, kind.schema)
        .map_err(|why| {
            let wanted = config::gvk(writer.api_version, kind.name);
            ApplyError::Typed(format!(
                "failed to convert new object to proper version: unable to convert unstructured object to {wanted}: {why}"
            ))
        })?
        .value;
    prune(&mut object, kind.schema);
    Ok(object)
}

/// The merged object, if anything changed, and who owns what of it.
type Applied = (Option<Value>, Managed);

struct Applier<'a> {
    live: &'a Value,
    config: &'a Value,
    kind: &'a AppliedKind<'a>,
    writer: &'a Writer<'a>,
}

impl Applier<'_> {
    /// The entries to start from. With none, all there is counts as set by one update just now.
    fn starting_set(&self, managed: Managed) -> Managed {
        let schema = self.kind.schema;
        if managed.entries.is_empty() {
            let writer = Writer {
                manager: BEFORE_FIRST_APPLY,
                ..*self.writer
            };
            let change = Change::between(&zero(schema), self.live, schema, self.kind.reset);
            return track(change, managed, schema, &writer);
        }
        managed.reconciled(self.writer.api_version, schema)
    }

    /// The conflicts that count.
    fn remaining(&self, conflicts: Vec<Conflict>) -> Vec<Conflict> {
        let Writer {
            manager,
            api_version,
            ..
        } = *self.writer;
        last_applied::remaining(conflicts, self.live, self.kind.schema, manager, api_version)
    }

    fn run(&self, managed: &Managed, force: bool) -> Result<Applied, Vec<Conflict>> {
        let me = Identity::of(self.writer, Operation::Apply);
        let mut managed = managed.clone();
        let last = self.claim(&me, &mut managed);
        let mut claimed = Set::default();
        for (_, owned) in managed.entries.iter() {
            claimed.extend(&owned.set);
        }
        let merged = merge::merge(self.live, self.config, self.kind.schema);
        let merged = merge::prune(merged, &last, &claimed, self.kind.schema);

        let reset = Set::of_fields(self.kind.reset);
        let comparison = compare(self.live, &merged, self.kind.schema).without(&reset);
        let changed = comparison.changed();
        let others = || managed.entries.iter().filter(|(id, _)| **id != me);
        let conflicts: Vec<Conflict> = others()
            .flat_map(|(id, owned)| conflicts_of(id, &owned.set.intersection(&changed)))
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(conflicts);
        }
        let is_change = merged != *self.live;
        for (id, owned) in managed.entries.iter_mut() {
            if *id != me {
                owned.set.subtract(&changed);
                owned.set.subtract(&comparison.removed);
                continue;
            }
            owned.set.subtract(&STRIPPED);
            if is_change {
                owned.time = Some(self.writer.now.to_owned());
            }
        }
        managed.drop_empty();
        Ok((is_change.then_some(merged), managed))
    }

    /// Puts the fields of the configuration in place of those applied before, which it returns. The time stays: only a
    /// change of the object moves it.
    fn claim(&self, me: &Identity, managed: &mut Managed) -> Set {
        let reset = Set::of_fields(self.kind.reset);
        let set = field_set(self.config, self.kind.schema).recursive_difference(&reset);
        let api_version = self.writer.api_version.to_owned();
        let before = managed.entries.remove(me);
        let time = before.as_ref().and_then(|owned| owned.time.clone());
        managed.entries.insert(
            me.clone(),
            Owned {
                set,
                api_version,
                time,
            },
        );
        before.map(|owned| owned.set).unwrap_or_default()
    }
}
