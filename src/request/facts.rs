//! What conditions can look at.

use http::HeaderMap;

use super::info::RequestInfo;
use super::query::Query;

/// What a rule can look at, of a request or of what the journal keeps of one.
pub(crate) struct Facts<'a> {
    pub(crate) headers: &'a HeaderMap,
    pub(crate) query: &'a Query,
    pub(crate) info: &'a RequestInfo,
    /// The name of who asks.
    pub(crate) user: &'a str,
    /// A label of the stored object the request is about.
    pub(crate) label: &'a dyn Fn(&str) -> Option<String>,
    /// The name in the body of a create or a replace, if a rule asks for it.
    pub(crate) sent_name: &'a str,
    /// Which request on its connection it is, from 1.
    pub(crate) ordinal: u64,
}
