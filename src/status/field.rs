//! Errors about fields, worded as `k8s.io/apimachinery/pkg/util/validation/field` words them.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Cause;
use crate::codec::json::compact;
use crate::codec::quote::quote;

/// How much the errors in one answer may say, in bytes; those beyond are left out.
pub(crate) const MAX_ERRORS_SIZE: usize = 1024 * 1024;

/// What is wrong with a field.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ErrorType {
    Required,
    Invalid,
    /// Invalid, because it is of another type.
    TypeInvalid,
    NotSupported,
    Forbidden,
    TooLong,
    TooMany,
    Duplicate,
    NotFound,
    #[cfg(feature = "cel")]
    Internal,
}

impl ErrorType {
    fn reason(self) -> &'static str {
        match self {
            ErrorType::Required => "FieldValueRequired",
            ErrorType::Invalid => "FieldValueInvalid",
            ErrorType::NotSupported => "FieldValueNotSupported",
            ErrorType::Forbidden => "FieldValueForbidden",
            ErrorType::TooLong => "FieldValueTooLong",
            ErrorType::TooMany => "FieldValueTooMany",
            ErrorType::Duplicate => "FieldValueDuplicate",
            ErrorType::NotFound => "FieldValueNotFound",
            #[cfg(feature = "cel")]
            ErrorType::Internal => "InternalError",
            ErrorType::TypeInvalid => "FieldValueTypeInvalid",
        }
    }

    fn label(self) -> &'static str {
        match self {
            ErrorType::Required => "Required value",
            ErrorType::Invalid | ErrorType::TypeInvalid => "Invalid value",
            ErrorType::NotSupported => "Unsupported value",
            ErrorType::Forbidden => "Forbidden",
            ErrorType::TooLong => "Too long",
            ErrorType::TooMany => "Too many",
            ErrorType::Duplicate => "Duplicate value",
            ErrorType::NotFound => "Not found",
            #[cfg(feature = "cel")]
            ErrorType::Internal => "Internal error",
        }
    }

    fn shows_value(self) -> bool {
        matches!(
            self,
            ErrorType::Invalid
                | ErrorType::TypeInvalid
                | ErrorType::NotSupported
                | ErrorType::TooMany
                | ErrorType::Duplicate
                | ErrorType::NotFound
        )
    }
}

/// One `field.Error`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct FieldError {
    ty: ErrorType,
    pub(crate) field: String,
    /// The value as the message shows it; empty where none is shown. Many errors may be about one that is long.
    value: Arc<str>,
    detail: String,
}

impl FieldError {
    fn new(
        ty: ErrorType,
        field: impl Into<String>,
        value: impl Into<Arc<str>>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError {
            ty,
            field: field.into(),
            value: value.into(),
            detail: detail.into(),
        }
    }

    pub(crate) fn required(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Required, field, "", detail)
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
        shown: impl Into<Arc<str>>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::Invalid, field, shown, detail)
    }

    /// A value of a wrong type, already written the way the message shows it.
    pub(crate) fn type_invalid_shown(
        field: impl Into<String>,
        shown: impl Into<Arc<str>>,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::TypeInvalid, field, shown, detail)
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
        FieldError::not_supported_shown(field, show(value), supported)
    }

    /// The same of a value already written the way the message shows it.
    pub(crate) fn not_supported_shown(
        field: impl Into<String>,
        shown: impl Into<String>,
        supported: &[&str],
    ) -> Self {
        let list: Vec<String> = supported.iter().map(|s| quote(s)).collect();
        FieldError::new(
            ErrorType::NotSupported,
            field,
            shown.into(),
            format!("supported values: {}", list.join(", ")),
        )
    }

    /// An invalid value that the message does not show.
    pub(crate) fn invalid_unshown(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Invalid, field, String::new(), detail)
    }

    pub(crate) fn forbidden(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Forbidden, field, "", detail)
    }

    /// What went wrong while it was looked at.
    #[cfg(feature = "cel")]
    pub(crate) fn internal(field: impl Into<String>, detail: impl Into<String>) -> Self {
        FieldError::new(ErrorType::Internal, field, "", detail)
    }

    pub(crate) fn too_long(field: impl Into<String>, max_bytes: usize) -> Self {
        FieldError::new(
            ErrorType::TooLong,
            field,
            "",
            format!("may not be more than {max_bytes} bytes"),
        )
    }

    /// The same of a limit that anyone may have set: it may be one, or below zero.
    pub(crate) fn too_long_of(field: impl Into<String>, max: i64) -> Self {
        let detail = match max {
            max if max < 0 => "value is too long".to_owned(),
            1 => "may not be more than 1 byte".to_owned(),
            max => format!("may not be more than {max} bytes"),
        };
        FieldError::new(ErrorType::TooLong, field, "", detail)
    }

    /// The same of items.
    pub(crate) fn too_many_of(field: impl Into<String>, count: usize, max: i64) -> Self {
        let detail = match max {
            max if max < 0 => "has too many items".to_owned(),
            1 => "must have at most 1 item".to_owned(),
            max => format!("must have at most {max} items"),
        };
        FieldError::new(ErrorType::TooMany, field, count.to_string(), detail)
    }

    /// A list of so many items, which is more than it may have.
    pub(crate) fn too_many(field: impl Into<String>, count: usize, max: usize) -> Self {
        let detail = format!("must have at most {max} items");
        FieldError::new(ErrorType::TooMany, field, count.to_string(), detail)
    }

    /// A reference to what is not there.
    pub(crate) fn not_found(
        field: impl Into<String>,
        value: &str,
        detail: impl Into<String>,
    ) -> Self {
        FieldError::new(ErrorType::NotFound, field, quote(value), detail)
    }

    pub(crate) fn duplicate(field: impl Into<String>, value: &Value) -> Self {
        FieldError::new(ErrorType::Duplicate, field, show(value), "")
    }

    /// A repeated value already written the way the message shows it.
    pub(crate) fn duplicate_shown(field: impl Into<String>, shown: impl Into<Arc<str>>) -> Self {
        FieldError::new(ErrorType::Duplicate, field, shown, "")
    }

    /// Whether the rules of a custom resource are left out because of it: some of them may rely on what is wrong here.
    pub(crate) fn hides_rules(&self) -> bool {
        matches!(
            self.ty,
            ErrorType::Required
                | ErrorType::NotSupported
                | ErrorType::TypeInvalid
                | ErrorType::TooLong
                | ErrorType::TooMany
        )
    }

    /// `Invalid value: "x": detail`.
    pub(crate) fn body(&self) -> String {
        let mut out = self.ty.label().to_owned();
        if self.ty.shows_value() && !self.value.is_empty() {
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

/// A value as a message shows it.
pub(crate) fn show(value: &Value) -> String {
    match value {
        Value::String(s) => quote(s),
        other => compact(other),
    }
}

/// The first of them, as many as one answer tells of.
pub(crate) fn told(errors: &[FieldError]) -> &[FieldError] {
    let mut size = 0;
    let fits = |error: &FieldError| {
        let before = size;
        size += error.field.len() + error.value.len() + error.detail.len();
        before <= MAX_ERRORS_SIZE
    };
    let count = errors.iter().map(fits).take_while(|fits| *fits).count();
    &errors[..count]
}

/// One error as it is, several as `[a, b]` without repeats.
pub(crate) fn aggregate(errors: &[FieldError]) -> String {
    let mut seen = BTreeSet::new();
    let mut texts: Vec<String> = Vec::new();
    for text in told(errors).iter().map(ToString::to_string) {
        if seen.insert(text.clone()) {
            texts.push(text);
        }
    }
    match texts.as_slice() {
        [one] => one.clone(),
        _ => format!("[{}]", texts.join(", ")),
    }
}
