//! Label and field selectors: two languages that only look alike.
//!
//! Both answer a bad selector with a 400 whose message is the error of the parser, so the parsers follow
//! `k8s.io/apimachinery/pkg/labels` and `pkg/fields` token by token.

mod field;
mod label;
mod lexer;

pub(crate) use field::{FieldSelector, SupportedFields};
pub(crate) use label::LabelSelector;
