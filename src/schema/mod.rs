//! The walks over the structure of a kind: reading a body with the real server's errors, writing an answer in its field
//! order, bringing a value into canonical form, and the protobuf form.

pub(crate) mod convert;
mod decode;
mod encode;
pub(crate) mod protobuf;
pub(crate) mod rules;

pub(crate) use decode::{decode, int_or_string, prune};
pub(crate) use encode::{encode, to_json};
