//! The walks over the structure of a kind: reading a body with the real server's errors, writing an answer in its field
//! order, bringing a value into canonical form, and the protobuf form.

mod conversions;
pub(crate) mod convert;
pub(crate) mod custom;
mod decode;
pub(crate) mod defaults;
mod encode;
pub(crate) mod internal;
mod keep;
#[cfg(test)]
mod property_tests;
pub(crate) mod protobuf;
pub(crate) mod rules;
pub(crate) mod structural;

pub(crate) use custom::read;
pub(crate) use decode::{
    Decoded, decode, int_or_string, prune, quantity, schema_or, zero as zero_value, zero_of as zero,
};
pub(crate) use encode::{encode, to_json};
pub(crate) use keep::keep;
