//! The headers of an answer.

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue};
use parking_lot::Mutex;

/// How many headers most answers have.
const USUAL_HEADERS: usize = 12;

/// The headers of an answer, in the order they are written.
#[derive(Debug)]
pub(crate) struct Headers(Vec<(HeaderName, HeaderValue)>);

impl Default for Headers {
    fn default() -> Self {
        Headers(Vec::with_capacity(USUAL_HEADERS))
    }
}

impl Headers {
    pub(crate) fn get(&self, name: &HeaderName) -> Option<&HeaderValue> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v)
    }

    /// Puts a header at the end, in the place of any of that name.
    pub(crate) fn set(&mut self, name: HeaderName, value: HeaderValue) {
        if self.get(&name).is_some() {
            self.0.retain(|(n, _)| *n != name);
        }
        self.add(name, value);
    }

    /// Puts a header at the end, beside others of that name.
    pub(crate) fn add(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.push((name, value));
    }

    /// Puts a header before all others.
    pub(crate) fn add_first(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.insert(0, (name, value));
    }

    /// The order the real server writes them in; those of one name stay as they are.
    pub(crate) fn sort(&mut self) {
        if !self
            .0
            .is_sorted_by(|(a, _), (b, _)| a.as_str() <= b.as_str())
        {
            self.0.sort_by(|(a, _), (b, _)| a.as_str().cmp(b.as_str()));
        }
    }

    /// As the HTTP library takes them.
    pub(crate) fn into_map(self, last: &Shape) -> HeaderMap {
        let shape = last.0.lock();
        if !self.0.iter().map(|(name, _)| name).eq(shape.keys()) {
            drop(shape);
            return self.build_map(last);
        }
        let mut map = shape.clone();
        drop(shape);
        for (slot, (_, value)) in map.values_mut().zip(self.0) {
            *slot = value;
        }
        map
    }

    fn build_map(self, last: &Shape) -> HeaderMap {
        let mut map = HeaderMap::with_capacity(self.0.len());
        for (name, value) in self.0 {
            map.append(name, value);
        }
        if map.keys_len() == map.len() {
            let mut shape = map.clone();
            shape.values_mut().for_each(|value| *value = BLANK);
            *last.0.lock() = shape;
        }
        map
    }
}

/// The names of the headers that the last answer on a connection had, each once. Most answers have the same, and a copy
/// is made faster than a map.
#[derive(Debug, Default)]
pub(crate) struct Shape(Mutex<HeaderMap>);

const BLANK: HeaderValue = HeaderValue::from_static("");

impl IntoIterator for Headers {
    type Item = (HeaderName, HeaderValue);
    type IntoIter = std::vec::IntoIter<Self::Item>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

/// A text as the value of a header, if it can be one.
pub(crate) fn value(text: impl Into<Cow<'static, str>>) -> Option<HeaderValue> {
    let bytes = match text.into() {
        Cow::Borrowed(text) => Bytes::from_static(text.as_bytes()),
        Cow::Owned(text) => text.into(),
    };
    HeaderValue::from_maybe_shared(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::header::{ETAG, VARY};

    fn shown(headers: Headers) -> Vec<String> {
        let lines = headers.into_iter();
        lines
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect()
    }

    #[test]
    fn a_header_takes_the_place_of_the_one_before_or_stands_beside_it() {
        let text = HeaderValue::from_static;
        let mut headers = Headers::default();
        headers.set(VARY, text("a"));
        headers.add(VARY, text("b"));
        headers.set(ETAG, text("1"));
        headers.set(ETAG, text("2"));
        headers.sort();
        assert_eq!(shown(headers), ["etag: 2", "vary: a", "vary: b"]);
    }

    #[test]
    fn a_map_has_what_its_headers_have_whatever_the_last_one_had() {
        let shape = Shape::default();
        let answers: [&[(HeaderName, &'static str)]; 6] = [
            &[(ETAG, "1"), (VARY, "a")],
            &[(ETAG, "2"), (VARY, "b")],
            &[(ETAG, "3"), (VARY, "c"), (VARY, "d")],
            &[(ETAG, "4"), (VARY, "e")],
            &[(VARY, "f"), (ETAG, "5")],
            &[],
        ];
        for answer in answers {
            let mut headers = Headers::default();
            for (name, value) in answer {
                headers.add(name.clone(), HeaderValue::from_static(value));
            }
            let map = headers.into_map(&shape);
            let shown = map
                .iter()
                .map(|(name, value)| (name.clone(), value.to_str().unwrap()));
            assert!(shown.eq(answer.iter().cloned()), "{map:?}");
        }
    }

    #[test]
    fn a_text_with_a_line_end_is_no_value() {
        assert_eq!(value("a\nb"), None);
        assert_eq!(value("a b".to_owned()).unwrap(), "a b");
    }
}
