//! Files that people write: fixtures and fault scripts.
//!
//! A [`Cursor`] walks through one and knows where every value is, so that whatever is wrong is told with file, line and
//! column, the way to it, and the nearest valid word. Nothing is ignored: a member nobody asked for is an error.

mod cursor;
mod numbers;
mod words;

pub(crate) use crate::error::Error;
pub(crate) use cursor::Cursor;
pub(crate) use numbers::write_duration;
pub(crate) use words::hint;

use crate::codec::yaml::{self, Located};

/// The YAML documents of a file.
pub(crate) fn documents(file: &str, text: &str) -> Result<Vec<Located>, Error> {
    let documents = yaml::parse_located(text.as_bytes()).map_err(|e| match e.place {
        Some(place) => Error::at(file, place, e.problem),
        None => Error::invalid(file, e.problem),
    })?;
    for located in &documents {
        if let Some((key, place)) = located.duplicate() {
            return Err(Error::at(file, place, format!("`{key}` is there already")));
        }
        if let Some(duplicate) = located.document.duplicates.first() {
            return Err(Error::invalid(file, duplicate.as_str()));
        }
    }
    Ok(documents)
}
