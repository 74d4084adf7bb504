//! The two ways in which a policy changes an object: a configuration that is applied, and a JSON patch.

use serde_json::{Map, Value};

use super::Compiled;
use super::mutating::Failure;
use crate::admission::inputs::{Inputs, evaluate};
use crate::admission::patching;
use crate::admission::view::View;
use crate::cel::{Budget, CelValue, RUNTIME_COST_BUDGET};
use crate::codec::quote::quote;
use crate::object::object_mut;
use crate::patch::apply;
use crate::registry::admissionregistration::expressions::{Compiler, Gives, Names};
use crate::registry::validation::read::text_at;
use crate::status::Status;

/// One change.
#[derive(Debug)]
pub(super) struct Mutation {
    is_configuration: bool,
    expression: Compiled,
}

impl Mutation {
    pub(super) fn new(compiler: &Compiler, names: Names, mutation: &Value) -> Self {
        let is_configuration = text_at(mutation, "patchType") == "ApplyConfiguration";
        let (field, gives) = match is_configuration {
            true => ("applyConfiguration", Gives::Configuration),
            false => ("jsonPatch", Gives::Patches),
        };
        let names = Names {
            patches: true,
            ..names
        };
        let text = text_at(&mutation[field], "expression");
        Mutation {
            is_configuration,
            expression: Compiled::new(compiler, text, names, gives),
        }
    }

    /// What becomes of what is shown.
    pub(super) fn apply(
        &self,
        view: &View<'_>,
        inputs: &Inputs<'_>,
        shown: &Value,
    ) -> Result<Value, Failure> {
        let Compiled { text, program } = &self.expression;
        if let Err(why) = program {
            return Err(Failure::Error(why.clone()));
        }
        let mut budget = Budget::new(RUNTIME_COST_BUDGET);
        let value = evaluate(text, program, &inputs.activation(), &mut budget);
        let value = value.map_err(|(_, why)| Failure::Error(why))?;
        let mut next = match self.is_configuration {
            true => configured(view, &value, shown).map_err(Failure::Error)?,
            false => patched(view, &value, shown)?,
        };
        view.complete(&mut next);
        Ok(next)
    }
}

/// What a configuration makes of it.
fn configured(view: &View<'_>, value: &CelValue, shown: &Value) -> Result<Value, String> {
    check_names(value)?;
    let mut config = value.to_json()?;
    let fields = object_mut(&mut config);
    fields.insert("kind".to_owned(), view.kind.kind.as_str().into());
    fields.insert("apiVersion".to_owned(), view.kind.api_version().into());
    apply::merge_unowned(shown, &config, &view.kind.schema)
        .map_err(|why| format!("error applying patch: {why}"))
}

/// What a patch makes of it; one whose tests fail makes nothing.
fn patched(view: &View<'_>, value: &CelValue, shown: &Value) -> Result<Value, Failure> {
    let patch = operations(value).map_err(Failure::Error)?;
    let patch = patch.to_string();
    let internal = |why: String| Failure::Status(Status::internal_error(&why));
    match patching::run(view, patch.as_bytes(), shown) {
        Err(why) if why.starts_with(patching::TEST_FAILED) => Ok(shown.clone()),
        Err(why) => Err(Failure::Error(format!("JSON Patch: {why}"))),
        Ok(next) => {
            let decoded = patching::decode(view, next).map_err(internal)?;
            match decoded.strict.is_empty() {
                true => Ok(decoded.value),
                false => Err(internal(format!(
                    "strict decoding error: {}",
                    decoded.strict.join(", ")
                ))),
            }
        }
    }
}

fn operations(value: &CelValue) -> Result<Value, String> {
    let mismatch = "type mismatch: JSONPatchType.expression should evaluate to array";
    let CelValue::List(list) = value else {
        return Err(mismatch.to_owned());
    };
    let operations = list.items.iter().map(|item| {
        let CelValue::Object(object) = item else {
            return Err(format!("{mismatch} of JSONPatch"));
        };
        let mut operation = Map::new();
        for field in ["op", "path", "from"] {
            let text = match object.fields.get(field) {
                Some(CelValue::String(text)) => &**text,
                _ => "",
            };
            if field != "from" || !text.is_empty() {
                operation.insert(field.to_owned(), text.into());
            }
        }
        if let Some(value) = object.fields.get("value") {
            check_names(value)?;
            let value = value.to_json().map_err(|why| {
                format!(
                    "JSONPath valueExpression evaluated to a type that could not marshal to JSON: {why}"
                )
            })?;
            operation.insert("value".to_owned(), value);
        }
        Ok(Value::Object(operation))
    });
    operations.collect::<Result<Vec<_>, _>>().map(Value::Array)
}

/// `CheckTypeNamesMatchFieldPathNames`: an object is called by the path that leads to it.
fn check_names(value: &CelValue) -> Result<(), String> {
    let CelValue::Object(object) = value else {
        return Ok(());
    };
    let mut errors = Vec::new();
    check_name(value, &object.name, &mut errors);
    match errors.is_empty() {
        true => Ok(()),
        false => Err(format!("type mismatch: {}", errors.join("\n"))),
    }
}

fn check_name(value: &CelValue, path: &str, errors: &mut Vec<String>) {
    match value {
        CelValue::Object(object) => {
            if *object.name != *path {
                let (found, wanted) = (quote(&object.name), quote(path));
                errors.push(format!(
                    "unexpected type name {found}, expected {wanted}, which matches field name path from root Object type"
                ));
            }
            for (field, value) in &object.fields {
                check_name(value, &format!("{path}.{field}"), errors);
            }
        }
        CelValue::List(list) => {
            for item in &list.items {
                check_name(item, path, errors);
            }
        }
        CelValue::Map(map) => {
            for item in map.entries.values() {
                check_name(item, path, errors);
            }
        }
        _ => {}
    }
}
