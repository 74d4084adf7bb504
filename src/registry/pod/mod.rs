//! Pods and the templates of pods, which every workload has: upstream's `ValidatePodTemplateSpec` and what goes with it.

pub(crate) mod amounts;
pub(crate) mod annotations;
pub(crate) mod conditions;
mod create;
mod defaults;
mod diff;
mod ephemeral;
pub(crate) mod errors;
mod features;
mod formats;
pub(crate) mod internal;
mod paths;
pub(crate) mod read;
mod resize;
pub(crate) mod spec;
mod status;
mod table;
pub(crate) mod template;
mod update;
mod warnings;

use serde_json::Value;

use self::read::{count, list, member, number, text};
use super::declared;
use super::deletion::{self, Deletion, Grace};
use super::strategy::{Strategy, WriteContext};
use super::validation::ip::ip_warning;
use crate::names::is_dns1123_label;
use crate::object::{meta_str, metadata_mut};
use crate::request::options::DeleteOptions;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) struct Pods;

impl Strategy for Pods {
    fn set_defaults(&self, object: &mut Value) {
        annotations::drop_init_containers(object);
        defaults::set_pod_defaults(object);
        status::pair_addresses(&mut object["status"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        create::prepare(write, object);
    }

    /// What an annotation says about AppArmor is told of before it becomes a field.
    fn warnings_before_prepare(&self, object: &Value) -> Vec<String> {
        match annotations::says_app_armor(object) {
            true => annotations::sync_app_armor(&mut object.clone()),
            false => Vec::new(),
        }
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        declared::reset(write, object, Some(old));
        match write.subresource {
            "" => object["status"] = old["status"].clone(),
            "status" => status::prepare(object, old),
            "ephemeralcontainers" => ephemeral::prepare(object, old),
            "resize" => resize::prepare(object, old),
            _ => {}
        }
        features::drop_disabled(&mut object["spec"]);
        // A binding is no change of what was asked for.
        if object["spec"] != old["spec"] && write.subresource != "binding" {
            let generation = count(&old["metadata"], "generation") + 1;
            declared::set_generation(object, generation);
        }
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        create::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        match write.subresource {
            "status" => status::validate_update(object, old),
            "ephemeralcontainers" => ephemeral::validate_update(object, old),
            "resize" => resize::validate_update(object, old),
            "binding" => Vec::new(),
            _ => update::validate(object, old),
        }
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut told = Vec::new();
        let reasons = is_dns1123_label(meta_str(object, "name"));
        if !reasons.is_empty() {
            told.push(format!(
                "metadata.name: this is used in the Pod's hostname, which can result in surprising behavior; a DNS label is recommended: [{}]",
                reasons.join(" ")
            ));
        }
        told.extend(warnings::of(&object["metadata"], &object["spec"], None));
        told
    }

    /// Pods are updated often and by machines, so only odd addresses are told of.
    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        _old: &Value,
    ) -> Vec<String> {
        let mut told = Vec::new();
        if write.subresource == "status" {
            for field in ["podIPs", "hostIPs"] {
                for (i, address) in list(&object["status"], field).iter().enumerate() {
                    let place = format_args!("status.{field}[{i}].ip");
                    told.extend(ip_warning(place, text(address, "ip")));
                }
            }
        }
        told
    }

    /// A pod that is still given time goes when its node says that it is gone.
    fn may_be_removed(&self, object: &Value) -> bool {
        number(&object["metadata"], "deletionGracePeriodSeconds") == Some(0)
    }

    fn before_delete(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        options: &DeleteOptions,
    ) -> Result<Deletion, Status> {
        deletion::before_graceful_delete(write, object, options, &grace(object, options))
    }

    fn field(&self, object: &Value, path: &[&str]) -> Option<String> {
        match path {
            ["spec", "host"] => Some(text(&object["spec"], "nodeName").to_owned()),
            ["spec", "hostNetwork"] => {
                Some(read::is_true(&object["spec"], "hostNetwork").to_string())
            }
            // The label is known, and no pod has it.
            ["status", "podIPs"] => Some(String::new()),
            ["status", "podIP"] => {
                let first = list(&object["status"], "podIPs").first();
                Some(first.map_or("", |address| text(address, "ip")).to_owned())
            }
            _ => None,
        }
    }

    fn cell(&self, column: &str, object: &Value, age: &dyn Fn(&str) -> String) -> Value {
        table::cell(column, object, age)
    }

    fn row_conditions(&self, object: &Value) -> Value {
        table::conditions(object)
    }
}

/// `CheckGracefulDelete`: how long a pod is given to end.
fn grace(pod: &Value, options: &DeleteOptions) -> Grace {
    let spec = &pod["spec"];
    let wanted = options
        .grace_period_seconds
        .or_else(|| number(spec, "terminationGracePeriodSeconds"))
        .unwrap_or_default();
    let has_ended = matches!(text(&pod["status"], "phase"), "Failed" | "Succeeded");
    let is_nowhere = text(spec, "nodeName").is_empty();
    Grace {
        seconds: match wanted {
            _ if is_nowhere || has_ended => 0,
            negative if negative < 0 => 1,
            wanted => wanted,
        },
    }
}

/// core/v1 PodTemplate.
pub(crate) struct PodTemplates;

impl Strategy for PodTemplates {
    fn set_defaults(&self, object: &mut Value) {
        if let Some(template) = object.get_mut("template") {
            template::set_defaults(template);
        }
    }

    fn prepare_for_create(&self, _write: &WriteContext<'_>, object: &mut Value) {
        template::drop_disabled(&mut object["template"]);
        declared::set_generation(object, 1);
    }

    fn prepare_for_update(&self, _write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        template::drop_disabled(&mut object["template"]);
        if object["template"] != old["template"] {
            let generation = count(&old["metadata"], "generation") + 1;
            declared::set_generation(object, generation);
        }
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(template::validate(&object["template"], "template"));
        errors
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = declared::validate_update(write, object, old);
        errors.extend(template::validate(&object["template"], "template"));
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        template::warnings(&object["template"], None, "template")
    }

    fn update_warnings(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        if object["metadata"]["generation"] == old["metadata"]["generation"] {
            return Vec::new();
        }
        template::warnings(&object["template"], Some(&old["template"]), "template")
    }

    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        table::template_cell(column, &object["template"])
    }
}

/// Puts back what only the object itself can change of its metadata: `ResetObjectMetaForStatus`.
fn reset_metadata(object: &mut Value, old: &Value) {
    let metadata = metadata_mut(object);
    for field in [
        "deletionTimestamp",
        "generation",
        "selfLink",
        "labels",
        "annotations",
        "finalizers",
        "ownerReferences",
    ] {
        match member(&old["metadata"], field) {
            Some(value) => metadata.insert(field.to_owned(), value.clone()),
            None => metadata.remove(field),
        };
    }
}
