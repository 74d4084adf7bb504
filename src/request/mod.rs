//! What a request asks for, parsed once.

pub(crate) mod selector;
