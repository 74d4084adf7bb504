//! The errors found in a pod, in the order in which they are found.

use std::fmt::Display;

use serde_json::Value;

use crate::status::field::FieldError;

/// Where something is; only written out where something is wrong.
pub(crate) type Path<'a> = &'a dyn Display;

#[derive(Default)]
pub(crate) struct Errors(pub(crate) Vec<FieldError>);

impl Errors {
    pub(crate) fn push(&mut self, error: FieldError) {
        self.0.push(error);
    }

    pub(crate) fn extend(&mut self, errors: impl IntoIterator<Item = FieldError>) {
        self.0.extend(errors);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn required(&mut self, path: impl Display, detail: &str) {
        self.push(FieldError::required(path.to_string(), detail));
    }

    pub(crate) fn forbidden(&mut self, path: impl Display, detail: impl Into<String>) {
        self.push(FieldError::forbidden(path.to_string(), detail));
    }

    pub(crate) fn invalid(&mut self, path: impl Display, value: &Value, detail: impl Into<String>) {
        self.push(FieldError::invalid(path.to_string(), value, detail));
    }

    pub(crate) fn invalid_str(
        &mut self,
        path: impl Display,
        value: &str,
        detail: impl Into<String>,
    ) {
        self.push(FieldError::invalid_str(path.to_string(), value, detail));
    }

    pub(crate) fn invalid_shown(
        &mut self,
        path: impl Display,
        shown: impl Into<std::sync::Arc<str>>,
        detail: impl Into<String>,
    ) {
        self.push(FieldError::invalid_shown(path.to_string(), shown, detail));
    }

    /// One error for every reason against a value.
    pub(crate) fn invalid_each(&mut self, path: impl Display, value: &str, reasons: Vec<String>) {
        for reason in reasons {
            self.invalid_str(&path, value, reason);
        }
    }

    /// A number outside of a range.
    pub(crate) fn range(&mut self, path: impl Display, value: i64, min: i64, max: i64) {
        if !(min..=max).contains(&value) {
            let detail = format!("must be between {min} and {max}, inclusive");
            self.invalid(path, &value.into(), detail);
        }
    }

    pub(crate) fn not_negative(&mut self, path: impl Display, value: i64) {
        if value < 0 {
            self.invalid(path, &value.into(), "must be greater than or equal to 0");
        }
    }

    pub(crate) fn not_supported(&mut self, path: impl Display, value: &str, supported: &[&str]) {
        self.push(FieldError::not_supported(
            path.to_string(),
            &value.into(),
            supported,
        ));
    }

    /// What is given must be one of these.
    pub(crate) fn one_of(&mut self, path: impl Display, value: Option<&Value>, among: &[&str]) {
        let value = value.and_then(Value::as_str);
        if let Some(value) = value.filter(|value| !among.contains(value)) {
            self.not_supported(path, value, among);
        }
    }

    pub(crate) fn duplicate(&mut self, path: impl Display, value: &str) {
        self.push(FieldError::duplicate(path.to_string(), &value.into()));
    }

    pub(crate) fn not_found(&mut self, path: impl Display, value: &str, detail: &str) {
        self.push(FieldError::not_found(path.to_string(), value, detail));
    }

    pub(crate) fn too_long(&mut self, path: impl Display, max: usize) {
        self.push(FieldError::too_long(path.to_string(), max));
    }
}
