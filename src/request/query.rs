//! The query of a request, as Go's `url.ParseQuery` reads it.

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::codec::go_duration;

/// The pairs of a query, in order. A pair with a bad escape or a semicolon is dropped, as Go does.
#[derive(Clone, Debug, Default)]
pub(crate) struct Query(Vec<(String, String)>);

impl Query {
    pub(crate) fn parse(raw: &str) -> Self {
        let pairs = raw
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.contains(';'));
        Query(
            pairs
                .filter_map(|pair| {
                    let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
                    Some((decode(name)?, decode(value)?))
                })
                .collect(),
        )
    }

    /// The first value of this name.
    pub(crate) fn get<'a>(&'a self, name: &str) -> Option<&'a str> {
        self.0
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Every value of this name.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0
            .iter()
            .filter(move |(n, _)| n == name)
            .map(|(_, v)| v.as_str())
    }

    /// Names and values, in order.
    pub(crate) fn pairs(&self) -> &[(String, String)] {
        &self.0
    }

    /// The same query without the parameters of this name.
    pub(crate) fn without(&self, name: &str) -> Query {
        Query(self.0.iter().filter(|(n, _)| n != name).cloned().collect())
    }

    /// A boolean parameter: everything but `0` and `false` means yes, an empty value too.
    pub(crate) fn flag(&self, name: &str) -> Option<bool> {
        self.get(name)
            .map(|v| !(v == "0" || v.eq_ignore_ascii_case("false")))
    }

    /// An integer parameter; the error is Go's.
    pub(crate) fn integer(&self, name: &str) -> Result<Option<i64>, String> {
        self.get(name).map(parse_int).transpose()
    }
}

/// `strconv.ParseInt(text, 10, 64)`.
pub(crate) fn parse_int(text: &str) -> Result<i64, String> {
    parse_number(
        text,
        "strconv.ParseInt",
        text.strip_prefix(['-', '+']).unwrap_or(text),
    )
}

/// `strconv.ParseUint(text, 10, 64)`.
pub(crate) fn parse_uint(text: &str) -> Result<u64, String> {
    parse_number(text, "strconv.ParseUint", text)
}

fn parse_number<T: std::str::FromStr>(
    text: &str,
    function: &str,
    digits: &str,
) -> Result<T, String> {
    let error = |what| {
        let quoted = crate::codec::quote::quote(text);
        format!("{function}: parsing {quoted}: {what}")
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(error("invalid syntax"));
    }
    text.parse().map_err(|_| error("value out of range"))
}

/// `time.ParseDuration`; `None` is a negative one.
pub(crate) fn parse_duration(text: &str) -> Result<Option<Duration>, String> {
    let nanos = go_duration::parse(text)?;
    Ok(u64::try_from(nanos).ok().map(Duration::from_nanos))
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    is_escaped_well(&spaced).then(|| percent_decode_str(&spaced).decode_utf8_lossy().into_owned())
}

/// Whether every percent sign starts an escape.
pub(crate) fn is_escaped_well(text: &str) -> bool {
    let bytes = text.as_bytes();
    memchr::memchr_iter(b'%', bytes).all(|at| {
        bytes
            .get(at + 1..at + 3)
            .is_some_and(|hex| hex.iter().all(u8::is_ascii_hexdigit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_several_values_counts_and_broken_pairs_are_dropped() {
        let query = Query::parse("a=1&a=2&b=%zz&c;d=1&e=x+y%2B&limit");
        assert_eq!(query.get("a"), Some("1"));
        assert_eq!(query.all("a").collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(query.get("b"), None);
        assert_eq!(query.get("e"), Some("x y+"));
        assert_eq!(query.get("limit"), Some(""));
    }

    #[test]
    fn a_duration_is_read_as_go_does() {
        assert_eq!(
            parse_duration("1m1.5s"),
            Ok(Some(Duration::from_millis(61_500)))
        );
        assert_eq!(parse_duration("1.s"), Ok(Some(Duration::from_secs(1))));
        assert_eq!(parse_duration("-1s"), Ok(None));
        for (text, error) in [
            ("foo", r#"time: invalid duration "foo""#),
            (".s", r#"time: invalid duration ".s""#),
            ("1", r#"time: missing unit in duration "1""#),
            ("1.2.3s", r#"time: missing unit in duration "1.2.3s""#),
            ("1x", r#"time: unknown unit "x" in duration "1x""#),
            ("9999999h", r#"time: invalid duration "9999999h""#),
        ] {
            assert_eq!(parse_duration(text).unwrap_err(), error);
        }
    }

    #[test]
    fn a_flag_is_set_by_anything_but_0_and_false() {
        let query = Query::parse("a=0&b=False&c=&d=no&e=f");
        assert_eq!(
            ["a", "b", "c", "d", "e", "x"].map(|n| query.flag(n)),
            [
                Some(false),
                Some(false),
                Some(true),
                Some(true),
                Some(true),
                None
            ]
        );
    }

    #[test]
    fn a_bad_number_is_reported_as_go_does() {
        for (text, error) in [
            ("", r#"strconv.ParseInt: parsing "": invalid syntax"#),
            ("1.0", r#"strconv.ParseInt: parsing "1.0": invalid syntax"#),
            (" 5", r#"strconv.ParseInt: parsing " 5": invalid syntax"#),
            (
                "99999999999999999999",
                r#"strconv.ParseInt: parsing "99999999999999999999": value out of range"#,
            ),
        ] {
            assert_eq!(parse_int(text).unwrap_err(), error);
        }
        assert_eq!(parse_int("-1"), Ok(-1));
        assert_eq!(
            parse_uint("-1").unwrap_err(),
            r#"strconv.ParseUint: parsing "-1": invalid syntax"#
        );
    }
}
