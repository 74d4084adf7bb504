//! What expressions see of a write.

use serde_json::{Map, Value, json};

use super::Attributes;
use super::view::View;
use crate::cel::{
    self, Activation, Budget, CelValue, Decision, EvaluationError, Program, ResourceAttributes,
    Variable,
};
use crate::kinds::Kind;
use crate::registry::{Access, Ask};
use crate::request::user::UserInfo;

/// What `namespaceObject` has of the metadata of the namespace.
const NAMESPACE_METADATA: [&str; 12] = [
    "name",
    "generateName",
    "namespace",
    "labels",
    "annotations",
    "uid",
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "resourceVersion",
    "finalizers",
];

/// The values of what expressions may name.
pub(super) struct Inputs<'a> {
    object: CelValue,
    old: CelValue,
    params: CelValue,
    request: CelValue,
    namespace: CelValue,
    check: ResourceAttributes,
    asker: Option<Asker<'a>>,
    variables: &'a [Variable],
}

impl<'a> Inputs<'a> {
    /// Those of a write as a webhook sees it.
    pub(super) fn new(write: &'a Attributes<'a>, view: &View<'_>, object: Option<&Value>) -> Self {
        let shown = |object: Option<&Value>| match object {
            Some(object) => CelValue::from(&view.show(object)),
            None => CelValue::Null,
        };
        let asker = write.user.zip(write.access);
        Inputs {
            object: shown(object),
            old: shown(write.old),
            params: CelValue::Null,
            request: CelValue::from(&request(write, view, object)),
            namespace: CelValue::Null,
            check: ResourceAttributes {
                group: write.kind.group.clone(),
                resource: write.kind.plural.clone(),
                subresource: write.subresource.to_owned(),
                namespace: write.namespace_of(object).to_owned(),
                name: write.name_of(object).to_owned(),
                ..ResourceAttributes::default()
            },
            asker: asker.map(|(user, access)| Asker { user, access }),
            variables: &[],
        }
    }

    /// With what a policy adds.
    pub(super) fn of_policy(
        mut self,
        params: Option<&Value>,
        namespace: Option<&Value>,
        variables: &'a [Variable],
    ) -> Self {
        self.params = params.map_or(CelValue::Null, CelValue::from);
        let namespace = namespace.map(trimmed);
        self.namespace = namespace.map_or(CelValue::Null, |namespace| CelValue::from(&namespace));
        self.variables = variables;
        self
    }

    /// The object as it has become.
    pub(super) fn set_object(&mut self, shown: &Value) {
        self.object = CelValue::from(shown);
    }

    /// Variables are evaluated once in each of these.
    pub(super) fn activation(&self) -> Activation<'_> {
        let activation = Activation::new()
            .bind("object", self.object.clone())
            .bind("oldObject", self.old.clone())
            .bind("params", self.params.clone())
            .bind("request", self.request.clone())
            .bind("namespaceObject", self.namespace.clone())
            .bind("authorizer", CelValue::authorizer())
            .bind(
                "authorizer.requestResource",
                CelValue::resource_check(self.check.clone()),
            )
            .variables(self.variables);
        match &self.asker {
            Some(asker) => activation.authorizer(asker),
            None => activation,
        }
    }
}

/// Evaluates an expression; the error is also as upstream tells it.
pub(super) fn evaluate(
    text: &str,
    program: &Result<Program, String>,
    activation: &Activation<'_>,
    budget: &mut Budget,
) -> Result<CelValue, (EvaluationError, String)> {
    let program = program.as_ref().map_err(|why| {
        let why = format!("compilation error: {why}");
        (EvaluationError::Failed(why.clone()), why)
    })?;
    program.evaluate(activation, budget).map_err(|error| {
        let why = match &error {
            EvaluationError::OutOfBudget => error.to_string(),
            _ => format!("expression '{text}' resulted in error: {error}"),
        };
        (error, why)
    })
}

fn trimmed(namespace: &Value) -> Value {
    let metadata = NAMESPACE_METADATA.iter().filter_map(|field| {
        let value = namespace["metadata"].get(*field)?;
        Some(((*field).to_owned(), value.clone()))
    });
    let metadata: Map<String, Value> = metadata.collect();
    json!({"metadata": metadata, "spec": namespace["spec"], "status": namespace["status"]})
}

/// `CreateAdmissionRequest`, as JSON has it.
fn request(write: &Attributes<'_>, view: &View<'_>, object: Option<&Value>) -> Value {
    let kind =
        |kind: &Kind| json!({"group": kind.group, "version": kind.version, "kind": kind.kind});
    let resource = |kind: &Kind| json!({"group": kind.group, "version": kind.version, "resource": kind.plural});
    let options = write.asked.and_then(|asked| asked.options);
    let options = options.map_or(Value::Null, |options| {
        let json = options.to_json(write.operation.options_kind());
        serde_json::from_slice(&json).unwrap_or_default()
    });
    let mut request = json!({
        "uid": "",
        "kind": kind(&view.kind),
        "resource": resource(&view.resource),
        "requestKind": kind(&write.shape(write.kind)),
        "requestResource": resource(write.kind),
        "operation": write.operation.as_str(),
        "userInfo": write.user.map_or_else(|| json!({}), user),
        "object": null,
        "oldObject": null,
        "dryRun": write.dry_run,
        "options": options,
    });
    for (field, text) in [
        ("subResource", write.subresource),
        ("requestSubResource", write.subresource),
        ("name", write.name_of(object)),
        ("namespace", write.namespace_of(object)),
    ] {
        add(&mut request, field, text);
    }
    request
}

fn user(user: &UserInfo) -> Value {
    let mut info = json!({});
    add(&mut info, "username", &user.name);
    add(&mut info, "uid", &user.uid);
    if let Some(members) = info.as_object_mut() {
        if !user.groups.is_empty() {
            members.insert("groups".to_owned(), user.groups.clone().into());
        }
        if !user.extra.is_empty() {
            members.insert("extra".to_owned(), json!(user.extra));
        }
    }
    info
}

/// What is empty is left out.
fn add(object: &mut Value, field: &str, text: &str) {
    if let (Some(members), false) = (object.as_object_mut(), text.is_empty()) {
        members.insert(field.to_owned(), text.into());
    }
}

/// Who asks, and what they may do.
struct Asker<'a> {
    user: &'a UserInfo,
    access: &'a dyn Access,
}

impl cel::Authorizer for Asker<'_> {
    fn authorize(&self, asked: &cel::Attributes) -> Decision {
        let account = asked.service_account.as_ref().map(|(namespace, name)| {
            let groups = [
                "system:serviceaccounts".to_owned(),
                format!("system:serviceaccounts:{namespace}"),
            ];
            UserInfo {
                name: format!("system:serviceaccount:{namespace}:{name}"),
                groups: groups.into(),
                ..UserInfo::default()
            }
        });
        let resource = asked.resource.clone().unwrap_or_default();
        let ask = Ask {
            verb: &asked.verb,
            group: &resource.group,
            resource: &resource.resource,
            subresource: &resource.subresource,
            namespace: &resource.namespace,
            name: &resource.name,
            path: asked.path.as_deref().unwrap_or_default(),
        };
        let user = account.as_ref().unwrap_or(self.user);
        Decision {
            allowed: self.access.allows(user, &ask),
            ..Decision::default()
        }
    }
}
