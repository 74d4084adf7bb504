//! Base64 as Go's `encoding/base64` reads and writes it.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};

const PADDING: u8 = b'=';

/// `StdEncoding.EncodeToString`.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    STANDARD.encode(bytes)
}

/// `RawURLEncoding.EncodeToString`.
pub(crate) fn encode_url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// `StdEncoding.DecodeString`: line ends are skipped, stray bits at the end ignored; the error is Go's.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    Decoder::run(text, false)
}

/// `RawURLEncoding.DecodeString`, which knows no padding.
pub(crate) fn decode_url(text: &str) -> Result<Vec<u8>, String> {
    Decoder::run(text, true)
}

struct Decoder<'a> {
    source: &'a [u8],
    at: usize,
    /// With the letters for URLs, and without padding.
    url: bool,
}

impl Decoder<'_> {
    fn run(text: &str, url: bool) -> Result<Vec<u8>, String> {
        let source = text.as_bytes();
        let mut decoder = Decoder { source, at: 0, url };
        let mut out = Vec::with_capacity(source.len() / 4 * 3);
        loop {
            let (bits, digits) = decoder
                .quantum()
                .map_err(|at| format!("illegal base64 data at input byte {at}"))?;
            out.extend(&bits.to_be_bytes()[1..digits.max(1)]);
            if digits < 4 {
                return Ok(out);
            }
        }
    }

    /// Up to four digits, left-aligned in 24 bits, and how many there were; or where the data is corrupt.
    fn quantum(&mut self) -> Result<(u32, usize), usize> {
        let mut bits = 0;
        for count in 0..4 {
            let Some(byte) = self.next() else {
                let whole = count == 0 || (self.url && count > 1);
                return if whole {
                    Ok((bits, count))
                } else {
                    Err(self.at - count)
                };
            };
            match self.digit(byte) {
                Some(value) => bits |= value << (18 - 6 * count),
                None if byte == PADDING && !self.url => {
                    self.padding(count)?;
                    return Ok((bits, count));
                }
                None => return Err(self.at - 1),
            }
        }
        Ok((bits, 4))
    }

    /// What follows the first padding character: another after two digits, then nothing.
    fn padding(&mut self, count: usize) -> Result<(), usize> {
        match count {
            0 | 1 => return Err(self.at - 1),
            2 => match self.next() {
                Some(PADDING) => {}
                Some(_) => return Err(self.at - 2),
                None => return Err(self.source.len()),
            },
            _ => {}
        }
        match self.next() {
            None => Ok(()),
            Some(_) => Err(self.at - 1),
        }
    }

    /// The next byte that is no line end.
    fn next(&mut self) -> Option<u8> {
        while let Some(&byte) = self.source.get(self.at) {
            self.at += 1;
            if !matches!(byte, b'\r' | b'\n') {
                return Some(byte);
            }
        }
        None
    }

    fn digit(&self, byte: u8) -> Option<u32> {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'-' if self.url => 62,
            b'_' if self.url => 63,
            b'+' if !self.url => 62,
            b'/' if !self.url => 63,
            _ => return None,
        };
        Some(value.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn line_ends_and_stray_bits_do_not_matter() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("YQ==", b"a"),
            ("YR==", b"a"),
            ("YWI=\n", b"ab"),
            ("YW\r\nJj", b"abc"),
            ("YWJj+/8=", b"abc\xfb\xff"),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes), "{text}");
        }
        assert_eq!(encode(b"abc\xfb\xff"), "YWJj+/8=");
    }

    #[test]
    fn corrupt_data_is_reported_where_go_finds_it() {
        for (text, at) in [
            ("not base64!", 3),
            ("a", 0),
            ("YWJjZA", 4),
            ("=", 0),
            ("Y===", 1),
            ("YQ=", 3),
            ("YQ=a", 2),
            ("YQ==YQ==", 4),
            ("YWI=a", 4),
        ] {
            assert_eq!(
                decode(text),
                Err(format!("illegal base64 data at input byte {at}")),
                "{text}"
            );
        }
    }

    #[test]
    fn the_form_for_urls_has_letters_of_its_own_and_no_padding() {
        for (text, read) in [
            ("YWJj-_8", Ok(&b"abc\xfb\xff"[..])),
            ("YR", Ok(b"a")),
            ("Y\nQ", Ok(b"a")),
            ("a", Err(0)),
            ("abcde\n", Err(5)),
            ("YQ==", Err(2)),
            ("YWJj+_8", Err(4)),
        ] {
            let read = read.map(<[u8]>::to_vec);
            let read = read.map_err(|at| format!("illegal base64 data at input byte {at}"));
            assert_eq!(decode_url(text), read, "{text}");
        }
        assert_eq!(encode_url(b"abc\xfb\xff"), "YWJj-_8");
    }
}
