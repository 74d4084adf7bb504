//! batch/v1 CronJob.

mod schedule;
mod zones;

use serde_json::Value;

use super::declared;
use super::jobs::spec as job;
use super::strategy::{Strategy, WriteContext};
use super::workload::checks::Checks;
use super::workload::selection::show;
use super::workload::{self, cells};
use crate::kinds::Struct;
use crate::object::meta_str;
use crate::status::field::FieldError;

pub(crate) struct CronJobs;

/// What a job's name has room for, when a time is appended to it.
const NAME_MAX: usize = 52;
const JOB: &str = "spec.jobTemplate.spec";
const TEMPLATE: &str = "/spec/jobTemplate/spec/template";

impl Strategy for CronJobs {
    fn set_defaults(&self, object: &mut Value) {
        job::set_template_defaults(&mut object["spec"]["jobTemplate"]["spec"]);
    }

    fn prepare_for_create(&self, write: &WriteContext<'_>, object: &mut Value) {
        workload::prepare(write, object, None, TEMPLATE);
    }

    fn prepare_for_update(&self, write: &WriteContext<'_>, object: &mut Value, old: &Value) {
        workload::prepare(write, object, Some(old), TEMPLATE);
    }

    fn validate(&self, write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        let mut errors = declared::validate(write, object);
        errors.extend(validate_spec(&object["spec"], None, &write.kind.schema));
        let name = meta_str(object, "name");
        if name.len() > NAME_MAX {
            let reason = "must be no more than 52 characters";
            errors.push(FieldError::invalid_str("metadata.name", name, reason));
        }
        errors
    }

    fn validate_update(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        // Upstream does not look at what is said of its status.
        if workload::is_of_status(write) {
            return Vec::new();
        }
        let mut errors = declared::validate_update(write, object, old);
        let (spec, before) = (&object["spec"], &old["spec"]);
        errors.extend(validate_spec(spec, Some(before), &write.kind.schema));
        errors
    }

    fn validates_metadata_update(&self) -> bool {
        false
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        let mut warnings: Vec<String> = workload::name_warning(object).into_iter().collect();
        warnings.extend(job::warnings(
            &object["spec"]["jobTemplate"]["spec"],
            None,
            JOB,
        ));
        warnings
    }

    fn update_warnings(
        &self,
        write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<String> {
        if workload::is_of_status(write) {
            return Vec::new();
        }
        let mut warnings = Vec::new();
        if workload::is_new_generation(object, old) {
            let [spec, before] = [object, old].map(|object| &object["spec"]["jobTemplate"]["spec"]);
            warnings.extend(job::warnings(spec, Some(before), JOB));
        }
        if has_zone(&object["spec"]) {
            warnings.push(
                "cannot use TZ or CRON_TZ in spec.spec.schedule, use timeZone instead, see \
                 https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/ for more details"
                    .to_owned(),
            );
        }
        warnings
    }

    fn cell(&self, column: &str, object: &Value, age: &dyn Fn(&str) -> String) -> Value {
        let (spec, status) = (&object["spec"], &object["status"]);
        let text_or = |value: &Value, otherwise: &str| -> Value {
            value.as_str().unwrap_or(otherwise).into()
        };
        match column {
            "Schedule" => text_or(&spec["schedule"], ""),
            "Timezone" => text_or(&spec["timeZone"], "<none>"),
            "Suspend" => match spec["suspend"].as_bool() {
                None => "<unset>".into(),
                Some(true) => "True".into(),
                Some(false) => "False".into(),
            },
            "Active" => status["active"].as_array().map_or(0, Vec::len).into(),
            "Last Schedule" => match status["lastScheduleTime"].as_str() {
                Some(time) => age(time).into(),
                None => "<none>".into(),
            },
            _ => {
                let job = &spec["jobTemplate"]["spec"];
                cells::wide(column, &job["template"], &job["selector"])
            }
        }
    }
}

/// Whether a schedule names a time zone, or looks as if it did.
fn has_zone(spec: &Value) -> bool {
    let schedule = spec["schedule"].as_str();
    schedule.is_some_and(|schedule| schedule.contains("TZ"))
}

/// `validateCronJobSpec`.
fn validate_spec(spec: &Value, old: Option<&Value>, schema: &Struct) -> Vec<FieldError> {
    let mut checks = Checks::of(spec, "spec");
    let schedule = spec["schedule"].as_str().unwrap_or_default();
    if schedule.is_empty() {
        checks.required("schedule", "");
    } else {
        validate_schedule(&mut checks, schedule, old.is_some_and(has_zone), spec);
    }
    checks.nonnegative(&["startingDeadlineSeconds"]);
    if old.is_none_or(|old| old["timeZone"] != spec["timeZone"])
        && let Some(zone) = spec["timeZone"].as_str()
    {
        for reason in zones::errors(zone) {
            checks.invalid("timeZone", zone, reason);
        }
    }
    let policy = &spec["concurrencyPolicy"];
    let supported = &["Allow", "Forbid", "Replace"];
    if !policy
        .as_str()
        .is_some_and(|policy| supported.contains(&policy))
    {
        let path = checks.path("concurrencyPolicy");
        checks
            .errors
            .push(FieldError::not_supported(path, policy, supported));
    }
    let job = &spec["jobTemplate"]["spec"];
    checks.errors.extend(job::validate(job, schema, JOB));
    if job["selector"].is_object() {
        let reason = "`selector` will be auto-generated";
        let shown = show(&job["selector"]);
        checks.errors.push(FieldError::invalid_shown(
            format!("{JOB}.selector"),
            shown,
            reason,
        ));
    }
    if job["manualSelector"] == true {
        let path = format!("{JOB}.manualSelector");
        let error = FieldError::not_supported(path, &true.into(), &["nil", "false"]);
        checks.errors.push(error);
    }
    checks.nonnegative(&["successfulJobsHistoryLimit", "failedJobsHistoryLimit"]);
    checks.errors
}

/// `validateScheduleFormat`; `zoned` tells that the schedule had a time zone before, which then may stay.
fn validate_schedule(checks: &mut Checks<'_>, schedule: &str, zoned: bool, spec: &Value) {
    if let Err(why) = schedule::check(schedule) {
        checks.invalid("schedule", schedule, why);
    }
    if !schedule.contains("TZ") {
        return;
    }
    if !zoned {
        let reason = "cannot use TZ or CRON_TZ in schedule, use timeZone field instead";
        checks.invalid("schedule", schedule, reason);
    } else if spec["timeZone"].is_string() {
        let reason = "cannot use both timeZone field and TZ or CRON_TZ in schedule";
        checks.invalid("schedule", schedule, reason);
    }
}
