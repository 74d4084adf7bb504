//! The cell that shows what an autoscaler goes by, and where that stands.

use serde_json::Value;

/// So many are shown.
const MAX: usize = 2;

const UNKNOWN: &str = "<unknown>";

/// `formatHPAMetrics`.
pub(super) fn targets(specs: &Value, statuses: &Value) -> String {
    let specs = specs.as_array().map_or(&[][..], Vec::as_slice);
    if specs.is_empty() {
        return "<none>".to_owned();
    }
    let shown = specs.iter().enumerate().take(MAX);
    let shown: Vec<String> = shown.map(|(i, spec)| target(spec, &statuses[i])).collect();
    let list = shown.join(", ");
    match specs.len().saturating_sub(MAX) {
        0 => list,
        more => format!("{list} + {more} more..."),
    }
}

fn target(spec: &Value, status: &Value) -> String {
    let field = match spec["type"].as_str().unwrap_or_default() {
        "External" => "external",
        "Pods" => "pods",
        "Object" => "object",
        "Resource" => "resource",
        "ContainerResource" => "containerResource",
        _ => return "<unknown type>".to_owned(),
    };
    let (wanted, current) = (&spec[field]["target"], &status[field]["current"]);
    let text = |holder: &Value, field: &str| holder[field].as_str().unwrap_or(UNKNOWN).to_owned();
    let average = wanted.get("averageValue").is_some();
    match field {
        "resource" | "containerResource" => {
            let name = spec[field]["name"].as_str().unwrap_or_default();
            if average {
                let current = text(current, "averageValue");
                return format!("{name}: {current}/{}", text(wanted, "averageValue"));
            }
            let share = |holder: &Value, otherwise: &str| {
                let share = holder["averageUtilization"].as_i64();
                share.map_or_else(|| otherwise.to_owned(), |share| format!("{share}%"))
            };
            format!(
                "{name}: {}/{}",
                share(current, UNKNOWN),
                share(wanted, "<auto>")
            )
        }
        "pods" => format!(
            "{}/{}",
            text(current, "averageValue"),
            text(wanted, "averageValue")
        ),
        _ if average => {
            let current = text(current, "averageValue");
            format!("{current}/{} (avg)", text(wanted, "averageValue"))
        }
        _ => format!("{}/{}", text(current, "value"), text(wanted, "value")),
    }
}
