//! core/v1 Endpoints.

use serde_json::Value;

use super::strategy::{Strategy, WriteContext};
use super::validation::endpoints as rules;
use crate::status::field::FieldError;

pub(crate) struct Endpoints;

/// How many `ip:port` pairs the Endpoints column shows.
const SHOWN_ENDPOINTS: usize = 3;

impl Strategy for Endpoints {
    fn set_defaults(&self, object: &mut Value) {
        rules::set_defaults(object);
    }

    fn validate(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<FieldError> {
        rules::validate(object)
    }

    fn validates_metadata(&self) -> bool {
        true
    }

    fn validate_update(
        &self,
        _write: &WriteContext<'_>,
        object: &Value,
        old: &Value,
    ) -> Vec<FieldError> {
        rules::validate_update(object, old)
    }

    fn warnings(&self, _write: &WriteContext<'_>, object: &Value) -> Vec<String> {
        rules::warnings(object)
    }

    fn cell(&self, _column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        endpoints_cell(object).into()
    }
}

/// `10.0.0.1:80,10.0.0.2:80,10.0.0.3:80 + 1 more...`: ready addresses only, ports outer, addresses inner.
fn endpoints_cell(object: &Value) -> String {
    let Some(subsets) = object.get("subsets").and_then(Value::as_array) else {
        return "<none>".to_owned();
    };
    let all: Vec<String> = subsets.iter().flat_map(subset_endpoints).collect();
    let mut cell = all[..all.len().min(SHOWN_ENDPOINTS)].join(",");
    if all.len() > SHOWN_ENDPOINTS {
        cell.push_str(&format!(" + {} more...", all.len() - SHOWN_ENDPOINTS));
    }
    cell
}

fn subset_endpoints(subset: &Value) -> Vec<String> {
    let items = |field| {
        subset
            .get(field)
            .and_then(Value::as_array)
            .map_or(&[] as &[Value], Vec::as_slice)
    };
    let ips: Vec<&str> = items("addresses")
        .iter()
        .filter_map(|a| a.get("ip")?.as_str())
        .collect();
    let ports = items("ports");
    if ports.is_empty() {
        return ips.into_iter().map(str::to_owned).collect();
    }
    let numbers = ports.iter().filter_map(|p| p.get("port")?.as_i64());
    numbers
        .flat_map(|port| ips.iter().map(move |ip| join_host_port(ip, port)))
        .collect()
}

fn join_host_port(ip: &str, port: i64) -> String {
    if ip.contains(':') {
        format!("[{ip}]:{port}")
    } else {
        format!("{ip}:{port}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_endpoints_cell_shows_three_and_counts_the_rest() {
        let two = json!([{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]);
        for (object, cell) in [
            (json!({}), "<none>"),
            (
                json!({"subsets": [{"notReadyAddresses": two, "ports": [{"port": 80}]}]}),
                "",
            ),
            (json!({"subsets": [{"addresses": two}]}), "10.0.0.1,fd00::1"),
            (
                json!({"subsets": [{"addresses": two, "ports": [{"port": 1}, {"port": 2}]}]}),
                "10.0.0.1:1,[fd00::1]:1,10.0.0.1:2 + 1 more...",
            ),
        ] {
            assert_eq!(endpoints_cell(&object), cell);
        }
    }
}
