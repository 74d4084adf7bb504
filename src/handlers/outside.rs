//! Who is asked from outside about what is answered and not kept, and about who is connected with whom.

use serde_json::{Value, json};

use super::Context;
use crate::admission::{self, Asked, Attributes, Operation};
use crate::codec::json::object_mut;
use crate::kinds::{Kind, KindRef, Wire};
use crate::request::options::{Given, WriteOptions};
use crate::response::Warnings;
use crate::status::Status;

/// Fields of the options of a connection, by what they are.
const FLAGS: [&str; 4] = ["stdin", "stdout", "stderr", "tty"];
const TEXTS: [&str; 2] = ["container", "path"];
const LISTS: [&str; 1] = ["command"];
const NUMBERS: [&str; 1] = ["ports"];

/// Asks about an object that is posted to be answered.
pub(super) async fn ask(
    ctx: &mut Context<'_>,
    kind: &KindRef,
    options: &WriteOptions,
    object: &mut Value,
) -> Result<(), Status> {
    let given = Some(Given::Write(options));
    let operation = Operation::Create;
    about(ctx, operation, kind, given, options.dry_run, object).await
}

/// Asks about a connection.
pub(super) async fn ask_to_connect(ctx: &mut Context<'_>) -> Result<(), Status> {
    let target = ctx.target;
    let subresource = target.kind.subresource(&target.subresource);
    let of = subresource.and_then(|subresource| subresource.of.clone());
    let Some(of) = of else { return Ok(()) };
    let kind = KindRef::new(Kind {
        group: of.group,
        version: of.version,
        kind: of.kind,
        wire: Wire::Unstructured,
        ..Kind::clone(&target.kind)
    });
    let mut options = connection(ctx, &kind);
    about(ctx, Operation::Connect, &kind, None, false, &mut options).await
}

/// The options of a connection, which are its parameters.
fn connection(ctx: &Context<'_>, kind: &Kind) -> Value {
    let mut options = json!({"kind": kind.kind, "apiVersion": kind.api_version()});
    let mut set = |field: &str, value: Value| {
        object_mut(&mut options).insert(field.to_owned(), value);
    };
    for field in FLAGS {
        if ctx.query.flag(field) == Some(true) {
            set(field, true.into());
        }
    }
    for field in TEXTS {
        if let Some(text) = ctx.query.get(field).filter(|text| !text.is_empty()) {
            set(field, text.into());
        }
    }
    for field in LISTS {
        let all: Vec<&str> = ctx.query.all(field).collect();
        if !all.is_empty() {
            set(field, all.into());
        }
    }
    for field in NUMBERS {
        let all = ctx.query.all(field);
        let all: Vec<i64> = all.filter_map(|number| number.parse().ok()).collect();
        if !all.is_empty() {
            set(field, all.into());
        }
    }
    options
}

async fn about(
    ctx: &mut Context<'_>,
    operation: Operation,
    kind: &KindRef,
    options: Option<Given<'_>>,
    dry_run: bool,
    object: &mut Value,
) -> Result<(), Status> {
    let cluster = ctx.cluster;
    let asked = Asked {
        options,
        catalog: cluster.catalog(),
        acting: cluster.acting.now(&cluster.storage, &**cluster),
        client: &cluster.outbound,
    };
    let target = ctx.target;
    let attributes = Attributes {
        operation,
        kind: &target.kind,
        namespace: &target.namespace,
        name: &target.name,
        subresource: &target.subresource,
        sent: Some(kind),
        user: Some(ctx.user),
        access: Some(ctx.authorizer),
        old: None,
        dry_run,
        lister: &**cluster,
        chance: &*cluster.ids,
        ledger: &**cluster,
        asked: Some(&asked),
    };
    let mut told = Warnings::default();
    let result = admission::ask(&attributes, Some(object), &mut told).await;
    ctx.warnings.append(told);
    result
}
