//! Scripts of faults: rules in YAML or JSON, as files and as bodies of requests.

mod schema;
mod write;

use std::path::Path;

use crate::codec::json::Node;
use crate::codec::script::{self, Cursor, Error, hint};
use crate::fault::argument::{Argument, Parameter, Takes};
use crate::fault::kind::FaultKind;
use crate::fault::kinds;
use crate::fault::rule::Fault;
use crate::fault::schedule::{Per, Schedule};
use crate::kinds::Catalog;
use crate::request::when::{When, one_of, texts};

const RULE: [&str; 6] = ["name", "fault", "when", "schedule", "carryOn", "optional"];
const SCHEDULE: [&str; 9] = [
    "first",
    "skip",
    "nth",
    "every",
    "from",
    "to",
    "probability",
    "during",
    "per",
];

impl Fault {
    /// Reads rules from a YAML (or JSON) file; see [`Fault::parse_script`].
    ///
    /// ```
    /// let file = tempfile::NamedTempFile::new().unwrap();
    /// std::fs::write(file.path(), "faults: [{fault: conflict, when: {verb: update}}]").unwrap();
    /// assert_eq!(fake_apiserver::Fault::script_file(file.path())?.len(), 1);
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If the file cannot be read, or as [`Fault::parse_script`].
    pub fn script_file(path: impl AsRef<Path>) -> Result<Vec<Fault>, Error> {
        let path = path.as_ref();
        let text = std::fs::read_to_string(path).map_err(|e| Error::file(path, e))?;
        Fault::parse_script(&path.display().to_string(), &text)
    }

    /// Reads rules from YAML or JSON: a map with the list `faults`, such a list, or one rule. The name of the file is
    /// for messages.
    ///
    /// ```
    /// use fake_apiserver::Fault;
    ///
    /// let faults = Fault::parse_script("faults.yaml", "
    /// faults:
    /// - fault: lostRace
    ///   when: {verb: update, resource: endpoints}
    ///   schedule: {first: 2, per: object}
    /// - fault: {tooManyRequests: {retryAfter: 3}}
    ///   when: {verb: [list, watch], userAgent: kubectl/}
    ///   schedule: {every: 5}
    /// ")?;
    /// assert_eq!(faults.len(), 2);
    ///
    /// let error = Fault::parse_script("faults.yaml", "- fault: conflikt").unwrap_err();
    /// assert!(error.to_string().ends_with("unknown fault `conflikt`; did you mean `conflict`?"));
    /// # Ok::<_, fake_apiserver::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// If this is no YAML, something in it is not known, or a rule can never act; the text says where.
    pub fn parse_script(file: &str, text: &str) -> Result<Vec<Fault>, Error> {
        Fault::parse_script_for(file, text, &Catalog::built_in())
    }

    /// The same for a server that has these kinds.
    pub(crate) fn parse_script_for(
        file: &str,
        text: &str,
        catalog: &Catalog,
    ) -> Result<Vec<Fault>, Error> {
        let documents = script::documents(file, text)?;
        let mut faults = Vec::new();
        for document in &documents {
            let root = Cursor::root(file, document);
            if *root.node != Node::Null {
                read(&root, catalog, &mut faults)?;
            }
        }
        if faults.is_empty() {
            return Err(Error::invalid(file, "there is no fault in it"));
        }
        Ok(faults)
    }
}

/// Rules in any of their shapes, about these kinds.
pub(crate) fn read(
    at: &Cursor<'_>,
    catalog: &Catalog,
    faults: &mut Vec<Fault>,
) -> Result<(), Error> {
    let mut add = |at: &Cursor<'_>| add(at, catalog, faults);
    if matches!(at.node, Node::Array(_)) {
        return at.items()?.iter().try_for_each(add);
    }
    match at.get("faults") {
        Some(list) => {
            at.only(&["faults"])?;
            list.items()?.iter().try_for_each(add)
        }
        None => add(at),
    }
}

/// How many rules one script may have.
const MAX_RULES: usize = 5_000;

/// A name is for one rule, so that it tells which one is meant.
fn add(at: &Cursor<'_>, catalog: &Catalog, faults: &mut Vec<Fault>) -> Result<(), Error> {
    if faults.len() >= MAX_RULES {
        return Err(at.fail(format!("more than {MAX_RULES} rules are too many")));
    }
    let fault = rule(at, catalog)?;
    check_name(faults, &fault).map_err(|problem| at.fail(problem))?;
    faults.push(fault);
    Ok(())
}

/// Refuses the name of another rule.
pub(crate) fn check_name(others: &[Fault], fault: &Fault) -> Result<(), String> {
    match &fault.label {
        Some(name) if others.iter().any(|other| other.label == fault.label) => {
            Err(format!("a rule is called `{name}` already"))
        }
        _ => Ok(()),
    }
}

fn rule(at: &Cursor<'_>, catalog: &Catalog) -> Result<Fault, Error> {
    at.only(&RULE)?;
    let mut fault = effect(&at.require("fault")?)?;
    if let Some(name) = at.get("name") {
        fault = fault.named(name.text()?);
    }
    if let Some(when) = at.get("when") {
        let given = When::read(&when, catalog)?;
        let own = std::mem::replace(&mut fault.when, given);
        if fault.when.verbs.is_empty() {
            fault.when.verbs = own.verbs;
        }
    }
    if let Some(at) = at.get("schedule") {
        at.only(&SCHEDULE)?;
        fault.schedule = schedule(&at)?;
        if let Some(per) = at.get("per") {
            fault.per = one_of(&per, &Per::ALL, Per::name)?;
        }
    }
    fault.carries_on = flag(at, "carryOn")?;
    fault.optional = flag(at, "optional")?;
    fault.checked(catalog).map_err(|problem| at.fail(problem))
}

fn flag(at: &Cursor<'_>, key: &str) -> Result<bool, Error> {
    at.get(key).map_or(Ok(false), |at| at.boolean())
}

/// `conflict`, `delay: 1s` or `delay: {length: 1s}`.
fn effect(at: &Cursor<'_>) -> Result<Fault, Error> {
    if let Node::String(name) = at.node {
        let kind = find_kind(at, name)?;
        if let Some(missing) = kind.parameters.iter().find(|p| p.required) {
            let (name, parameter) = (kind.name, missing.name);
            return Err(at.fail(format!(
                "`{name}` needs `{parameter}`: `{name}: {{{parameter}: …}}`"
            )));
        }
        return Ok(Fault::new(kind));
    }
    let members = at.members()?;
    let [(name, value)] = members.as_slice() else {
        return Err(
            at.fail("a rule has one fault; write a second rule, and `carryOn: true` in the first")
        );
    };
    let kind = find_kind(value, name)?;
    told(kind, value)
}

fn find_kind(at: &Cursor<'_>, name: &str) -> Result<&'static FaultKind, Error> {
    kinds::find(name).ok_or_else(|| {
        let hint = hint(name, kinds::all().map(|kind| kind.name));
        at.fail(format!("unknown fault `{name}`{hint}"))
    })
}

/// A fault of this kind, with everything that is said of it.
fn told(kind: &'static FaultKind, at: &Cursor<'_>) -> Result<Fault, Error> {
    let mut fault = Fault::new(kind);
    let mut given = Vec::new();
    let alone = kind
        .parameters
        .first()
        .filter(|p| p.required && p.takes != Takes::Map);
    match at.node {
        Node::Null => {}
        Node::Object(_) => {
            let names: Vec<&str> = kind.parameters.iter().map(|p| p.name).collect();
            at.only(&names)?;
            for parameter in kind.parameters {
                if let Some(at) = at.get(parameter.name) {
                    given.push(parameter.name);
                    fault = fault.with(parameter.name, argument(parameter, &at)?);
                }
            }
        }
        _ => match alone {
            Some(parameter) => {
                given.push(parameter.name);
                fault = fault.with(parameter.name, argument(parameter, at)?);
            }
            None => return Err(at.wrong("a map")),
        },
    }
    let missing = |p: &&Parameter| p.required && !given.contains(&p.name);
    match kind.parameters.iter().find(missing) {
        Some(missing) => Err(at.fail(format!("`{}` is missing", missing.name))),
        None => Ok(fault),
    }
}

fn argument(parameter: &Parameter, at: &Cursor<'_>) -> Result<Argument, Error> {
    Ok(match parameter.takes {
        Takes::Number(from, to) => Argument::Number(at.whole_within(from, to)?),
        Takes::Fraction => Argument::Fraction(at.fraction_within(0.0, f64::MAX)?),
        Takes::Time => Argument::Time(at.duration()?),
        Takes::Flag => Argument::Flag(at.boolean()?),
        Takes::Text => Argument::Text(at.text()?.to_owned()),
        Takes::Texts => Argument::Texts(texts(at)?),
        Takes::Causes => Argument::Causes(at.items()?.iter().map(cause).collect::<Result<_, _>>()?),
        Takes::Map => {
            at.members()?;
            Argument::Value(at.node.to_value())
        }
    })
}

fn cause(at: &Cursor<'_>) -> Result<(String, String), Error> {
    at.only(&["field", "detail"])?;
    let text = |key| Ok::<_, Error>(at.require(key)?.text()?.to_owned());
    Ok((text("field")?, text("detail")?))
}

fn schedule(at: &Cursor<'_>) -> Result<Schedule, Error> {
    let number = |key| {
        at.get(key)
            .map(|at| at.whole_within(1, u64::MAX))
            .transpose()
    };
    let (first, skip, nth, every) = (
        number("first")?,
        number("skip")?,
        number("nth")?,
        number("every")?,
    );
    let (from, to) = (number("from")?, number("to")?);
    let probability = at
        .get("probability")
        .map(|at| at.fraction_within(0.0, 1.0))
        .transpose()?;
    let during = at.get("during").map(|at| at.duration()).transpose()?;
    let ways = [
        first.or(skip).is_some(),
        nth.is_some(),
        every.is_some(),
        from.or(to).is_some(),
        probability.is_some(),
        during.is_some(),
    ];
    if ways.iter().filter(|given| **given).count() > 1 {
        return Err(at.fail(
            "a schedule has one of `first` (with `skip`), `nth`, `every`, `from` (with `to`), `probability` and `during`",
        ));
    }
    let start = skip.unwrap_or(0).saturating_add(1);
    Ok(match (first, nth, every, probability, during) {
        (Some(first), ..) => Schedule::Range {
            from: start,
            to: Some(start.saturating_add(first - 1)),
        },
        (_, Some(n), ..) => Schedule::Range {
            from: n,
            to: Some(n),
        },
        (_, _, Some(n), ..) => Schedule::Every(n),
        (_, _, _, Some(p), _) => Schedule::Probability(p),
        (_, _, _, _, Some(span)) => Schedule::During(span),
        _ if skip.is_some() => Schedule::Range {
            from: start,
            to: None,
        },
        _ if from.or(to).is_some() => Schedule::Range {
            from: from.unwrap_or(1),
            to,
        },
        _ => Schedule::Always,
    })
}

#[cfg(test)]
mod tests;
