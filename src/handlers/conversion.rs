//! Custom objects in the version a client speaks, where a webhook converts: upstream's `webhookConverter`.
//!
//! Where none does, the versions of a kind differ in what their schemas keep, and
//! [`Object::in_version`](crate::object::Object::in_version) tells that by itself.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::cluster::Cluster;
use crate::codec::json::compact;
use crate::codec::quote::quote;
use crate::kinds::{Custom, Kind, KindRef};
use crate::object::{Object, meta_str, metadata_mut};
use crate::outbound::Endpoint;
use crate::schema;
use crate::status::Status;

/// How long a webhook may take.
const TIMEOUT: Duration = Duration::from_secs(30);
const AGENT: &str = "kube-apiserver";
/// What a webhook may change of the metadata.
const OPEN: [&str; 2] = ["labels", "annotations"];

/// The webhook that has to be asked to show objects of one version in the other, if there is one.
fn webhook<'a>(from: &Kind, to: &'a Kind) -> Option<&'a Custom> {
    let custom = to.custom.as_deref()?;
    (custom.has_webhook() && from.version != to.version).then_some(custom)
}

/// Objects as this version of their kind has them.
pub(crate) async fn shown_all(
    cluster: &Cluster,
    objects: Vec<Arc<Object>>,
    kind: &KindRef,
) -> Result<Vec<Arc<Object>>, Status> {
    let is_other = |object: &&Arc<Object>| webhook(&object.kind, kind).is_some();
    let others: Vec<Value> = objects.iter().filter(is_other).map(|o| stored(o)).collect();
    let Some(custom) = kind.custom.as_deref().filter(|_| !others.is_empty()) else {
        return Ok(objects);
    };
    let mut converted = call(cluster, custom, &others, kind).await?.into_iter();
    let shown = objects.into_iter().map(|object| {
        if webhook(&object.kind, kind).is_none() {
            return object;
        }
        let mut value = converted.next().unwrap_or_default();
        schema::custom::shown(&mut value, kind, custom);
        Arc::new(Object::new(kind, value, Vec::new()))
    });
    Ok(shown.collect())
}

/// The same of one.
pub(crate) async fn shown(
    cluster: &Cluster,
    object: &Arc<Object>,
    kind: &KindRef,
) -> Result<Arc<Object>, Status> {
    if webhook(&object.kind, kind).is_none() {
        return Ok(object.clone());
    }
    let mut shown = shown_all(cluster, vec![object.clone()], kind).await?;
    Ok(shown.pop().unwrap_or_else(|| object.clone()))
}

/// A value of one version as the version that is kept has it.
pub(crate) async fn kept(
    cluster: &Cluster,
    value: Value,
    asked: &Kind,
    stored: &KindRef,
) -> Result<Value, Status> {
    let Some(custom) = webhook(asked, stored) else {
        return Ok(value);
    };
    let mut converted = call(cluster, custom, &[value], stored).await?;
    Ok(converted.pop().unwrap_or_default())
}

/// What is kept, as it is read.
fn stored(object: &Object) -> Value {
    let mut value = object.to_value();
    if let Some(custom) = &object.kind.custom {
        schema::custom::show(&mut value, &object.kind, custom);
    }
    value
}

/// Asks the webhook for all of these in this version.
async fn call(
    cluster: &Cluster,
    custom: &Custom,
    values: &[Value],
    to: &Kind,
) -> Result<Vec<Value>, Status> {
    let from = values
        .first()
        .map(|value| text(value, "apiVersion").to_owned());
    let gvk = format!("{}, Kind={}", from.unwrap_or_default(), to.kind);
    let fail = |why: String| Status::raw(format!("conversion webhook for {gvk} {why}"));
    let webhook = &custom.family.conversion["webhook"];
    let version = webhook["conversionReviewVersions"].as_array();
    let mut versions = version.into_iter().flatten().filter_map(Value::as_str);
    let version = versions.find(|version| matches!(*version, "v1" | "v1beta1"));
    let version = version.ok_or_else(|| Status::raw("no supported conversion review versions"))?;
    let uid = cluster.ids.uid();
    let review = json!({
        "kind": "ConversionReview",
        "apiVersion": format!("apiextensions.k8s.io/{version}"),
        "request": {"uid": uid, "desiredAPIVersion": to.api_version(), "objects": values},
        "response": {"uid": "", "convertedObjects": null, "result": {"metadata": {}}},
    });
    let endpoint = Endpoint::of(&webhook["clientConfig"]);
    let body = format!("{}\n", compact(&review)).into_bytes();
    let called = cluster
        .outbound
        .call(&endpoint, cluster, AGENT, TIMEOUT, body);
    let answer = called.await.map_err(|e| fail(format!("failed: {e}")))?;
    let converted = read(answer, version, &uid).map_err(|e| fail(format!("failed: {e}")))?;
    let (count, wanted) = (converted.len(), values.len());
    if count != wanted {
        return Err(fail(format!("returned {count} objects, expected {wanted}")));
    }
    let pairs = converted.into_iter().zip(values).enumerate();
    let checked = pairs.map(|(at, (mut converted, original))| {
        check(&converted, original, to, at)?;
        restore_metadata(&mut converted, original)?;
        Ok(converted)
    });
    checked.collect::<Result<_, String>>().map_err(fail)
}

/// The objects of an answer.
fn read(mut answer: Value, version: &str, uid: &str) -> Result<Vec<Value>, String> {
    let wanted = format!("apiextensions.k8s.io/{version}");
    if version == "v1" && (answer["apiVersion"] != *wanted || answer["kind"] != "ConversionReview")
    {
        let found = format!(
            "{}, Kind={}",
            text(&answer, "apiVersion"),
            text(&answer, "kind")
        );
        return Err(format!(
            "expected webhook response of {wanted}, Kind=ConversionReview, got {found}"
        ));
    }
    let response = &answer["response"];
    if !response.is_object() {
        return Err("no response provided".to_owned());
    }
    let found = text(response, "uid");
    if version == "v1" && found != uid {
        return Err(format!(
            "expected response.uid={}, got {}",
            quote(uid),
            quote(found)
        ));
    }
    let result = &response["result"];
    let status = text(result, "status");
    if status != "Success" {
        return Err(match text(result, "message") {
            "" => format!("response.result.status was '{status}', not 'Success'"),
            message => message.to_owned(),
        });
    }
    let converted = answer
        .pointer_mut("/response/convertedObjects")
        .map(Value::take);
    Ok(match converted {
        Some(Value::Array(objects)) => objects,
        _ => Vec::new(),
    })
}

/// `validateConvertedObject`, and that it is of the version asked for.
fn check(converted: &Value, original: &Value, to: &Kind, at: usize) -> Result<(), String> {
    let wanted = to.api_version();
    let found = text(converted, "apiVersion");
    if found != wanted {
        return Err(format!(
            "returned invalid object at index {at}: invalid groupVersion (expected {wanted}, received {found})"
        ));
    }
    let (wanted, found) = (text(original, "kind"), text(converted, "kind"));
    if found != wanted {
        return Err(format!(
            "returned invalid object at index {at}: invalid kind (expected {wanted}, received {found})"
        ));
    }
    for (what, field) in [("name", "name"), ("namespace", "namespace"), ("UID", "uid")] {
        let (before, after) = (meta_str(original, field), meta_str(converted, field));
        if before != after {
            return Err(format!(
                "returned invalid object: must have the same {what}: {before} != {after}"
            ));
        }
    }
    Ok(())
}

/// `restoreObjectMeta`: of the metadata, a webhook decides labels and annotations alone.
fn restore_metadata(converted: &mut Value, original: &Value) -> Result<(), String> {
    let invalid = |why: String| format!("returned invalid metadata: {why}");
    let Some(answered) = converted.get("metadata") else {
        return Err(invalid("missing metadata in converted object".to_owned()));
    };
    let Some(answered) = answered.as_object() else {
        return Err(invalid("invalid metadata in converted object".to_owned()));
    };
    let open: Vec<_> = OPEN
        .into_iter()
        .map(|field| (field, answered.get(field).cloned()))
        .collect();
    for (field, value) in &open {
        let is_map = value
            .as_ref()
            .is_none_or(|value| value.is_object() || value.is_null());
        if !is_map {
            return Err(invalid(format!(
                "invalid metadata.{field} in converted object"
            )));
        }
    }
    let mut metadata = original["metadata"].clone();
    if let Some(members) = metadata.as_object_mut() {
        for (field, value) in open {
            match value.filter(|value| !value.is_null()) {
                Some(value) => members.insert(field.to_owned(), value),
                None => members.remove(field),
            };
        }
    }
    if let Value::Object(members) = metadata {
        *metadata_mut(converted) = members;
    }
    Ok(())
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn review(response: Value) -> Value {
        json!({"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "response": response})
    }

    #[test]
    fn answers_are_read_as_upstream_reads_them() {
        let success = json!({"status": "Success"});
        for (answer, read_as) in [
            (
                json!({}),
                Err(
                    "expected webhook response of apiextensions.k8s.io/v1, Kind=ConversionReview, got , Kind=",
                ),
            ),
            (review(Value::Null), Err("no response provided")),
            (
                review(json!({"uid": "x"})),
                Err(r#"expected response.uid="u", got "x""#),
            ),
            (
                review(json!({"uid": "u", "result": {"status": "Failed", "message": "no"}})),
                Err("no"),
            ),
            (
                review(json!({"uid": "u", "result": {"status": "Failed"}})),
                Err("response.result.status was 'Failed', not 'Success'"),
            ),
            (
                review(json!({"uid": "u", "result": success, "convertedObjects": [1]})),
                Ok(vec![json!(1)]),
            ),
        ] {
            let read = read(answer.clone(), "v1", "u");
            assert_eq!(read, read_as.map_err(str::to_owned), "{answer}");
        }
    }

    #[test]
    fn only_labels_and_annotations_are_the_webhooks() {
        let original = json!({"metadata": {"name": "a", "uid": "u", "labels": {"a": "b"}}});
        let mut converted =
            json!({"metadata": {"name": "x", "annotations": {"c": "d"}}, "spec": 1});
        restore_metadata(&mut converted, &original).unwrap();
        let restored =
            json!({"metadata": {"name": "a", "uid": "u", "annotations": {"c": "d"}}, "spec": 1});
        assert_eq!(converted, restored);
    }
}
