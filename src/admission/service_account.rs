//! ServiceAccount: a pod runs as an account of its namespace, and finds its token in a volume.

use serde_json::{Value, json};

use super::{Attributes, Operation, Plugin};
use crate::object::{meta_str, object_mut};
use crate::registry::pod::annotations::MIRROR;
use crate::registry::pod::read::{annotation, flag, is_set, list, list_mut, member, text};
use crate::status::Status;

const DEFAULT: &str = "default";
const VOLUME: &str = "kube-api-access-";
const MOUNT_PATH: &str = "/var/run/secrets/kubernetes.io/serviceaccount";
/// A little more than an hour: who sees such a token in use after an hour knows that it was not read again.
const EXPIRATION: i64 = 60 * 60 + 7;
const ENFORCE: &str = "kubernetes.io/enforce-mountable-secrets";

/// The sorts of containers whose references to secrets are limited, and how they are called.
const LIMITED: [(&str, &str); 2] = [
    ("initContainers", "init container"),
    ("containers", "container"),
];

pub(super) struct ServiceAccount;

impl Plugin for ServiceAccount {
    fn admit(&self, write: &Attributes<'_>, object: Option<&mut Value>) -> Result<(), Status> {
        let concerns = write.operation == Operation::Create && write.is_of("", "Pod");
        let Some(pod) = object.filter(|_| concerns) else {
            return Ok(());
        };
        if !pod["spec"].is_object() {
            pod["spec"] = json!({});
        }
        if annotation(&pod["metadata"], MIRROR).is_some() {
            return Ok(());
        }
        if text(&pod["spec"], "serviceAccountName").is_empty() {
            for field in ["serviceAccountName", "serviceAccount"] {
                pod["spec"][field] = DEFAULT.into();
            }
        }
        let account = find(write, pod)?;
        let mounts = flag(&pod["spec"], "automountServiceAccountToken")
            .or_else(|| flag(&account, "automountServiceAccountToken"));
        if mounts != Some(false) {
            mount_token(write, &mut pod["spec"]);
        }
        let secrets = list(&account, "imagePullSecrets");
        if list(&pod["spec"], "imagePullSecrets").is_empty() && !secrets.is_empty() {
            pod["spec"]["imagePullSecrets"] = secrets.into();
        }
        Ok(())
    }

    fn validate(&self, write: &Attributes<'_>, object: Option<&Value>) -> Result<(), Status> {
        let is_pod = (&*write.kind.group, &*write.kind.kind) == ("", "Pod");
        let Some(pod) = object.filter(|_| is_pod) else {
            return Ok(());
        };
        let limited: &[(&str, &str)] = match (write.operation, write.subresource) {
            (Operation::Create, "") => &LIMITED,
            (Operation::Update, "ephemeralcontainers") => {
                &[("ephemeralContainers", "ephemeral container")]
            }
            _ => return Ok(()),
        };
        if write.subresource.is_empty() && annotation(&pod["metadata"], MIRROR).is_some() {
            return validate_mirror(write, pod);
        }
        if text(&pod["spec"], "serviceAccountName").is_empty() {
            let (namespace, name) = (write.namespace, meta_str(pod, "name"));
            let why = format!("no service account specified for pod {namespace}/{name}");
            return Err(write.forbidden(Some(pod), &why));
        }
        let account = find(write, pod)?;
        let enforced = annotation(&account["metadata"], ENFORCE);
        if !matches!(enforced, Some("1" | "t" | "T" | "true" | "TRUE" | "True")) {
            return Ok(());
        }
        match limit_secrets(&account, &pod["spec"], limited) {
            Some(why) => Err(write.forbidden(Some(pod), &why)),
            None => Ok(()),
        }
    }
}

/// The account of a pod.
fn find(write: &Attributes<'_>, pod: &Value) -> Result<Value, Status> {
    let name = text(&pod["spec"], "serviceAccountName");
    let namespace = write.namespace;
    if let Some(account) = write.lister.get("", "ServiceAccount", namespace, name) {
        return Ok(account.to_value());
    }
    let why = format!(
        "error looking up service account {namespace}/{name}: serviceaccount \"{name}\" not found"
    );
    Err(write.forbidden(Some(pod), &why))
}

/// What stands for a pod of the node's own has no account.
fn validate_mirror(write: &Attributes<'_>, pod: &Value) -> Result<(), Status> {
    let spec = &pod["spec"];
    let has_token = list(spec, "volumes")
        .iter()
        .flat_map(|volume| list(&volume["projected"], "sources"))
        .any(|source| is_set(source, "serviceAccountToken"));
    let why = if !text(spec, "serviceAccountName").is_empty() {
        "a mirror pod may not reference service accounts"
    } else if references_secrets(spec) {
        "a mirror pod may not reference secrets"
    } else if has_token {
        "a mirror pod may not use ServiceAccountToken volume projections"
    } else {
        return Ok(());
    };
    Err(write.forbidden(Some(pod), why))
}

fn references_secrets(spec: &Value) -> bool {
    let named = |holder: &Value, field: &str| !text(&holder[field], "name").is_empty();
    let in_volume = |volume: &Value| {
        let projected = list(&volume["projected"], "sources").iter();
        let sources = volume.as_object().into_iter().flatten();
        let mut sources = sources.map(|(_, source)| source);
        !text(&volume["secret"], "secretName").is_empty()
            || !text(&volume["azureFile"], "secretName").is_empty()
            || projected.into_iter().any(|source| named(source, "secret"))
            || sources
                .any(|source| named(source, "secretRef") || named(source, "nodePublishSecretRef"))
    };
    let in_container = |container: &Value| {
        list(container, "envFrom")
            .iter()
            .any(|source| named(source, "secretRef"))
            || list(container, "env")
                .iter()
                .any(|variable| named(&variable["valueFrom"], "secretKeyRef"))
    };
    !list(spec, "imagePullSecrets").is_empty()
        || list(spec, "volumes").iter().any(in_volume)
        || ["initContainers", "containers", "ephemeralContainers"]
            .iter()
            .flat_map(|field| list(spec, field))
            .any(in_container)
}

/// Why a pod may not have a secret it asks for.
fn limit_secrets(account: &Value, spec: &Value, limited: &[(&str, &str)]) -> Option<String> {
    let name = meta_str(account, "name");
    let is_in = |field: &str, secret: &str| {
        list(account, field)
            .iter()
            .any(|reference| text(reference, "name") == secret)
    };
    let of_pod = limited.len() == LIMITED.len();
    for volume in list(spec, "volumes").iter().filter(|_| of_pod) {
        let secret = member(volume, "secret").map(|secret| text(secret, "secretName"));
        if let Some(secret) = secret.filter(|secret| !is_in("secrets", secret)) {
            return Some(format!(
                "volume with secret.secretName=\"{secret}\" is not allowed because service account {name} does not reference that secret"
            ));
        }
    }
    let end =
        format!("is not allowed because service account {name} does not reference that secret");
    for (field, what) in limited {
        for container in list(spec, field) {
            let own = text(container, "name");
            for variable in list(container, "env") {
                let reference = member(&variable["valueFrom"], "secretKeyRef");
                let secret = reference.map(|reference| text(reference, "name"));
                if let Some(secret) = secret.filter(|secret| !is_in("secrets", secret)) {
                    let variable = text(variable, "name");
                    return Some(format!(
                        "{what} {own} with envVar {variable} referencing secret.secretName=\"{secret}\" {end}"
                    ));
                }
            }
            for source in list(container, "envFrom") {
                let secret = member(source, "secretRef").map(|secret| text(secret, "name"));
                if let Some(secret) = secret.filter(|secret| !is_in("secrets", secret)) {
                    return Some(format!(
                        "{what} {own} with envFrom referencing secret.secretName=\"{secret}\" {end}"
                    ));
                }
            }
        }
    }
    let mut pulls = list(spec, "imagePullSecrets").iter().enumerate();
    let denied = pulls.find(|(_, secret)| !is_in("imagePullSecrets", text(secret, "name")));
    denied.filter(|_| of_pod).map(|(i, secret)| {
        format!(
            "imagePullSecrets[{i}].name=\"{}\" is not allowed because service account {name} does not reference that imagePullSecret",
            text(secret, "name")
        )
    })
}

/// Mounts the token into every container that has nothing else in its place.
fn mount_token(write: &Attributes<'_>, spec: &mut Value) {
    let own = list(spec, "volumes")
        .iter()
        .map(|volume| text(volume, "name"))
        .find(|name| name.starts_with(VOLUME))
        .map(str::to_owned);
    let name = own.clone().unwrap_or_else(|| write.chance.name(VOLUME));
    let mut is_needed = false;
    for field in ["initContainers", "containers"] {
        for container in list_mut(spec, field) {
            let is_taken = list(container, "volumeMounts")
                .iter()
                .any(|mount| text(mount, "mountPath") == MOUNT_PATH);
            if !is_taken {
                let mount = json!({"name": name, "readOnly": true, "mountPath": MOUNT_PATH});
                push(container, "volumeMounts", mount);
                is_needed = true;
            }
        }
    }
    if own.is_none() && is_needed {
        push(spec, "volumes", token_volume(&name));
    }
}

fn push(holder: &mut Value, field: &str, item: Value) {
    match holder.get_mut(field).and_then(Value::as_array_mut) {
        Some(list) => list.push(item),
        None => {
            object_mut(holder).insert(field.to_owned(), json!([item]));
        }
    }
}

fn token_volume(name: &str) -> Value {
    json!({"name": name, "projected": {
        "sources": [
            {"serviceAccountToken": {"expirationSeconds": EXPIRATION, "path": "token"}},
            {"configMap": {
                "name": "kube-root-ca.crt",
                "items": [{"key": "ca.crt", "path": "ca.crt"}],
            }},
            {"downwardAPI": {"items": [{
                "path": "namespace",
                "fieldRef": {"apiVersion": "v1", "fieldPath": "metadata.namespace"},
            }]}},
        ],
        "defaultMode": 0o644,
    }})
}
