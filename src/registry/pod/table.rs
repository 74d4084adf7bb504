//! What is shown of a pod in a table: upstream's `printPod`.

use serde_json::{Value, json};

use super::conditions;
use super::read::{count, flag, is_restartable, is_set, is_true, list, member, text};

/// What the containers of a pod come to.
struct Summary<'a> {
    status: String,
    ready: usize,
    total: usize,
    restarts: i64,
    /// When the last restart was; empty for none.
    restarted: &'a str,
}

pub(super) fn cell(column: &str, pod: &Value, age: &dyn Fn(&str) -> String) -> Value {
    let or_none = |text: &str| match text {
        "" => "<none>".into(),
        text => Value::from(text),
    };
    match column {
        "Ready" => {
            let summary = summarize(pod);
            format!("{}/{}", summary.ready, summary.total).into()
        }
        "Status" => summarize(pod).status.into(),
        "Restarts" => restarts(&summarize(pod), age).into(),
        "IP" => {
            let first = list(&pod["status"], "podIPs").first();
            or_none(first.map_or("", |address| text(address, "ip")))
        }
        "Node" => or_none(text(&pod["spec"], "nodeName")),
        "Nominated Node" => or_none(text(&pod["status"], "nominatedNodeName")),
        "Readiness Gates" => readiness_gates(pod).into(),
        _ => Value::Null,
    }
}

/// What a row says of a pod that has ended.
pub(super) fn conditions(pod: &Value) -> Value {
    let (reason, message) = match text(&pod["status"], "phase") {
        "Succeeded" => ("Succeeded", "The pod has completed successfully."),
        "Failed" => ("Failed", "The pod failed."),
        _ => return Value::Null,
    };
    json!([{"type": "Completed", "status": "True", "reason": reason, "message": message}])
}

fn restarts(summary: &Summary<'_>, age: &dyn Fn(&str) -> String) -> String {
    match (summary.restarts, summary.restarted) {
        (0, _) | (_, "") => summary.restarts.to_string(),
        (restarts, since) => format!("{restarts} ({} ago)", age(since)),
    }
}

fn readiness_gates(pod: &Value) -> String {
    let gates = list(&pod["spec"], "readinessGates");
    if gates.is_empty() {
        return "<none>".to_owned();
    }
    let open = gates
        .iter()
        .filter(|gate| conditions::is_true(&pod["status"], text(gate, "conditionType")))
        .count();
    format!("{open}/{}", gates.len())
}

fn summarize(pod: &Value) -> Summary<'_> {
    let (spec, status) = (&pod["spec"], &pod["status"]);
    let staying = list(spec, "initContainers")
        .iter()
        .filter(|container| is_restartable(container))
        .count();
    let phase = text(status, "phase");
    let mut summary = Summary {
        status: match text(status, "reason") {
            "" => phase.to_owned(),
            reason => reason.to_owned(),
        },
        ready: 0,
        total: list(spec, "containers").len() + staying,
        restarts: 0,
        restarted: "",
    };
    let gated = "SchedulingGated";
    let is_gated = |condition: &Value| {
        text(condition, "type") == "PodScheduled" && text(condition, "reason") == gated
    };
    if list(status, "conditions").iter().any(is_gated) {
        summary.status = gated.to_owned();
    }
    let of_staying = count_init(spec, status, &mut summary);
    if let Some((restarts, restarted)) = of_staying {
        (summary.restarts, summary.restarted) = (restarts, restarted);
        count_containers(status, &mut summary);
    }
    if is_set(&pod["metadata"], "deletionTimestamp") {
        if text(status, "reason") == "NodeLost" {
            summary.status = "Unknown".to_owned();
        } else if !matches!(phase, "Failed" | "Succeeded") {
            summary.status = "Terminating".to_owned();
        }
    }
    summary
}

/// Goes through the init containers. Once they are done, what counts of them is how often those restarted that stay.
fn count_init<'a>(
    spec: &Value,
    status: &'a Value,
    summary: &mut Summary<'a>,
) -> Option<(i64, &'a str)> {
    let containers = list(spec, "initContainers");
    let (mut staying, mut since) = (0, "");
    let mut is_initializing = false;
    for (i, own) in list(status, "initContainerStatuses").iter().enumerate() {
        let container = containers
            .iter()
            .find(|container| text(container, "name") == text(own, "name"));
        let stays = container.is_some_and(is_restartable);
        summary.restarts += count(own, "restartCount");
        summary.restarted = summary.restarted.max(last_end(own));
        if stays {
            staying += count(own, "restartCount");
            since = since.max(last_end(own));
        }
        let state = &own["state"];
        let ended = member(state, "terminated");
        if ended.is_some_and(|ended| count(ended, "exitCode") == 0) {
            continue;
        }
        if stays && flag(own, "started") == Some(true) {
            summary.ready += usize::from(is_true(own, "ready"));
            continue;
        }
        let waiting = text(&state["waiting"], "reason");
        summary.status = match ended {
            Some(ended) => format!("Init:{}", how_it_ended(ended)),
            None if !matches!(waiting, "" | "PodInitializing") => format!("Init:{waiting}"),
            None => format!("Init:{i}/{}", containers.len()),
        };
        is_initializing = true;
        break;
    }
    let is_done = !is_initializing || conditions::is_true(status, "Initialized");
    is_done.then_some((staying, since))
}

/// When a container ended the last time.
fn last_end(status: &Value) -> &str {
    text(&status["lastState"]["terminated"], "finishedAt")
}

fn how_it_ended(ended: &Value) -> String {
    match (text(ended, "reason"), count(ended, "signal")) {
        ("", 0) => format!("ExitCode:{}", count(ended, "exitCode")),
        ("", signal) => format!("Signal:{signal}"),
        (reason, _) => reason.to_owned(),
    }
}

fn count_containers<'a>(status: &'a Value, summary: &mut Summary<'a>) {
    let mut is_running = false;
    let mut failure = String::new();
    for own in list(status, "containerStatuses").iter().rev() {
        summary.restarts += count(own, "restartCount");
        summary.restarted = summary.restarted.max(last_end(own));
        let state = &own["state"];
        let waiting = text(&state["waiting"], "reason");
        if !waiting.is_empty() {
            summary.status = waiting.to_owned();
        } else if let Some(ended) = member(state, "terminated") {
            summary.status = how_it_ended(ended);
            if count(ended, "exitCode") != 0 {
                failure.clone_from(&summary.status);
            }
        } else if is_true(own, "ready") && is_set(state, "running") {
            is_running = true;
            summary.ready += 1;
        }
    }
    if summary.status == "Completed" {
        if is_running && conditions::is_true(status, "Ready") {
            summary.status = "Running".to_owned();
        } else if !failure.is_empty() {
            summary.status = failure;
        } else if is_running {
            summary.status = "NotReady".to_owned();
        }
    }
}

/// The columns of what has a template.
pub(super) fn template_cell(column: &str, template: &Value) -> Value {
    let joined = |field: &str| {
        let containers = list(&template["spec"], "containers").iter();
        let all: Vec<&str> = containers.map(|container| text(container, field)).collect();
        all.join(",")
    };
    match column {
        "Containers" => joined("name").into(),
        "Images" => joined("image").into(),
        "Pod Labels" => {
            let labels = super::read::entries(&template["metadata"], "labels");
            let labels: Vec<String> = labels
                .into_iter()
                .map(|(key, value)| format!("{key}={}", value.as_str().unwrap_or_default()))
                .collect();
            match labels.join(",") {
                none if none.is_empty() => "<none>".into(),
                labels => labels.into(),
            }
        }
        _ => Value::Null,
    }
}
