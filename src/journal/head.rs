//! The head of a request as the journal keeps it.

use std::ops::Range;

use http::{HeaderMap, HeaderName, HeaderValue, Uri, header};

/// Ends the target, and each header; nothing in them has this byte.
const END: u8 = b'\n';
/// Between the name of a header and its value.
const BETWEEN: u8 = 0;

/// The target and the headers of a request in one piece of memory: there are a thousand of these, and each request
/// gives up the oldest. What is shared with the connection would keep its buffers from being used again.
#[derive(Debug, Default)]
pub(crate) struct Head {
    bytes: Box<[u8]>,
    path_end: usize,
    target_end: usize,
    /// Where the first of the headers stands that tell the client's program.
    agent: Range<usize>,
}

impl Head {
    pub(super) fn new(target: &Uri, headers: &HeaderMap) -> Self {
        let (path, query) = (target.path(), target.query());
        let size =
            |(name, value): (&HeaderName, &HeaderValue)| name.as_str().len() + value.len() + 2;
        let target_size = path.len() + query.map_or(0, |query| query.len() + 1);
        let size = target_size + 1 + headers.iter().map(size).sum::<usize>();
        let mut bytes = Vec::with_capacity(size);
        bytes.extend_from_slice(path.as_bytes());
        if let Some(query) = query {
            bytes.push(b'?');
            bytes.extend_from_slice(query.as_bytes());
        }
        bytes.push(END);
        let mut agent = 0..0;
        for (name, value) in headers {
            bytes.extend_from_slice(name.as_str().as_bytes());
            bytes.push(BETWEEN);
            if *name == header::USER_AGENT && agent.is_empty() {
                agent = bytes.len()..bytes.len() + value.len();
            }
            bytes.extend_from_slice(value.as_bytes());
            bytes.push(END);
        }
        Head {
            bytes: bytes.into(),
            path_end: path.len(),
            target_end: target_size,
            agent,
        }
    }

    /// How much memory it takes, in bytes.
    pub(super) fn size(&self) -> usize {
        self.bytes.len()
    }

    /// The path as it was sent, still percent-encoded.
    pub(super) fn path(&self) -> &str {
        self.text(0, self.path_end)
    }

    /// What followed the question mark.
    pub(super) fn raw_query(&self) -> &str {
        self.text(self.path_end + 1, self.target_end)
    }

    /// The client's program, as it calls itself.
    pub(super) fn user_agent(&self) -> &str {
        self.text(self.agent.start, self.agent.end)
    }

    /// The first header of this name, if it is text.
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers();
        let (_, value) = headers.find(|(n, _)| *n == name.as_bytes())?;
        std::str::from_utf8(value).ok()
    }

    /// The headers as they came.
    pub(super) fn to_map(&self) -> HeaderMap {
        let parse = |(name, value)| {
            Some((
                HeaderName::from_bytes(name).ok()?,
                HeaderValue::from_bytes(value).ok()?,
            ))
        };
        let mut map = HeaderMap::new();
        for (name, value) in self.headers().filter_map(parse) {
            map.append(name, value);
        }
        map
    }

    fn headers(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let lines = self.bytes.get(self.target_end + 1..).unwrap_or_default();
        lines.split(|b| *b == END).filter_map(|line| {
            let between = line.iter().position(|b| *b == BETWEEN)?;
            Some((&line[..between], &line[between + 1..]))
        })
    }

    fn text(&self, start: usize, end: usize) -> &str {
        let bytes = self.bytes.get(start..end).unwrap_or_default();
        std::str::from_utf8(bytes).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers() -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in [("accept", "a"), ("accept", "b"), ("user-agent", "test/1")] {
            headers.append(name, HeaderValue::from_static(value));
        }
        let bytes = HeaderValue::from_bytes(b"\xff").unwrap();
        headers.append("x-bytes", bytes);
        headers
    }

    #[test]
    fn a_head_is_what_it_was() {
        let head = Head::new(&Uri::from_static("/a%20b?c=d"), &headers());
        assert_eq!((head.path(), head.raw_query()), ("/a%20b", "c=d"));
        assert_eq!(head.to_map(), headers());
        assert_eq!(head.header("accept"), Some("a"));
        assert_eq!(head.user_agent(), "test/1");
        assert_eq!(head.header("x-bytes"), None);
        assert_eq!(head.header("host"), None);
    }

    #[test]
    fn a_target_may_have_no_query_and_there_may_be_no_head() {
        let head = Head::new(&Uri::from_static("/a"), &HeaderMap::new());
        assert_eq!((head.path(), head.raw_query()), ("/a", ""));
        let none = Head::default();
        assert_eq!(
            (none.path(), none.raw_query(), none.header("a")),
            ("", "", None)
        );
    }
}
