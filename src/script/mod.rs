//! Files that people write: fixtures and fault scripts.
//!
//! A [`Cursor`] walks through one and knows the line of every value, so that whatever is wrong is told with file, line,
//! the way to it, and the nearest valid word. Nothing is ignored: a member nobody asked for is an error.

mod cursor;
mod error;
mod numbers;
mod words;

pub(crate) use cursor::Cursor;
pub use error::Error;

pub(crate) use numbers::write_duration;
pub(crate) use words::hint;
