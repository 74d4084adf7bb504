//! A `PodTemplateSpec` inside another kind.

use serde_json::{Map, Value};

use super::errors::Errors;
use super::read::list;
use super::spec::{self, Leniency};
use super::{annotations, defaults, features, warnings};
use crate::registry::validation::meta::{validate_annotations, validate_labels_at};
use crate::status::field::FieldError;

/// `SetDefaults_PodSpec` and the defaults of what is in it.
pub(crate) fn set_defaults(template: &mut Value) {
    if let Some(spec) = template.get_mut("spec") {
        defaults::set_spec_defaults(spec);
    }
}

/// `DropDisabledTemplateFields`, when a creation or an update is prepared: takes out what belongs to features that are off.
pub(crate) fn drop_disabled(template: &mut Value) {
    if let Some(spec) = template.get_mut("spec") {
        features::drop_disabled(spec);
    }
}

/// `ValidatePodTemplateSpec`.
pub(crate) fn validate(template: &Value, path: &str) -> Vec<FieldError> {
    let (meta, spec) = (&template["metadata"], &template["spec"]);
    let none = Map::new();
    let mut errors = Errors::default();
    errors.extend(validate_labels_at(meta, "labels", path));
    errors.extend(validate_annotations(
        meta.as_object().unwrap_or(&none),
        path,
    ));
    let at = format_args!("{path}.annotations");
    annotations::validate(meta, spec, &at, &mut errors);
    let at = format!("{path}.spec");
    spec::validate(spec, None, Leniency::default(), &at, &mut errors);
    annotations::validate_matches(meta, spec, &at, &mut errors);
    if !list(spec, "ephemeralContainers").is_empty() {
        let detail = "ephemeral containers not allowed in pod template";
        errors.forbidden(format_args!("{at}.ephemeralContainers"), detail);
    }
    errors.0
}

/// `GetWarningsForPodTemplate`; `old` is the template that was there, on an update.
pub(crate) fn warnings(template: &Value, _old: Option<&Value>, path: &str) -> Vec<String> {
    warnings::of(&template["metadata"], &template["spec"], Some(path))
}
