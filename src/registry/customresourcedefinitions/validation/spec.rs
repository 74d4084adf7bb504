//! The `spec` of a definition.

use std::collections::BTreeSet;

use serde_json::Value;

use super::super::spec::{Parts, Spec, Version};
use super::super::support::unsupported;
use super::super::{ca_bundle, conditions, internal, walk};
use super::conversion::{self, one_of};
use super::options::{Allowed, Options};
use super::parts::{self, MAX_SELECTABLE};
use super::{lists, names, schema, structural};
use crate::codec::json::compact;
use crate::codec::printable::is_print;
use crate::names::is_dns1123_subdomain;
use crate::registry::validation::read::{list_at, text_at};
use crate::status::field::FieldError;

/// What is asked of a definition that takes the place of an older one, which may leave as it was what would be refused today.
pub(super) fn update_options(old: &Value, new_spec: &Spec<'_>, spec: &Spec<'_>) -> Options {
    let has = |is_one: fn(&Value) -> bool| spec.schemas().any(|schema| walk::has(schema, is_one));
    let lacks_schema = |version: &Version<'_>| version.own.schema().is_none();
    let conversion = &spec.written["conversion"];
    let has_common = spec.common.schema().is_some();
    Options {
        conversion: Allowed {
            invalid_bundle: may_have_invalid_bundle(old),
            unrecognized_versions: !conversion::is_recognized(conversion),
        },
        requires_schema: has_common || !spec.versions.iter().any(lacks_schema),
        // Only who keeps unknown fields may have another one.
        requires_structural: !new_spec.preserves_unknown_fields()
            || !spec.schemas().any(structural::is_violated),
        requires_valid_types: !has(schema::has_invalid_type),
        requires_atomic_sets: !has(lists::is_set_of_structs),
        requires_sound_keys: !has(|schema| !lists::validate_items(schema, "").is_empty()),
        requires_pruned_defaults: !spec.schemas().any(structural::has_unpruned_defaults),
        too_many_selectable: too_many_selectable(new_spec, spec),
        unchanged: unchanged(new_spec, spec),
    }
}

fn may_have_invalid_bundle(old: &Value) -> bool {
    let client = &old["spec"]["conversion"]["webhook"]["clientConfig"];
    !conditions::is_true(old, conditions::ESTABLISHED)
        || ca_bundle::error(text_at(client, "caBundle")).is_some()
}

fn too_many_selectable(new: &Spec<'_>, old: &Spec<'_>) -> BTreeSet<String> {
    let same = |new: &Parts<'_>, old: &Parts<'_>| {
        old.selectable.len() > MAX_SELECTABLE && new.selectable == old.selectable
    };
    let mut names = BTreeSet::new();
    if same(&new.common, &old.common) {
        names.insert(String::new());
    }
    for version in &new.versions {
        let before = old.versions.iter().rfind(|old| old.name == version.name);
        if before.is_some_and(|before| same(&version.own, &before.own)) {
            names.insert(version.name.to_owned());
        }
    }
    names
}

fn unchanged(new: &Spec<'_>, old: &Spec<'_>) -> BTreeSet<String> {
    let names = new.versions.iter().map(|version| version.name);
    let is_same =
        |name: &&str| new.schema_of(name).is_some() && new.schema_of(name) == old.schema_of(name);
    names.filter(is_same).map(str::to_owned).collect()
}

/// `validateCustomResourceDefinitionSpec`.
pub(super) fn validate(spec: &Spec<'_>, options: &Options) -> Vec<FieldError> {
    let mut errors = validate_group(text_at(spec.written, "group"));
    let scope = text_at(spec.written, "scope");
    errors.extend(one_of(scope, "spec.scope", &["Cluster", "Namespaced"]));
    errors.extend(missing_schemas(spec, options));
    let has = |is_one: fn(&Value) -> bool| spec.schemas().any(|schema| walk::has(schema, is_one));
    let has_defaults = has(|schema| !schema["default"].is_null());
    if has_defaults && spec.preserves_unknown_fields() {
        let reason = "must be false in order to use defaults in the schema";
        errors.push(FieldError::invalid(
            "spec.preserveUnknownFields",
            &true.into(),
            reason,
        ));
    }
    let is_structural = options.requires_structural
        || !spec.preserves_unknown_fields()
        || has_defaults
        || has(schema::has_extensions);
    let rules = schema::Rules {
        options,
        is_structural,
        keeps_costs: false,
    };
    for (i, version) in spec.versions.iter().enumerate() {
        let path = format!("spec.versions[{i}]");
        errors.extend(names::label(version.name, &format!("{path}.name")));
        let rules = rules.for_version(options.unchanged.contains(version.name));
        errors.extend(validate_version(spec, version, &path, &rules));
    }
    errors.extend(validate_versions(spec));
    errors.extend(validate_names(&spec.written["names"]));
    errors.extend(validate_common(spec, &rules));
    errors.extend(validate_conversion(spec, options));
    errors
}

fn validate_group(group: &str) -> Vec<FieldError> {
    const PATH: &str = "spec.group";
    if group.is_empty() {
        return vec![FieldError::required(PATH, "")];
    }
    let reasons = is_dns1123_subdomain(group);
    if !reasons.is_empty() {
        return vec![FieldError::invalid_str(PATH, group, reasons.join(","))];
    }
    if !group.contains('.') {
        let reason = "should be a domain with at least one dot";
        return vec![FieldError::invalid_str(PATH, group, reason)];
    }
    Vec::new()
}

/// Every version has a schema, or at least those that are served if nothing else tells what is known.
fn missing_schemas(spec: &Spec<'_>, options: &Options) -> Vec<FieldError> {
    if spec.common.schema().is_some() {
        return Vec::new();
    }
    let lacking = spec.versions.iter().enumerate();
    let lacking = lacking.filter(|(_, version)| version.own.schema().is_none());
    let path = |i: usize| format!("spec.versions[{i}].schema.openAPIV3Schema");
    if options.requires_schema {
        return lacking
            .map(|(i, _)| FieldError::required(path(i), ""))
            .collect();
    }
    if spec.preserves_unknown_fields() {
        return Vec::new();
    }
    let served = lacking.filter(|(_, version)| version.written["served"] == true);
    let detail = "because otherwise all fields are pruned";
    served
        .map(|(i, _)| FieldError::required(path(i), detail))
        .collect()
}

/// `validateCustomResourceDefinitionVersion`.
fn validate_version(
    spec: &Spec<'_>,
    version: &Version<'_>,
    path: &str,
    rules: &schema::Rules<'_>,
) -> Vec<FieldError> {
    let mut errors = validate_deprecation(version.written, path);
    let own = &version.own;
    let has_status = spec.has_status(version.name);
    errors.extend(rules.validate(own.validation, has_status, &format!("{path}.schema")));
    if let Some(subresources) = own.subresources {
        errors.extend(parts::validate_subresources(
            subresources,
            &format!("{path}.subresources"),
        ));
    }
    errors.extend(parts::validate_columns(own.columns, path));
    if own.selectable.is_empty() {
        return errors;
    }
    let selectable = format!("{path}.selectableFields");
    let Some(schema) = own.schema() else {
        let reason = "may only be set when `version.schema.openAPIV3Schema` is not included";
        errors.push(FieldError::invalid_str(selectable, "", reason));
        return errors;
    };
    let may_be = rules.options.too_many_selectable.contains(version.name);
    let schema_path = format!("{path}.schema.openAPIV3Schema");
    errors.extend(unsupported(schema).map(|why| FieldError::invalid_str(schema_path, "", why)));
    errors.extend(parts::validate_selectable(
        own.selectable,
        schema,
        &selectable,
        may_be,
    ));
    errors
}

fn validate_deprecation(version: &Value, path: &str) -> Vec<FieldError> {
    let Some(warning) = version["deprecationWarning"].as_str() else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    if version["deprecated"] != true {
        reasons.push("can only be set for deprecated versions".to_owned());
    } else {
        if warning.len() > 256 {
            reasons.push("must be <= 256 characters long".to_owned());
        }
        if warning.is_empty() {
            reasons.push("must not be an empty string".to_owned());
        }
        if let Some((i, _)) = warning
            .char_indices()
            .find(|(_, letter)| !is_print(*letter))
        {
            reasons.push(format!(
                "must only contain printable UTF-8 characters; non-printable character found at index {i}"
            ));
        }
    }
    let path = format!("{path}.deprecationWarning");
    let shown = compact(&version["deprecationWarning"]);
    let reasons = reasons.into_iter();
    reasons
        .map(|reason| FieldError::invalid_shown(path.as_str(), shown.as_str(), reason))
        .collect()
}

/// The versions as a list. The first is a version of its own in the internal type, too.
fn validate_versions(spec: &Spec<'_>) -> Vec<FieldError> {
    const PATH: &str = "spec.versions";
    let invalid = |reason| FieldError::invalid_shown(PATH, internal::versions(spec), reason);
    let mut errors = Vec::new();
    let names: BTreeSet<&str> = spec.versions.iter().map(|version| version.name).collect();
    if names.len() < spec.versions.len() {
        errors.push(invalid("must contain unique version names"));
    }
    let versions = list_at(spec.written, "versions").iter();
    if versions
        .filter(|version| version["storage"] == true)
        .count()
        != 1
    {
        errors.push(invalid(
            "must have exactly one version marked as storage version",
        ));
    }
    let first = spec.versions.first().map_or("", |version| version.name);
    if !first.is_empty() {
        errors.extend(names::label(first, "spec.version"));
    }
    errors
}

/// Some names must be there.
fn validate_names(names: &Value) -> Vec<FieldError> {
    let fields = ["plural", "singular", "kind", "listKind"];
    let missing = fields
        .iter()
        .filter(|field| text_at(names, field).is_empty());
    let mut errors: Vec<FieldError> = missing
        .map(|field| FieldError::required(format!("spec.names.{field}"), ""))
        .collect();
    errors.extend(names::validate(names, "spec.names"));
    errors
}

/// What all versions have.
fn validate_common(spec: &Spec<'_>, rules: &schema::Rules<'_>) -> Vec<FieldError> {
    let (common, options) = (&spec.common, rules.options);
    let first = spec.versions.first().map_or("", |version| version.name);
    let rules = rules.for_version(options.unchanged.contains(first));
    let mut errors = rules.validate(common.validation, spec.has_any_status(), "spec.validation");
    if let Some(subresources) = common.subresources {
        errors.extend(parts::validate_subresources(
            subresources,
            "spec.subresources",
        ));
    }
    errors.extend(parts::validate_columns(common.columns, "spec"));
    if common.selectable.is_empty() {
        return errors;
    }
    const SELECTABLE: &str = "spec.selectableFields";
    if common.validation.is_none() {
        let reason = "may only be set when validations.schema is included";
        errors.push(FieldError::invalid_str(SELECTABLE, "", reason));
        return errors;
    }
    let schema = common.schema().unwrap_or(&Value::Null);
    let why = unsupported(schema);
    errors.extend(why.map(|why| FieldError::invalid_str("spec.schema.openAPIV3Schema", "", why)));
    let may_be = options.too_many_selectable.contains("");
    errors.extend(parts::validate_selectable(
        common.selectable,
        schema,
        SELECTABLE,
        may_be,
    ));
    errors
}

fn validate_conversion(spec: &Spec<'_>, options: &Options) -> Vec<FieldError> {
    let conversion = &spec.written["conversion"];
    let mut errors = Vec::new();
    let strategy = text_at(conversion, "strategy");
    if !conversion.is_null() && strategy != "None" && spec.preserves_unknown_fields() {
        let reason = "must be None if spec.preserveUnknownFields is true";
        errors.push(FieldError::invalid_str(
            "spec.conversion.strategy",
            strategy,
            reason,
        ));
    }
    errors.extend(conversion::validate(conversion, options.conversion));
    errors
}
