//! batch/v1 Job.

mod conditions;
mod indexes;
mod policies;
pub(super) mod spec;
mod status;
mod update;

use serde_json::Value;

use super::declared;
use super::strategy::{Strategy, WriteContext};
use super::validation::selector::validate_label_selector;
use super::workload::selection::{Selection, show};
use super::workload::{self, TEMPLATE, cells, template};
use crate::kinds::Struct;
use crate::names::is_dns1123_label;
use crate::object::{is_terminating, meta_str, metadata_mut, object_mut};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Jobs;

/// The labels of the pods of a job, by which it finds them: older names beside newer ones.
const NAME_LABELS: [&str; 2] = ["job-name", NAME_LABEL];
const UID_LABELS: [&str; 2] = ["controller-uid", UID_LABEL];
const NAME_LABEL: &str = "batch.kubernetes.io/job-name";
const UID_LABEL: &str = "batch.kubernetes.io/controller-uid";

impl Strategy for Jobs {
    fn set_defaults(&self, object: &mut Value) {
        spec::set_defaults(&mut object["spec"]);
        let labels = object["spec"]["template"]["metadata"]["labels"].clone();
        if labels.is_object() {
            metadata_mut(object).entry("labels").or_insert(labels);
        }
    }

    /// What the pods are found by is made of the name and the uid, so it comes when these are known.
    fn allocate(
        &self,
        _write: &WriteContext<'_>,
        object: &mut Value,
        old: Option<&Value>,
    ) -> Result<(), Status> {
        if old.is_none() && object["spec"]["manualSelector"] != true {
            generate_selector(object);
        }
        Ok(())
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object, &write.kind.schema, true));
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        if workload::is_of_status(write) {
            let mut errors = declared::validate_update(write, object, old);
            errors.extend(status::validate_update(object, old, &write.kind.schema));
            return errors;
        }
        let labels = &old["spec"]["template"]["metadata"]["labels"];
        let prefixed = [NAME_LABEL, UID_LABEL]
            .iter()
            .all(|label| labels.get(*label).is_some());
        let mut errors = declared::validate(write, object);
        errors.extend(validate(object, &write.kind.schema, prefixed));
        errors.extend(declared::validate_update(write, object, old));
        errors.extend(update::validate(object, old, &write.kind.schema));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut warnings: Vec<String> = workload::name_warning(object).into_iter().collect();
        warnings.extend(spec::warnings(&object["spec"], None, "spec"));
        warnings
    }

    fn update_warnings(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        match workload::is_new_generation(object, old) {
            true => spec::warnings(&object["spec"], Some(&old["spec"]), "spec"),
            false => Vec::new(),
        }
    }

    /// What upstream does when it reads the object back: labels it lacks are those of its pods.
    fn canonicalize(&self, object: &mut Value) {
        self.set_defaults(object);
    }

    fn delete_warning(&self, options: &DeleteOptions) -> Option<&'static str> {
        (options.orphan_dependents.is_none() && options.propagation.is_none()).then_some(
            "child pods are preserved by default when jobs are deleted; set propagationPolicy=Background to remove \
             them or set propagationPolicy=Orphan to suppress this warning",
        )
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        (path == ["status", "successful"])
            .then(|| cells::count(&object["status"], "succeeded").to_string())
    }

    fn cell(&self, column: &str, object: &Value, age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        match column {
            "Status" => conditions::summary(status, is_terminating(object)).into(),
            "Completions" => completions(spec, status).into(),
            "Duration" => conditions::duration(status, age).into(),
            _ => cells::wide(column, &spec["template"], &spec["selector"]),
        }
    }
}

/// How many pods succeeded, of how many.
fn completions(spec: &Value, status: &Value) -> String {
    let succeeded = cells::count(status, "succeeded");
    match (
        spec["completions"].as_i64(),
        cells::count(spec, "parallelism"),
    ) {
        (Some(completions), _) => format!("{succeeded}/{completions}"),
        (None, parallelism) if parallelism > 1 => format!("{succeeded}/1 of {parallelism}"),
        (None, _) => format!("{succeeded}/1"),
    }
}

/// `generateSelector`: labels that are there already stay, and are for validation to find.
fn generate_selector(object: &mut Value) {
    let name = meta_str(object, "name").to_owned();
    let uid = meta_str(object, "uid").to_owned();
    let spec = &mut object["spec"];
    let labels = object_mut(&mut spec["template"]["metadata"]["labels"]);
    for (names, value) in [(NAME_LABELS, &name), (UID_LABELS, &uid)] {
        for label in names {
            labels.entry(label).or_insert_with(|| value.clone().into());
        }
    }
    object_mut(&mut spec["selector"]["matchLabels"])
        .entry(UID_LABEL)
        .or_insert_with(|| uid.into());
}

/// `ValidateJob`, but for the metadata.
fn validate(object: &Value, schema: &Struct, prefixed: bool) -> Vec<FieldError> {
    let spec = &object["spec"];
    let mut errors = validate_generated_selector(object, prefixed);
    errors.extend(validate_spec(spec, schema));
    let completions = spec["completions"].as_i64().unwrap_or_default();
    if spec["completionMode"] == "Indexed" && completions > 0 {
        let name = meta_str(object, "name");
        let host = format!("{name}-{}", completions - 1);
        if !is_dns1123_label(&host).is_empty() {
            let reason = format!("will not able to create pod with invalid DNS label: {host}");
            errors.push(FieldError::invalid_str("metadata.name", name, reason));
        }
    }
    errors
}

/// `ValidateJobSpec`.
fn validate_spec(spec: &Value, schema: &Struct) -> Vec<FieldError> {
    let mut errors = spec::validate(spec, schema, "spec");
    let selector = &spec["selector"];
    if !selector.is_object() {
        errors.push(FieldError::required("spec.selector", ""));
    }
    errors.extend(validate_label_selector(selector, "spec.selector"));
    if let Some(selection) = Selection::of(selector) {
        let template = &spec["template"];
        errors.extend(template::matches_labels(
            template,
            &selection,
            "spec.template",
        ));
    }
    errors
}

/// `validateGeneratedSelector`: the labels that were made for the pods are those of this job.
fn validate_generated_selector(object: &Value, prefixed: bool) -> Vec<FieldError> {
    let spec = &object["spec"];
    let selector = &spec["selector"];
    if spec["manualSelector"] == true || !selector.is_object() {
        return Vec::new();
    }
    let (name, uid) = (meta_str(object, "name"), meta_str(object, "uid"));
    let mut errors = Vec::new();
    let mut expected = vec![("controller-uid", uid), ("job-name", name)];
    if prefixed {
        expected.extend([(UID_LABEL, uid), (NAME_LABEL, name)]);
    }
    let labels = &spec["template"]["metadata"]["labels"];
    for (label, value) in &expected {
        errors.extend(has_label(labels, label, value));
    }
    let expected = expected
        .iter()
        .map(|(label, value)| ((*label).to_owned(), (*value).into()));
    let expected = Value::Object(expected.collect());
    let selection = Selection::of(selector);
    if selection.is_some_and(|selection| !selection.matches(&expected)) {
        let reason = "`selector` not auto-generated";
        errors.push(FieldError::invalid_shown(
            "spec.selector",
            show(selector),
            reason,
        ));
    }
    errors
}

/// `ValidateHasLabel`.
fn has_label(labels: &Value, label: &str, expected: &str) -> Option<FieldError> {
    const PATH: &str = "spec.template.metadata.labels";
    match labels.get(label).and_then(Value::as_str) {
        Some(found) if found == expected => None,
        Some(_) => {
            let reason = format!("must be '{expected}'");
            Some(FieldError::invalid(
                format!("{PATH}[{label}]"),
                labels,
                reason,
            ))
        }
        None => {
            let reason = format!("must be '{expected}'");
            Some(FieldError::required(format!("{PATH}[{label}]"), reason))
        }
    }
}
