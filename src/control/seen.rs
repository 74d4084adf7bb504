//! What happened, over HTTP: the journal, verification, coverage.

use serde_json::{Map, json};

use super::{Asked, Control, Refusal, Reply, json_response, read_text};
use crate::codec::json::Node;
use crate::codec::script::{Cursor, Error};
use crate::journal::verify::Verifier;
use crate::journal::{Coverage, Journal, Requests, Times};
use crate::kinds::Catalog;
use crate::request::when::When;
use crate::response::Response;

/// What must have come.
enum Expected {
    Count(Box<Requests>, Times),
    Order(Vec<Requests>),
    /// Nothing but what was verified before.
    NoMore,
}

impl Control {
    fn journal(&self) -> Journal {
        let cluster = &self.cluster;
        Journal::new(
            &self.recorder,
            &cluster.storage,
            &cluster.catalog(),
            cluster.ids.seed(),
        )
    }

    /// All of the journal, or what the query asks for: `?verb=update&resource=endpoints&code=409`.
    pub(super) fn show_journal(&self, asked: &Asked<'_>) -> Reply {
        let mut when = Map::new();
        let mut codes = Vec::new();
        for (name, value) in asked.query.pairs() {
            match (name.as_str(), value.parse::<u16>()) {
                ("code", Ok(code)) => codes.push(code),
                _ => drop(when.insert(name.clone(), value.as_str().into())),
            }
        }
        let asked = json!({"when": when, "code": codes}).to_string();
        let requests = read_text("query", &asked, |at| requests(at, &self.cluster.catalog()))
            .map_err(|error| {
                let problem = error.problem();
                let problem = problem.strip_prefix("when").unwrap_or(&problem);
                Refusal(
                    400,
                    format!("query: {}", problem.trim_start_matches(['.', ':', ' '])),
                )
            })?;
        let journal = self.journal();
        Ok(json_response(200, &journal.matching(&requests).to_json()))
    }

    pub(super) fn clear_journal(&self) -> Reply {
        self.recorder.clear();
        let journal = self.journal();
        Ok(json_response(200, &journal.to_json()))
    }

    /// Whether it came as expected, and if not, what did: `{"verified": false, "problem": "…"}` is an answer too.
    pub(super) fn verify(&self, asked: &Asked<'_>) -> Reply {
        let expected = asked.with_body(|at| expected(at, &self.cluster.catalog()))?;
        let verifier = Verifier::new(&self.recorder, self.journal());
        let verdict = match expected {
            Expected::Count(requests, times) => verifier.count(&requests, times),
            Expected::Order(requests) => verifier.order(&requests),
            Expected::NoMore => verifier.no_more(),
        };
        let answer = match verdict {
            Ok(()) => json!({"verified": true}),
            Err(error) => json!({"verified": false, "problem": error.to_string()}),
        };
        Ok(json_response(200, &answer))
    }

    /// As JSON, or with `?format=text` as a table for people.
    pub(super) fn show_coverage(&self, asked: &Asked<'_>) -> Reply {
        let coverage = Coverage::new(self.recorder.coverage());
        match asked.query.get("format").unwrap_or("json") {
            "json" => Ok(json_response(200, &coverage.to_json())),
            "text" => Ok(Response::text(200, coverage.to_string())),
            other => {
                let hint = crate::codec::script::hint(other, ["json", "text"]);
                Err(Refusal(400, format!("unknown format `{other}`{hint}")))
            }
        }
    }
}

fn expected(at: &Cursor<'_>, catalog: &Catalog) -> Result<Expected, Error> {
    if let Some(order) = at.get("order") {
        at.only(&["order"])?;
        let steps = order.items()?;
        let steps = steps.iter().map(|step| requests(step, catalog));
        return Ok(Expected::Order(steps.collect::<Result<_, _>>()?));
    }
    if let Some(no_more) = at.get("noMore") {
        at.only(&["noMore"])?;
        return match no_more.boolean()? {
            true => Ok(Expected::NoMore),
            false => Err(no_more.fail("this can only be true")),
        };
    }
    at.only(&["when", "code", "times", "order", "noMore"])?;
    let times = times(&at.require("times")?)?;
    Ok(Expected::Count(Box::new(which(at, catalog)?), times))
}

/// `{when: …, code: …}` alone.
fn requests(at: &Cursor<'_>, catalog: &Catalog) -> Result<Requests, Error> {
    at.only(&["when", "code"])?;
    which(at, catalog)
}

fn which(at: &Cursor<'_>, catalog: &Catalog) -> Result<Requests, Error> {
    let mut requests = Requests::new();
    if let Some(when) = at.get("when") {
        requests.when = When::read(&when, catalog)?;
    }
    if let Some(code) = at.get("code") {
        let codes = match code.node {
            Node::Array(_) => code.items()?,
            _ => vec![code],
        };
        for code in codes {
            let number = code.whole_within(100, 599)?;
            requests.codes.extend(u16::try_from(number));
        }
    }
    requests
        .checked(catalog)
        .map_err(|problem| at.fail(problem))
}

/// `2`, `{min: 1}`, `{max: 3}`, `{min: 1, max: 3}`.
fn times(at: &Cursor<'_>) -> Result<Times, Error> {
    if matches!(at.node, Node::Number(_)) {
        return Ok(at.whole()?.into());
    }
    at.only(&["min", "max"])?;
    let bound = |key| at.get(key).map(|at| at.whole()).transpose();
    match (bound("min")?, bound("max")?) {
        (Some(min), None) => Ok((min..).into()),
        (None, Some(max)) => Ok((..=max).into()),
        (Some(min), Some(max)) => {
            Times::between(min, max).ok_or_else(|| at.fail("`min` is more than `max`"))
        }
        (None, None) => Err(at.fail("this needs a `min`, a `max`, or both")),
    }
}
