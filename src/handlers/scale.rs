//! GET, PUT and PATCH of a scale: of how many pods an object runs, as a kind of its own that all such objects share.
//!
//! Upstream has the same in between: the object is shown as its scale, the scale is written like any object, and what was
//! made of it goes back into the object, which is written in turn.

use serde_json::{Value, json};

use super::write::{Proposal, Propose, Write, Written};
use super::{Context, conversion, get, patch, update};
use crate::kinds::verb::Verb;
use crate::kinds::{Kind, KindRef};
use crate::names::name_is_dns_subdomain;
use crate::object::{Object, meta_str, metadata_mut, object_mut};
use crate::patch::apply::part::{self, Mapping};
use crate::registry::validation::core::validate_object_meta;
use crate::registry::{self, WriteContext};
use crate::request::negotiation::Negotiated;
use crate::response::{Presenter, Response, Warnings};
use crate::schema;
use crate::status::Status;
use crate::status::field::FieldError;

/// Where the scale has the number.
const REPLICAS: &[&str] = &["spec", "replicas"];
/// Stands for the number of an object that has none, which a write has to say: upstream's `invalidSpecReplicas`.
const UNSET: i64 = i32::MIN as i64;

/// What the handler of custom objects says of a body that is no scale, by the name that it has upstream.
const NOT_REGISTERED: &str = "no kind is registered for the type v1.Scale in scheme \
                              \"k8s.io/apiextensions-apiserver/pkg/apiserver/customresource_handler.go:781\"";

/// What a scale shows of the metadata.
const SHOWN: [&str; 5] = [
    "name",
    "namespace",
    "uid",
    "resourceVersion",
    "creationTimestamp",
];

/// `body` is the kind of the scale.
pub(super) async fn handle(
    ctx: &mut Context<'_>,
    verb: Verb,
    body: &KindRef,
) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let written = match verb {
        Verb::Update => {
            let (options, replace) = update::prepare(ctx).await?;
            if ctx.target.kind.custom.is_some() && !replace.says(body) {
                return Err(Status::bad_request(NOT_REGISTERED));
            }
            let inner = &replace;
            ctx.write(verb, &options, &Scaled { inner, body }).await?
        }
        Verb::Patch => {
            let (options, patch) = patch::prepare(ctx).await?;
            let inner = &patch;
            ctx.write(verb, &options, &Scaled { inner, body }).await?
        }
        _ => {
            let object = get::find(ctx).await?;
            let object = conversion::shown(ctx.cluster, &object, &ctx.target.kind).await?;
            return present(ctx, negotiated, body, &object);
        }
    };
    match written {
        Written::Created(object) | Written::Updated(object) | Written::Deleted(object) => {
            present(ctx, negotiated, body, &object)
        }
    }
}

fn present(
    ctx: &Context<'_>,
    negotiated: Negotiated,
    body: &KindRef,
    object: &Object,
) -> Result<Response, Status> {
    let kind = &ctx.target.kind;
    let (value, paths) = (
        object.value_in(kind),
        registry::strategy(kind).scale_paths(kind),
    );
    if let Some(path) = &paths.is_required
        && at(&value, &paths.replicas).is_none()
    {
        let why = format!("the spec replicas field {path:?} does not exist");
        return Err(Status::internal_error(&why));
    }
    let scale = scale_of(&value, kind, body);
    let presenter = Presenter {
        kind: body.clone(),
        ..ctx.presenter(negotiated)?
    };
    presenter.object(200, &Object::new(body, scale, Vec::new()))
}

/// An object as its scale.
fn scale_of(object: &Value, kind: &Kind, body: &Kind) -> Value {
    let metadata = SHOWN.iter().filter_map(|field| {
        let value = object["metadata"].get(*field)?;
        Some(((*field).to_owned(), value.clone()))
    });
    let strategy = registry::strategy(kind);
    let paths = strategy.scale_paths(kind);
    let number = |path: &[String]| at(object, path).and_then(Value::as_i64).unwrap_or_default();
    let mut scale = json!({
        "kind": body.kind,
        "apiVersion": body.api_version(),
        "metadata": Value::Object(metadata.collect()),
        "spec": {"replicas": number(&paths.replicas)},
        "status": {
            "replicas": number(&paths.status_replicas),
            "selector": strategy.scale_selector(kind, object),
        },
    });
    schema::prune(&mut scale, &body.schema);
    scale
}

/// A write of a scale, which becomes one of the object.
struct Scaled<'a> {
    inner: &'a dyn Propose,
    body: &'a KindRef,
}

impl Propose for Scaled<'_> {
    fn propose(
        &self,
        write: &Write<'_>,
        context: &WriteContext<'_>,
        live: Option<&Value>,
        warnings: &mut Warnings,
    ) -> Result<Proposal, Status> {
        let (whole, of_scale) = (write.kind.api_version(), self.body.api_version());
        let paths = registry::strategy(write.kind).scale_paths(write.kind);
        let path: Vec<&str> = paths.replicas.iter().map(String::as_str).collect();
        let mapping = Mapping {
            whole: (&whole, &path),
            part: (&of_scale, REPLICAS),
        };
        let seen = live.map(|live| {
            let mut scale = scale_of(live, write.kind, self.body);
            if paths.is_required.is_some() && at(live, &paths.replicas).is_none() {
                scale["spec"]["replicas"] = UNSET.into();
            }
            part::managers_of_part(live, &mut scale, &mapping);
            scale
        });
        let inner = Write {
            kind: self.body,
            ..*write
        };
        let proposal = self.inner.propose(&inner, context, seen.as_ref(), warnings);
        let Some(live) = live else {
            return Err(proposal
                .err()
                .filter(|status| status.code != 404)
                .unwrap_or_else(|| not_found(write)));
        };
        Ok(match proposal? {
            Proposal::Update(scale) => {
                check(write, self.body, live, &scale)?;
                if let (Some(path), Some(UNSET)) =
                    (&paths.is_required, scale["spec"]["replicas"].as_i64())
                {
                    let why = format!("the spec replicas field {path:?} cannot be empty");
                    return Err(Status::bad_request(why));
                }
                let mut object = live.clone();
                put(&mut object, &scale, &path);
                part::managers_of_whole(&mut object, &scale, &mapping);
                Proposal::Update(object)
            }
            other => other,
        })
    }
}

/// The value at a path.
fn at<'a>(object: &'a Value, path: &[String]) -> Option<&'a Value> {
    path.iter().try_fold(object, |at, name| at.get(name))
}

/// How messages name the resource.
fn resource(write: &Write<'_>) -> String {
    format!("{}/{}", write.kind.plural, write.subresource)
}

fn not_found(write: &Write<'_>) -> Status {
    Status::not_found(&resource(write), &write.kind.group, write.name)
}

/// `ValidateScale`, and that it is still the same object.
fn check(write: &Write<'_>, body: &Kind, live: &Value, scale: &Value) -> Result<(), Status> {
    let mut errors = validate_object_meta(scale, true, name_is_dns_subdomain);
    let replicas = &scale["spec"]["replicas"];
    // What a custom object may have is told by its own kind.
    if write.kind.custom.is_none() && replicas.as_i64().is_some_and(|replicas| replicas < 0) {
        let reason = "must be greater than or equal to 0";
        errors.push(FieldError::invalid("spec.replicas", replicas, reason));
    }
    if !errors.is_empty() {
        return Err(Status::invalid(
            &body.kind,
            &body.group,
            write.name,
            &errors,
        ));
    }
    let (wanted, found) = (meta_str(scale, "uid"), meta_str(live, "uid"));
    if wanted.is_empty() || wanted == found {
        return Ok(());
    }
    let why =
        format!("Precondition failed: UID in precondition: {wanted}, UID in object meta: {found}");
    let group = &write.kind.group;
    Err(Status::conflict(&resource(write), group, write.name, &why))
}

/// Writes what a scale says into the object.
fn put(object: &mut Value, scale: &Value, path: &[&str]) {
    let replicas = scale["spec"]["replicas"].as_i64().unwrap_or_default();
    let mut place = &mut *object;
    for name in path {
        place = object_mut(place).entry(*name).or_insert(Value::Null);
    }
    *place = replicas.into();
    let version = scale["metadata"].get("resourceVersion").cloned();
    let metadata = metadata_mut(object);
    match version {
        Some(version) => metadata.insert("resourceVersion".to_owned(), version),
        None => metadata.remove("resourceVersion"),
    };
}
