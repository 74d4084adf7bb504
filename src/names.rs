//! What names, label keys and label values may look like, as `k8s.io/apimachinery/pkg/util/validation` says it.
//!
//! Every check returns the reasons against the value; none means it is fine.

const DNS_LABEL_MAX: usize = 63;
const DNS_SUBDOMAIN_MAX: usize = 253;
const LABEL_NAME_MAX: usize = 63;
const LABEL_VALUE_MAX: usize = 63;

const DNS1035_LABEL: &str = "[a-z]([-a-z0-9]*[a-z0-9])?";
const DNS_LABEL: &str = "[a-z0-9]([-a-z0-9]*[a-z0-9])?";
const DNS_SUBDOMAIN: &str = r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*";
const LABEL_NAME: &str = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]";
const LABEL_VALUE: &str = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?";

/// Words of CEL, which cannot be names in an expression.
pub(crate) const EXPRESSION_WORDS: [&str; 21] = [
    "true",
    "false",
    "null",
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "var",
    "void",
    "while",
];

/// `ValidateNameFunc`: what a kind asks of its names. A prefix is a `generateName`, to which characters will be added.
pub(crate) type NameRule = fn(name: &str, prefix: bool) -> Vec<String>;

/// `NameIsDNSSubdomain`, the [`NameRule`] of most kinds.
pub(crate) fn name_is_dns_subdomain(name: &str, prefix: bool) -> Vec<String> {
    match prefix {
        true => is_dns1123_subdomain(&mask_trailing_dash(name)),
        false => is_dns1123_subdomain(name),
    }
}

/// `NameIsDNSLabel`, the [`NameRule`] of namespaces.
pub(crate) fn name_is_dns_label(name: &str, prefix: bool) -> Vec<String> {
    match prefix {
        true => is_dns1123_label(&mask_trailing_dash(name)),
        false => is_dns1123_label(name),
    }
}

/// `ValidatePathSegmentName`, the [`NameRule`] of the generic registry.
pub(crate) fn name_is_path_segment(name: &str, prefix: bool) -> Vec<String> {
    if prefix {
        forbidden_in_path(name)
    } else {
        is_path_segment_name(name)
    }
}

/// Upstream replaces the last two bytes by `a`, so the dash may follow anything.
fn mask_trailing_dash(name: &str) -> String {
    if name.len() > 1 && name.ends_with('-') {
        return String::from_utf8_lossy(&name.as_bytes()[..name.len() - 2]).into_owned() + "a";
    }
    name.to_owned()
}

/// `IsValidPathSegmentName`: whether a name can stand in a URL and in a storage key.
pub(crate) fn is_path_segment_name(name: &str) -> Vec<String> {
    if matches!(name, "." | "..") {
        vec![format!("may not be '{name}'")]
    } else {
        forbidden_in_path(name)
    }
}

fn forbidden_in_path(name: &str) -> Vec<String> {
    if memchr::memchr2(b'/', b'%', name.as_bytes()).is_none() {
        return Vec::new();
    }
    ['/', '%']
        .into_iter()
        .filter(|&c| name.contains(c))
        .map(|s| format!("may not contain '{s}'"))
        .collect()
}

/// `IsDNS1123Subdomain`.
pub(crate) fn is_dns1123_subdomain(value: &str) -> Vec<String> {
    subdomain_errors(value, "characters")
}

fn subdomain_errors(value: &str, unit: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_SUBDOMAIN_MAX {
        errors.push(too_long(DNS_SUBDOMAIN_MAX, unit));
    }
    if !looks_like_dns_subdomain(value) {
        let what = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
        errors.push(mismatch(what, DNS_SUBDOMAIN, &["example.com"]));
    }
    errors
}

/// `IsWildcardDNS1123Subdomain`: `*.example.com`.
pub(crate) fn is_wildcard_dns1123_subdomain(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_SUBDOMAIN_MAX {
        errors.push(too_long(DNS_SUBDOMAIN_MAX, "characters"));
    }
    if !value
        .strip_prefix("*.")
        .is_some_and(looks_like_dns_subdomain)
    {
        let what = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
        let pattern = format!(r"\*\.{DNS_SUBDOMAIN}");
        errors.push(mismatch(what, &pattern, &["*.example.com"]));
    }
    errors
}

/// `IsCIdentifier`.
pub(crate) fn is_c_identifier(value: &str) -> Vec<String> {
    let letter = |c: u8| c.is_ascii_alphabetic() || c == b'_';
    let is_one = value.bytes().next().is_some_and(letter)
        && value.bytes().all(|c| letter(c) || c.is_ascii_digit());
    if is_one {
        return Vec::new();
    }
    let what = "a valid C identifier must start with alphabetic character or '_', followed by a string of alphanumeric characters or '_'";
    let examples = ["my_name", "MY_NAME", "MyName"];
    vec![mismatch(what, "[A-Za-z_][A-Za-z0-9_]*", &examples)]
}

/// `IsDNS1123Label`.
pub(crate) fn is_dns1123_label(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_LABEL_MAX {
        errors.push(too_long(DNS_LABEL_MAX, "characters"));
    }
    if looks_like_dns_label(value) {
        return errors;
    }
    if looks_like_dns_subdomain(value) {
        errors.push("must not contain dots".to_owned());
    } else {
        let what = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
        errors.push(mismatch(what, DNS_LABEL, &["my-name", "123-abc"]));
    }
    errors
}

/// `IsQualifiedName`, since 1.35 `IsLabelKey`: a name with an optional DNS subdomain and `/` before it.
pub(crate) fn is_qualified_name(value: &str) -> Vec<String> {
    let slash = value.bytes().position(|b| b == b'/');
    let (mut errors, name) = match slash.map(|at| (&value[..at], &value[at + 1..])) {
        None => (Vec::new(), value),
        Some((_, name)) if name.contains('/') => {
            let reason = label_name_mismatch("a valid label key ");
            return vec![
                reason
                    + " with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",
            ];
        }
        Some(("", name)) => (vec!["prefix part must be non-empty".to_owned()], name),
        Some((prefix, name)) => {
            let mut errors = subdomain_errors(prefix, "bytes");
            for error in &mut errors {
                error.insert_str(0, "prefix part ");
            }
            (errors, name)
        }
    };
    if name.is_empty() {
        errors.push("name part must be non-empty".to_owned());
    } else if name.len() > LABEL_NAME_MAX {
        errors.push(format!("name part {}", too_long(LABEL_NAME_MAX, "bytes")));
    }
    if !looks_like_label_name(name) {
        errors.push(label_name_mismatch("name part "));
    }
    errors
}

/// `IsLabelValue`.
pub(crate) fn is_label_value(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > LABEL_VALUE_MAX {
        errors.push(too_long(LABEL_VALUE_MAX, "bytes"));
    }
    if !value.is_empty() && !looks_like_label_name(value) {
        let what = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
        errors.push(mismatch(
            what,
            LABEL_VALUE,
            &["MyValue", "my_value", "12345"],
        ));
    }
    errors
}

fn label_name_mismatch(subject: &str) -> String {
    let what = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
    subject.to_owned() + &mismatch(what, LABEL_NAME, &["MyName", "my.name", "123-abc"])
}

/// DNS labels between dots.
fn looks_like_dns_subdomain(value: &str) -> bool {
    let mut before = b'.';
    for byte in value.bytes() {
        let fits = match byte {
            b'a'..=b'z' | b'0'..=b'9' => true,
            b'-' => before != b'.',
            b'.' => !matches!(before, b'.' | b'-'),
            _ => false,
        };
        if !fits {
            return false;
        }
        before = byte;
    }
    !matches!(before, b'.' | b'-')
}

fn looks_like_dns_label(value: &str) -> bool {
    let is_alphanumeric = |c: u8| c.is_ascii_lowercase() || c.is_ascii_digit();
    looks_like(value.as_bytes(), is_alphanumeric, |c| c == b'-')
}

fn looks_like_label_name(value: &str) -> bool {
    looks_like(
        value.as_bytes(),
        |c| c.is_ascii_alphanumeric(),
        |c| matches!(c, b'-' | b'_' | b'.'),
    )
}

/// Characters of the first kind at both ends, of either kind between.
fn looks_like(value: &[u8], outer: impl Fn(u8) -> bool, inner: impl Fn(u8) -> bool) -> bool {
    value.first().is_some_and(|&c| outer(c))
        && value.last().is_some_and(|&c| outer(c))
        && value.iter().all(|&c| outer(c) || inner(c))
}

pub(crate) fn too_long(max: usize, unit: &str) -> String {
    format!("must be no more than {max} {unit}")
}

/// A label that begins with a letter: `IsDNS1035Label`.
pub(crate) fn is_dns1035_label(value: &str) -> Vec<String> {
    let mut errors = Vec::new();
    if value.len() > DNS_LABEL_MAX {
        errors.push(too_long(DNS_LABEL_MAX, "characters"));
    }
    let is_inner = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    let fits = value.starts_with(|c: char| c.is_ascii_lowercase())
        && value.bytes().all(is_inner)
        && !value.ends_with('-');
    if !fits {
        errors.push(mismatch(
            "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic \
             character, and end with an alphanumeric character",
            DNS1035_LABEL,
            &["my-name", "abc-123"],
        ));
    }
    errors
}

/// `IsFullyQualifiedName`: why a name is no domain of three parts.
pub(crate) fn is_fully_qualified(name: &str) -> Option<String> {
    let errors = is_dns1123_subdomain(name);
    if !errors.is_empty() {
        return Some(errors.join(","));
    }
    let few = name.split('.').count() < 3;
    few.then(|| "should be a domain with at least three segments separated by dots".to_owned())
}

/// `RegexError`, the odd spaces included.
pub(crate) fn mismatch(what: &str, pattern: &str, examples: &[&str]) -> String {
    let examples = examples
        .iter()
        .map(|e| format!("'{e}', "))
        .collect::<Vec<_>>()
        .join(" or ");
    let examples = match examples.is_empty() {
        true => examples,
        false => format!("e.g. {examples}"),
    };
    format!("{what} ({examples}regex used for validation is '{pattern}')")
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUBDOMAIN_TEXT: &str = r"a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
    const LABEL_TEXT: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
    const NAME_TEXT: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
    const VALUE_TEXT: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

    #[test]
    fn a_subdomain_is_dns_labels_between_dots() {
        for good in [
            "a",
            "0",
            "a-b",
            "a--b",
            "example.com",
            "1.2.3",
            &"a".repeat(253),
        ] {
            assert!(is_dns1123_subdomain(good).is_empty(), "{good}");
        }
        for bad in [
            "", "Bad", "-a", "a-", "a..b", ".a", "a.", "a_b", "a b", "é", "a.-b", "a\n",
        ] {
            assert_eq!(is_dns1123_subdomain(bad), [SUBDOMAIN_TEXT], "{bad}");
        }
    }

    #[test]
    fn a_long_name_is_said_before_a_bad_one() {
        let length = "must be no more than 253 characters";
        assert_eq!(is_dns1123_subdomain(&"a".repeat(254)), [length]);
        assert_eq!(
            is_dns1123_subdomain(&"A".repeat(254)),
            [length, SUBDOMAIN_TEXT]
        );
        let length = "must be no more than 63 characters";
        assert_eq!(is_dns1123_label(&"a".repeat(64)), [length]);
        assert_eq!(
            is_dns1123_label(&format!("{}.b", "a".repeat(64))),
            [length, "must not contain dots"]
        );
        assert_eq!(is_dns1123_label(&"A".repeat(64)), [length, LABEL_TEXT]);
    }

    #[test]
    fn a_label_has_no_dots() {
        assert!(is_dns1123_label("123-abc").is_empty());
        assert_eq!(is_dns1123_label("a.b"), ["must not contain dots"]);
        for bad in ["", "Web", "a.B", "a.", "-"] {
            assert_eq!(is_dns1123_label(bad), [LABEL_TEXT], "{bad}");
        }
    }

    #[test]
    fn a_generate_name_may_end_in_a_dash() {
        for (prefix, good) in [
            ("a-", true),
            ("A-", true),
            ("a.-", true),
            ("--", true),
            ("ab_-", true),
            ("aé-", false),
            ("a", true),
            ("a_", false),
            ("X", false),
            ("-", false),
            ("a.", false),
        ] {
            assert_eq!(
                name_is_dns_subdomain(prefix, true).is_empty(),
                good,
                "{prefix}"
            );
            assert_eq!(name_is_dns_label(prefix, true).is_empty(), good, "{prefix}");
        }
        assert!(!name_is_dns_subdomain("a-", false).is_empty());
        assert_eq!(
            name_is_dns_subdomain(&"a".repeat(254), true),
            ["must be no more than 253 characters"]
        );
    }

    #[test]
    fn a_path_segment_is_neither_dots_nor_split_nor_escaped() {
        for (name, errors) in [
            ("a", vec![]),
            ("...", vec![]),
            (".", vec!["may not be '.'"]),
            ("..", vec!["may not be '..'"]),
            ("a/b", vec!["may not contain '/'"]),
            ("a%b", vec!["may not contain '%'"]),
            ("%/", vec!["may not contain '/'", "may not contain '%'"]),
        ] {
            assert_eq!(is_path_segment_name(name), errors, "{name}");
        }
        assert!(name_is_path_segment("..", true).is_empty());
        assert_eq!(name_is_path_segment("..", false), ["may not be '..'"]);
        assert_eq!(name_is_path_segment("a/", true), ["may not contain '/'"]);
    }

    #[test]
    fn a_qualified_name_has_an_optional_prefix() {
        for good in [
            "a",
            "A.b_c-d",
            "example.com/a",
            "x/0",
            &format!("{}/{}", "a".repeat(253), "b".repeat(63)),
        ] {
            assert!(is_qualified_name(good).is_empty(), "{good}");
        }
        let name = format!("name part {NAME_TEXT}");
        for (bad, errors) in [
            ("", vec!["name part must be non-empty", &name]),
            ("a b", vec![&*name]),
            ("example.com/a~b", vec![&name]),
            ("/a", vec!["prefix part must be non-empty"]),
            (
                "/",
                vec![
                    "prefix part must be non-empty",
                    "name part must be non-empty",
                    &name,
                ],
            ),
            ("x/", vec!["name part must be non-empty", &name]),
            (
                "Example.com/b",
                vec![&format!("prefix part {SUBDOMAIN_TEXT}")],
            ),
            (
                "a/b/c",
                vec![&format!(
                    "a valid label key {NAME_TEXT} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
                )],
            ),
            (
                &"a".repeat(64),
                vec!["name part must be no more than 63 bytes"],
            ),
            (
                &format!("{}-", "a".repeat(63)),
                vec!["name part must be no more than 63 bytes", &name],
            ),
            (
                &format!("{}/b", "a".repeat(254)),
                vec!["prefix part must be no more than 253 bytes"],
            ),
        ] {
            assert_eq!(is_qualified_name(bad), errors, "{bad}");
        }
    }

    #[test]
    fn a_label_value_may_be_empty() {
        for good in ["", "a", "MyValue", "my_value", "1.0", &"a".repeat(63)] {
            assert!(is_label_value(good).is_empty(), "{good}");
        }
        for bad in ["x y", "-", "a/b", "_a", "a."] {
            assert_eq!(is_label_value(bad), [VALUE_TEXT], "{bad}");
        }
        assert_eq!(
            is_label_value(&"a".repeat(64)),
            ["must be no more than 63 bytes"]
        );
        assert_eq!(
            is_label_value(&"é".repeat(32)),
            ["must be no more than 63 bytes", VALUE_TEXT]
        );
    }
}
