//! Rules over HTTP: install, look, remove.

use serde_json::{Value, json};

use super::{Asked, Control, Refusal, Reply, json_response};
use crate::fault::Fault;
use crate::fault::installed::Standing;
use crate::fault::script::check_name;

/// How many rules can be installed over HTTP.
const MAX_RULES: usize = 1000;

impl Control {
    pub(super) fn list_faults(&self) -> Reply {
        Ok(json_response(200, &self.standings()))
    }

    /// All of the rules in the body, or none of them.
    pub(super) fn install_faults(&self, asked: &Asked<'_>) -> Reply {
        let faults = Fault::parse_script_for("body", asked.body, &self.cluster.catalog());
        let faults = faults.map_err(|error| Refusal(400, error.to_string()))?;
        let installed = self.faults.installed();
        let there = installed.len();
        if there + faults.len() > MAX_RULES {
            let error = format!("there are {there} rules; more than {MAX_RULES} are too many");
            return Err(Refusal(422, error));
        }
        let installed: Vec<Fault> = installed.into_iter().map(|rule| rule.fault).collect();
        for fault in &faults {
            check_name(&installed, fault).map_err(|problem| Refusal(409, problem))?;
        }
        let now = self.cluster.clock.now();
        let ids: Vec<u64> = faults
            .into_iter()
            .map(|fault| self.faults.install(fault, now))
            .collect();
        let all = self.faults.installed();
        let new = all
            .iter()
            .filter(|rule| ids.contains(&rule.id))
            .map(standing);
        Ok(json_response(
            201,
            &json!({"faults": new.collect::<Vec<_>>()}),
        ))
    }

    pub(super) fn remove_faults(&self) -> Reply {
        self.faults.clear();
        Ok(json_response(200, &self.standings()))
    }

    pub(super) fn show_fault(&self, id: &str) -> Reply {
        let rule = self.find(id)?;
        Ok(json_response(200, &standing(&rule)))
    }

    pub(super) fn remove_fault(&self, id: &str) -> Reply {
        let id = self.find(id)?.id;
        match self.faults.remove(id) {
            Some(rule) => Ok(json_response(200, &standing(&rule))),
            None => Err(Refusal(404, format!("the rule {id} is gone"))),
        }
    }

    /// The rule of this number or name.
    fn find(&self, id: &str) -> Result<Standing, Refusal> {
        let fits =
            |rule: &Standing| rule.id.to_string() == id || rule.fault.label.as_deref() == Some(id);
        self.faults
            .installed()
            .into_iter()
            .find(fits)
            .ok_or_else(|| Refusal(404, format!("there is no rule {id:?}")))
    }

    fn standings(&self) -> Value {
        let rules = self.faults.installed();
        json!({"faults": rules.iter().map(standing).collect::<Vec<_>>()})
    }
}

fn standing(rule: &Standing) -> Value {
    let mut value = json!({
        "id": rule.id,
        "rule": rule.fault.to_script(),
        "matched": rule.matched,
        "fired": rule.fired,
    });
    if rule.fired == 0 {
        let why = rule.near_misses.trim_start_matches([':', ';', ' ']);
        value["neverFired"] = why.into();
    }
    value
}
