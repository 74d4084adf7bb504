//! core/v1 ComponentStatus: what kubectl prints of one.

use serde_json::Value;

use super::strategy::Strategy;

pub(crate) struct ComponentStatuses;

impl Strategy for ComponentStatuses {
    fn cell(&self, column: &str, object: &Value, _age: &dyn Fn(&str) -> String) -> Value {
        let conditions = object["conditions"].as_array().into_iter().flatten();
        let healthy = conditions
            .clone()
            .find(|condition| condition["type"] == "Healthy");
        let text = |field: &str| {
            let text = healthy.and_then(|condition| condition[field].as_str());
            Value::from(text.unwrap_or_default())
        };
        match column {
            "Status" => match text("status").as_str() {
                Some("True") => "Healthy",
                Some("") | None => "Unknown",
                Some(_) => "Unhealthy",
            }
            .into(),
            "Message" => text("message"),
            _ => text("error"),
        }
    }
}
