//! Errors about fields, worded as `k8s.io/apimachinery/pkg/util/validation/field` words them.

use serde_json::Value;

use super::Cause;
use crate::codec::json::compact;
use crate::codec::quote::quote;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ErrorType {
    Required,
    Invalid,
    NotSupported,
    Forbidden,
    TooLong,
    Duplicate,
}

impl ErrorType {
    fn reason(self) -> &'static str {
        match self {
            ErrorType::Required => "FieldValueRequired",
            ErrorType::Invalid => "FieldValueInvalid",
            ErrorType::NotSupported => "FieldValueNotSupported",
            ErrorType::Forbidden => "FieldValueForbidden",
            ErrorType::TooLong => "FieldValueTooLong",
            ErrorType::Duplicate => "FieldValueDuplicate",
        }
    }

    fn label(self) -> &'static str {
        match self {
            ErrorType::Required => "Required value",
            ErrorType::Invalid => "Invalid value",
            ErrorType::NotSupported => "Unsupported value",
            ErrorType::Forbidden => "Forbidden",
            ErrorType::TooLong => "Too long",
            ErrorType::Duplicate => "Duplicate value",
        }
    }

    fn shows_value(self) -> bool {
        matches!(
            self,
            ErrorType::Invalid | ErrorType::NotSupported | ErrorType::Duplicate
        )
    }
}

/// One `field.Error`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldError {
    ty: ErrorType,
    pub(crate) field: String,
    /// The value as the message shows it; empty where none is shown.
    value: String,
    detail: String,
}

impl FieldError {
    fn new(
        ty: ErrorType,
        field: impl Into<String>,
        value: String,
        detail: impl Into<String>,
    ) -> Self {
        FieldError {
            ty,
            field: field.into(),
            value,
            detail: detail.into(),
        }
    }

    pub(crate) fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Required, field, String::new(), detail)
    }

    /// The value as JSON, strings as Go quotes them.
    pub(crate) fn invalid(
        field: impl Into<String>,
        value: &Value,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::Invalid, field, show(value), detail)
    }

    /// An invalid value already written the way the message shows it.
    pub(crate) fn invalid_shown(
        field: impl Into<String>,
        shown: impl Into<String>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::Invalid, field, shown.into(), detail)
    }

    pub(crate) fn invalid_str(
        field: impl Into<String>,
        value: &str,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::Invalid, field, quote(value), detail)
    }

    /// `supported` in the order the message lists it.
    pub(crate) fn not_supported(
        field: impl Into<String>,
        value: &Value,
        supported: &[&str],
    ) -> Self {
        let list: Vec<String> = supported.iter().map(|s| quote(s)).collect();
        FieldError::new(
            ErrorType::NotSupported,
            field,
            show(value),
            format!("supported values: {}", list.join(", ")),
        )
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Forbidden, field, String::new(), detail)
    }

    pub(crate) fn too_long(field: impl Into<String>, max_bytes: usize) -> Self {
        FieldError::new(
            ErrorType::TooLong,
            field,
            String::new(),
            format!("may not be more than {max_bytes} bytes"),
        )
    }

    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        FieldError::new(ErrorType::Duplicate, field, show(value), "")
    }

    /// A repeated value already written the way the message shows it.
    pub(crate) fn duplicate_shown(field: impl Into<String>, shown: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Duplicate, field, shown.into(), "")
    }

    /// `Invalid value: "x": detail`.
    pub(crate) fn body(&self) -> String {
        let mut out = self.ty.label().to_owned();
        if self.ty.shows_value() {
            out.push_str(": ");
            out.push_str(&self.value);
        }
        if !self.detail.is_empty() {
            out.push_str(": ");
            out.push_str(&self.detail);
        }
        out
    }

    pub(crate) fn cause(&self) -> Cause {
        Cause {
            reason: self.ty.reason().to_owned(),
            message: self.body(),
            field: self.field.clone(),
        }
    }
}

impl std::fmt::Display for FieldError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.field, self.body())
    }
}

fn show(value: &Value) -> String {
    match value {
        Value::String(s) => quote(s),
        other => compact(other),
    }
}

/// One error as it is, several as `[a, b]` without repeats.
pub(crate) fn aggregate(errors: &[FieldError]) -> String {
    let mut texts: Vec<String> = Vec::with_capacity(errors.len());
    for text in errors.iter().map(ToString::to_string) {
        if !texts.contains(&text) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}
