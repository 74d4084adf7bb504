//! Writing: one field after the other.

const NUMBER: u32 = 0;
const FIXED64: u32 = 1;
const BYTES: u32 = 2;

fn put_varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(u8::try_from(n & 0x7f).unwrap_or(0) | 0x80);
        n >>= 7;
    }
    out.push(u8::try_from(n).unwrap_or(0));
}

fn put_tag(out: &mut Vec<u8>, field: u32, wire_type: u32) {
    put_varint(out, u64::from(field << 3 | wire_type));
}

/// A number of any width; what is negative has ten bytes.
pub(crate) fn put_number(out: &mut Vec<u8>, field: u32, n: i64) {
    put_tag(out, field, NUMBER);
    put_varint(out, n.cast_unsigned());
}

pub(crate) fn put_double(out: &mut Vec<u8>, field: u32, n: f64) {
    put_tag(out, field, FIXED64);
    out.extend_from_slice(&n.to_le_bytes());
}

/// A text, bytes, or a message that is written already.
pub(crate) fn put_bytes(out: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    put_tag(out, field, BYTES);
    put_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::super::{Fields, Wire};
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let mut out = Vec::new();
        put_number(&mut out, 1, -1);
        put_number(&mut out, 16, 300);
        put_double(&mut out, 2, 1.5);
        put_bytes(&mut out, 3, b"text");
        assert_eq!(&out[..11], b"\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
        let fields: Result<Vec<_>, _> = Fields::of(&out, "X").collect();
        let expected = [
            (1, Wire::Number(u64::MAX)),
            (16, Wire::Number(300)),
            (2, Wire::Fixed64(1.5f64.to_bits())),
            (3, Wire::Bytes(b"text")),
        ];
        assert_eq!(fields.unwrap(), expected);
    }
}
