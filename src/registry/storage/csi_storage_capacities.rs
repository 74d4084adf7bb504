//! storage.k8s.io CSIStorageCapacity.

use serde_json::Value;

use crate::names::name_is_dns_subdomain;
use crate::registry::declared;
use crate::registry::strategy::{Strategy, WriteContext};
use crate::registry::validation::go_types::shown;
use crate::registry::validation::meta::invalid_each;
use crate::registry::validation::node_selector::label_selector_warnings;
use crate::registry::validation::quantity::{amount, validate_nonnegative};
use crate::registry::validation::read::text_at;
use crate::registry::validation::selector::validate_label_selector;
use crate::status::field::FieldError;

pub(in crate::registry) struct CsiStorageCapacities;

const TOPOLOGY: &str = "nodeTopology";
const CLASS: &str = "storageClassName";
const IMMUTABLE: &str = "field is immutable";

impl Strategy for CsiStorageCapacities {
    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_label_selector(&object[TOPOLOGY], TOPOLOGY));
        let class = text_at(object, CLASS);
        errors.extend(invalid_each(
            CLASS,
            class,
            name_is_dns_subdomain(class, false),
        ));
        if let Some(capacity) = amount(&object["capacity"]) {
            errors.extend(validate_nonnegative(&capacity, "capacity"));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        let mut errors = self.validate(write, object);
        errors.extend(declared::validate_update(write, object, old));
        if object[TOPOLOGY] != old[TOPOLOGY] {
            let shown = shown("LabelSelector", &object[TOPOLOGY]);
            errors.push(FieldError::invalid_shown(TOPOLOGY, shown, IMMUTABLE));
        }
        if object[CLASS] != old[CLASS] {
            errors.push(FieldError::invalid(CLASS, &object[CLASS], IMMUTABLE));
        }
        errors
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        label_selector_warnings(&object[TOPOLOGY], TOPOLOGY)
    }
}
