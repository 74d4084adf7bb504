//! Base64 as Go's `encoding/base64` reads and writes it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

const PADDING: u8 = b'=';

/// `StdEncoding.EncodeToString`.
pub(crate) fn encode(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// `StdEncoding.DecodeString`: line ends are skipped, stray bits at the end ignored; the error is Go's.
pub(crate) fn decode(text: &str) -> Result<Vec<u8>, String> {
    Decoder {
        source: text.as_bytes(),
        at: 0,
    }
    .run()
    .map_err(|at| format!("illegal base64 data at input byte {at}"))
}

struct Decoder<'a> {
    source: &'a [u8],
    at: usize,
}

impl Decoder<'_> {
    /// The error is where the data is corrupt.
    fn run(mut self) -> Result<Vec<u8>, usize> {
        let mut out = Vec::with_capacity(self.source.len() / 4 * 3);
        loop {
            let (bits, digits) = self.quantum()?;
            out.extend(&bits.to_be_bytes()[1..digits.max(1)]);
            if digits < 4 {
                return Ok(out);
            }
        }
    }

    /// Up to four digits, left-aligned in 24 bits, and how many there were.
    fn quantum(&mut self) -> Result<(u32, usize), usize> {
        let mut bits = 0;
        for count in 0..4 {
            let Some(byte) = self.next() else {
                return if count == 0 {
                    Ok((0, 0))
                } else {
                    Err(self.at - count)
                };
            };
            match digit(byte) {
                Some(value) => bits |= value << (18 - 6 * count),
                None if byte == PADDING => {
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
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
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
}
