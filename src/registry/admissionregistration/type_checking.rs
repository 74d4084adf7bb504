//! What the controller of policies says of their expressions: those that do not fit the types of what they are about.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::expressions::{declared, namespace_type, request_type};
use crate::cel::{Environment, Program, Type, authorizer_type, escape};
use crate::kinds::{self, Catalog, KindRef, Struct};
use crate::registry::validation::read::{list_at, text_at, texts_at};

/// How many kinds are looked at.
const MAX_KINDS: usize = 10;

/// How deep types are described; what is deeper may be anything.
const MAX_DEPTH: usize = 12;

/// What is to be said in `status.typeChecking`.
pub(super) fn check(policy: &Value) -> Value {
    let spec = &policy["spec"];
    let kinds = kinds_of(spec);
    let mut warnings = Vec::new();
    for (i, validation) in list_at(spec, "validations").iter().enumerate() {
        for field in ["expression", "messageExpression"] {
            let text = text_at(validation, field);
            let found = kinds.iter().filter_map(|kind| mismatch(kind, spec, text));
            let found: Vec<String> = found.collect();
            if !text.is_empty() && !found.is_empty() {
                warnings.push(json!({
                    "fieldRef": format!("spec.validations[{i}].{field}"),
                    "warning": found.join("\n"),
                }));
            }
        }
    }
    match warnings.is_empty() {
        true => json!({}),
        false => json!({"expressionWarnings": warnings}),
    }
}

/// The built-in kinds that the rules name, by their names. What custom kinds hold is not looked at.
fn kinds_of(spec: &Value) -> Vec<KindRef> {
    let catalog = Catalog::built_in();
    let mut kinds = BTreeMap::new();
    for rule in list_at(&spec["matchConstraints"], "resourceRules") {
        let named = |field, unnamed: &[char]| {
            let mut texts = texts_at(rule, field);
            texts.sort_unstable();
            let is_named = |text: &&str| !text.contains(unnamed);
            match field {
                "resources" => texts.into_iter().filter(is_named).collect(),
                _ if texts.iter().all(is_named) => texts,
                _ => Vec::new(),
            }
        };
        for group in named("apiGroups", &['*']) {
            for version in named("apiVersions", &['*']) {
                for resource in named("resources", &['*', '/']) {
                    if let Some(kind) = catalog.find(group, version, resource) {
                        let names = [&kind.group, &kind.version, &kind.kind].map(String::clone);
                        kinds.insert(names, kind);
                    }
                }
            }
        }
    }
    kinds.into_values().take(MAX_KINDS).collect()
}

/// What is wrong with an expression about a kind.
fn mismatch(kind: &KindRef, spec: &Value, text: &str) -> Option<String> {
    let object = described(&kind.kind, &kind.schema, 0);
    let mut environment = Environment::new()
        .variable("object", object.clone())
        .variable("oldObject", object)
        .variable("namespaceObject", namespace_type())
        .variable("request", request_type())
        .variable("authorizer", authorizer_type());
    let param = &spec["paramKind"];
    if !param.is_null() {
        let found =
            Catalog::built_in().find_kind(text_at(param, "apiVersion"), text_at(param, "kind"));
        let ty = found.map(|kind| described(&kind.kind, &kind.schema, 0));
        environment = environment.variable("params", ty.unwrap_or(Type::Dyn));
    }
    let mut variables = Vec::new();
    for variable in list_at(spec, "variables") {
        let known = with_variables(&environment, &variables);
        let compiled = Program::compile(text_at(variable, "expression"), &known);
        let ty = compiled.map_or(Type::Dyn, |program| declared(program.output_type()));
        variables.push((text_at(variable, "name").to_owned(), ty));
    }
    let error = Program::compile(text, &with_variables(&environment, &variables)).err()?;
    let (group, version, name) = (&kind.group, &kind.version, &kind.kind);
    Some(format!("{group}/{version}, Kind={name}: {error}\n"))
}

fn with_variables(environment: &Environment, variables: &[(String, Type)]) -> Environment {
    let variables = Type::object("kubernetes.variables", variables.iter().cloned());
    environment.clone().variable("variables", variables)
}

/// The type of a struct, which is called by the path that leads to it.
fn described(path: &str, schema: &Struct, depth: usize) -> Type {
    let fields = schema.fields.iter().filter_map(|field| {
        let ty = of_field(&format!("{path}.{}", field.name), &field.ty, depth + 1)?;
        Some((escape(&field.name)?, ty))
    });
    Type::object(path, fields)
}

/// `SchemaDeclType`: none for what the OpenAPI document gives no type.
fn of_field(path: &str, ty: &kinds::Type, depth: usize) -> Option<Type> {
    if depth > MAX_DEPTH {
        return Some(Type::Dyn);
    }
    Some(match ty {
        kinds::Type::String | kinds::Type::Named(_) => Type::String,
        kinds::Type::Bool => Type::Bool,
        kinds::Type::Int32 | kinds::Type::Int64 => Type::Int,
        kinds::Type::Float64 => Type::Double,
        kinds::Type::Bytes => Type::Bytes,
        kinds::Type::Time | kinds::Type::MicroTime => Type::Timestamp,
        kinds::Type::IntOrString | kinds::Type::Quantity => return None,
        kinds::Type::FieldsV1 | kinds::Type::Raw(_) => Type::object(path, []),
        kinds::Type::Untyped | kinds::Type::SchemaOr(..) => Type::Dyn,
        kinds::Type::Map(inner) | kinds::Type::AtomicMap(inner) => Type::map(
            Type::String,
            of_field(&format!("{path}.@values"), inner, depth + 1)?,
        ),
        kinds::Type::List(list) => {
            Type::list(of_field(&format!("{path}.@items"), &list.item, depth + 1)?)
        }
        kinds::Type::Struct(inner) => described(path, inner, depth),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_the_type_is_told() {
        let policy = |text: &str| {
            json!({"spec": {
                "matchConstraints": {"resourceRules": [{
                    "apiGroups": ["apps"], "apiVersions": ["v1"], "resources": ["deployments", "deployments/scale"],
                }]},
                "validations": [{"expression": text}],
            }})
        };
        assert_eq!(check(&policy("object.spec.replicas > 1")), json!({}));
        let told = check(&policy("object.spec.nosuch > 1"));
        let warning = &told["expressionWarnings"][0];
        assert_eq!(warning["fieldRef"], "spec.validations[0].expression");
        assert_eq!(
            warning["warning"],
            "apps/v1, Kind=Deployment: ERROR: <input>:1:12: undefined field 'nosuch'\n | object.spec.nosuch > 1\n | ...........^\n"
        );
    }
}
