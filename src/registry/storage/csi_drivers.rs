//! storage.k8s.io CSIDriver.

use serde_json::{Value, json};

use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::core;
use crate::registry::validation::read::{list_at, text_at, texts_at};
use crate::status::field::FieldError;

pub(in crate::registry) struct CsiDrivers;

const POLICIES: [&str; 3] = ["File", "None", "ReadWriteOnceWithFSType"];
const MODES: [&str; 2] = ["Persistent", "Ephemeral"];
const PERIOD_MIN: i64 = 10;
const EXPIRATION_MIN: i64 = 10 * 60;
const EXPIRATION_MAX: i64 = 1 << 32;
const TOKENS_IN_SECRETS: &str = "spec.serviceAccountTokenInSecrets is unset; if supported by this CSI driver, set to true to prevent possible logging of tokens in volume attributes";

impl Strategy for CsiDrivers {
    fn set_defaults(&self, object: &mut Value) {
        if list_at(&object["spec"], "volumeLifecycleModes").is_empty() {
            object["spec"]["volumeLifecycleModes"] = json!(["Persistent"]);
        }
    }

    /// Generations are counted from nothing.
    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        if object["spec"] != old["spec"] {
            let before = old["metadata"]["generation"].as_i64().unwrap_or_default();
            declared::set_generation(object, before + 1);
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"]));
        errors
    }

    fn validate_update(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let (spec, before) = (&object["spec"], &old["spec"]);
        let mut errors = core::validate_object_meta_update(object, old);
        errors.extend(validate_spec(spec));
        for (field, path) in [
            ("attachRequired", "spec.attachedRequired"),
            ("volumeLifecycleModes", "spec.volumeLifecycleModes"),
        ] {
            if spec[field] != before[field] {
                let reason = "field is immutable";
                errors.push(FieldError::invalid(path, &spec[field], reason));
            }
        }
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let spec = &object["spec"];
        let has_tokens = !list_at(spec, "tokenRequests").is_empty();
        let warns = has_tokens && spec["serviceAccountTokenInSecrets"].is_null();
        let warning = warns.then(|| TOKENS_IN_SECRETS.to_owned());
        warning.into_iter().collect()
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        let field = "tokenRequests";
        match object["spec"][field] == old["spec"][field] {
            true => Vec::new(),
            false => self.warnings(write, object),
        }
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let spec = &object["spec"];
        let flag = |field: &str, other: bool| spec[field].as_bool().unwrap_or(other).into();
        match column {
            "AttachRequired" => flag("attachRequired", true),
            "PodInfoOnMount" => flag("podInfoOnMount", false),
            "StorageCapacity" => flag("storageCapacity", false),
            "RequiresRepublish" => flag("requiresRepublish", false),
            "TokenRequests" => audiences(spec).into(),
            "Modes" => match texts_at(spec, "volumeLifecycleModes").join(",") {
                modes if modes.is_empty() => "<none>".into(),
                modes => modes.into(),
            },
            _ => Value::Null,
        }
    }
}

fn audiences(spec: &Value) -> String {
    if spec["tokenRequests"].is_null() {
        return "<unset>".to_owned();
    }
    let requests = list_at(spec, "tokenRequests").iter();
    let audiences: Vec<&str> = requests.map(|r| text_at(r, "audience")).collect();
    audiences.join(",")
}

/// `validateCSIDriverSpec`, of a spec that has its defaults.
fn validate_spec(spec: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let path = "spec.fsGroupPolicy";
    if let Some(policy) = spec["fsGroupPolicy"].as_str()
        && !POLICIES.contains(&policy)
    {
        errors.push(FieldError::not_supported(path, &policy.into(), &POLICIES));
    }
    errors.extend(validate_token_requests(list_at(spec, "tokenRequests")));
    for mode in texts_at(spec, "volumeLifecycleModes") {
        if !MODES.contains(&mode) {
            let path = "spec.volumeLifecycleModes";
            errors.push(FieldError::not_supported(path, &mode.into(), &MODES));
        }
    }
    let period = &spec["nodeAllocatableUpdatePeriodSeconds"];
    if period.as_i64().is_some_and(|period| period < PERIOD_MIN) {
        let reason = "must be greater than or equal to 10 seconds";
        let path = "spec.nodeAllocatableUpdatePeriodSeconds";
        errors.push(FieldError::invalid(path, period, reason));
    }
    let in_secrets = &spec["serviceAccountTokenInSecrets"];
    if !in_secrets.is_null() && list_at(spec, "tokenRequests").is_empty() {
        let reason = "serviceAccountTokenInSecrets is set but no tokenRequests are specified";
        let path = "spec.serviceAccountTokenInSecrets";
        errors.push(FieldError::invalid(path, in_secrets, reason));
    }
    errors
}

fn validate_token_requests(requests: &[Value]) -> Vec<FieldError> {
    let mut errors = Vec::new();
    let mut audiences = Vec::new();
    for (i, request) in requests.iter().enumerate() {
        let path = format!("spec.tokenRequests[{i}]");
        let audience = text_at(request, "audience");
        if audiences.contains(&audience) {
            let path = format!("{path}.audience");
            errors.push(FieldError::duplicate(path, &audience.into()));
            continue;
        }
        audiences.push(audience);
        let expiration = &request["expirationSeconds"];
        let reason = match expiration.as_i64() {
            Some(..EXPIRATION_MIN) => "may not specify a duration less than 10 minutes",
            Some(EXPIRATION_MAX) | None => continue,
            Some(EXPIRATION_MAX..) => "may not specify a duration larger than 2^32 seconds",
            Some(_) => continue,
        };
        let path = format!("{path}.expirationSeconds");
        errors.push(FieldError::invalid(path, expiration, reason));
    }
    errors
}
