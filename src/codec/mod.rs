//! Reading and writing the formats of the wire, to the letter of the real server.
//!
//! A request body becomes a [`Node`](json::Node): a tree that still knows what a `Value` forgets (the order of the
//! members, repeated keys, how a number was written), because the answers to bad bodies depend on it.
//! The `schema` module turns a `Node` into the canonical `Value` of a kind.

pub(crate) mod base64;
pub(crate) mod bytes;
pub(crate) mod der;
pub(crate) mod go_duration;
pub(crate) mod go_value;
pub(crate) mod html;
pub(crate) mod json;
pub(crate) mod jsonpath;
pub(crate) mod pem;
pub(crate) mod printable;
pub(crate) mod protobuf;
pub(crate) mod quantity;
pub(crate) mod quote;
pub(crate) mod script;
pub(crate) mod time;
pub(crate) mod unified_diff;
pub(crate) mod yaml;
