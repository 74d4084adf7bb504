//! SubjectAccessReview and its sisters: whether somebody may do something.

mod validation;

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{Answer, Answered, Call};
use crate::authorization::Attributes;
use crate::request::selector::{FieldSelector, LabelSelector};
use crate::request::user::UserInfo;
use crate::status::Status;
use crate::status::field::FieldError;

pub(super) struct SubjectAccessReview;
pub(super) struct LocalSubjectAccessReview;
pub(super) struct SelfSubjectAccessReview;

impl Answer for SubjectAccessReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        let review = |call: &mut Call<'_, '_>| {
            prepare(call, validation::subject)?;
            Ok(reviewed(call, &subject(&call.object["spec"])))
        };
        Box::pin(std::future::ready(review(call)))
    }
}

impl Answer for LocalSubjectAccessReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        let review = |call: &mut Call<'_, '_>| {
            prepare(call, validation::local)?;
            Ok(reviewed(call, &subject(&call.object["spec"])))
        };
        Box::pin(std::future::ready(review(call)))
    }
}

impl Answer for SelfSubjectAccessReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        let review = |call: &mut Call<'_, '_>| {
            prepare(call, validation::own)?;
            let user = call.ctx.user;
            Ok(reviewed(call, user))
        };
        Box::pin(std::future::ready(review(call)))
    }
}

/// Refuses what is not valid. The error says no kind, as upstream's does.
fn prepare(
    call: &mut Call<'_, '_>,
    validate: fn(&Value, &crate::kinds::Kind) -> Vec<FieldError>,
) -> Result<(), Status> {
    let kind = call.kind()?;
    call.own(&kind);
    match &validate(&call.object, &kind)[..] {
        [] => Ok(()),
        errors => Err(Status::invalid("", &kind.group, "", errors)),
    }
}

fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_default()
}

/// Who is asked about.
fn subject(spec: &Value) -> UserInfo {
    let texts = |value: &Value| -> Vec<String> {
        let all = value.as_array().into_iter().flatten();
        all.filter_map(Value::as_str).map(str::to_owned).collect()
    };
    let extra = spec["extra"].as_object().into_iter().flatten();
    UserInfo {
        name: text(spec, "user").to_owned(),
        uid: text(spec, "uid").to_owned(),
        groups: texts(&spec["groups"]),
        extra: extra
            .map(|(key, value)| (key.clone(), texts(value)))
            .collect::<BTreeMap<_, _>>(),
    }
}

/// The review with its status.
fn reviewed(call: &mut Call<'_, '_>, user: &UserInfo) -> Value {
    let mut object = std::mem::take(&mut call.object);
    let spec = &object["spec"];
    let (resource, path) = (&spec["resourceAttributes"], &spec["nonResourceAttributes"]);
    let attributes = match resource.is_object() {
        true => Attributes {
            verb: text(resource, "verb"),
            api_group: text(resource, "group"),
            api_version: text(resource, "version"),
            resource: text(resource, "resource"),
            subresource: text(resource, "subresource"),
            namespace: text(resource, "namespace"),
            name: text(resource, "name"),
            path: "",
            is_resource_request: true,
        },
        false => Attributes {
            verb: text(path, "verb"),
            path: text(path, "path"),
            ..Attributes::default()
        },
    };
    let decision = call.ctx.authorizer.decide(user, &attributes);
    let mut status = json!({"allowed": decision.allowed});
    if !decision.reason.is_empty() {
        status["reason"] = decision.reason.into();
    }
    let errors: Vec<String> = [
        ignored(
            "fieldSelector",
            &resource["fieldSelector"],
            field_requirements,
        ),
        ignored(
            "labelSelector",
            &resource["labelSelector"],
            label_requirements,
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !errors.is_empty() {
        status["evaluationError"] = errors.join("; ").into();
    }
    object["status"] = status;
    object
}

/// How many requirements of a selector can be read, and whether some cannot.
type Read = (usize, bool);

fn ignored(field: &str, selector: &Value, read: fn(&Value) -> Read) -> Option<String> {
    if !selector.is_object() {
        return None;
    }
    let path = format!("spec.resourceAttributes.{field}");
    match read(selector) {
        (_, false) => None,
        (0, true) => Some(format!("{path} ignored due to parse error")),
        (_, true) => Some(format!("{path} partially ignored due to parse error")),
    }
}

fn requirements(selector: &Value, is_good: fn(&Value) -> bool) -> Read {
    let all = selector["requirements"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let good = all.iter().filter(|one| is_good(one)).count();
    (good, good < all.len())
}

fn field_requirements(selector: &Value) -> Read {
    let raw = text(selector, "rawSelector");
    if !raw.is_empty() {
        return (0, FieldSelector::parse(raw).is_err());
    }
    requirements(selector, |one| {
        let values = one["values"].as_array().map_or(0, Vec::len);
        matches!(text(one, "operator"), "In" | "NotIn") && values == 1
    })
}

fn label_requirements(selector: &Value) -> Read {
    let raw = text(selector, "rawSelector");
    if !raw.is_empty() {
        return (0, LabelSelector::parse(raw).is_err());
    }
    // What is valid can be read, but for operators nobody knows.
    requirements(selector, |one| {
        matches!(
            text(one, "operator"),
            "In" | "NotIn" | "Exists" | "DoesNotExist"
        )
    })
}
