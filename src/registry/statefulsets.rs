//! apps/v1 StatefulSet.

use serde_json::{Value, json};

use super::declared;
use super::pod;
use super::strategy::{Strategy, WriteContext};
use super::validation::meta;
use super::workload::checks::Checks;
use super::workload::selection::{Selection, show};
use super::workload::{self, TEMPLATE, cells, percent, template};
use crate::kinds::Kind;
use crate::names::is_dns1123_label;
use crate::object::object_mut;
use crate::schema::internal;
use crate::status::field::FieldError;

pub(crate) struct StatefulSets;

/// What may change of a spec.
const MUTABLE: [&str; 7] = [
    "replicas",
    "template",
    "updateStrategy",
    "minReadySeconds",
    "ordinals",
    "revisionHistoryLimit",
    "persistentVolumeClaimRetentionPolicy",
];

impl Strategy for StatefulSets {
    fn set_defaults(&self, object: &mut Value) {
        let spec = &mut object["spec"];
        default_update_strategy(&mut spec["updateStrategy"]);
        for claim in spec["volumeClaimTemplates"]
            .as_array_mut()
            .into_iter()
            .flatten()
        {
            default_claim(claim);
        }
        object_mut(spec).retain(|_, value| !value.is_null());
        object_mut(spec).entry("selector").or_insert(Value::Null);
        pod::template::set_defaults(&mut spec["template"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        let all = Scope {
            create: true,
            template: true,
        };
        errors.extend(validate_spec(&object["spec"], write.kind, all));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        if workload::is_of_status(write) {
            let mut checks = Checks::of(&object["status"], "status");
            validate_status(&mut checks);
            checks
                .errors
                .extend(declared::validate_update(write, object, old));
            checks.not_decremented("collisionCount", &old["status"]);
            return checks.errors;
        }
        let mut errors = declared::validate_update(write, object, old);
        let (spec, before) = (&object["spec"], &old["spec"]);
        let all = Scope {
            create: false,
            template: true,
        };
        // What was let in once may stay as it is.
        let template = validate_spec(before, write.kind, all).is_empty();
        errors.extend(validate_spec(
            spec,
            write.kind,
            Scope {
                create: false,
                template,
            },
        ));
        if fixed(spec) != fixed(before) {
            let reason = "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', \
                          'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and \
                          'minReadySeconds' are forbidden";
            errors.push(FieldError::forbidden("spec", reason));
        }
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let template = &object["spec"]["template"];
        let mut warnings = pod::template::warnings(template, None, "spec.template");
        warnings.extend(history_warning(object));
        warnings
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        if workload::is_of_status(write) {
            return Vec::new();
        }
        let mut warnings = template::update_warnings(object, old);
        warnings.extend(history_warning(object));
        warnings
    }

    fn scale_selector(&self, _kind: &Kind, object: &Value) -> String {
        template::scale_selector(object)
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        match column {
            "Ready" => {
                let ready = cells::count(status, "readyReplicas");
                format!("{ready}/{}", cells::count(spec, "replicas")).into()
            }
            _ => cells::wide(column, &spec["template"], &spec["selector"]),
        }
    }
}

/// Only who says nothing of the type of updates gets how they roll as well.
fn default_update_strategy(strategy: &mut Value) {
    if strategy["type"].as_str().unwrap_or_default().is_empty() {
        strategy["type"] = "RollingUpdate".into();
        object_mut(&mut strategy["rollingUpdate"]);
    }
    let strategy = object_mut(strategy);
    let rolls = strategy["type"] == "RollingUpdate";
    if let Some(Value::Object(rolling)) = strategy.get_mut("rollingUpdate")
        && rolls
    {
        rolling.entry("partition").or_insert_with(|| 0.into());
    }
}

/// The conversion from the internal type says what a claim is; the rest are the defaults of claims.
fn default_claim(claim: &mut Value) {
    claim["apiVersion"] = "v1".into();
    claim["kind"] = "PersistentVolumeClaim".into();
    let spec = object_mut(&mut claim["spec"]);
    spec.entry("volumeMode")
        .or_insert_with(|| "Filesystem".into());
    let status = object_mut(&mut claim["status"]);
    status.entry("phase").or_insert_with(|| "Pending".into());
}

fn history_warning(object: &Value) -> Option<String> {
    let limit = object["spec"]["revisionHistoryLimit"].as_i64()?;
    let text = "spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is \
                recommended";
    (limit < 0).then(|| text.to_owned())
}

/// What of a spec is looked at.
#[derive(Clone, Copy)]
struct Scope {
    /// Also what cannot change later.
    create: bool,
    template: bool,
}

/// `ValidateStatefulSetSpec`.
fn validate_spec(spec: &Value, kind: &Kind, scope: Scope) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    if let policy @ Value::String(text) = &spec["podManagementPolicy"]
        && !matches!(text.as_str(), "OrderedReady" | "Parallel")
    {
        checks.invalid(
            "podManagementPolicy",
            policy.clone(),
            "must be 'OrderedReady' or 'Parallel'",
        );
    }
    checks
        .errors
        .extend(validate_update_strategy(&spec["updateStrategy"], kind));
    let retention = &spec["persistentVolumeClaimRetentionPolicy"];
    checks.errors.extend(validate_retention(retention));
    if scope.create {
        checks.errors.extend(validate_claims(spec));
    }
    checks.nonnegative(&["replicas", "minReadySeconds"]);
    let mut ordinals = Checks::of(&spec["ordinals"], "spec.ordinals");
    ordinals.nonnegative(&["start"]);
    checks.errors.extend(ordinals.errors);
    let service = spec["serviceName"].as_str().unwrap_or_default();
    if scope.create && !service.is_empty() {
        for reason in is_dns1123_label(service) {
            checks.invalid("serviceName", service, reason);
        }
    }
    let selector = &spec["selector"];
    checks.errors.extend(template::validate_selector(
        selector,
        "statefulset",
        "spec.selector",
    ));
    match Selection::of(selector) {
        None => checks.errors.push(FieldError::invalid_shown(
            "spec.selector",
            show(selector),
            "",
        )),
        Some(selection) => {
            checks
                .errors
                .extend(validate_template(spec, &selection, scope.template))
        }
    }
    let template = &spec["template"];
    checks.errors.extend(template::runs_for_good(
        template,
        "StatefulSet",
        "spec.template",
    ));
    checks.errors
}

/// `ValidatePodTemplateSpecForStatefulSet`.
fn validate_template(spec: &Value, selection: &Selection, itself: bool) -> Vec<FieldError> {
    const PATH: &str = "spec.template";
    let template = &spec["template"];
    let mut errors = Vec::new();
    if !selection.is_empty() {
        errors.extend(template::matches_labels(template, selection, PATH));
    }
    if itself {
        errors.extend(pod::template::validate(&as_its_pods(spec), PATH));
    }
    if let Some(metadata) = template["metadata"].as_object() {
        errors.extend(meta::validate_labels(metadata, "labels", PATH));
        errors.extend(meta::validate_annotations(metadata, PATH));
    }
    errors
}

/// The template with what the controller sets in each pod: its name, and the volumes of its claims.
fn as_its_pods(spec: &Value) -> Value {
    let mut template = spec["template"].clone();
    let claims = spec["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten();
    let names = claims.map(|claim| claim["metadata"]["name"].as_str().unwrap_or_default());
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    names.dedup();
    let Some(pod) = template["spec"].as_object_mut() else {
        return template;
    };
    pod.remove("subdomain");
    pod.remove("hostname");
    if names.is_empty() {
        return template;
    }
    let claimed = |name: &&str| json!({"name": name, "persistentVolumeClaim": {"claimName": name}});
    let mut volumes: Vec<Value> = names.iter().map(claimed).collect();
    let others = pod
        .get("volumes")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let is_other = |volume: &&Value| {
        let name = volume["name"].as_str().unwrap_or_default();
        !names.contains(&name)
    };
    volumes.extend(others.filter(is_other).cloned());
    pod.insert("volumes".to_owned(), volumes.into());
    template
}

/// `validateVolumeClaimTemplates`.
fn validate_claims(spec: &Value) -> Vec<FieldError> {
    let mut errors = pod::errors::Errors::default();
    let claims = spec["volumeClaimTemplates"]
        .as_array()
        .into_iter()
        .flatten();
    for (i, claim) in claims.enumerate() {
        let path = format_args!("spec.volumeClaimTemplates[{i}].spec");
        pod::spec::volumes::claim::validate_spec(&claim["spec"], &path, &mut errors);
    }
    errors.0
}

fn validate_update_strategy(strategy: &Value, kind: &Kind) -> Vec<FieldError> {
    const PATH: &str = "spec.updateStrategy";
    let rolling = &strategy["rollingUpdate"];
    match strategy["type"].as_str().unwrap_or_default() {
        "" => vec![FieldError::required(PATH, "")],
        "OnDelete" if rolling.is_object() => {
            let shown = internal::show_at(
                rolling,
                &kind.schema,
                &["spec", "updateStrategy", "rollingUpdate"],
            );
            let reason = "only allowed for updateStrategy 'RollingUpdate'";
            vec![FieldError::invalid_shown(
                format!("{PATH}.rollingUpdate"),
                shown,
                reason,
            )]
        }
        "OnDelete" => Vec::new(),
        "RollingUpdate" => validate_rolling_update(rolling),
        _ => {
            let shown = internal::show_at(strategy, &kind.schema, &["spec", "updateStrategy"]);
            let reason = "must be 'RollingUpdate' or 'OnDelete'";
            vec![FieldError::invalid_shown(PATH, shown, reason)]
        }
    }
}

fn validate_rolling_update(rolling: &Value) -> Vec<FieldError> {
    let mut checks = Checks::of(rolling, "spec.updateStrategy.rollingUpdate");
    checks.nonnegative(&["partition"]);
    if let Some(missing) = rolling.get("maxUnavailable") {
        let path = checks.path("maxUnavailable");
        checks.errors.extend(percent::validate(missing, &path));
        if percent::amount(missing) == 0 {
            checks.invalid("maxUnavailable", missing.clone(), "cannot be 0");
        }
        checks.errors.extend(percent::at_most_all(missing, &path));
    }
    checks.errors
}

fn validate_retention(policy: &Value) -> Vec<FieldError> {
    let mut errors = Vec::new();
    for field in ["whenDeleted", "whenScaled"] {
        if let Some(value) = policy.get(field)
            && !matches!(value.as_str(), Some("Retain" | "Delete"))
        {
            let path = format!("spec.persistentVolumeClaimRetentionPolicy.{field}");
            errors.push(FieldError::not_supported(
                path,
                value,
                &["Retain", "Delete"],
            ));
        }
    }
    errors
}

/// `ValidateStatefulSetStatus`.
fn validate_status(checks: &mut Checks<'_>) {
    checks.nonnegative(&[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "observedGeneration",
        "collisionCount",
    ]);
    for field in [
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
    ] {
        checks.at_most(field, "replicas", "cannot be greater than status.replicas");
    }
    let reason = "cannot be greater than status.readyReplicas";
    checks.at_most("availableReplicas", "readyReplicas", reason);
}

/// A spec without what may change of it.
fn fixed(spec: &Value) -> Vec<(&String, &Value)> {
    let members = spec.as_object().into_iter().flatten();
    let mut fixed: Vec<_> = members
        .filter(|(name, _)| !MUTABLE.contains(&name.as_str()))
        .collect();
    fixed.sort_by_key(|(name, _)| *name);
    fixed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn claims_become_volumes_of_every_pod() {
        let spec = json!({
            "template": {"spec": {"hostname": "h", "volumes": [{"name": "data", "emptyDir": {}}, {"name": "own"}]}},
            "volumeClaimTemplates": [{"metadata": {"name": "data"}}],
        });
        assert_eq!(
            as_its_pods(&spec),
            json!({"spec": {"volumes": [
                {"name": "data", "persistentVolumeClaim": {"claimName": "data"}}, {"name": "own"},
            ]}})
        );
    }
}
