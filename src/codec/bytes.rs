//! Text that may hold bytes which are no UTF-8, as a Go string may: a path can.
//!
//! Such a byte is kept as one character of the last private plane, so that it gets as far as a message. There `quote`
//! shows it as Go does, and JSON has the replacement character in its place.

use std::borrow::Cow;

/// The character that stands for the byte 0; the bytes in question start at 0x80.
const PLANE: u32 = 0x10_ff00;

/// Reads bytes as text, and keeps those that are none.
pub(crate) fn decode(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(
            chunk
                .invalid()
                .iter()
                .filter_map(|b| char::from_u32(PLANE + u32::from(*b))),
        );
    }
    text
}

/// The byte a character stands for, if it does.
pub(crate) fn kept(c: char) -> Option<u8> {
    let byte = u8::try_from((c as u32).checked_sub(PLANE)?).ok()?;
    (byte >= 0x80).then_some(byte)
}

/// The text as JSON can hold it.
pub(crate) fn shown(text: &str) -> Cow<'_, str> {
    if text.chars().any(|c| kept(c).is_some()) {
        text.replace(|c| kept(c).is_some(), "\u{fffd}").into()
    } else {
        text.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::quote::quote;

    #[test]
    fn a_byte_that_is_no_text_is_quoted_as_a_byte() {
        let text = decode(b"a\xff\xc3\xa9");
        assert_eq!(quote(&text), "\"a\\xff\u{e9}\"");
        assert_eq!(shown(&text), "a\u{fffd}\u{e9}");
    }

    #[test]
    fn what_is_text_stays() {
        assert_eq!(decode("a\u{e9}".as_bytes()), "a\u{e9}");
        assert_eq!(shown("a\u{e9}"), "a\u{e9}");
    }
}
