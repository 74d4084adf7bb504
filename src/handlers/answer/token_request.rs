//! TokenRequest: a new token of a service account, which may be bound to an object.

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{Answer, Answered, Call};
use crate::admission::{self, Attributes, Operation};
use crate::authentication::accounts::Request;
use crate::clock;
use crate::codec::{quote::quote, time};
use crate::object::{meta_str, metadata_mut};
use crate::registry::Lister;
use crate::response::Warnings;
use crate::status::Status;
use crate::status::field::FieldError;

pub(super) struct TokenRequest;

const KIND: &str = "TokenRequest";
const GROUP: &str = "authentication.k8s.io";
const MIN_SECONDS: i64 = 600;
const MAX_SECONDS: i64 = 1 << 32;

/// What kubelets ask for on behalf of pods. Such a token lasts longer, and is only told of when it should have been over.
const PROJECTED_SECONDS: i64 = 3607;
const EXTENDED_SECONDS: i64 = 365 * 24 * 3600;

impl Answer for TokenRequest {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        Box::pin(async move {
            admit(call).await?;
            request(call)
        })
    }
}

/// A token needs a namespace as much as what is kept in one.
async fn admit(call: &mut Call<'_, '_>) -> Result<(), Status> {
    let (ctx, object) = (&*call.ctx, &mut call.object);
    let attributes = Attributes {
        operation: Operation::Create,
        kind: &ctx.target.kind,
        namespace: &ctx.target.namespace,
        name: &ctx.target.name,
        subresource: &ctx.target.subresource,
        sent: None,
        user: Some(ctx.user),
        access: Some(ctx.authorizer),
        old: None,
        dry_run: call.options.dry_run,
        lister: &**ctx.cluster,
        chance: &*ctx.cluster.ids,
        ledger: &**ctx.cluster,
        asked: None,
    };
    admission::mutate(&attributes, Some(object), &mut Warnings::default()).await
}

/// The objects a token speaks of, beside its account.
type Bound = Vec<(&'static str, Value)>;

fn request(call: &mut Call<'_, '_>) -> Result<Value, Status> {
    let kind = call.kind()?;
    call.own_as_it_is(&kind);
    let (cluster, target) = (call.ctx.cluster, call.ctx.target);
    let (namespace, name) = (&*target.namespace, &*target.name);
    let mut object = std::mem::take(&mut call.object);
    let asked = meta_str(&object, "name");
    if !asked.is_empty() && asked != name {
        let why = "must match the service account name if specified";
        let error = FieldError::invalid_str("metadata.name", asked, why);
        return Err(Status::invalid(KIND, GROUP, name, &[error]));
    }
    let account = cluster.get("", &target.kind.kind, namespace, name);
    let account =
        account.ok_or_else(|| Status::not_found(&target.kind.plural, &target.kind.group, name))?;
    let account = account.value();
    check_uid(&object, &account, name)?;
    if object["spec"]["audiences"]
        .as_array()
        .is_none_or(Vec::is_empty)
    {
        object["spec"]["audiences"] = json!([cluster.issuance.issuer]);
    }
    let now = cluster.clock.now();
    let metadata = metadata_mut(&mut object);
    metadata.insert("name".to_owned(), name.into());
    metadata.insert("namespace".to_owned(), namespace.into());
    metadata.insert("uid".to_owned(), account["metadata"]["uid"].clone());
    metadata.insert("creationTimestamp".to_owned(), time::format(now).into());
    let seconds = object["spec"]["expirationSeconds"]
        .as_i64()
        .unwrap_or_default();
    check_seconds(seconds)?;
    let bound = find_bound(
        &**cluster,
        &object["spec"]["boundObjectRef"],
        namespace,
        name,
    )?;
    let audiences = object["spec"]["audiences"].as_array().into_iter().flatten();
    let audiences: Vec<String> = audiences
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let is_projected = seconds == PROJECTED_SECONDS
        && bound.first().is_some_and(|(claim, _)| *claim == "pod")
        && audiences == [cluster.issuance.issuer.as_str()];
    let token = cluster.accounts().issue(&Request {
        namespace,
        account: &account,
        bound,
        audiences: &audiences,
        now,
        seconds: if is_projected {
            EXTENDED_SECONDS
        } else {
            seconds
        },
        warn_after: is_projected.then_some(seconds),
    });
    let expires = clock::add(now, SignedDuration::from_secs(seconds));
    object["status"] = json!({"token": token, "expirationTimestamp": time::format(expires)});
    Ok(object)
}

fn check_uid(object: &Value, account: &Value, name: &str) -> Result<(), Status> {
    let (asked, uid) = (meta_str(object, "uid"), meta_str(account, "uid"));
    if asked.is_empty() || asked == uid {
        return Ok(());
    }
    let why = format!(
        "the UID in the token request ({asked}) does not match the UID of the service account ({uid})"
    );
    Err(Status::conflict(KIND, GROUP, name, &why))
}

fn check_seconds(seconds: i64) -> Result<(), Status> {
    let why = match seconds {
        ..MIN_SECONDS => "may not specify a duration less than 10 minutes",
        MIN_SECONDS..=MAX_SECONDS => return Ok(()),
        _ => "may not specify a duration larger than 2^32 seconds",
    };
    let error = FieldError::invalid("spec.expirationSeconds", &seconds.into(), why);
    Err(Status::invalid(KIND, GROUP, "", &[error]))
}

/// What the token is to be bound to. With a pod comes the node it runs on.
fn find_bound(
    lister: &dyn Lister,
    reference: &Value,
    namespace: &str,
    account: &str,
) -> Result<Bound, Status> {
    if reference.is_null() {
        return Ok(Vec::new());
    }
    let text = |field: &str| reference[field].as_str().unwrap_or_default();
    let (kind, name, api_version) = (text("kind"), text("name"), text("apiVersion"));
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let (claim, plural, namespace) = match (group, kind) {
        ("", "Pod") => ("pod", "pods", namespace),
        ("", "Secret") => ("secret", "secrets", namespace),
        ("", "Node") => ("node", "nodes", ""),
        _ => {
            let why = format!("cannot bind token to object of type {group}/{version}, Kind={kind}");
            return Err(Status::bad_request(why));
        }
    };
    let object = lister.get("", kind, namespace, name);
    let object = object
        .ok_or_else(|| Status::not_found(plural, "", name))?
        .to_value();
    let mut bound = vec![(claim, object)];
    let object = &bound[0].1;
    if claim == "pod" && object["spec"]["serviceAccountName"] != account {
        let why = format!(
            "cannot bind token for serviceaccount {} to pod running with different serviceaccount name.",
            quote(account)
        );
        return Err(Status::bad_request(why));
    }
    let uid = text("uid");
    if !uid.is_empty() && meta_str(object, "uid") != uid {
        let why = format!(
            "the UID in the bound object reference ({uid}) does not match the UID in record. The object might have \
             been deleted and then recreated"
        );
        return Err(Status::conflict(kind, group, name, &why));
    }
    let node = object["spec"]["nodeName"]
        .as_str()
        .filter(|_| claim == "pod");
    if let Some(node) = node.filter(|node| !node.is_empty()) {
        let found = lister.get("", "Node", "", node);
        let unknown = json!({"metadata": {"name": node}});
        bound.push(("node", found.map_or(unknown, |node| node.to_value())));
    }
    Ok(bound)
}
