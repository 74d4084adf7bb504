//! Rules that can never act, told apart before they are installed.

use super::rule::{Fault, What};
use super::schedule::Schedule;
use crate::kinds::Catalog;

impl Fault {
    /// Refuses what can never act; resources get their plural names.
    pub(crate) fn checked(mut self, catalog: &Catalog) -> Result<Fault, String> {
        self.when = self.when.checked(catalog)?;
        self.when.check_namespaces()?;
        self.schedule.check()?;
        self.what.check()?;
        if let What::Kind(kind, _) = &self.what {
            kind.check_verbs(&self.when.verbs)?;
        }
        Ok(self)
    }
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
        fault.checked(&Catalog::built_in()).unwrap_err()
    }

    #[test]
    fn a_rule_that_can_never_act_is_refused() {
        let refused = [
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
                Fault::conflict().verb("create").name("web"),
                "the rule can never act: a create has no name in its path",
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
        assert!(
            Fault::conflict()
                .namespace("")
                .checked(&Catalog::built_in())
                .is_ok()
        );
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
            fault.checked(&Catalog::built_in()).unwrap().when.resources,
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
