//! DELETE of an object.

use super::body::TypeMeta;
use super::update::checked_key;
use super::write::{Author, Write, Written};
use super::{Context, body};
use crate::codec::json::Node;
use crate::codec::quote::quote;
use crate::handlers::cluster::Cluster;
use crate::kinds::meta::DELETE_OPTIONS;
use crate::kinds::{KindRef, Verb};
use crate::object::meta_str;
use crate::registry;
use crate::request::negotiation::body_format;
use crate::request::options::{DeleteOptions, Given};
use crate::response::{Response, Warnings};
use crate::status::Status;

/// The name of the type registry for options, which the real server tells.
const OPTIONS_SCHEME: &str =
    "k8s.io/apimachinery/pkg/apis/meta/internalversion/scheme/register.go:27";

/// The other kinds it knows in any version.
const CONVERTIBLE: [&str; 7] = [
    "APIGroup",
    "APIGroupList",
    "APIResourceList",
    "APIVersions",
    "CreateOptions",
    "Status",
    "UpdateOptions",
];

pub(super) async fn handle(ctx: &mut Context<'_>) -> Result<Response, Status> {
    let negotiated = ctx.negotiate()?;
    let options = read_options(ctx).await?;
    checked_key(ctx.target)?;
    let target = ctx.target;
    let (namespace, name) = (&target.namespace, &target.name);
    warn(ctx, &options);
    let written = by_client(ctx, Verb::Delete, namespace, name, &options).await?;
    let presenter = ctx.presenter(negotiated)?;
    match written {
        Written::Deleted(object) if !target.kind.policy.returns_deleted => {
            let value = object.value();
            let (uid, kind) = (meta_str(&value, "uid"), &target.kind);
            let status = Status::deleted(&kind.plural, &kind.group, name, uid);
            Ok(Response::status(&status, negotiated))
        }
        Written::Updated(object) if options.orphan_dependents == Some(false) => {
            presenter.object(202, &object)
        }
        Written::Deleted(object) | Written::Updated(object) | Written::Created(object) => {
            presenter.object(200, &object)
        }
    }
}

/// What a kind has to say to who deletes, whatever becomes of it.
pub(super) fn warn(ctx: &mut Context<'_>, options: &DeleteOptions) {
    let strategy = registry::strategy(&ctx.target.kind);
    if let Some(warning) = strategy.delete_warning(options) {
        ctx.warnings.add(warning);
    }
}

/// Deletes one object of the target's kind for who asks, or starts to.
pub(super) async fn by_client(
    ctx: &mut Context<'_>,
    verb: Verb,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Written, Status> {
    let mut warnings = Warnings::default();
    let write = Write {
        cluster: ctx.cluster,
        kind: &ctx.target.kind,
        subresource: "",
        namespace,
        name,
        author: Author::Client {
            verb,
            user: ctx.user,
            access: ctx.authorizer,
            manager: "",
            may_create: &|| Ok(()),
            options: Some(Given::Delete(options)),
        },
        dry_run: options.dry_run,
    };
    let written = write.run(options, &mut warnings).await;
    ctx.warnings.append(warnings);
    written
}

/// Deletes one object, or starts to.
pub(super) async fn delete(
    cluster: &Cluster,
    kind: &KindRef,
    namespace: &str,
    name: &str,
    options: &DeleteOptions,
) -> Result<Written, Status> {
    let write = Write {
        dry_run: options.dry_run,
        ..Write::of_the_server(cluster, kind, namespace, name)
    };
    write.run(options, &mut Warnings::default()).await
}

/// The options of a deletion: those in the body if there is one, otherwise those in the query.
pub(super) async fn read_options(ctx: &mut Context<'_>) -> Result<DeleteOptions, Status> {
    let bytes = ctx.read_body().await?;
    if bytes.is_empty() {
        return DeleteOptions::from_query(ctx.query);
    }
    let format = body_format(ctx.request)?;
    let parsed = body::parse(format, &bytes, &DELETE_OPTIONS).map_err(Status::bad_request)?;
    check_kind(&parsed.node, &bytes)?;
    if let Some(error) = parsed.broken {
        return Err(Status::bad_request(error));
    }
    DeleteOptions::from_body(parsed.node)
}

/// The kind of the options may be left out; the version may be anything that looks like one.
fn check_kind(node: &Node, body: &[u8]) -> Result<(), Status> {
    let found = TypeMeta::of(node).map_err(Status::bad_request)?;
    let (group, version) = found.group_version().map_err(Status::bad_request)?;
    if version.is_empty() && !matches!(group, "" | "meta.k8s.io") {
        return Err(Status::bad_request(body::missing_version(body)));
    }
    let kind = found.kind.as_str();
    if matches!(kind, "" | "DeleteOptions") {
        return Ok(());
    }
    if CONVERTIBLE.contains(&kind) {
        let version = if version.is_empty() { "v1" } else { version };
        return Err(Status::bad_request(format!(
            "converting ({version}.{kind}) to (v1.DeleteOptions): unknown conversion"
        )));
    }
    let version = match version {
        "" => "meta.k8s.io/v1",
        _ => found.api_version.as_str(),
    };
    Err(Status::bad_request(format!(
        "no kind {} is registered for version {} in scheme \"{OPTIONS_SCHEME}\"",
        quote(kind),
        quote(version)
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(body: &[u8]) -> String {
        let node = crate::codec::json::parse(body).unwrap();
        check_kind(&node, body).map_or_else(|status| status.message, |()| String::new())
    }

    #[test]
    fn options_are_known_by_their_kind_alone() {
        assert_eq!(refusal(b"null"), "");
        assert_eq!(
            refusal(br#"{"kind":"DeleteOptions","apiVersion":"nope/v1"}"#),
            ""
        );
        let body = r#"{"kind":"DeleteOptions","apiVersion":"a/"}"#;
        assert_eq!(
            refusal(body.as_bytes()),
            format!("Object 'apiVersion' is missing in '{body}'")
        );
        assert_eq!(
            refusal(br#"{"kind":"CreateOptions","apiVersion":"v1"}"#),
            "converting (v1.CreateOptions) to (v1.DeleteOptions): unknown conversion"
        );
        assert!(
            refusal(br#"{"kind":"Pod"}"#)
                .starts_with("no kind \"Pod\" is registered for version \"meta.k8s.io/v1\"")
        );
    }

    #[test]
    fn what_is_no_object_has_no_kind_to_look_at() {
        let prefix = "couldn't get version/kind; json parse error: json: cannot unmarshal";
        assert!(
            refusal(b"[]").starts_with(&format!("{prefix} array into Go value of type struct {{"))
        );
        assert_eq!(
            refusal(br#"{"kind":5}"#),
            format!("{prefix} number into Go struct field .kind of type string")
        );
        assert_eq!(
            refusal(br#"{"apiVersion":"a/b/c"}"#),
            "unexpected GroupVersion string: a/b/c"
        );
    }
}
