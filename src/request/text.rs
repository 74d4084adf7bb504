//! Parts of one text that share its memory.

use std::fmt;
use std::ops::{Deref, Range};
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use smallvec::SmallVec;

use crate::codec::bytes;

/// A text, or a part of one. What a path is taken apart into is as long-lived as the path, and needs no memory of its own.
#[derive(Clone, Default)]
pub(crate) struct Text {
    /// Nothing where there is no letter.
    whole: Option<Arc<str>>,
    part: Range<usize>,
}

impl Text {
    /// The same part, as a text that shares this one's memory. What is no part of it gets memory of its own.
    pub(crate) fn part(&self, part: &str) -> Text {
        let Some(whole) = self.whole.as_ref().filter(|_| !part.is_empty()) else {
            return part.into();
        };
        let offset = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize);
        match offset.filter(|start| start + part.len() <= whole.len()) {
            Some(start) => Text {
                whole: Some(whole.clone()),
                part: start..start + part.len(),
            },
            None => part.into(),
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        self
    }
}

/// Decodes the escapes of a path, once; an escaped slash separates like a plain one.
pub(crate) fn decode_path(raw: &str) -> Text {
    if !raw.contains('%') {
        return raw.into();
    }
    let decoded = bytes::decode(&percent_decode_str(raw).collect::<Vec<u8>>());
    decoded.as_str().into()
}

/// The parts of a path between its slashes.
pub(crate) fn segments(path: &str) -> Segments<'_> {
    let mut segments = SmallVec::new();
    let mut start = 0;
    // They are short: looking for each slash with a searcher takes longer.
    for (at, byte) in path.bytes().enumerate() {
        if byte == b'/' {
            segments.push(&path[start..at]);
            start = at + 1;
        }
    }
    segments.push(&path[start..]);
    segments
}

/// As many as the paths of objects have need no memory of their own.
pub(crate) type Segments<'a> = SmallVec<[&'a str; 8]>;

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        match &self.whole {
            Some(whole) => &whole[self.part.clone()],
            None => "",
        }
    }
}

impl From<&str> for Text {
    fn from(text: &str) -> Self {
        Text {
            whole: (!text.is_empty()).then(|| text.into()),
            part: 0..text.len(),
        }
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        **self == **other
    }
}

impl PartialEq<str> for Text {
    fn eq(&self, other: &str) -> bool {
        **self == *other
    }
}

impl PartialEq<&str> for Text {
    fn eq(&self, other: &&str) -> bool {
        **self == **other
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl fmt::Display for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(a: &Text, b: &Text) -> bool {
        Arc::ptr_eq(a.whole.as_ref().unwrap(), b.whole.as_ref().unwrap())
    }

    #[test]
    fn a_part_shares_the_memory_of_the_whole() {
        let whole = Text::from("/api/v1");
        let part = whole.part(&whole[5..]);
        assert_eq!(part, "v1");
        assert!(shares(&part, &whole));
        assert_eq!(part.part(&part[..1]), "v");
    }

    #[test]
    fn a_path_is_split_at_every_slash() {
        for path in ["", "a", "a/", "/a//b"] {
            assert!(segments(path).into_iter().eq(path.split('/')), "{path}");
        }
    }

    #[test]
    fn what_is_no_part_of_it_stands_alone() {
        let whole = Text::from("/api/v1");
        let other = String::from("/api/v1");
        assert_eq!(whole.part(&other), "/api/v1");
        assert!(!shares(&whole.part(&other), &whole));
        assert!(whole.part("").is_empty());
    }
}
