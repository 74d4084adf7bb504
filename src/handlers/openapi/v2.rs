//! Swagger 2.0: everything in one document.

use serde_json::{Map, Value, json};

use super::dialect::{Dialect, meta_name};
use super::operation::{Body, Operation};
use super::paths::paths;
use super::render::{
    add_extensions, answer_schema, answer_types, body_types, patch_types, reason,
    render_parameters, render_paths, security_schemes, write,
};
use super::roots::roots;
use super::schema::definitions;
use crate::handlers::version::Version;
use crate::kinds::{Catalog, KindRef, StructRef};

/// What `/openapi/v2` answers as JSON.
pub(crate) fn document(catalog: &Catalog, server: Version) -> Vec<u8> {
    let resources: Vec<KindRef> = catalog.kinds().cloned().collect();
    let roots = roots(catalog);
    let answers: Vec<&StructRef> = roots.iter().filter_map(|root| root.answer).collect();
    let mut paths = paths(&resources, catalog);
    paths.extend(roots.into_iter().map(|root| root.path));
    let paths = render_paths(&paths, Dialect::V2, render_operation);
    write(&[
        ("swagger", "2.0".into()),
        (
            "info",
            json!({ "title": "Kubernetes", "version": server.git_version() }),
        ),
        ("paths", paths),
        (
            "definitions",
            definitions(&resources, &answers, catalog, Dialect::V2).into(),
        ),
        ("securityDefinitions", security_schemes()),
        ("security", json!([{ "BearerToken": [] }])),
    ])
}

fn render_operation(operation: &Operation) -> Value {
    let mut value = json!({
        "consumes": consumes(operation),
        "description": operation.description,
        "operationId": operation.id,
        "produces": answer_types(operation),
        "responses": responses(operation),
        "schemes": ["https"],
        "tags": [operation.tag],
    });
    let mut parameters = render_parameters(&operation.parameters, Dialect::V2);
    if let (Some(body), Some(list)) = (body_parameter(&operation.body), parameters.as_array_mut()) {
        list.insert(0, body);
    }
    if parameters != json!([]) {
        value["parameters"] = parameters;
    }
    add_extensions(&mut value, operation);
    value
}

fn consumes(operation: &Operation) -> Value {
    match operation.body {
        Body::Patch => json!(patch_types(operation)),
        Body::None | Body::Required(_) | Body::Optional(_) => json!(body_types(operation)),
    }
}

/// In this dialect a body is one parameter more.
fn body_parameter(body: &Body) -> Option<Value> {
    let (definition, required) = match body {
        Body::None => return None,
        Body::Required(name) => (name.clone(), true),
        Body::Optional(name) => (name.clone(), false),
        Body::Patch => (meta_name("Patch"), true),
    };
    let mut parameter =
        json!({ "in": "body", "name": "body", "schema": Dialect::V2.reference(&definition) });
    if required {
        parameter["required"] = true.into();
    }
    Some(parameter)
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for &code in operation.codes {
        let schema = answer_schema(operation, Dialect::V2);
        responses.insert(
            code.to_string(),
            json!({ "description": reason(code), "schema": schema }),
        );
    }
    responses.insert("401".to_owned(), json!({ "description": reason(401) }));
    responses.into()
}

#[cfg(test)]
mod tests {
    use super::super::render::PATCH_TYPES;
    use super::super::undescribed;
    use super::*;

    fn parsed() -> Value {
        serde_json::from_slice(&document(&Catalog::built_in(), Version::default())).unwrap()
    }

    #[test]
    fn the_document_is_swagger_2() {
        let text = String::from_utf8(document(&Catalog::built_in(), Version::default())).unwrap();
        let start = r#"{"swagger":"2.0","info":{"title":"Kubernetes","version":"v1.36.2"},"paths":{"/.well-known/openid-configuration/":{"get":{"#;
        assert!(text.starts_with(start), "{}", &text[..200]);
    }

    #[test]
    fn a_body_is_a_parameter() {
        let document = parsed();
        let patch = &document["paths"]["/api/v1/namespaces/{name}"]["patch"];
        let body = json!({
            "in": "body", "name": "body", "required": true,
            "schema": { "$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.Patch" },
        });
        assert_eq!(patch["parameters"][0], body);
        assert_eq!(patch["consumes"], json!(PATCH_TYPES));
    }

    #[test]
    fn references_stand_beside_their_descriptions_without_defaults() {
        let document = parsed();
        let property = |kind: &str, name: &str| {
            undescribed(
                &document["definitions"][format!("io.k8s.api.core.v1.{kind}")]["properties"][name],
            )
        };
        let port = json!({ "type": "integer", "format": "int32" });
        assert_eq!(property("EndpointPort", "port"), port);
        let metadata =
            json!({ "$ref": "#/definitions/io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta" });
        assert_eq!(property("Endpoints", "metadata"), metadata);
    }
}
