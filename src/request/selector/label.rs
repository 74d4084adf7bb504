//! `app in (a,b),tier>1,!gone`, as `k8s.io/apimachinery/pkg/labels` reads it.

use std::collections::BTreeSet;

use super::lexer::{END, Item, Token, scan};
use crate::names::{is_label_value, is_qualified_name};
use crate::status::field::{FieldError, aggregate};

/// A parsed `labelSelector`: all requirements must hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct LabelSelector {
    requirements: Vec<Requirement>,
}

#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    test: Test,
}

/// `=` and `==` are an `in` of one value, `!=` a `notin`.
#[derive(Clone, Debug, PartialEq)]
enum Test {
    In(BTreeSet<String>),
    NotIn(BTreeSet<String>),
    Exists,
    DoesNotExist,
    GreaterThan(i64),
    LessThan(i64),
}

impl LabelSelector {
    /// Parses a selector; the error is the message of the 400.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let requirements = Parser {
            items: scan(text),
            position: 0,
        }
        .selector()?;
        Ok(LabelSelector { requirements })
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requirements.is_empty()
    }

    /// Whether an object is selected whose labels `value_of` knows.
    pub(crate) fn matches<'a>(&self, value_of: impl Fn(&str) -> Option<&'a str>) -> bool {
        let mut requirements = self.requirements.iter();
        requirements.all(|r| r.test.holds(value_of(&r.key)))
    }
}

impl Test {
    fn holds(&self, label: Option<&str>) -> bool {
        let number = || label.and_then(|value| value.parse::<i64>().ok());
        match self {
            Test::In(values) => label.is_some_and(|value| values.contains(value)),
            Test::NotIn(values) => label.is_none_or(|value| !values.contains(value)),
            Test::Exists => label.is_some(),
            Test::DoesNotExist => label.is_none(),
            Test::GreaterThan(bound) => number().is_some_and(|n| n > *bound),
            Test::LessThan(bound) => number().is_some_and(|n| n < *bound),
        }
    }
}

struct Parser<'a> {
    items: Vec<Item<'a>>,
    position: usize,
}

impl<'a> Parser<'a> {
    fn selector(&mut self) -> Result<Vec<Requirement>, String> {
        let mut requirements = Vec::new();
        let first = self.peek();
        if first.token == Token::End {
            return Ok(requirements);
        }
        if !first.starts_requirement() {
            return Err(format!(
                "found '{}', expected: !, identifier, or 'end of string'",
                first.text
            ));
        }
        loop {
            requirements.push(
                self.requirement()
                    .map_err(|e| format!("unable to parse requirement: {e}"))?,
            );
            let after = self.take();
            match after.token {
                Token::End => return Ok(requirements),
                Token::Comma if self.peek().starts_requirement() => {}
                Token::Comma => {
                    return Err(format!(
                        "found '{}', expected: identifier after ','",
                        self.peek().text
                    ));
                }
                _ => {
                    return Err(format!(
                        "found '{}', expected: ',' or 'end of string'",
                        after.text
                    ));
                }
            }
        }
    }

    fn requirement(&mut self) -> Result<Requirement, String> {
        let negated = self.peek().token == Token::Not;
        if negated {
            self.take();
        }
        let key = self.key()?;
        let test = if negated {
            Test::DoesNotExist
        } else if self.peek().ends_requirement() {
            Test::Exists
        } else {
            self.test(key)?
        };
        Ok(Requirement {
            key: key.to_owned(),
            test,
        })
    }

    fn key(&mut self) -> Result<&'a str, String> {
        let item = self.take();
        if !item.is_word() {
            return Err(format!("found '{}', expected: identifier", item.text));
        }
        let errors = is_qualified_name(item.text);
        if !errors.is_empty() {
            // Upstream checks the key without a path, and a nil path prints so.
            return Err(FieldError::invalid_str("<nil>", item.text, errors.join("; ")).to_string());
        }
        Ok(item.text)
    }

    fn test(&mut self, key: &str) -> Result<Test, String> {
        let operator = self.take();
        match operator.token {
            Token::In => self
                .values()
                .and_then(|values| checked(key, values))
                .map(Test::In),
            Token::NotIn => self
                .values()
                .and_then(|values| checked(key, values))
                .map(Test::NotIn),
            Token::Equals => self
                .value()
                .and_then(|value| checked(key, one(value)))
                .map(Test::In),
            Token::NotEquals => self
                .value()
                .and_then(|value| checked(key, one(value)))
                .map(Test::NotIn),
            Token::GreaterThan => self
                .value()
                .and_then(|value| bound(key, value))
                .map(Test::GreaterThan),
            Token::LessThan => self
                .value()
                .and_then(|value| bound(key, value))
                .map(Test::LessThan),
            _ => Err(format!(
                "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                operator.text
            )),
        }
    }

    /// The one value after a sign; it may be missing.
    fn value(&mut self) -> Result<&'a str, String> {
        if self.peek().ends_requirement() {
            return Ok("");
        }
        let item = self.take();
        if item.is_word() {
            Ok(item.text)
        } else {
            Err(format!("found '{}', expected: identifier", item.text))
        }
    }

    fn values(&mut self) -> Result<BTreeSet<String>, String> {
        let open = self.take();
        if open.token != Token::Open {
            return Err(format!("found '{}' expected: '('", open.text));
        }
        let first = self.peek();
        if first.token == Token::Close {
            self.take();
            return Ok(one(""));
        }
        if !first.is_word() && first.token != Token::Comma {
            return Err(format!(
                "found '{}', expected: ',', ')' or identifier",
                first.text
            ));
        }
        self.value_list()
    }

    /// Values up to the closing parenthesis; a gap between commas is the empty value.
    fn value_list(&mut self) -> Result<BTreeSet<String>, String> {
        let mut values = BTreeSet::new();
        loop {
            let item = self.take();
            if item.is_word() {
                values.insert(item.text.to_owned());
                let next = self.peek();
                match next.token {
                    Token::Comma => continue,
                    Token::Close => break,
                    _ => return Err(format!("found '{}', expected: ',' or ')'", next.text)),
                }
            }
            if item.token != Token::Comma {
                return Err(format!(
                    "found '{}', expected: ',', or identifier",
                    item.text
                ));
            }
            if values.is_empty() {
                values.insert(String::new());
            }
            match self.peek().token {
                Token::Close => {
                    values.insert(String::new());
                    break;
                }
                Token::Comma => {
                    self.take();
                    values.insert(String::new());
                }
                _ => {}
            }
        }
        self.take();
        Ok(values)
    }

    fn peek(&self) -> Item<'a> {
        self.items.get(self.position).copied().unwrap_or(END)
    }

    fn take(&mut self) -> Item<'a> {
        let item = self.peek();
        self.position += 1;
        item
    }
}

fn one(value: &str) -> BTreeSet<String> {
    BTreeSet::from([value.to_owned()])
}

/// The values, if all may be label values.
fn checked(key: &str, values: BTreeSet<String>) -> Result<BTreeSet<String>, String> {
    let errors: Vec<FieldError> = values
        .iter()
        .enumerate()
        .filter_map(|(i, v)| value_error(key, i, v))
        .collect();
    if errors.is_empty() {
        Ok(values)
    } else {
        Err(aggregate(&errors))
    }
}

fn bound(key: &str, value: &str) -> Result<i64, String> {
    let number = value.parse::<i64>();
    let not_a_number = number.is_err().then(|| {
        FieldError::invalid_str(
            "values[0]",
            value,
            "for 'Gt', 'Lt' operators, the value must be an integer",
        )
    });
    let errors: Vec<FieldError> = not_a_number
        .into_iter()
        .chain(value_error(key, 0, value))
        .collect();
    match number {
        Ok(number) if errors.is_empty() => Ok(number),
        _ => Err(aggregate(&errors)),
    }
}

fn value_error(key: &str, index: usize, value: &str) -> Option<FieldError> {
    let errors = is_label_value(value);
    let error =
        || FieldError::invalid_str(format!("values[{index}][{key}]"), value, errors.join("; "));
    (!errors.is_empty()).then(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    const VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
    const NAME: &str = "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

    fn selects(text: &str, labels: Value) -> bool {
        let value_of = |key: &str| labels[key].as_str();
        LabelSelector::parse(text).unwrap().matches(value_of)
    }

    #[test]
    fn every_operator_selects_what_it_says() {
        for (text, on_a, on_b, on_none) in [
            ("", true, true, true),
            ("k", true, true, false),
            ("!k", false, false, true),
            ("k=a", true, false, false),
            ("k==a", true, false, false),
            ("k!=a", false, true, true),
            ("k in (a,b)", true, true, false),
            ("k notin (a,c)", false, true, true),
            ("k in (a),k in (b)", false, false, false),
            ("k,k!=a", false, true, false),
            ("\tk =\r a\n", true, false, false),
        ] {
            let found = [json!({"k": "a"}), json!({"k": "b"}), json!({"x": "a"})]
                .map(|labels| selects(text, labels));
            assert_eq!(found, [on_a, on_b, on_none], "{text}");
        }
        assert!(LabelSelector::parse("!k").unwrap().matches(|_| None));
    }

    #[test]
    fn numbers_compare_as_numbers_and_other_values_never_match() {
        for (text, value, matches) in [
            ("k>9", "10", true),
            ("k>9", "9", false),
            ("k<10", "9", true),
            ("k<10", "x", false),
            ("k>9", "99999999999999999999", false),
        ] {
            assert_eq!(
                selects(text, json!({ "k": value })),
                matches,
                "{text} {value}"
            );
        }
        assert!(!selects("k<1", json!({})));
    }

    #[test]
    fn gaps_in_a_list_are_empty_values() {
        for text in [
            "k=",
            "k==",
            "k in ()",
            "k in (,)",
            "k in (b,)",
            "k in (,b)",
            "k in (b,,c)",
            "k in (b, ,c)",
        ] {
            assert!(selects(text, json!({"k": ""})), "{text}");
        }
        assert!(!selects("k in (b,c)", json!({"k": ""})));
    }

    #[test]
    fn operators_are_words_where_a_word_is_expected() {
        for text in [
            "in",
            "notin",
            "in in (in,notin)",
            "in=notin",
            "!in",
            "gt,lt",
        ] {
            assert!(LabelSelector::parse(text).is_ok(), "{text}");
        }
    }

    #[test]
    fn only_blank_text_selects_everything() {
        assert!(LabelSelector::parse("").unwrap().is_empty());
        assert!(LabelSelector::parse(" \t").unwrap().is_empty());
        assert!(!LabelSelector::parse("k").unwrap().is_empty());
    }

    #[test]
    fn a_bad_selector_is_refused_in_the_words_of_the_real_parser() {
        for (text, error) in [
            (
                ",a",
                "found ',', expected: !, identifier, or 'end of string'",
            ),
            (
                "=b",
                "found '=', expected: !, identifier, or 'end of string'",
            ),
            ("a,", "found '', expected: identifier after ','"),
            ("a,,b", "found ',', expected: identifier after ','"),
            ("app=x,", "found '', expected: identifier after ','"),
            ("app=x y!", "found 'y', expected: ',' or 'end of string'"),
            ("!a=b", "found '=', expected: ',' or 'end of string'"),
            (
                "a=(",
                "unable to parse requirement: found '(', expected: identifier",
            ),
            (
                "app=>x",
                "unable to parse requirement: found '>', expected: identifier",
            ),
            (
                "a===b",
                "unable to parse requirement: found '=', expected: identifier",
            ),
            (
                "!!a",
                "unable to parse requirement: found '!', expected: identifier",
            ),
            (
                "!",
                "unable to parse requirement: found '', expected: identifier",
            ),
            (
                "a b=c",
                "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a gt 1",
                "unable to parse requirement: found 'gt', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a!",
                "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a(b)",
                "unable to parse requirement: found '(', expected: in, notin, =, ==, !=, gt, lt",
            ),
            (
                "a in",
                "unable to parse requirement: found '' expected: '('",
            ),
            (
                "a in b",
                "unable to parse requirement: found 'b' expected: '('",
            ),
            (
                "a in (",
                "unable to parse requirement: found '', expected: ',', ')' or identifier",
            ),
            (
                "a in (=",
                "unable to parse requirement: found '=', expected: ',', ')' or identifier",
            ),
            (
                "a in (b",
                "unable to parse requirement: found '', expected: ',' or ')'",
            ),
            (
                "a in (b c)",
                "unable to parse requirement: found 'c', expected: ',' or ')'",
            ),
            (
                "a in (b,",
                "unable to parse requirement: found '', expected: ',', or identifier",
            ),
            (
                "a in (b,=)",
                "unable to parse requirement: found '=', expected: ',', or identifier",
            ),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_bad_key_or_value_is_refused_with_its_path() {
        let integer = "for 'Gt', 'Lt' operators, the value must be an integer";
        for (text, error) in [
            (
                "a%",
                format!("<nil>: Invalid value: \"a%\": name part {NAME}"),
            ),
            (
                "a/b/c",
                format!(
                    "<nil>: Invalid value: \"a/b/c\": a valid label key {NAME} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"
                ),
            ),
            (
                "a/",
                format!(
                    "<nil>: Invalid value: \"a/\": name part must be non-empty; name part {NAME}"
                ),
            ),
            (
                "k=b%",
                format!("values[0][k]: Invalid value: \"b%\": {VALUE}"),
            ),
            (
                "k!=b%",
                format!("values[0][k]: Invalid value: \"b%\": {VALUE}"),
            ),
            (
                "k in (z%,ok,b%)",
                format!(
                    "[values[0][k]: Invalid value: \"b%\": {VALUE}, values[2][k]: Invalid value: \"z%\": {VALUE}]"
                ),
            ),
            (
                "tier>x",
                format!("values[0]: Invalid value: \"x\": {integer}"),
            ),
            (
                "tier<",
                format!("values[0]: Invalid value: \"\": {integer}"),
            ),
            (
                "tier<-1",
                format!("values[0][tier]: Invalid value: \"-1\": {VALUE}"),
            ),
            (
                "tier>x%",
                format!(
                    "[values[0]: Invalid value: \"x%\": {integer}, values[0][tier]: Invalid value: \"x%\": {VALUE}]"
                ),
            ),
        ] {
            let error = format!("unable to parse requirement: {error}");
            assert_eq!(LabelSelector::parse(text).unwrap_err(), error, "{text}");
        }
    }

    #[test]
    fn a_nul_ends_a_word_and_between_words_the_selector() {
        assert!(selects("k\0", json!({"k": ""})));
        assert!(selects("k \0 junk(", json!({"k": ""})));
        assert!(LabelSelector::parse("k\0b").is_err());
    }
}
