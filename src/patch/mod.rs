//! The patches: what an object becomes when a client sends a change instead of the object.
//!
//! Each kind of patch is a pure function of the current object and the bytes of the request. What comes back is the next
//! object, not yet decoded as its kind: the handler decodes, defaults, validates and stores it as it would a PUT, and
//! asks [`Patched::settle`] what becomes of the problems that only strict decoding minds.
//!
//! - [`json`] is RFC 6902 as evanphx/json-patch v4 understands it. Its habits (a `replace` of a missing member, negative
//!   indices, scalars compared as text) show on the wire and the json-patch crate cannot be taught them.
//! - [`merge`] is RFC 7396, by the same library. Both work on the text of the object, and so do we, on a [`document`]
//!   that stays text wherever the patch does not reach: the messages of the server quote the patched text.
//! - [`strategic`] goes by the schema: lists merge by key. It works on values, and words its errors as Go prints values.
//!
//! Upstream: `k8s.io/apiserver/pkg/endpoints/handlers/patch.go`.

pub(crate) mod apply;
mod decode;
mod document;
mod json;
mod merge;
mod restore;
mod strategic;

use serde_json::Value;

use crate::codec::json::Node;
use crate::kinds::Struct;
use crate::request::options::FieldValidation;
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;

/// The kinds of patch that change an object on their own, told apart by the media type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum PatchType {
    Json,
    Merge,
    StrategicMerge,
}

/// The next object, before it is decoded.
#[derive(Debug, PartialEq)]
pub(crate) struct Patched {
    pub(crate) next: Node,
    /// How an error about the next object shows the cause: the patched JSON, or a strategic patch as Go prints it.
    pub(crate) shown: String,
    /// What strict decoding found in the patch itself.
    pub(crate) strict: Vec<String>,
}

/// Why a patch cannot be applied.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub(crate) enum PatchError {
    #[error("{0}")]
    BadRequest(String),
    #[error("{0}")]
    TooLarge(String),
    /// The patch does not fit the object; the real server does not say how.
    #[error("the patch cannot be applied")]
    Unprocessable,
    /// What the patch made is no object of the kind.
    #[error("{why}")]
    Invalid { shown: String, why: String },
    #[error("{0}")]
    Internal(String),
    /// The real server crashes on such a patch and says so.
    #[error("the apiserver panics")]
    Panic,
}

impl From<PatchError> for Status {
    fn from(error: PatchError) -> Status {
        match error {
            PatchError::BadRequest(message) => Status::bad_request(message),
            PatchError::TooLarge(message) => Status::request_entity_too_large(message),
            PatchError::Unprocessable => Status::unprocessable(),
            PatchError::Invalid { shown, why } => invalid(&shown, &why),
            PatchError::Internal(message) => Status::raw(message),
            PatchError::Panic => Status::panicked(),
        }
    }
}

/// The refusal of what a patch made: it names no object, only the field `patch`.
pub(crate) fn invalid(shown: &str, why: &str) -> Status {
    Status::invalid("", "", "", &[FieldError::invalid_str("patch", shown, why)])
}

/// Applies a patch to an object in canonical form.
pub(crate) fn apply(
    patch_type: PatchType,
    current: &Value,
    patch: &[u8],
    schema: &Struct,
    validation: FieldValidation,
) -> Result<Patched, PatchError> {
    match patch_type {
        PatchType::Json => json::apply(&text(current, schema), patch, validation),
        PatchType::Merge => merge::apply(&text(current, schema), patch, validation),
        PatchType::StrategicMerge => strategic::apply(current, patch, schema, validation),
    }
}

/// The object as the server writes it, which is what the patches of JSON text work on.
fn text(current: &Value, schema: &Struct) -> String {
    String::from_utf8_lossy(&schema::to_json(current, schema)).into_owned()
}

impl Patched {
    /// The error for a next object that does not decode, in the decoder's words.
    pub(crate) fn invalid(self, why: impl Into<String>) -> PatchError {
        PatchError::Invalid {
            shown: self.shown,
            why: why.into(),
        }
    }

    /// What becomes of the problems of the patch and of the next object (`decoded`): warnings, a refusal or nothing.
    pub(crate) fn settle(
        self,
        decoded: Vec<String>,
        validation: FieldValidation,
    ) -> Result<Vec<String>, PatchError> {
        let found = [self.strict, decoded].concat();
        match validation {
            FieldValidation::Ignore => Ok(Vec::new()),
            FieldValidation::Strict if !found.is_empty() => {
                let why = format!("strict decoding error: {}", found.join(", "));
                Err(PatchError::Invalid {
                    shown: self.shown,
                    why,
                })
            }
            FieldValidation::Warn | FieldValidation::Strict => Ok(found),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kinds::samples::ENDPOINTS;
    use serde_json::json;

    fn patched(strict: &[&str]) -> Patched {
        let strict = strict.iter().map(ToString::to_string).collect();
        Patched {
            next: Node::Null,
            shown: r#"{"a":1}"#.to_owned(),
            strict,
        }
    }

    #[test]
    fn a_refused_patch_names_no_object() {
        let body = String::from_utf8(
            invalid("map[subsets:5]", "cannot restore slice from int64").to_json(),
        )
        .unwrap();
        assert_eq!(
            body,
            concat!(
                r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":" \"\" is invalid: "#,
                r#"patch: Invalid value: \"map[subsets:5]\": cannot restore slice from int64","reason":"Invalid","#,
                r#""details":{"causes":[{"reason":"FieldValueInvalid","message":"Invalid value: \"map[subsets:5]\": "#,
                r#"cannot restore slice from int64","field":"patch"}]},"code":422}"#
            )
        );
    }

    #[test]
    fn each_error_has_its_status() {
        for (error, code, message) in [
            (PatchError::BadRequest("x".to_owned()), 400, "x"),
            (
                PatchError::TooLarge("x".to_owned()),
                413,
                "Request entity too large: x",
            ),
            (
                PatchError::Unprocessable,
                422,
                "the server rejected our request due to an error in our request",
            ),
            (PatchError::Internal("x".to_owned()), 500, "x"),
            (
                PatchError::Panic,
                500,
                "This request caused apiserver to panic. Look in the logs for details.",
            ),
        ] {
            let status = Status::from(error);
            assert_eq!((status.code, status.message.as_str()), (code, message));
        }
    }

    #[test]
    fn problems_are_warnings_a_refusal_or_nothing() {
        let both = vec!["in patch".to_owned(), "in result".to_owned()];
        let settle =
            |validation| patched(&["in patch"]).settle(vec!["in result".to_owned()], validation);
        assert_eq!(settle(FieldValidation::Warn), Ok(both));
        assert_eq!(settle(FieldValidation::Ignore), Ok(Vec::new()));
        assert_eq!(
            settle(FieldValidation::Strict),
            Err(PatchError::Invalid {
                shown: r#"{"a":1}"#.to_owned(),
                why: "strict decoding error: in patch, in result".to_owned()
            })
        );
        assert_eq!(
            patched(&[]).settle(Vec::new(), FieldValidation::Strict),
            Ok(Vec::new())
        );
    }

    #[test]
    fn every_type_of_patch_is_applied() {
        let current = json!({"metadata": {"name": "p", "labels": {"a": "1"}}});
        for (patch_type, patch) in [
            (
                PatchType::Json,
                r#"[{"op":"add","path":"/metadata/labels/b","value":"2"}]"#,
            ),
            (PatchType::Merge, r#"{"metadata":{"labels":{"b":"2"}}}"#),
            (
                PatchType::StrategicMerge,
                r#"{"metadata":{"labels":{"b":"2"}}}"#,
            ),
        ] {
            let patched = apply(
                patch_type,
                &current,
                patch.as_bytes(),
                &ENDPOINTS,
                FieldValidation::Warn,
            )
            .unwrap();
            assert_eq!(
                patched.next.to_value(),
                json!({"metadata": {"name": "p", "labels": {"a": "1", "b": "2"}}})
            );
        }
    }

    #[test]
    fn text_keeps_the_order_of_the_kind_where_the_patch_does_not_reach() {
        let current =
            json!({"apiVersion": "v1", "kind": "Endpoints", "metadata": {"uid": "u", "name": "p"}});
        let patched = apply(
            PatchType::Json,
            &current,
            br#"[{"op":"add","path":"/bogus","value":1}]"#,
            &ENDPOINTS,
            FieldValidation::Warn,
        );
        let shown =
            r#"{"apiVersion":"v1","bogus":1,"kind":"Endpoints","metadata":{"name":"p","uid":"u"}}"#;
        assert_eq!(patched.unwrap().shown, shown);
    }
}
