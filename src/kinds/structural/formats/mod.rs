//! The formats of texts that a schema may ask for: kube-openapi's `strfmt`, as far as CRDs of 1.36 know it.

mod digits;
mod email;
mod host;
mod time;
mod uri;

use std::fmt;

/// What a format asks of a text.
#[derive(Clone, Copy)]
pub(crate) struct Format(Check);

type Check = fn(&str) -> bool;

/// By their names without dashes, which do not count.
const FORMATS: &[(&str, Check)] = &[
    ("bsonobjectid", digits::is_bson_object_id),
    ("byte", digits::is_base64),
    ("cidr", host::is_cidr),
    ("creditcard", digits::is_credit_card),
    ("date", time::is_date),
    ("datetime", time::is_date_time),
    ("duration", time::is_duration),
    ("email", email::is_email),
    ("hexcolor", digits::is_hex_color),
    ("hostname", host::is_hostname),
    ("ipv4", host::is_ipv4),
    ("ipv6", host::is_ipv6),
    ("isbn", digits::is_isbn),
    ("isbn10", digits::is_isbn10),
    ("isbn13", digits::is_isbn13),
    ("k8slongname", host::is_long_name),
    ("k8sshortname", host::is_short_name),
    ("mac", host::is_mac),
    ("password", |_| true),
    ("rgbcolor", digits::is_rgb_color),
    ("ssn", digits::is_ssn),
    ("uri", uri::is_request_uri),
    ("uuid", |text| digits::is_uuid(text, None)),
    ("uuid3", |text| digits::is_uuid(text, Some(b'3'))),
    ("uuid4", |text| digits::is_uuid(text, Some(b'4'))),
    ("uuid5", |text| digits::is_uuid(text, Some(b'5'))),
];

impl Format {
    /// The format of that name, if texts are held against it where a schema is of that type.
    pub(crate) fn of(ty: &str, is_int_or_string: bool, name: &str) -> Option<Format> {
        match ty {
            "" | "string" => Format::named(name),
            _ if is_int_or_string => Format::named(name),
            _ => None,
        }
    }

    pub(crate) fn named(name: &str) -> Option<Format> {
        if name.is_empty() {
            return None;
        }
        let name = name.replace('-', "");
        let known = FORMATS.iter().find(|(known, _)| *known == name);
        known.map(|(_, check)| Format(*check))
    }

    pub(crate) fn is_match(self, text: &str) -> bool {
        (self.0)(text)
    }
}

impl fmt::Debug for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Format")
    }
}
