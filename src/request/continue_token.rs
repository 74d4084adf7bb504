//! Where a list goes on: the `continue` parameter, which clients take for opaque but may have made up.

use crate::codec::base64;
use crate::codec::json::{self, Node, write_string};

/// The only version of continue tokens.
const VERSION: &str = "meta.k8s.io/v1";

/// A continue token, taken apart.
#[derive(Debug, PartialEq)]
pub(crate) struct Token {
    /// Negative: the newest there is.
    pub(crate) revision: i64,
    /// Relative to the listed prefix.
    pub(crate) start: String,
}

/// The members of a token as they were sent.
#[derive(Default)]
struct Fields {
    version: String,
    revision: i64,
    start: String,
}

impl Token {
    pub(crate) fn encode(&self) -> String {
        let mut text =
            format!("{{\"v\":\"{VERSION}\",\"rv\":{},\"start\":", self.revision).into_bytes();
        write_string(&mut text, &self.start);
        text.push(b'}');
        base64::encode_url(&text)
    }

    /// The error goes on after `invalid continue token: `.
    pub(crate) fn decode(text: &str) -> Result<Self, String> {
        let read = || -> Result<Self, String> {
            let fields = Fields::read(&json::parse(&base64::decode_url(text)?)?)?;
            if fields.version != VERSION {
                let version = fields.version;
                return Err(format!(
                    "server does not recognize this encoded version {version}"
                ));
            }
            if fields.revision == 0 {
                return Err(format!(
                    "incorrect encoded start resourceVersion (version {VERSION})"
                ));
            }
            let start = start_key(&fields.start)?;
            Ok(Token {
                revision: fields.revision,
                start,
            })
        };
        read().map_err(|e| format!("continue key is not valid: {e}"))
    }
}

/// Whether this is the token of a list that shows one revision on all its pages.
pub(crate) fn can_expire(text: &str) -> bool {
    Token::decode(text).is_ok_and(|token| token.revision > 0)
}

/// The key to go on from: below the listed prefix, whatever a client writes into its token.
fn start_key(start: &str) -> Result<String, String> {
    if start.is_empty() {
        return Err(format!("encoded start key empty (version {VERSION})"));
    }
    let relative = start.strip_prefix('/').unwrap_or(start);
    // Upstream compares the key with what `path.Clean` makes of it.
    let clean = relative.is_empty()
        || relative
            .split('/')
            .all(|part| !matches!(part, "" | "." | ".."));
    if clean {
        Ok(relative.to_owned())
    } else {
        Err(start.to_owned())
    }
}

impl Fields {
    /// As `encoding/json` fills upstream's struct: whatever the case of the names, and the first wrong type is an error.
    fn read(node: &Node) -> Result<Self, String> {
        let mut fields = Fields::default();
        let members = match node {
            Node::Null => return Ok(fields),
            Node::Object(members) => members,
            other => {
                let kind = other.go_kind();
                return Err(format!(
                    "json: cannot unmarshal {kind} into Go value of type storage.continueToken"
                ));
            }
        };
        let mut wrong = None;
        for (name, value) in members {
            let read = match name.to_ascii_lowercase().as_str() {
                "v" => read_text(value, "v", &mut fields.version),
                "start" => read_text(value, "start", &mut fields.start),
                "rv" => read_number(value, "rv", &mut fields.revision),
                _ => Ok(()),
            };
            wrong = wrong.or(read.err());
        }
        wrong.map_or(Ok(fields), Err)
    }
}

fn read_text(value: &Node, field: &str, into: &mut String) -> Result<(), String> {
    match value {
        Node::Null => Ok(()),
        Node::String(text) => {
            into.clone_from(text);
            Ok(())
        }
        other => Err(mismatch(&other.go_kind(), field, "string")),
    }
}

fn read_number(value: &Node, field: &str, into: &mut i64) -> Result<(), String> {
    match value {
        Node::Null => Ok(()),
        Node::Number(literal) => {
            *into = literal
                .parse()
                .map_err(|_| mismatch(&format!("number {literal}"), field, "int64"))?;
            Ok(())
        }
        other => Err(mismatch(&other.go_kind(), field, "int64")),
    }
}

fn mismatch(found: &str, field: &str, wanted: &str) -> String {
    format!(
        "json: cannot unmarshal {found} into Go struct field continueToken.{field} of type {wanted}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(json: &str) -> String {
        Token::decode(&base64::encode_url(json.as_bytes())).unwrap_err()
    }

    #[test]
    fn a_token_comes_back_as_it_was_made() {
        let token = Token {
            revision: 7,
            start: "ns/a\0".to_owned(),
        };
        assert_eq!(Token::decode(&token.encode()), Ok(token));
    }

    #[test]
    fn what_is_no_base64_is_located_as_go_does() {
        for (text, at) in [("!!", 0), ("a", 0), ("abcde", 4), ("ab=", 2), ("ab+c", 2)] {
            assert_eq!(
                Token::decode(text).unwrap_err(),
                format!("continue key is not valid: illegal base64 data at input byte {at}")
            );
        }
    }

    #[test]
    fn spare_bits_and_line_ends_are_nothing_to_gos_base64() {
        for text in ["e3", "e\n3"] {
            assert_eq!(
                Token::decode(text).unwrap_err(),
                "continue key is not valid: unexpected end of JSON input"
            );
        }
    }

    #[test]
    fn a_wrong_type_is_an_error_of_gos_json() {
        let prefix = "continue key is not valid: json: cannot unmarshal";
        assert_eq!(
            error("[]"),
            format!("{prefix} array into Go value of type storage.continueToken")
        );
        assert_eq!(
            error(r#"{"v":5}"#),
            format!("{prefix} number into Go struct field continueToken.v of type string")
        );
        assert_eq!(
            error(r#"{"rv":1.5}"#),
            format!("{prefix} number 1.5 into Go struct field continueToken.rv of type int64")
        );
    }

    #[test]
    fn a_key_may_not_leave_the_list() {
        for start in ["../x", "a/../b", "//b", "b/", "./b", "/.."] {
            assert_eq!(
                error(&format!(
                    r#"{{"v":"meta.k8s.io/v1","rv":1,"start":"{start}"}}"#
                )),
                format!("continue key is not valid: {start}")
            );
        }
    }

    #[test]
    fn the_version_is_checked_before_the_revision_and_that_before_the_key() {
        let text = |e: &str| format!("continue key is not valid: {e}");
        assert_eq!(
            error("null"),
            text("server does not recognize this encoded version ")
        );
        assert_eq!(
            error(r#"{"v":"meta.k8s.io/v1"}"#),
            text("incorrect encoded start resourceVersion (version meta.k8s.io/v1)")
        );
        assert_eq!(
            error(r#"{"V":"meta.k8s.io/v1","RV":1}"#),
            text("encoded start key empty (version meta.k8s.io/v1)")
        );
    }
}
