//! Protobuf on the wire, as far as requests need it: fields by number, and the envelope Kubernetes puts around an object.

/// What every object in protobuf begins with.
const MAGIC: &[u8] = b"k8s\0";

/// One value of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

impl<'a> Wire<'a> {
    pub(crate) fn number(self) -> u64 {
        match self {
            Wire::Number(n) => n,
            Wire::Bytes(_) => 0,
        }
    }

    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Wire::Bytes(bytes) => bytes,
            Wire::Number(_) => &[],
        }
    }

    pub(crate) fn text(self) -> String {
        String::from_utf8_lossy(self.bytes()).into_owned()
    }
}

/// The fields of a message, in order. After an error there are no more.
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) fn of(message: &'a [u8]) -> Self {
        Fields { rest: message }
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
        let length = usize::try_from(length).map_err(|_| "unexpected EOF")?;
        let (taken, rest) = self.rest.split_at_checked(length).ok_or("unexpected EOF")?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(u64, Wire<'a>), String> {
        let tag = self.varint()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Bytes(self.take(8)?),
            2 => {
                let length = self.varint()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Bytes(self.take(4)?),
            other => return Err(format!("proto: illegal wireType {other}")),
        };
        Ok((tag >> 3, wire))
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

/// An object in its envelope.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Envelope<'a> {
    pub(crate) api_version: String,
    pub(crate) kind: String,
    pub(crate) raw: &'a [u8],
}

/// Opens the envelope; the error is the real server's.
pub(crate) fn open(body: &[u8]) -> Result<Envelope<'_>, String> {
    let message = body.strip_prefix(MAGIC).ok_or(
        "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
    )?;
    let mut envelope = Envelope::default();
    for field in Fields::of(message) {
        match field? {
            (1, wire) => {
                for field in Fields::of(wire.bytes()) {
                    match field? {
                        (1, wire) => envelope.api_version = wire.text(),
                        (2, wire) => envelope.kind = wire.text(),
                        _ => {}
                    }
                }
            }
            (2, wire) => envelope.raw = wire.bytes(),
            _ => {}
        }
    }
    Ok(envelope)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_names_the_kind_of_what_it_holds() {
        let envelope = open(b"k8s\0\x0a\x0f\x0a\x02v1\x12\x09Namespace\x12\x02hi").unwrap();
        assert_eq!(
            envelope,
            Envelope {
                api_version: "v1".to_owned(),
                kind: "Namespace".to_owned(),
                raw: b"hi"
            }
        );
    }

    #[test]
    fn what_is_no_message_is_refused_in_the_servers_words() {
        for (body, error) in [
            (
                b"{}".as_slice(),
                "provided data does not appear to be a protobuf message, expected prefix [107 56 115 0]",
            ),
            (b"k8s\0garbage", "proto: illegal wireType 7"),
            (b"k8s\0\x0a\x7f", "unexpected EOF"),
            (
                b"k8s\0\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff",
                "proto: integer overflow",
            ),
        ] {
            assert_eq!(open(body).unwrap_err(), error);
        }
    }
}
