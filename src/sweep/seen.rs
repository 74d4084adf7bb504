//! A request of the reference run, with what came of it.

use super::log::Asked;

/// A request that can be made to fail.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Its number in the reference run, from 1.
    pub(crate) number: u64,
    pub(crate) asked: Asked,
    pub(crate) code: Option<u16>,
    /// How many events it got, if it was a watch.
    pub(crate) events: u64,
    /// Something was written before it.
    pub(crate) after_a_write: bool,
}

impl Seen {
    pub(crate) fn succeeded(&self) -> bool {
        self.code.is_some_and(|code| code < 400)
    }

    /// Paths stand for what is no resource.
    pub(crate) fn is_of_a_resource(&self) -> bool {
        !self.asked.identity.resource.starts_with('/')
    }
}
