//! Rules that can never act, told apart before they are installed.

use std::collections::BTreeSet;

use http::HeaderName;

use super::answer::Kind;
use super::effect::Effect;
use super::rule::Fault;
use super::schedule::Schedule;
use super::when::When;
use crate::codec::script::hint;
use crate::kinds::verb::Verb;
use crate::kinds::{self, Catalog};
use crate::names::is_dns1123_label;
use crate::request::info::VERBS;
use crate::status::qualified;

/// The verb, if it is one.
pub(super) fn verb(verb: &str) -> Result<(), String> {
    if VERBS.contains(&verb) {
        return Ok(());
    }
    let upper = verb.to_uppercase();
    let instead = match upper.as_str() {
        "POST" => "; that method is the verb `create`".to_owned(),
        "PUT" => "; that method is the verb `update`".to_owned(),
        _ => hint(verb, VERBS),
    };
    Err(format!("unknown verb `{verb}`{instead}"))
}

/// The plural name, with its group, of the resource called this.
pub(super) fn resource(name: &str) -> Result<String, String> {
    let catalog = Catalog::built_in();
    let Some(kind) = catalog.find_name(name) else {
        let known = catalog.kinds();
        let known: Vec<String> = known.map(|k| qualified(&k.plural, &k.group)).collect();
        let hint = hint(name, known.iter().map(String::as_str));
        return Err(format!("unknown resource `{name}`{hint}"));
    };
    Ok(qualified(&kind.plural, &kind.group))
}

impl Fault {
    /// Refuses what can never act; resources get their plural names.
    pub(crate) fn checked(mut self) -> Result<Fault, String> {
        self.when = self.when.checked()?;
        self.when.check_namespaces()?;
        self.schedule.check()?;
        self.effect.check()?;
        self.check_verbs()?;
        Ok(self)
    }

    /// Whether the fault can come to anything with one of its verbs.
    fn check_verbs(&self) -> Result<(), String> {
        let (possible, what): (&[&str], _) = match &self.effect {
            Effect::Watch(_) => (&["watch"], "a fault of watches"),
            Effect::Stale(_) => (&["get", "list", "watch"], "a stale view"),
            Effect::Race(_) => (&["get", "create", "update", "patch", "delete"], "a race"),
            Effect::Accepted => (&["create", "delete"], "a 202"),
            Effect::ContinueExpires => (&["list"], "a continue token"),
            Effect::Answer(answer) if answer.kind == Kind::WatchListDisabled => {
                (&["watch"], "a streaming list refused")
            }
            _ => return Ok(()),
        };
        let verbs = &self.when.verbs;
        if verbs.is_empty() || verbs.iter().any(|verb| possible.contains(&verb.as_str())) {
            return Ok(());
        }
        Err(format!(
            "the rule can never act: {what} does nothing to {}, only to {}",
            verbs.join(" or "),
            possible.join(", ")
        ))
    }
}

impl When {
    /// Refuses what no request can match; resources get their plural names.
    pub(crate) fn checked(mut self) -> Result<When, String> {
        for name in &self.verbs {
            verb(name)?;
        }
        for name in &mut self.resources {
            *name = resource(name)?;
        }
        self.check()?;
        Ok(self)
    }

    fn check(&self) -> Result<(), String> {
        let catalog = Catalog::built_in();
        let names = self.resources.iter();
        let resources: Vec<&kinds::Kind> = names
            .filter_map(|name| catalog.find_name(name))
            .map(|kind| &**kind)
            .collect();
        for subresource in &self.subresources {
            check_subresource(subresource, &resources)?;
        }
        for (name, _) in &self.headers {
            if HeaderName::from_bytes(name.as_bytes()).is_err() {
                return Err(format!(
                    "the rule can never act: no header can be called `{name}`"
                ));
            }
        }
        for verb in &self.verbs {
            check_verb(verb, &resources, &self.subresources)?;
        }
        let patches = self.verbs.is_empty() || self.verbs.iter().any(|verb| verb == "patch");
        if !self.patches.is_empty() && !patches {
            return Err(format!(
                "the rule can never act: it asks for a kind of patch, and for the verb {}",
                self.verbs.join(" or ")
            ));
        }
        Ok(())
    }
}

impl When {
    /// Refuses a namespace that can never be there. A request can name one all the same, but a rule that waits for it is
    /// a slip.
    fn check_namespaces(&self) -> Result<(), String> {
        for name in self.namespaces.iter().filter(|name| !name.is_empty()) {
            if let Some(problem) = is_dns1123_label(name).first() {
                return Err(format!("no namespace can be called `{name}`: {problem}"));
            }
        }
        Ok(())
    }
}

fn check_subresource(name: &str, resources: &[&kinds::Kind]) -> Result<(), String> {
    let catalog = Catalog::built_in();
    let asked: Vec<&kinds::Kind> = match resources {
        [] => catalog.kinds().map(|kind| &**kind).collect(),
        some => some.to_vec(),
    };
    let subresources = asked.iter().flat_map(|kind| &kind.subresources);
    let of_these: BTreeSet<&str> = subresources.map(|s| &*s.name).collect();
    if name.is_empty() || of_these.contains(name) {
        return Ok(());
    }
    if resources.is_empty() {
        let hint = hint(name, of_these);
        return Err(format!("no resource has the subresource `{name}`{hint}"));
    }
    let plurals: Vec<&str> = resources.iter().map(|r| &*r.plural).collect();
    let hint = hint(name, of_these);
    Err(format!(
        "{} has no subresource `{name}`{hint}",
        plurals.join(", ")
    ))
}

fn check_verb(
    verb: &str,
    resources: &[&kinds::Kind],
    subresources: &[String],
) -> Result<(), String> {
    let is_one = |verbs: &[Verb]| verbs.iter().any(|v| v.as_str() == verb);
    let has = |r: &&kinds::Kind| {
        let mut below = r.subresources.iter();
        match subresources {
            [] => is_one(&r.verbs) || below.any(|s| is_one(&s.verbs)),
            asked => below.any(|s| asked.contains(&s.name) && is_one(&s.verbs)),
        }
    };
    if resources.is_empty() || resources.iter().any(has) {
        return Ok(());
    }
    let plurals: Vec<&str> = resources.iter().map(|r| &*r.plural).collect();
    let known = resources.iter().flat_map(|r| Verb::names(&r.verbs));
    Err(format!(
        "the rule can never act: {} has no verb `{verb}`{}",
        plurals.join(", "),
        hint(verb, known)
    ))
}

impl Schedule {
    fn check(&self) -> Result<(), String> {
        match self {
            Schedule::Range { from: 0, .. } => {
                Err("attempts are counted from 1, not from 0".to_owned())
            }
            Schedule::Range { from, to: Some(to) } if to < from => Err(format!(
                "the rule can never act: there is no attempt from {from} to {to}"
            )),
            Schedule::Every(0) => Err("the rule can never act on every 0th attempt".to_owned()),
            Schedule::Probability(p) if !(0.0..=1.0).contains(p) => {
                Err(format!("a probability is from 0 to 1, not {p}"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::Patch;

    fn problem(fault: Fault) -> String {
        fault.checked().unwrap_err()
    }

    #[test]
    fn a_rule_that_can_never_act_is_refused() {
        let refused = [
            (
                Fault::conflict().verb("updat"),
                "unknown verb `updat`; did you mean `update`?",
            ),
            (
                Fault::conflict().verb("PUT"),
                "unknown verb `PUT`; that method is the verb `update`",
            ),
            (
                Fault::conflict().resource("endpoint-s"),
                "unknown resource `endpoint-s`; did you mean `endpoints`?",
            ),
            (
                Fault::conflict()
                    .resource("endpoints")
                    .subresource("status"),
                "endpoints has no subresource `status`",
            ),
            (
                Fault::conflict()
                    .resource("namespaces")
                    .subresource("finalise"),
                "namespaces has no subresource `finalise`; did you mean `finalize`?",
            ),
            (
                Fault::lost_race().verb("list"),
                "the rule can never act: a race does nothing to list, only to get, create, update, patch, delete",
            ),
            (
                Fault::lagging(1).verb("update"),
                "the rule can never act: a stale view does nothing to update, only to get, list, watch",
            ),
            (
                Fault::conflict().verb("update").patch(Patch::Apply),
                "the rule can never act: it asks for a kind of patch, and for the verb update",
            ),
            (
                Fault::conflict().first(0),
                "the rule can never act: there is no attempt from 1 to 0",
            ),
            (
                Fault::conflict().nth(0),
                "attempts are counted from 1, not from 0",
            ),
            (
                Fault::conflict().every(0),
                "the rule can never act on every 0th attempt",
            ),
            (
                Fault::conflict().probability(1.5),
                "a probability is from 0 to 1, not 1.5",
            ),
            (
                Fault::conflict().header("bad header", "x"),
                "the rule can never act: no header can be called `bad header`",
            ),
            (
                Fault::conflict().subresource("statsu"),
                "no resource has the subresource `statsu`; did you mean `status`?",
            ),
        ];
        for (fault, expected) in refused {
            assert_eq!(problem(fault), expected);
        }
        let fault = Fault::conflict().namespace("Bad_NS");
        assert!(problem(fault).starts_with("no namespace can be called `Bad_NS`: a lowercase"));
        assert!(Fault::conflict().namespace("").checked().is_ok());
    }

    #[test]
    fn what_cannot_be_done_as_it_was_said_is_refused() {
        let (one, two) = (Duration::from_secs(1), Duration::from_secs(2));
        let code = "a Status needs a `code` from 200 to 599, which is the HTTP status; this one is";
        let refused = [
            (
                Fault::raw(99, ""),
                "`code` has to be from 200 to 599, not 99",
            ),
            (
                Fault::raw(101, ""),
                "`code` has to be from 200 to 599, not 101",
            ),
            (
                Fault::raw(600, ""),
                "`code` has to be from 200 to 599, not 600",
            ),
            (
                Fault::status(json!({"code": "x"})),
                &format!("{code} {{\"code\":\"x\"}}"),
            ),
            (
                Fault::status(json!({"code": 99})),
                &format!("{code} {{\"code\":99}}"),
            ),
            (Fault::status(json!(null)), &format!("{code} null")),
            (
                Fault::delay_between(two, one),
                "there is no delay between 2s and 1s",
            ),
            (
                Fault::delay_log_normal(one, -1.0, two),
                "`sigma` has to be at least 0, not -1.0",
            ),
            (
                Fault::delay_log_normal(one, f64::NAN, two),
                "`sigma` has to be at least 0, not NaN or infinite",
            ),
            (Fault::drip(0, one), "`bytes` has to be at least 1, not 0"),
            (
                Fault::watch_bursts(0),
                "`events` has to be from 1 to 10000, not 0",
            ),
            (
                Fault::watch_error(99, "", ""),
                "`code` has to be from 100 to 599, not 99",
            ),
        ];
        for (fault, expected) in refused {
            assert_eq!(problem(fault), expected);
        }
    }

    #[test]
    fn resources_get_their_plural_names() {
        let fault = Fault::conflict().resource("ep").resource("Namespace");
        assert_eq!(
            fault.checked().unwrap().when.resources,
            ["endpoints", "namespaces"]
        );
    }

    #[test]
    fn a_verb_a_resource_does_not_have_is_refused() {
        // Namespaces have finalize, which is updated only.
        let fault = Fault::conflict()
            .resource("namespaces")
            .subresource("finalize")
            .verb("patch");
        assert!(
            problem(fault).starts_with("the rule can never act: namespaces has no verb `patch`")
        );
    }
}
