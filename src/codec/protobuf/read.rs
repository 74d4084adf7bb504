//! Reading: the fields of a message, in order.

use super::name::go_name;
use crate::codec::bytes;

/// One value of a message, by how it is written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Number(u64),
    Fixed64(u64),
    Bytes(&'a [u8]),
    /// What the wire has had since long ago and nobody writes.
    Group,
    Fixed32,
}

impl<'a> Wire<'a> {
    fn number_of_type(self) -> u8 {
        match self {
            Wire::Number(_) => 0,
            Wire::Fixed64(_) => 1,
            Wire::Bytes(_) => 2,
            Wire::Group => 3,
            Wire::Fixed32 => 5,
        }
    }

    /// The value as that of a field of this name, which is a number.
    pub(crate) fn number(self, field: &str) -> Result<u64, String> {
        match self {
            Wire::Number(n) => Ok(n),
            other => Err(other.is_wrong_for(field)),
        }
    }

    pub(crate) fn double(self, field: &str) -> Result<f64, String> {
        match self {
            Wire::Fixed64(bits) => Ok(f64::from_bits(bits)),
            other => Err(other.is_wrong_for(field)),
        }
    }

    pub(crate) fn bytes(self, field: &str) -> Result<&'a [u8], String> {
        match self {
            Wire::Bytes(bytes) => Ok(bytes),
            other => Err(other.is_wrong_for(field)),
        }
    }

    pub(crate) fn text(self, field: &str) -> Result<String, String> {
        Ok(bytes::shown(&bytes::decode(self.bytes(field)?)).into_owned())
    }

    fn is_wrong_for(self, field: &str) -> String {
        format!(
            "proto: wrong wireType = {} for field {}",
            self.number_of_type(),
            go_name(field)
        )
    }
}

/// The fields of a message, in order. After an error there are no more.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
    /// The name of the message, which errors tell.
    of: &'a str,
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8], name: &'a str) -> Self {
        Fields {
            rest: message,
            of: name,
        }
    }

    fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (&byte, rest) = self.rest.split_first().ok_or("unexpected EOF")?;
            self.rest = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("proto: integer overflow".to_owned())
    }

    fn take(&mut self, length: u64) -> Result<&'a [u8], String> {
        if length.cast_signed() < 0 {
            return Err("proto: negative length found during unmarshaling".to_owned());
        }
        let length = usize::try_from(length).map_err(|_| "unexpected EOF")?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("unexpected EOF")?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Wire<'a>), String> {
        let tag = self.varint()?;
        // Go keeps 32 bits of the number.
        let number = tag >> 3 & 0xffff_ffff;
        if tag & 7 == 4 {
            let of = self.of;
            return Err(format!("proto: {of}: wiretype end group for non-group"));
        }
        if number == 0 || number > 0x7fff_ffff {
            let shown = u32::try_from(number).unwrap_or(0).cast_signed();
            let of = self.of;
            return Err(format!(
                "proto: {of}: illegal tag {shown} (wire type {tag})"
            ));
        }
        Ok((number, self.value(tag & 7)?))
    }

    fn value(&mut self, wire_type: u64) -> Result<Wire<'a>, String> {
        Ok(match wire_type {
            0 => Wire::Number(self.varint()?),
            1 => {
                let bytes = self.take(8)?.try_into().unwrap_or_default();
                Wire::Fixed64(u64::from_le_bytes(bytes))
            }
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            3 => self.group()?,
            5 => {
                self.take(4)?;
                Wire::Fixed32
            }
            other => return Err(format!("proto: illegal wireType {other}")),
        })
    }

    /// Up to where a group ends, groups in it included.
    fn group(&mut self) -> Result<Wire<'a>, String> {
        let mut depth = 1;
        while depth > 0 {
            match self.varint()? & 7 {
                3 => depth += 1,
                4 => depth -= 1,
                other => drop(self.value(other)?),
            }
        }
        Ok(Wire::Group)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Wire<'a>), String>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// Numbers one after the other, as some write a list of them.
pub(crate) fn varints(packed: &[u8]) -> Result<Vec<u64>, String> {
    let mut fields = Fields::of(packed, "");
    let mut numbers = Vec::new();
    while !fields.rest.is_empty() {
        numbers.push(fields.varint()?);
    }
    Ok(numbers)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_passed_over() {
        let message = b"\x0b\x08\x01\x13\x14\x0c\x10\x05";
        let fields: Result<Vec<_>, _> = Fields::of(message, "X").collect();
        assert_eq!(fields.unwrap(), [(1, Wire::Group), (2, Wire::Number(5))]);
    }
}
