//! ResourceQuota: nothing is created that is more than the quotas of its namespace leave, and what is created is written
//! down in them.
//!
//! A quota counts from when its status says what is limited and what is used, which is a controller's to say.

mod usage;

use std::sync::Arc;

use serde_json::{Map, Value};

use super::pod_resources::{Amounts, add, amounts};
use super::{Attributes, Operation, Plugin};
use crate::codec::quantity::Quantity;
use crate::object::Object;
use crate::status::Status;
use usage::Evaluator;

/// How often it begins again when somebody else has written to a quota.
const ATTEMPTS: usize = 4;

pub(super) struct ResourceQuota;

impl Plugin for ResourceQuota {
    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let (Some(object), old) = (object, write.old) else {
            return Ok(());
        };
        if write.namespace.is_empty() || write.operation == Operation::Delete {
            return Ok(());
        }
        let evaluator = Evaluator::of(write);
        if !evaluator.handles(write, object, old) {
            return Ok(());
        }
        let mut result = Ok(());
        for _ in 0..ATTEMPTS {
            let quotas = write.lister.list("", "ResourceQuota", write.namespace);
            if quotas.is_empty() {
                return Ok(());
            }
            let charges = check(write, &evaluator, &quotas, object, old)?;
            result = match write.dry_run {
                true => Ok(()),
                false => charges
                    .iter()
                    .try_for_each(|(quota, used)| write.ledger.charge(quota, used)),
            };
            if !result.as_ref().is_err_and(|status| status.code == 409) {
                break;
            }
        }
        result
    }
}

/// What each quota would have to say, if the object is within all of them.
fn check(
    write: &Attributes<'_>,
    evaluator: &Evaluator<'_>,
    quotas: &[Arc<Object>],
    object: &Value,
    old: Option<&Value>,
) -> Result<Vec<(Arc<Object>, Value)>, Status> {
    let forbid = |why: String| write.forbidden(Some(object), &why);
    let mut affected = Vec::new();
    for quota in quotas {
        let value = quota.value();
        let account = Account::of(&value, evaluator);
        if !account.matches(object) {
            continue;
        }
        let name = quota.name();
        if let Err(why) = evaluator.constraints(&account.counted, object) {
            return Err(forbid(format!("failed quota: {name}: {why}")));
        }
        if account
            .counted
            .iter()
            .any(|counted| !account.used.contains_key(counted))
        {
            let resources = account.counted.join(",");
            return Err(forbid(format!(
                "status unknown for quota: {name}, resources: {resources}"
            )));
        }
        affected.push((quota, value));
    }
    let usage = evaluator.usage(object);
    let negative = usage.iter().filter(|(_, amount)| amount.sign() < 0);
    let negative: Vec<&str> = negative.map(|(name, _)| &**name).collect();
    if !negative.is_empty() {
        let names = negative.join(",");
        return Err(forbid(format!(
            "quota usage is negative for resource(s): {names}"
        )));
    }
    let mut charges = Vec::new();
    for (quota, value) in affected {
        let account = Account::of(&value, evaluator);
        let before = old.filter(|old| account.matches(old));
        let mut delta = match before {
            Some(old) => increase(&usage, &evaluator.usage(old)),
            None => usage.clone(),
        };
        delta.retain(|name, amount| amount.sign() != 0 && account.hard.contains_key(name));
        if delta.is_empty() {
            continue;
        }
        let mut used = account.used.clone();
        add(&mut used, &delta);
        account.check(quota.name(), &delta, &used).map_err(forbid)?;
        charges.push((quota.clone(), shown_map(&used)));
    }
    Ok(charges)
}

/// By how much something has grown; what has shrunk gives nothing back here.
fn increase(now: &Amounts, before: &Amounts) -> Amounts {
    let grown = now.iter().map(|(name, amount)| {
        let more = before
            .get(name)
            .map_or_else(|| amount.clone(), |old| amount.minus(old));
        let more = if more.sign() > 0 {
            more
        } else {
            Quantity::whole(0)
        };
        (name.clone(), more)
    });
    grown.collect()
}

fn shown_map(amounts: &Amounts) -> Value {
    let members = amounts
        .iter()
        .map(|(name, amount)| (name.clone(), amount.as_str().into()));
    Value::Object(members.collect::<Map<String, Value>>())
}

/// One quota, and what of it is about a resource.
struct Account<'a> {
    quota: &'a Value,
    evaluator: &'a Evaluator<'a>,
    hard: Amounts,
    used: Amounts,
    /// What of the limited it is about.
    counted: Vec<String>,
}

impl<'a> Account<'a> {
    fn of(quota: &'a Value, evaluator: &'a Evaluator<'a>) -> Self {
        let hard = amounts(&quota["status"]["hard"]);
        let counted = hard.keys().filter(|name| evaluator.counts(name));
        Account {
            quota,
            evaluator,
            counted: counted.cloned().collect(),
            used: amounts(&quota["status"]["used"]),
            hard,
        }
    }

    /// Whether it is about this object.
    fn matches(&self, object: &Value) -> bool {
        let spec = &self.quota["spec"];
        let scopes = spec["scopes"].as_array().into_iter().flatten();
        let requirements = spec["scopeSelector"]["matchExpressions"].as_array();
        !self.counted.is_empty()
            && scopes
                .filter_map(Value::as_str)
                .all(|scope| self.evaluator.is_in(object, scope, "Exists", &[]))
            && requirements.into_iter().flatten().all(|requirement| {
                let text = |field: &str| requirement[field].as_str().unwrap_or_default();
                let values = requirement["values"].as_array().into_iter().flatten();
                let values: Vec<&str> = values.filter_map(Value::as_str).collect();
                self.evaluator
                    .is_in(object, text("scopeName"), text("operator"), &values)
            })
    }

    fn check(&self, name: &str, delta: &Amounts, used: &Amounts) -> Result<(), String> {
        let exceeded = |resource: &&String| {
            let (used, hard) = (used.get(*resource), self.hard.get(*resource));
            used > hard
        };
        let exceeded: Vec<&String> = delta.keys().filter(exceeded).collect();
        if exceeded.is_empty() {
            return Ok(());
        }
        let shown = |amounts: &Amounts| {
            let parts = exceeded.iter().filter_map(|name| {
                let amount = amounts.get(*name)?;
                Some(format!("{name}={}", amount.as_str()))
            });
            parts.collect::<Vec<_>>().join(",")
        };
        Err(format!(
            "exceeded quota: {name}, requested: {}, used: {}, limited: {}",
            shown(delta),
            shown(&self.used),
            shown(&self.hard)
        ))
    }
}
