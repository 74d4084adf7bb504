//! OpenAPI 3.0: a document a group version, and the index that leads to them.

use serde_json::{Map, Value, json};

use super::dialect::{Dialect, meta_name};
use super::operation::{Body, Operation, Path, root};
use super::paths::paths;
use super::render::{
    add_extensions, answer_schema, answer_types, body_types, patch_types, reason,
    render_parameters, render_paths, security_schemes, write,
};
use super::roots::roots;
use super::schema::{custom_definitions, definitions, definitions_of};
use crate::codec::json;
use crate::handlers::discovery::aggregated::etag;
use crate::handlers::version::Version;
use crate::kinds::{Catalog, KindRef};

/// A document and what stands for it in its address and entity tag.
#[derive(Debug)]
pub(crate) struct Document {
    pub(crate) json: Vec<u8>,
    pub(crate) hash: String,
}

impl From<Vec<u8>> for Document {
    fn from(json: Vec<u8>) -> Self {
        let hash = etag(&json);
        Document { json, hash }
    }
}

/// All documents by what follows `/openapi/v3/`: `api/v1`, `apis/apps/v1`, `version`.
pub(crate) fn documents(catalog: &Catalog, server: Version) -> Vec<(String, Document)> {
    let resources: Vec<KindRef> = catalog.kinds().cloned().collect();
    let mut documents = of_versions(&resources, catalog, server);
    documents.extend(roots(catalog).into_iter().map(|root| {
        let definitions = definitions_of(root.answer.as_slice(), Dialect::V3);
        (root.key, assemble(&[root.path], definitions, server).into())
    }));
    documents.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
    documents
}

/// The document of each group version.
fn of_versions(
    resources: &[KindRef],
    catalog: &Catalog,
    server: Version,
) -> Vec<(String, Document)> {
    let mut documents: Vec<(String, Document)> = Vec::new();
    for resource in resources {
        let name = root(resource).trim_start_matches('/').to_owned();
        let (group, version) = (&resource.group, &resource.version);
        if documents.iter().all(|(of, _)| *of != name)
            && let Some(json) = document(resources, catalog, group, version, server)
        {
            documents.push((name, json.into()));
        }
    }
    documents
}

/// What `/openapi/v3` answers: where the documents are, in their present form.
pub(crate) fn index(documents: &[(String, Document)]) -> Vec<u8> {
    let address = |(name, document): &(String, Document)| {
        let url = format!("/openapi/v3/{name}?hash={}", document.hash);
        (name.clone(), json!({ "serverRelativeURL": url }))
    };
    let paths = json::object(documents.iter().map(address));
    write(&[("paths", paths.into())])
}

/// The document of one group version, if it is served.
pub(crate) fn document(
    resources: &[KindRef],
    catalog: &Catalog,
    group: &str,
    version: &str,
    server: Version,
) -> Option<Vec<u8>> {
    let members: Vec<KindRef> = resources
        .iter()
        .filter(|kind| kind.group == group && kind.version == version)
        .cloned()
        .collect();
    if members.is_empty() {
        return None;
    }
    if members.iter().all(|kind| kind.custom.is_some()) {
        return Some(custom_document(&members, catalog));
    }
    let definitions = definitions(&members, &[], catalog, Dialect::V3);
    Some(assemble(&paths(&members, catalog), definitions, server))
}

/// The document of a version that only definitions make.
fn custom_document(members: &[KindRef], catalog: &Catalog) -> Vec<u8> {
    let components = json!({ "schemas": custom_definitions(members, catalog) });
    write(&[
        ("openapi", "3.0.0".into()),
        (
            "info",
            json!({ "title": "Kubernetes CRD Swagger", "version": "v0.1.0" }),
        ),
        (
            "paths",
            render_paths(&paths(members, catalog), Dialect::V3, render_operation),
        ),
        ("components", components),
    ])
}

fn assemble(paths: &[Path], definitions: Map<String, Value>, server: Version) -> Vec<u8> {
    let paths = render_paths(paths, Dialect::V3, render_operation);
    let components = json!({
        "schemas": definitions,
        "securitySchemes": security_schemes(),
    });
    write(&[
        ("openapi", "3.0.0".into()),
        (
            "info",
            json!({ "title": "Kubernetes", "version": server.git_version() }),
        ),
        ("paths", paths),
        ("components", components),
    ])
}

fn render_operation(operation: &Operation) -> Value {
    let mut value = json!({
        "description": operation.description,
        "operationId": operation.id,
        "responses": responses(operation),
        "tags": [operation.tag],
    });
    if !operation.parameters.is_empty() {
        value["parameters"] = render_parameters(&operation.parameters, Dialect::V3);
    }
    if let Some(body) = request_body(operation) {
        value["requestBody"] = body;
    }
    add_extensions(&mut value, operation);
    value
}

fn request_body(operation: &Operation) -> Option<Value> {
    let of = |name: &str| Dialect::V3.reference(name);
    let body = |name: &str| content(body_types(operation).iter().copied(), &of(name));
    match &operation.body {
        Body::None => None,
        Body::Optional(name) => Some(json!({ "content": body(name) })),
        Body::Required(name) => Some(json!({ "content": body(name), "required": true })),
        Body::Patch => {
            let content = content(
                patch_types(operation).iter().copied(),
                &of(&meta_name("Patch")),
            );
            Some(json!({ "content": content, "required": true }))
        }
    }
}

fn responses(operation: &Operation) -> Value {
    let mut responses = Map::new();
    for &code in operation.codes {
        let schema = answer_schema(operation, Dialect::V3);
        let content = content(answer_types(operation), &schema);
        responses.insert(
            code.to_string(),
            json!({ "description": reason(code), "content": content }),
        );
    }
    responses.insert("401".to_owned(), json!({ "description": reason(401) }));
    responses.into()
}

/// The same schema in every one of these media types.
fn content<'a>(types: impl IntoIterator<Item = &'a str>, schema: &Value) -> Value {
    let schema = json!({ "schema": schema });
    let types = types.into_iter();
    json::object(types.map(|ty| (ty.to_owned(), schema.clone()))).into()
}

#[cfg(test)]
mod tests {
    use super::super::render::PATCH_TYPES;
    use super::super::undescribed;
    use super::*;
    use crate::kinds::Kind;
    use std::sync::Arc;

    fn kind(plural: &str) -> KindRef {
        let catalog = Catalog::built_in();
        catalog.find("", "v1", plural).unwrap().clone()
    }

    fn all() -> [KindRef; 2] {
        ["endpoints", "namespaces"].map(kind)
    }

    /// A kind of another group.
    fn widgets() -> KindRef {
        Arc::new(Kind {
            group: "rbac.authorization.k8s.io".to_owned(),
            plural: "widgets".to_owned(),
            kind: "Widget".to_owned(),
            ..Kind::clone(&kind("services"))
        })
    }

    fn core() -> Value {
        serde_json::from_slice(
            &document(&all(), &Catalog::built_in(), "", "v1", Version::default()).unwrap(),
        )
        .unwrap()
    }

    fn names(value: &Value) -> Vec<&str> {
        value
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect()
    }

    /// The names of the parameters of an operation or a path.
    fn parameters(value: &Value) -> Vec<&str> {
        value["parameters"]
            .as_array()
            .unwrap()
            .iter()
            .map(|p| p["name"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn the_document_begins_like_the_real_one() {
        let text = String::from_utf8(
            document(&all(), &Catalog::built_in(), "", "v1", Version::default()).unwrap(),
        )
        .unwrap();
        let start = r#"{"openapi":"3.0.0","info":{"title":"Kubernetes","version":"v1.36.2"},"paths":{"/api/v1/":{"get":{"#;
        assert!(text.starts_with(start), "{}", &text[..200]);
    }

    #[test]
    fn the_paths_are_those_of_the_resources() {
        let expected = [
            "/api/v1/",
            "/api/v1/endpoints",
            "/api/v1/namespaces",
            "/api/v1/namespaces/{namespace}/endpoints",
            "/api/v1/namespaces/{namespace}/endpoints/{name}",
            "/api/v1/namespaces/{name}",
            "/api/v1/namespaces/{name}/finalize",
            "/api/v1/namespaces/{name}/status",
            "/api/v1/watch/endpoints",
            "/api/v1/watch/namespaces",
            "/api/v1/watch/namespaces/{namespace}/endpoints",
            "/api/v1/watch/namespaces/{namespace}/endpoints/{name}",
            "/api/v1/watch/namespaces/{name}",
        ];
        let document = core();
        let mut found = names(&document["paths"]);
        found.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_patch_says_all_that_kubectl_looks_for() {
        let document = core();
        let patch = &document["paths"]["/api/v1/namespaces/{namespace}/endpoints/{name}"]["patch"];
        assert_eq!(patch["operationId"], "patchCoreV1NamespacedEndpoints");
        assert_eq!(
            patch["description"],
            "partially update the specified Endpoints"
        );
        assert_eq!(patch["tags"], json!(["core_v1"]));
        assert_eq!(patch["x-kubernetes-action"], "patch");
        assert_eq!(
            patch["x-kubernetes-group-version-kind"],
            json!({ "group": "", "version": "v1", "kind": "Endpoints" })
        );
        assert_eq!(
            parameters(patch),
            ["dryRun", "fieldManager", "fieldValidation", "force"]
        );
        let mut types = names(&patch["requestBody"]["content"]);
        types.sort_unstable();
        assert_eq!(types, PATCH_TYPES);
    }

    #[test]
    fn shared_parameters_stand_at_the_path() {
        let document = core();
        let item = &document["paths"]["/api/v1/namespaces/{namespace}/endpoints/{name}"];
        assert_eq!(parameters(item), ["name", "namespace", "pretty"]);
        assert!(item["get"].get("parameters").is_none());
        let everywhere = &document["paths"]["/api/v1/endpoints"];
        assert_eq!(everywhere["parameters"].as_array().unwrap().len(), 11);
        assert_eq!(
            parameters(&document["paths"]["/api/v1/namespaces/{name}/finalize"]),
            [
                "dryRun",
                "fieldManager",
                "fieldValidation",
                "name",
                "pretty"
            ]
        );
    }

    #[test]
    fn operations_are_named_as_upstream_names_them() {
        let document = core();
        let id = |path: &str, method: &str| {
            document["paths"][path][method]["operationId"]
                .as_str()
                .unwrap()
                .to_owned()
        };
        let item = "/api/v1/namespaces/{namespace}/endpoints";
        assert_eq!(id(item, "get"), "listCoreV1NamespacedEndpoints");
        assert_eq!(id(item, "post"), "createCoreV1NamespacedEndpoints");
        assert_eq!(
            id(item, "delete"),
            "deleteCoreV1CollectionNamespacedEndpoints"
        );
        assert_eq!(
            id("/api/v1/endpoints", "get"),
            "listCoreV1EndpointsForAllNamespaces"
        );
        assert_eq!(
            id("/api/v1/watch/endpoints", "get"),
            "watchCoreV1EndpointsListForAllNamespaces"
        );
        assert_eq!(
            id("/api/v1/watch/namespaces/{name}", "get"),
            "watchCoreV1Namespace"
        );
        assert_eq!(
            id("/api/v1/namespaces/{name}/status", "put"),
            "replaceCoreV1NamespaceStatus"
        );
        assert_eq!(id("/api/v1/", "get"), "getCoreV1APIResources");
    }

    #[test]
    fn a_definition_says_how_its_fields_merge() {
        let document = core();
        let schemas = &document["components"]["schemas"];
        let subsets = &schemas["io.k8s.api.core.v1.Endpoints"]["properties"]["subsets"];
        assert_eq!(subsets["x-kubernetes-list-type"], "atomic");
        let item = json!({ "allOf": [{ "$ref": "#/components/schemas/io.k8s.api.core.v1.EndpointSubset" }], "default": {} });
        assert_eq!(subsets["items"], item);
        let owners = json!({
            "type": "array",
            "items": {
                "allOf": [{ "$ref": "#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.OwnerReference" }],
                "default": {},
            },
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["uid"],
            "x-kubernetes-patch-strategy": "merge",
            "x-kubernetes-patch-merge-key": "uid",
        });
        let meta = &schemas["io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta"]["properties"];
        assert_eq!(undescribed(&meta["ownerReferences"]), owners);
    }

    #[test]
    fn a_definition_says_which_fields_there_must_be() {
        let document = core();
        let port = json!({
            "type": "object",
            "properties": {
                "appProtocol": { "type": "string" },
                "name": { "type": "string" },
                "port": { "type": "integer", "format": "int32", "default": 0 },
                "protocol": { "type": "string", "enum": ["SCTP", "TCP", "UDP"] },
            },
            "required": ["port"],
            "x-kubernetes-map-type": "atomic",
        });
        let schemas = &document["components"]["schemas"];
        assert_eq!(
            undescribed(&schemas["io.k8s.api.core.v1.EndpointPort"]),
            port
        );
    }

    #[test]
    fn every_reference_leads_to_a_definition() {
        let text = String::from_utf8(
            document(&all(), &Catalog::built_in(), "", "v1", Version::default()).unwrap(),
        )
        .unwrap();
        let document = core();
        let schemas = names(&document["components"]["schemas"]);
        for reference in text.split("#/components/schemas/").skip(1) {
            let name = reference.split('"').next().unwrap();
            assert!(schemas.contains(&name), "{name}");
        }
    }

    #[test]
    fn a_kind_says_of_which_group_and_version_it_is() {
        let document = core();
        let kinds = |name: &str| {
            document["components"]["schemas"][name]["x-kubernetes-group-version-kind"].clone()
        };
        let of = |kind: &str| json!([{ "group": "", "version": "v1", "kind": kind }]);
        assert_eq!(
            kinds("io.k8s.api.core.v1.NamespaceList"),
            of("NamespaceList")
        );
        let options = kinds("io.k8s.apimachinery.pkg.apis.meta.v1.DeleteOptions");
        assert_eq!(options[0], of("DeleteOptions")[0]);
        assert_eq!(options.as_array().unwrap().len(), 60);
        assert_eq!(kinds("io.k8s.api.core.v1.EndpointSubset"), Value::Null);
    }

    #[test]
    fn the_index_leads_to_each_document_by_its_hash() {
        let [endpoints, namespaces] = all();
        let resources = [endpoints, widgets(), namespaces];
        let documents = of_versions(&resources, &Catalog::built_in(), Version::default());
        let [core, widgets] = ["api/v1", "apis/rbac.authorization.k8s.io/v1"].map(|name| {
            let document = documents.iter().find(|(of, _)| of == name);
            &document.unwrap().1.hash
        });
        let expected = format!(
            concat!(
                r#"{{"paths":{{"api/v1":{{"serverRelativeURL":"/openapi/v3/api/v1?hash={}"}},"#,
                r#""apis/rbac.authorization.k8s.io/v1":{{"serverRelativeURL":"#,
                r#""/openapi/v3/apis/rbac.authorization.k8s.io/v1?hash={}"}}}}}}"#,
            ),
            core, widgets
        );
        assert_eq!(String::from_utf8(index(&documents)).unwrap(), expected);
        assert_eq!(core.len(), 128);
    }

    #[test]
    fn another_group_has_paths_and_operations_of_its_own() {
        let json = document(
            &[widgets()],
            &Catalog::built_in(),
            "rbac.authorization.k8s.io",
            "v1",
            Version::default(),
        )
        .unwrap();
        let document: Value = serde_json::from_slice(&json).unwrap();
        let list = &document["paths"]["/apis/rbac.authorization.k8s.io/v1/widgets"]["get"];
        assert_eq!(
            list["operationId"],
            "listRbacAuthorizationV1WidgetForAllNamespaces"
        );
        assert_eq!(list["tags"], json!(["rbacAuthorization_v1"]));
        let post = &document["paths"]["/apis/rbac.authorization.k8s.io/v1/namespaces/{namespace}/widgets"]
            ["post"];
        assert_eq!(post["description"], "create a Widget");
    }

    #[test]
    fn what_is_not_served_has_no_document() {
        assert_eq!(
            document(
                &all(),
                &Catalog::built_in(),
                "apps",
                "v1",
                Version::default()
            ),
            None
        );
    }
}
