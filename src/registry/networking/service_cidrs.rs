//! networking.k8s.io ServiceCIDR.

use serde_json::{Value, json};

use crate::kinds::Kind;
use crate::registry::declared;
use crate::registry::strategy::{AT_START, Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::go_types::shown;
use crate::registry::validation::ip::{parse_cidr, validate_canonical_cidr};
use crate::registry::validation::read::texts_at;
use crate::status::field::FieldError;

pub(in crate::registry) struct ServiceCidrs;

const PATH: &str = "spec.cidrs";
const IMMUTABLE: &str = "field is immutable";

impl Strategy for ServiceCidrs {
    /// The range that the addresses of services come from.
    fn initial(&self, kind: &Kind, _collected: bool) -> Vec<Value> {
        let ready = json!({
            "type": "Ready",
            "status": "True",
            "lastTransitionTime": AT_START,
            "reason": "",
            "message": "Kubernetes Service CIDR is ready",
        });
        let range = json!({
            "metadata": {"name": "kubernetes"},
            "spec": {"cidrs": ["10.0.0.0/24"]},
            "status": {"conditions": [ready]},
        });
        declared::initial(kind, vec![range])
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"]));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = core::validate_object_meta_update(object, old);
        if write.subresource.is_empty() {
            errors.extend(validate_change(&object["spec"], &old["spec"]));
        }
        errors
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        texts_at(&object["spec"], "cidrs").join(",").into()
    }
}

/// `validateServiceCIDRSpec`.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let cidrs = texts_at(spec, "cidrs");
    match cidrs.len() {
        0 => return vec![FieldError::required(PATH, "at least one CIDR required")],
        1 | 2 => {}
        _ => {
            let reason = "may only hold up to 2 values";
            let shown = shown("ServiceCIDRSpec", spec);
            return vec![FieldError::invalid_shown(PATH, shown, reason)];
        }
    }
    let mut errors = Vec::new();
    for (i, cidr) in cidrs.iter().enumerate() {
        errors.extend(validate_canonical_cidr(&format!("{PATH}[{i}]"), cidr));
    }
    let family = |cidr: &&str| parse_cidr(cidr).map(|(ip, _)| ip.is_ipv4());
    if let [Some(one), Some(other)] = cidrs.iter().map(family).collect::<Vec<_>>()[..]
        && one == other
    {
        let reason = "may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64";
        errors.push(FieldError::invalid(PATH, &spec["cidrs"], reason));
    }
    errors
}

/// What there is stays; a second family may come.
fn validate_change(spec: &Value, old: &Value) -> Vec<FieldError> {
    let (new, before) = (texts_at(spec, "cidrs"), texts_at(old, "cidrs"));
    let grows = (before.len(), new.len()) == (1, 2);
    if before.len() != new.len() && !grows {
        return vec![FieldError::invalid(PATH, &spec["cidrs"], IMMUTABLE)];
    }
    let pairs = before.iter().zip(&new).enumerate();
    let mut errors: Vec<FieldError> = pairs
        .filter(|(_, (before, new))| before != new)
        .map(|(i, (_, new))| FieldError::invalid_str(format!("{PATH}[{i}]"), new, IMMUTABLE))
        .collect();
    if grows {
        errors.extend(validate_spec(spec));
    }
    errors
}
