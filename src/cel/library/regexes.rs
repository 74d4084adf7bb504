//! Regular expressions.

use regex::Regex;

use super::{Answer, Failure, Function};
use crate::cel::value::CelValue;
use crate::kinds::structural::go_regex;

/// The function of this name.
pub(super) fn find(name: &str) -> Option<Function> {
    Some(match name {
        "matches" => |args| {
            let regex = compile(pattern(args)?).map_err(Failure::Message)?;
            apply("matches", &regex, args)
        },
        "find" => |args| apply("find", &legal(pattern(args)?)?, args),
        "findAll" => |args| apply("findAll", &legal(pattern(args)?)?, args),
        _ => return None,
    })
}

/// Whether the function takes a pattern after the text, which is compiled once if it is constant.
pub(crate) fn takes_pattern(function: &str) -> bool {
    matches!(function, "matches" | "find" | "findAll")
}

/// Compiles a Go regular expression; the error is Go's.
pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    go_regex::compile(pattern)
}

fn legal(pattern: &str) -> Result<Regex, Failure> {
    compile(pattern).map_err(|error| Failure::new(format!("Illegal regex: {error}")))
}

fn pattern(args: &[CelValue]) -> Result<&str, Failure> {
    match args {
        [CelValue::String(_), CelValue::String(pattern), ..] => Ok(pattern),
        _ => Err(Failure::NoOverload),
    }
}

/// Calls the function with the compiled pattern.
pub(crate) fn apply(function: &str, regex: &Regex, args: &[CelValue]) -> Answer {
    let Some(CelValue::String(text)) = args.first() else {
        return Err(Failure::NoOverload);
    };
    match (function, args) {
        ("matches", [_, _]) => Ok(CelValue::Bool(regex.is_match(text))),
        ("find", [_, _]) => {
            let found = regex.find(text).map_or("", |found| found.as_str());
            Ok(CelValue::string(found))
        }
        ("findAll", [_, _]) => Ok(all(regex, text, usize::MAX)),
        ("findAll", [_, _, CelValue::Int(limit)]) => Ok(all(
            regex,
            text,
            usize::try_from(*limit).unwrap_or(usize::MAX),
        )),
        _ => Err(Failure::NoOverload),
    }
}

fn all(regex: &Regex, text: &str, limit: usize) -> CelValue {
    let found = regex.find_iter(text).take(limit);
    CelValue::list(
        found
            .map(|found| CelValue::string(found.as_str()))
            .collect(),
    )
}
