//! The JSON Schema of scripts, made from the same table they are read by.

use serde_json::{Value, json};

use crate::codec::json;
use crate::fault::argument::{Parameter, Takes};
use crate::fault::kind::FaultKind;
use crate::fault::kinds;
use crate::fault::rule::Fault;
use crate::fault::schedule::Per;
use crate::request::info::VERBS;
use crate::request::when::Patch;

const TIME: &str = "^[0-9]+(ms|s|m|h)$";

impl Fault {
    /// The JSON Schema (2020-12) of fault scripts, for editors and for whoever installs rules over HTTP.
    ///
    /// ```
    /// let schema = fake_apiserver::Fault::script_schema();
    /// assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    /// ```
    pub fn script_schema() -> Value {
        json!({
            "$schema": "https://json-schema.org/draft/2020-12/schema",
            "title": "fake-apiserver fault script",
            "description": "What goes wrong, for which requests, how often. Rules are asked in order; the first that acts wins.",
            "anyOf": [
                {
                    "type": "object",
                    "properties": {"faults": {"type": "array", "items": {"$ref": "#/$defs/rule"}}},
                    "required": ["faults"],
                    "additionalProperties": false
                },
                {"type": "array", "items": {"$ref": "#/$defs/rule"}},
                {"$ref": "#/$defs/rule"}
            ],
            "$defs": {
                "rule": rule(),
                "fault": {"anyOf": kinds::all().flat_map(kind).collect::<Vec<_>>()},
                "when": when(),
                "schedule": schedule(),
                "texts": {"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]},
                "map": {"type": "object", "additionalProperties": {"type": "string"}},
                "time": {"type": "string", "pattern": TIME}
            }
        })
    }
}

fn rule() -> Value {
    json!({
        "type": "object",
        "properties": {
            "name": {"type": "string", "description": "What messages and the journal call the rule."},
            "fault": {"$ref": "#/$defs/fault", "description": "What goes wrong."},
            "when": {"$ref": "#/$defs/when"},
            "schedule": {"$ref": "#/$defs/schedule"},
            "carryOn": {"type": "boolean", "description": "After this rule has acted, the next ones are asked too."},
            "optional": {"type": "boolean", "description": "The rule need not act."}
        },
        "required": ["fault"],
        "additionalProperties": false
    })
}

/// A kind by its name alone, where it needs no more, and as a map.
fn kind(kind: &FaultKind) -> Vec<Value> {
    let needs = kind.parameters.iter().any(|p| p.required);
    let mut forms = Vec::new();
    if !needs {
        forms.push(json!({"const": kind.name, "description": kind.about}));
    }
    let properties = json::object(kind.parameters.iter().map(property));
    let required: Vec<&str> = kind
        .parameters
        .iter()
        .filter(|p| p.required)
        .map(|p| p.name)
        .collect();
    let mut value =
        json!({"type": "object", "properties": properties, "additionalProperties": false});
    if needs {
        value["required"] = json!(required);
    }
    if let Some(alone) = kind
        .parameters
        .first()
        .filter(|p| p.required && p.takes != Takes::Map)
        && required.len() == 1
    {
        value = json!({"anyOf": [value, takes(alone.takes)]});
    }
    value["description"] = kind.about.into();
    forms.push(json!({
        "type": "object",
        "properties": {kind.name: value},
        "required": [kind.name],
        "additionalProperties": false
    }));
    forms
}

fn property(parameter: &Parameter) -> (String, Value) {
    let mut schema = takes(parameter.takes);
    schema["description"] = parameter.about.into();
    (parameter.name.to_owned(), schema)
}

fn takes(takes: Takes) -> Value {
    match takes {
        Takes::Number(from, u64::MAX) => json!({"type": "integer", "minimum": from}),
        Takes::Number(from, to) => json!({"type": "integer", "minimum": from, "maximum": to}),
        Takes::Fraction => json!({"type": "number", "minimum": 0}),
        Takes::Time => json!({"$ref": "#/$defs/time"}),
        Takes::Flag => json!({"type": "boolean"}),
        Takes::Text => json!({"type": "string"}),
        Takes::Texts => json!({"$ref": "#/$defs/map"}),
        Takes::Causes => json!({
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"field": {"type": "string"}, "detail": {"type": "string"}},
                "required": ["field", "detail"],
                "additionalProperties": false
            }
        }),
        Takes::Map => json!({"type": "object"}),
    }
}

fn when() -> Value {
    let texts = |about: &str| json!({"$ref": "#/$defs/texts", "description": about});
    let map = |about: &str| json!({"$ref": "#/$defs/map", "description": about});
    let some_of = |all: Vec<&str>, about: &str| {
        let one = json!({"enum": all});
        json!({"anyOf": [one, {"type": "array", "items": one}], "description": about})
    };
    json!({
        "type": "object",
        "description": "Which requests; what is left out matches all.",
        "properties": {
            "verb": some_of(VERBS.to_vec(), "The verb, as RBAC knows it."),
            "resource": texts("The plural name, with its group after a dot if it has one."),
            "subresource": texts("The subresource."),
            "namespace": texts("The namespace."),
            "name": texts("The name of the object."),
            "labels": map("Labels of the stored object."),
            "patch": some_of(Patch::ALL.map(Patch::name).to_vec(), "The kind of patch."),
            "fieldManager": texts("Who writes, given or by User-Agent."),
            "user": texts("The user."),
            "userAgent": texts("What the User-Agent starts with."),
            "headers": map("Headers of the request."),
            "query": map("Query parameters."),
            "dryRun": {"type": "boolean", "description": "Only dry runs, or only the others."}
        },
        "additionalProperties": false
    })
}

fn schedule() -> Value {
    let count = |about: &str| json!({"type": "integer", "minimum": 1, "description": about});
    json!({
        "type": "object",
        "description": "Which of the matching attempts; without it all of them, until the rule is removed.",
        "properties": {
            "first": count("The first so many, or those after `skip`."),
            "skip": count("Lets so many through first."),
            "nth": count("This one alone."),
            "every": count("Every n-th."),
            "from": count("From this one on, counted from 1."),
            "to": count("Up to this one, included."),
            "probability": {"type": "number", "minimum": 0, "maximum": 1, "description": "Each by chance, from the server's seed."},
            "during": {"$ref": "#/$defs/time", "description": "All for this long, by the server's clock."},
            "per": {"enum": Per::ALL.map(Per::name), "description": "What attempts are counted by."}
        },
        "additionalProperties": false
    })
}

#[cfg(test)]
mod tests {
    use super::super::SCHEDULE;
    use super::*;
    use crate::request::when::WHEN;

    fn keys(schema: &Value) -> Vec<&str> {
        schema["properties"]
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    #[test]
    fn it_knows_the_keys_that_scripts_know() {
        let sorted = |mut keys: Vec<&'static str>| {
            keys.sort_unstable();
            keys
        };
        assert_eq!(keys(&when()), sorted(WHEN.to_vec()));
        assert_eq!(keys(&schedule()), sorted(SCHEDULE.to_vec()));
    }
}
