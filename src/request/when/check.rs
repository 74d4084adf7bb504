//! Conditions that no request can meet.

use std::collections::BTreeSet;

use http::HeaderName;

use super::When;
use crate::codec::script::hint;
use crate::names::is_dns1123_label;
use crate::request::info::VERBS;
use crate::schema::resource::Resource;
use crate::status::qualified;

/// What resources there are.
pub(crate) trait Known {
    /// The one called this: plural, singular, short name or kind.
    fn find(&self, name: &str) -> Option<&Resource>;

    fn all(&self) -> Vec<&Resource>;
}

/// The verb, if it is one.
pub(crate) fn verb(verb: &str) -> Result<(), String> {
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
pub(crate) fn resource(name: &str, known: &dyn Known) -> Result<String, String> {
    let called = |r: &Resource| qualified(r.plural, r.group);
    known.find(name).map(called).ok_or_else(|| {
        let all: Vec<String> = known.all().into_iter().map(called).collect();
        let hint = hint(name, all.iter().map(String::as_str));
        format!("unknown resource `{name}`{hint}")
    })
}

impl When {
    /// Refuses what no request can match; resources get their plural names.
    pub(crate) fn checked(mut self, known: &dyn Known) -> Result<When, String> {
        for name in &self.verbs {
            verb(name)?;
        }
        for name in &mut self.resources {
            *name = resource(name, known)?;
        }
        self.check(known)?;
        Ok(self)
    }

    fn check(&self, known: &dyn Known) -> Result<(), String> {
        let named = self.resources.iter().filter_map(|name| known.find(name));
        let resources: Vec<&Resource> = named.collect();
        for subresource in &self.subresources {
            check_subresource(subresource, &resources, known)?;
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

    /// Refuses a namespace that can never be there. A request can name one all the same, but a rule that waits for it is
    /// a slip.
    pub(crate) fn check_namespaces(&self) -> Result<(), String> {
        for name in self.namespaces.iter().filter(|name| !name.is_empty()) {
            if let Some(problem) = is_dns1123_label(name).first() {
                return Err(format!("no namespace can be called `{name}`: {problem}"));
            }
        }
        Ok(())
    }
}

fn check_subresource(name: &str, resources: &[&Resource], known: &dyn Known) -> Result<(), String> {
    let below = |r: &&Resource| r.subresources.iter().map(|s| s.name).collect::<Vec<_>>();
    let of_all = known.all();
    let asked: &[&Resource] = match resources {
        [] => &of_all,
        some => some,
    };
    let of_these: BTreeSet<&str> = asked.iter().flat_map(below).collect();
    if name.is_empty() || of_these.contains(name) {
        return Ok(());
    }
    if resources.is_empty() {
        let hint = hint(name, of_these);
        return Err(format!("no resource has the subresource `{name}`{hint}"));
    }
    let plurals: Vec<&str> = resources.iter().map(|r| r.plural).collect();
    let hint = hint(name, of_these);
    Err(format!(
        "{} has no subresource `{name}`{hint}",
        plurals.join(", ")
    ))
}

fn check_verb(verb: &str, resources: &[&Resource], subresources: &[String]) -> Result<(), String> {
    let has = |r: &&Resource| {
        let own = r.verbs.contains(&verb);
        let mut below = r.subresources.iter();
        match subresources {
            [] => own || below.any(|s| s.verbs.contains(&verb)),
            asked => below.any(|s| asked.iter().any(|a| a == s.name) && s.verbs.contains(&verb)),
        }
    };
    if resources.is_empty() || resources.iter().any(has) {
        return Ok(());
    }
    let plurals: Vec<&str> = resources.iter().map(|r| r.plural).collect();
    let known = resources.iter().flat_map(|r| r.verbs.iter().copied());
    Err(format!(
        "the rule can never act: {} has no verb `{verb}`{}",
        plurals.join(", "),
        hint(verb, known)
    ))
}
