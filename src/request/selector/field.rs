//! `metadata.name=a,status.phase!=Running`, as `k8s.io/apimachinery/pkg/fields` reads it.

use crate::codec::quote::quote;

/// Longest first, so that `==` does not leave a `=` on the value.
const OPERATORS: [(&str, Operator); 3] = [
    ("!=", Operator::NotEquals),
    ("==", Operator::Equals),
    ("=", Operator::Equals),
];

/// The fields every object can be selected by.
const METADATA_FIELDS: [&str; 2] = ["metadata.name", "metadata.namespace"];

/// A parsed `fieldSelector`: all requirements must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct FieldSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Operator {
    Equals,
    NotEquals,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    value: String,
}

/// The fields a kind can be selected by; which of the two decides the words of the refusal.
#[derive(Clone, Copy, Debug)]
pub(crate) enum SupportedFields<'a> {
    /// Name and namespace: what a kind gets that registers no conversion of its own.
    Metadata,
    /// All the fields of a kind with a conversion of its own, the `metadata` ones included, and what comes before the name
    /// of any other.
    Own(&'a [String], &'a str),
    /// The same, of one that names its kind.
    OfKind(&'a [String], &'a str),
}

impl SupportedFields<'_> {
    fn check(self, key: &str) -> Result<(), String> {
        match self {
            SupportedFields::Metadata if METADATA_FIELDS.contains(&key) => Ok(()),
            SupportedFields::Metadata => {
                let [name, namespace] = METADATA_FIELDS.map(quote);
                Err(format!(
                    "{} is not a known field selector: only {name}, {namespace}",
                    quote(key)
                ))
            }
            SupportedFields::Own(fields, _) if fields.iter().any(|field| field == key) => Ok(()),
            SupportedFields::Own(_, refusal) => Err(format!("{refusal}: {key}")),
            SupportedFields::OfKind(fields, _) if fields.iter().any(|field| field == key) => Ok(()),
            SupportedFields::OfKind(_, kind) => Err(format!(
                "field label {} not supported for {kind}",
                quote(key)
            )),
        }
    }
}

impl FieldSelector {
    /// Parses a selector; the error is the message of the 400.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let mut terms = split_terms(text);
        // Upstream sorts the terms, which decides which of several errors is reported.
        terms.sort_unstable();
        let mut requirements = Vec::new();
        for term in terms.into_iter().filter(|term| !term.is_empty()) {
            let requirement = parse_term(term)?
                .ok_or_else(|| format!("invalid selector: '{text}'; can't understand '{term}'"))?;
            // A lone `=` selects everything.
            if !requirement.key.is_empty() || !requirement.value.is_empty() {
                requirements.push(requirement);
            }
        }
        Ok(FieldSelector { requirements })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Adds an equality.
    pub(crate) fn pin(&mut self, key: &str, value: &str) {
        let (key, value) = (key.to_owned(), value.to_owned());
        self.requirements.push(Requirement {
            key,
            operator: Operator::Equals,
            value,
        });
    }

    pub(crate) fn requirements(&self) -> impl Iterator<Item = (&str, Operator, &str)> {
        self.requirements
            .iter()
            .map(|r| (r.key.as_str(), r.operator, r.value.as_str()))
    }

    /// Refuses fields the kind cannot be selected by; the error is the message of the 400.
    pub(crate) fn check_known(&self, supported: SupportedFields<'_>) -> Result<(), String> {
        self.requirements
            .iter()
            .try_for_each(|r| supported.check(&r.key))
    }

    /// Whether an object is selected whose fields `value_of` knows.
    pub(crate) fn matches(&self, value_of: &dyn Fn(&str) -> String) -> bool {
        self.requirements
            .iter()
            .all(|r| (value_of(&r.key) == r.value) == (r.operator == Operator::Equals))
    }

    /// The value an equality pins a field to.
    pub(crate) fn exact(&self, key: &str) -> Option<&str> {
        self.requirements()
            .find(|r| r.0 == key && r.1 == Operator::Equals)
            .map(|r| r.2)
    }
}

/// The terms between commas; an escaped comma is data, and its backslash stays for [`unescape`].
fn split_terms(text: &str) -> Vec<&str> {
    let mut escaped = false;
    text.split(|c| {
        let splits = c == ',' && !escaped;
        escaped = c == '\\' && !escaped;
        splits
    })
    .collect()
}

/// Splits at the first operator; `None` where there is none. A key knows no escapes.
fn parse_term(term: &str) -> Result<Option<Requirement>, String> {
    for (at, _) in term.char_indices() {
        for (sign, operator) in OPERATORS {
            if let Some(value) = term[at..].strip_prefix(sign) {
                let value = unescape(value)?;
                return Ok(Some(Requirement {
                    key: term[..at].to_owned(),
                    operator,
                    value,
                }));
            }
        }
    }
    Ok(None)
}

fn unescape(value: &str) -> Result<String, String> {
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some(c @ ('\\' | ',' | '=')) => out.push(c),
                other => {
                    let sequence: String = [Some('\\'), other].into_iter().flatten().collect();
                    return Err(format!(
                        "invalid field selector: invalid escape sequence: {sequence}"
                    ));
                }
            },
            ',' | '=' => {
                return Err(format!(
                    "invalid field selector: unescaped character in value: {}",
                    u32::from(c)
                ));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> FieldSelector {
        FieldSelector::parse(text).unwrap()
    }

    fn terms(text: &str) -> Vec<(String, Operator, String)> {
        parse(text)
            .requirements()
            .map(|(k, o, v)| (k.to_owned(), o, v.to_owned()))
            .collect()
    }

    #[test]
    fn terms_are_equalities_and_inequalities() {
        for (text, key, operator, value) in [
            ("a=b", "a", Operator::Equals, "b"),
            ("a==b", "a", Operator::Equals, "b"),
            ("a!=b", "a", Operator::NotEquals, "b"),
            ("a=", "a", Operator::Equals, ""),
            ("=b", "", Operator::Equals, "b"),
            (" a = b ", " a ", Operator::Equals, " b "),
            (r"a=b\,c\=d\\e", "a", Operator::Equals, r"b,c=d\e"),
            ("a=é", "a", Operator::Equals, "é"),
        ] {
            assert_eq!(
                terms(text),
                [(key.to_owned(), operator, value.to_owned())],
                "{text}"
            );
        }
    }

    #[test]
    fn empty_terms_and_a_lone_equals_sign_select_everything() {
        for text in ["", ",", ",,", "=", "==", "!="] {
            assert!(parse(text).is_empty(), "{text}");
        }
        assert!(!parse("a=").is_empty());
    }

    #[test]
    fn a_bad_selector_is_refused_in_the_words_of_the_real_parser() {
        for (text, error) in [
            (
                "metadata.name",
                "invalid selector: 'metadata.name'; can't understand 'metadata.name'",
            ),
            (
                "b=1,foo",
                "invalid selector: 'b=1,foo'; can't understand 'foo'",
            ),
            (
                "a=b=c",
                "invalid field selector: unescaped character in value: 61",
            ),
            (
                "a===b",
                "invalid field selector: unescaped character in value: 61",
            ),
            (
                r"a=\x",
                r"invalid field selector: invalid escape sequence: \x",
            ),
            (
                r"a=b\",
                r"invalid field selector: invalid escape sequence: \",
            ),
            (
                "z,b=c=d",
                "invalid field selector: unescaped character in value: 61",
            ),
        ] {
            assert_eq!(FieldSelector::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn an_unknown_field_is_refused_in_the_words_of_its_kind() {
        let fields = ["metadata.name", "status.phase"].map(str::to_owned);
        let own = SupportedFields::Own(&fields, "field label not supported");
        for (text, supported, error) in [
            (
                "nope=x",
                SupportedFields::Metadata,
                r#""nope" is not a known field selector: only "metadata.name", "metadata.namespace""#,
            ),
            (
                " metadata.name=x",
                SupportedFields::Metadata,
                r#"" metadata.name" is not a known field selector: only "metadata.name", "metadata.namespace""#,
            ),
            ("spec.image=x", own, "field label not supported: spec.image"),
            (
                "metadata.namespace=x",
                own,
                "field label not supported: metadata.namespace",
            ),
        ] {
            assert_eq!(
                parse(text).check_known(supported).unwrap_err(),
                error,
                "{text}"
            );
        }
        assert_eq!(
            parse("metadata.name=x,metadata.namespace!=y").check_known(SupportedFields::Metadata),
            Ok(())
        );
        assert_eq!(parse("status.phase=Pending").check_known(own), Ok(()));
    }

    #[test]
    fn all_requirements_must_hold() {
        let value_of = |key: &str| {
            if key == "metadata.name" {
                "a".to_owned()
            } else {
                String::new()
            }
        };
        for (text, matches) in [
            ("", true),
            ("metadata.name=a", true),
            ("metadata.name=b", false),
            ("metadata.name!=b", true),
            ("metadata.name!=a", false),
            ("metadata.name=a,metadata.name=b", false),
            ("spec.nodeName=", true),
        ] {
            assert_eq!(parse(text).matches(&value_of), matches, "{text}");
        }
    }

    #[test]
    fn only_an_equality_pins_a_field() {
        assert_eq!(parse("metadata.name=a").exact("metadata.name"), Some("a"));
        assert_eq!(
            parse("metadata.name=b,metadata.name=a").exact("metadata.name"),
            Some("a")
        );
        assert_eq!(parse("metadata.name!=a").exact("metadata.name"), None);
        assert_eq!(parse("metadata.namespace=a").exact("metadata.name"), None);
    }
}
