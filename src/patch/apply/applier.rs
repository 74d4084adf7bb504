//! Server-side apply itself.

use serde_json::Value;

use super::compare::compare;
use super::conflicts::{self, Conflict, conflicts_of};
use super::fields::field_set;
use super::managed_fields::{Identity, Managed, Operation, Owned, unmanaged};
use super::merge;
use super::set::Set;
use super::update::{Change, STRIPPED, track, zero};
use super::versions::Elsewhere;
use super::{AppliedKind, ApplyError, Writer, config, last_applied};
use crate::codec::json::Node;
use crate::object::meta_str;
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
        .starting_set(live.map(Managed::of).unwrap_or_default())?
        .without_foreign(writer);
    let (merged, managed) = match applier.run(&managed, force) {
        Err(Stop::Conflicts(conflicts)) => match applier.remaining(conflicts).as_slice() {
            [] => applier.run(&managed, true)?,
            left => return Err(conflicts::error(left)),
        },
        other => other?,
    };
    let mut object = match merged {
        Some(merged) => canonical(&merged, &config, kind, writer)?,
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
    config: &Value,
    kind: &AppliedKind<'_>,
    writer: &Writer<'_>,
) -> Result<Value, ApplyError> {
    let mut object = restore(merged, kind.schema)
        .map_err(|why| {
            let wanted = config::gvk(writer.api_version, kind.name);
            let (namespace, name) = (meta_str(config, "namespace"), meta_str(config, "name"));
            ApplyError::Typed(format!(
                "failed to convert new object ({namespace}/{name}; {wanted}) to proper version: unable to convert \
                 unstructured object to {wanted}: {why}"
            ))
        })?
        .value;
    prune(&mut object, kind.schema);
    Ok(object)
}

/// The merged object, if anything changed, and who owns what of it.
type Applied = (Option<Value>, Managed);

/// Why an apply ends before anything is changed.
enum Stop {
    Conflicts(Vec<Conflict>),
    /// The object cannot be what somebody manages in another version.
    Unconvertible(String),
}

impl From<Stop> for ApplyError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Conflicts(conflicts) => conflicts::error(&conflicts),
            Stop::Unconvertible(why) => ApplyError::Typed(why),
        }
    }
}

struct Applier<'a> {
    live: &'a Value,
    config: &'a Value,
    kind: &'a AppliedKind<'a>,
    writer: &'a Writer<'a>,
}

impl Applier<'_> {
    /// The entries to start from. With none, all there is counts as set by one update just now.
    fn starting_set(&self, managed: Managed) -> Result<Managed, Stop> {
        let schema = self.kind.schema;
        if managed.entries.is_empty() {
            let writer = Writer {
                manager: BEFORE_FIRST_APPLY,
                ..*self.writer
            };
            let change = Change::between(&zero(schema), self.live, schema, self.kind.reset);
            let elsewhere = Elsewhere::default();
            return Ok(track(change, &elsewhere, managed, schema, &writer));
        }
        let elsewhere = self.elsewhere(self.live, &managed)?;
        Ok(managed.reconciled(self.writer.api_version, schema, &elsewhere))
    }

    /// What became of the live object in the versions of others.
    fn elsewhere(&self, new: &Value, managed: &Managed) -> Result<Elsewhere, Stop> {
        let reset = Set::of_fields(self.kind.reset);
        Elsewhere::between(self.live, new, &managed.entries, self.writer, &reset)
            .map_err(Stop::Unconvertible)
    }

    /// Refuses what the version that the configuration was last applied in could not have.
    fn check_last_version(
        &self,
        merged: &Value,
        managed: &Managed,
        me: &Identity,
    ) -> Result<(), Stop> {
        let before = managed.entries.get(me).map(|owned| &*owned.api_version);
        let elsewhere = before.filter(|version| *version != self.writer.api_version);
        let shown = elsewhere.and_then(|version| (self.writer.in_version)(merged, version));
        match shown.filter(|(_, schema)| schema.unstructured) {
            None => Ok(()),
            Some((object, schema)) => config::validate(&object, &schema).map_err(|e| {
                Stop::Unconvertible(format!(
                    "failed to prune fields: failed to convert merged object to last applied version: {e}"
                ))
            }),
        }
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

    fn run(&self, managed: &Managed, force: bool) -> Result<Applied, Stop> {
        let me = Identity::of(self.writer, Operation::Apply);
        let before = managed;
        let mut managed = managed.clone();
        let last = self.claim(&me, &mut managed);
        let mine = &self.writer.api_version;
        let sets = managed.entries.iter().map(|(_, owned)| owned);
        let sets = sets.filter(|owned| owned.api_version == *mine);
        let claimed = Set::union_of(sets.map(|owned| owned.set.clone()).collect());
        let merged = merge::merge(self.live, self.config, self.kind.schema);
        self.check_last_version(&merged, before, &me)?;
        let merged = merge::prune(merged, &last, &claimed, self.kind.schema);

        let reset = Set::of_fields(self.kind.reset);
        let comparison = compare(self.live, &merged, self.kind.schema).without(&reset);
        let changed = comparison.changed();
        let elsewhere = self.elsewhere(&merged, &managed)?;
        let here = |owned: &Owned| owned.api_version == self.writer.api_version;
        let others = || managed.entries.iter().filter(|(id, _)| **id != me);
        let conflicts: Vec<Conflict> = others()
            .flat_map(|(id, owned)| match here(owned) {
                true => conflicts_of(id, &owned.set.intersection(&changed)),
                false => conflicts_of(id, &elsewhere.taken(owned)),
            })
            .collect();
        if !force && !conflicts.is_empty() {
            return Err(Stop::Conflicts(conflicts));
        }
        let is_change = merged != *self.live;
        for (id, owned) in managed.entries.iter_mut() {
            if *id != me && !here(owned) {
                elsewhere.take(owned);
                continue;
            }
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
