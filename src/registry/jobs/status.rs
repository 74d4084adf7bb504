//! How far a job is: what its controller may say.

use serde_json::Value;

use super::conditions::{has, is_finished, is_true};
use super::indexes;
use crate::kinds::Struct;
use crate::registry::workload::cells::count;
use crate::registry::workload::checks::Checks;
use crate::schema::internal;
use crate::status::field::FieldError;

/// A write of a status, with what upstream looks at only where it changed.
struct Change<'a> {
    spec: &'a Value,
    now: &'a Value,
    old: &'a Value,
    schema: &'a Struct,
}

impl Change<'_> {
    fn changed(&self, fields: &[&str]) -> bool {
        fields
            .iter()
            .any(|field| self.now[*field] != self.old[*field])
    }

    fn turned(&self, conditions: &[&str]) -> bool {
        let turned = |ty: &&str| is_true(self.now, ty) != is_true(self.old, ty);
        conditions.iter().any(turned)
    }

    fn finished_turned(&self) -> bool {
        is_finished(self.now) != is_finished(self.old)
    }

    fn is(&self, condition: &str) -> bool {
        is_true(self.now, condition)
    }
}

/// `ValidateJobStatusUpdate`, with the options of a cluster that lets others manage jobs.
pub(super) fn validate_update(object: &Value, old: &Value, schema: &Struct) -> Vec<FieldError> {
    let change = Change {
        spec: &object["spec"],
        now: &object["status"],
        old: &old["status"],
        schema,
    };
    let mut checks = Checks::of(change.now, "status");
    checks.nonnegative(&["active", "succeeded", "failed", "ready", "terminating"]);
    uncounted_pods(&mut checks, change.now);
    completion(&mut checks, &change);
    finish(&mut checks, &change);
    index_sets(&mut checks, &change);
    pods(&mut checks, &change);
    success(&mut checks, &change);
    transitions(&mut checks, &change);
    checks.errors
}

fn condition_error(checks: &mut Checks<'_>, reason: impl Into<String>) {
    let path = checks.path("conditions");
    checks
        .errors
        .push(FieldError::invalid_unshown(path, reason));
}

/// No pod is named twice, nor without a name.
fn uncounted_pods(checks: &mut Checks<'_>, status: &Value) {
    let mut seen: Vec<&Value> = Vec::new();
    for list in ["succeeded", "failed"] {
        let uids = status["uncountedTerminatedPods"][list].as_array();
        for (i, uid) in uids.into_iter().flatten().enumerate() {
            let path = format!("status.uncountedTerminatedPods.{list}[{i}]");
            if uid == "" {
                checks
                    .errors
                    .push(FieldError::invalid(path, uid, "must not be empty"));
            } else if seen.contains(&uid) {
                checks.errors.push(FieldError::duplicate(path, uid));
            } else {
                seen.push(uid);
            }
        }
    }
}

fn completion(checks: &mut Checks<'_>, change: &Change<'_>) {
    let complete = change.is("Complete");
    if change.turned(&["Complete", "Failed"]) && complete && change.is("Failed") {
        condition_error(
            checks,
            "cannot set Complete=True and Failed=true conditions",
        );
    }
    if change.turned(&["Complete", "FailureTarget"]) && complete && change.is("FailureTarget") {
        condition_error(
            checks,
            "cannot set Complete=True and FailureTarget=true conditions",
        );
    }
    let (start, end) = (&change.now["startTime"], &change.now["completionTime"]);
    let concerns_end = change.turned(&["Complete"]) || change.changed(&["completionTime"]);
    if concerns_end && !end.is_null() && !complete {
        let reason = "cannot set completionTime when there is no Complete=True condition";
        checks.invalid("completionTime", end.clone(), reason);
    }
    if concerns_end && end.is_null() && complete {
        checks.required(
            "completionTime",
            "completionTime is required for Complete jobs",
        );
    }
    // Times are whole seconds of UTC, so their texts are in their order.
    let is_early =
        matches!((start.as_str(), end.as_str()), (Some(start), Some(end)) if end < start);
    if change.changed(&["startTime", "completionTime"]) && is_early {
        checks.invalid(
            "completionTime",
            end.clone(),
            "must be equal to or after `startTime`",
        );
    }
    let failed = change.turned(&["Failed"]) || change.changed(&["failedIndexes"]);
    if failed && change.is("Failed") && !change.is("FailureTarget") {
        let reason = "cannot set Failed=True condition without the FailureTarget=true condition";
        condition_error(checks, reason);
    }
    if change.turned(&["Complete", "SuccessCriteriaMet"])
        && complete
        && !change.is("SuccessCriteriaMet")
    {
        let reason =
            "cannot set Complete=True condition without the SuccessCriteriaMet=true condition";
        condition_error(checks, reason);
    }
}

/// A job that has ended has nothing left to do.
fn finish(checks: &mut Checks<'_>, change: &Change<'_>) {
    if !is_finished(change.now) {
        return;
    }
    let turned = change.finished_turned();
    let active = count(change.now, "active");
    if (turned || change.changed(&["active"])) && active > 0 {
        checks.invalid("active", active, "active>0 is invalid for finished job");
    }
    let never_ran = change.spec["suspend"] == true && change.spec["completions"] == 0;
    let concerns_start = (turned || change.changed(&["startTime"])) && !never_ran;
    if concerns_start && change.now["startTime"].is_null() {
        checks.required("startTime", "startTime is required for finished job");
    }
    let field = "uncountedTerminatedPods";
    let uncounted = &change.now[field];
    let left = ["failed", "succeeded"].iter().any(|list| {
        uncounted[*list]
            .as_array()
            .is_some_and(|uids| !uids.is_empty())
    });
    if (turned || change.changed(&[field])) && left {
        let shown = internal::show_at(uncounted, change.schema, &["status", field]);
        let reason = "must be empty for finished job";
        checks
            .errors
            .push(FieldError::invalid_shown(checks.path(field), shown, reason));
    }
}

fn index_sets(checks: &mut Checks<'_>, change: &Change<'_>) {
    let completions = change.spec["completions"].as_i64();
    let limited = change.spec.get("backoffLimitPerIndex").is_some();
    let completed = change.now["completedIndexes"].as_str().unwrap_or_default();
    let failed = change.now["failedIndexes"].as_str();
    let completed_changed = change.changed(&["completedIndexes"]);
    let failed_changed = change.changed(&["failedIndexes"]);
    if let Some(Err(why)) = completions.map(|n| indexes::count(completed, n))
        && completed_changed
    {
        let reason = format!("error parsing completedIndexes: {why}");
        checks.invalid("completedIndexes", completed, reason);
    }
    if let (Some(n), true, Some(failed)) = (completions, limited && failed_changed, failed)
        && let Err(why) = indexes::count(failed, n)
    {
        checks.invalid(
            "failedIndexes",
            failed,
            format!("error parsing failedIndexes: {why}"),
        );
    }
    if completed_changed && !completed.is_empty() && change.spec["completionMode"] != "Indexed" {
        let reason = "cannot set non-empty completedIndexes when non-indexed completion mode";
        checks.invalid("completedIndexes", completed, reason);
    }
    let Some(failed) = failed else { return };
    if failed_changed && !limited {
        let reason = "cannot set non-null failedIndexes when backoffLimitPerIndex is null";
        checks.invalid("failedIndexes", failed, reason);
    }
    if let Some(n) = completions.filter(|_| failed_changed || completed_changed)
        && let Some(index) = indexes::overlap(completed, failed, n)
    {
        let reason = format!("failedIndexes and completedIndexes overlap at index: {index}");
        checks.invalid("failedIndexes", failed, reason);
    }
}

fn pods(checks: &mut Checks<'_>, change: &Change<'_>) {
    let terminating = count(change.now, "terminating");
    let concerns = change.finished_turned() || change.changed(&["terminating"]);
    if concerns && terminating > 0 && is_finished(change.now) {
        checks.invalid(
            "terminating",
            terminating,
            "terminating>0 is invalid for finished job",
        );
    }
    let ready = count(change.now, "ready");
    if change.changed(&["ready", "active"])
        && change.now.get("ready").is_some()
        && ready > count(change.now, "active")
    {
        checks.invalid("ready", ready, "cannot set more ready pods than active");
    }
}

fn success(checks: &mut Checks<'_>, change: &Change<'_>) {
    let met = change.is("SuccessCriteriaMet");
    if met && change.is("Failed") {
        condition_error(
            checks,
            "cannot set SuccessCriteriaMet=True and Failed=true conditions",
        );
    }
    if met && change.is("FailureTarget") {
        let reason = "cannot set SuccessCriteriaMet=True and FailureTarget=true conditions";
        condition_error(checks, reason);
    }
    if change.spec.get("successPolicy").is_some() && !met && change.is("Complete") {
        let reason =
            "cannot set Complete=True for Job with SuccessPolicy unless SuccessCriteriaMet=True";
        condition_error(checks, reason);
    }
}

/// What was said once and cannot be taken back.
fn transitions(checks: &mut Checks<'_>, change: &Change<'_>) {
    for ty in ["Failed", "Complete", "FailureTarget"] {
        if is_true(change.old, ty) && !change.is(ty) {
            condition_error(
                checks,
                format!("cannot disable the terminal {ty}=True condition"),
            );
        }
    }
    let (spec, now, old) = (change.spec, change.now, change.old);
    let shrank = |field: &str| count(now, field) < count(old, field);
    let in_tandem =
        spec["completionMode"] == "Indexed" && spec["completions"] == spec["parallelism"];
    if shrank("failed") {
        checks.invalid(
            "failed",
            count(now, "failed"),
            "cannot decrease the failed counter",
        );
    }
    if !in_tandem && shrank("succeeded") {
        checks.invalid(
            "succeeded",
            count(now, "succeeded"),
            "cannot decrease the succeeded counter",
        );
    }
    let (end, before) = (&now["completionTime"], &old["completionTime"]);
    if !end.is_null() && !before.is_null() && end != before {
        checks.invalid("completionTime", end.clone(), "field is immutable");
    }
    let resumes = is_true(old, "Suspended") && has(now, "Suspended", "False");
    let (start, before) = (&now["startTime"], &old["startTime"]);
    if !resumes && !before.is_null() && start != before && spec["suspend"] != true {
        let reason = "field is immutable for unsuspended job once set";
        checks.invalid("startTime", start.clone(), reason);
    }
    let (met, was_met) = (
        change.is("SuccessCriteriaMet"),
        is_true(old, "SuccessCriteriaMet"),
    );
    if was_met && !met {
        condition_error(
            checks,
            "cannot disable the SuccessCriteriaMet=True condition",
        );
    }
    if is_true(old, "Complete") && !was_met && met {
        let reason =
            "cannot set SuccessCriteriaMet=True for Job already has Complete=true conditions";
        condition_error(checks, reason);
    }
}
