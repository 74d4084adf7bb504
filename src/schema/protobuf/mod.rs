//! The protobuf form of the kinds: messages by the numbers of the fields, read and written.
//!
//! What is read is a [`Node`](crate::codec::json::Node), as from JSON, so that everything after goes the one way there is.
//! What is written is what Go's generated code writes of the same object: every field that is no pointer, list or map, also
//! with its zero value; fields by their numbers; maps by their keys.
//!
//! A list that is the value of a map, or that stands at two numbers (`4/1`), is a message of its own with the items in its
//! field 1.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub(crate) use read::read;
pub(crate) use write::write;
