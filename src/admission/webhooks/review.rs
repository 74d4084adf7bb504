//! AdmissionReview: what a webhook is sent, and what it says.

use std::collections::BTreeMap;

use serde_json::Value;

use super::View;
use crate::admission::view::shown_kind;
use crate::admission::{Asked, Attributes, Operation};
use crate::codec::base64;
use crate::codec::json::{Members, write_items, write_sorted, write_string};
use crate::codec::quote::quote;
use crate::kinds::Kind;
use crate::registry::validation::read::text_at;
use crate::status::{Cause, Details, Status};

const GROUP: &str = "admission.k8s.io";
const KIND: &str = "AdmissionReview";
/// The name of the type registry that reviews are read with, which the real server tells.
const SCHEME: &str = "k8s.io/apiserver/pkg/util/webhook/client.go:71";

/// A review about to be sent.
pub(super) struct Review<'a> {
    version: &'static str,
    uid: String,
    write: &'a Attributes<'a>,
    view: &'a View<'a>,
}

/// What a webhook says.
pub(super) struct Verdict {
    allowed: bool,
    result: Value,
    pub(super) patch: Option<Vec<u8>>,
    /// None where nothing asks for it.
    patch_type: Option<String>,
    pub(super) annotations: BTreeMap<String, String>,
    pub(super) warnings: Vec<String>,
}

impl<'a> Review<'a> {
    pub(super) fn new(
        version: &'static str,
        write: &'a Attributes<'a>,
        view: &'a View<'a>,
    ) -> Self {
        Review {
            version,
            uid: write.chance.unique(),
            write,
            view,
        }
    }

    /// The body of the request, in the order of the Go struct, with a line end.
    pub(super) fn request(&self, asked: &Asked<'_>, object: Option<&Value>) -> Vec<u8> {
        let mut out = Vec::new();
        let mut review = Members::of(&mut out);
        write_string(review.name("kind"), KIND);
        write_string(
            review.name("apiVersion"),
            &format!("{GROUP}/{}", self.version),
        );
        self.write_request(review.name("request"), asked, object);
        review.end();
        out.push(b'\n');
        out
    }

    fn write_request(&self, out: &mut Vec<u8>, asked: &Asked<'_>, object: Option<&Value>) {
        let (write, view) = (self.write, self.view);
        let own = write.shape(write.kind);
        let mut request = Members::of(out);
        write_string(request.name("uid"), &self.uid);
        write_kind(request.name("kind"), &view.kind);
        write_resource(request.name("resource"), &view.resource);
        if !write.subresource.is_empty() {
            write_string(request.name("subResource"), write.subresource);
        }
        write_kind(request.name("requestKind"), &own);
        write_resource(request.name("requestResource"), write.kind);
        if !write.subresource.is_empty() {
            write_string(request.name("requestSubResource"), write.subresource);
        }
        let name = write.name_of(object);
        if !name.is_empty() {
            write_string(request.name("name"), name);
        }
        let namespace = write.namespace_of(object);
        if !namespace.is_empty() {
            write_string(request.name("namespace"), namespace);
        }
        write_string(request.name("operation"), write.operation.as_str());
        self.write_user(request.name("userInfo"));
        for (field, object) in [("object", object), ("oldObject", write.old)] {
            let out = request.name(field);
            match object {
                Some(object) => out.extend(view.to_json(&view.show(object))),
                None => out.extend(b"null"),
            }
        }
        write_sorted(request.name("dryRun"), &write.dry_run.into());
        let options = request.name("options");
        match asked.options {
            Some(given) if write.operation != Operation::Connect => {
                options.extend(given.to_json(write.operation.options_kind()));
            }
            _ => options.extend(b"null"),
        }
        request.end();
    }

    fn write_user(&self, out: &mut Vec<u8>) {
        let mut user = Members::of(out);
        let Some(info) = self.write.user else {
            return user.end();
        };
        for (field, text) in [("username", &info.name), ("uid", &info.uid)] {
            if !text.is_empty() {
                write_string(user.name(field), text);
            }
        }
        if !info.groups.is_empty() {
            write_items(user.name("groups"), &info.groups, |out, group| {
                write_string(out, group);
            });
        }
        if !info.extra.is_empty() {
            let mut extra = Members::of(user.name("extra"));
            for (key, values) in &info.extra {
                write_items(extra.name(key), values, |out, value| {
                    write_string(out, value);
                });
            }
            extra.end();
        }
        user.end();
    }

    /// The response of an answer, as the type it is read into has it.
    pub(super) fn decode(&self, answer: &Value) -> Result<Decoded, String> {
        let (version, kind) = (text_at(answer, "apiVersion"), text_at(answer, "kind"));
        let own = format!("{GROUP}/{}", self.version);
        let asked = match version {
            "" => own.as_str(),
            version => version,
        };
        let is_known = matches!(asked, "admission.k8s.io/v1" | "admission.k8s.io/v1beta1");
        if !is_known || !matches!(kind, "" | KIND) {
            return Err(format!(
                "no kind {} is registered for version {} in scheme {}",
                quote(if kind.is_empty() { KIND } else { kind }),
                quote(asked),
                quote(SCHEME)
            ));
        }
        if asked != own {
            let theirs = asked.rsplit('/').next().unwrap_or_default();
            return Err(format!(
                "converting ({theirs}.{KIND}) to ({}.{KIND}): unknown conversion",
                self.version
            ));
        }
        let response = match &answer["response"] {
            Value::Null => None,
            response => Some(Response::read(response)?),
        };
        Ok(Decoded {
            kind: shown_kind(version, kind),
            response,
        })
    }

    /// `VerifyAdmissionResponse`.
    pub(super) fn verify(&self, decoded: Decoded, mutates: bool) -> Result<Verdict, String> {
        let response = decoded.response.ok_or("webhook response was absent")?;
        let is_first_version = self.version == "v1";
        if is_first_version {
            if response.uid != self.uid {
                let (wanted, got) = (quote(&self.uid), quote(&response.uid));
                return Err(format!("expected response.uid={wanted}, got {got}"));
            }
            let wanted = shown_kind(&format!("{GROUP}/v1"), KIND);
            if decoded.kind != wanted {
                let got = decoded.kind;
                return Err(format!("expected webhook response of {wanted}, got {got}"));
            }
            check_patch(&response, mutates)?;
        }
        Ok(Verdict {
            allowed: response.allowed,
            result: response.result,
            patch_type: response.patch_type.filter(|_| is_first_version),
            patch: Some(response.patch).filter(|patch| mutates && !patch.is_empty()),
            annotations: response.annotations,
            warnings: response.warnings,
        })
    }
}

fn check_patch(response: &Response, mutates: bool) -> Result<(), String> {
    let (has_patch, kind) = (!response.patch.is_empty(), &response.patch_type);
    let why = match (mutates, has_patch, kind) {
        (false, true, _) => "validating webhook may not return response.patch",
        (false, false, Some(_)) => "validating webhook may not return response.patchType",
        (true, true, None) => "webhook returned response.patch but not response.patchType",
        (true, false, Some(_)) => "webhook returned response.patchType but not response.patch",
        (true, true, Some(kind)) if kind.is_empty() => {
            "webhook returned invalid response.patchType of \"\""
        }
        _ => return Ok(()),
    };
    Err(why.to_owned())
}

fn write_kind(out: &mut Vec<u8>, kind: &Kind) {
    write_triple(out, kind, "kind", &kind.kind);
}

fn write_resource(out: &mut Vec<u8>, kind: &Kind) {
    write_triple(out, kind, "resource", &kind.plural);
}

fn write_triple(out: &mut Vec<u8>, kind: &Kind, field: &str, name: &str) {
    let mut members = Members::of(out);
    write_string(members.name("group"), &kind.group);
    write_string(members.name("version"), &kind.version);
    write_string(members.name(field), name);
    members.end();
}

/// An answer, read.
pub(super) struct Decoded {
    /// As Go prints it.
    kind: String,
    response: Option<Response>,
}

/// `AdmissionResponse`.
#[derive(Default)]
struct Response {
    uid: String,
    allowed: bool,
    result: Value,
    patch: Vec<u8>,
    patch_type: Option<String>,
    annotations: BTreeMap<String, String>,
    warnings: Vec<String>,
}

impl Response {
    fn read(value: &Value) -> Result<Self, String> {
        let Value::Object(_) = value else {
            return Err(mismatch(value, "", "v1.AdmissionResponse"));
        };
        let mut response = Response {
            uid: text(value, "uid")?.unwrap_or_default(),
            patch_type: text(value, "patchType")?,
            result: value["status"].clone(),
            ..Response::default()
        };
        response.allowed = match &value["allowed"] {
            Value::Null => false,
            Value::Bool(allowed) => *allowed,
            other => return Err(mismatch(other, ".allowed", "bool")),
        };
        if let Some(patch) = text(value, "patch")? {
            response.patch = base64::decode(&patch)?;
        }
        match &value["status"] {
            Value::Null | Value::Object(_) => {}
            other => return Err(mismatch(other, ".status", "v1.Status")),
        }
        match &value["warnings"] {
            Value::Null => {}
            Value::Array(items) => {
                for item in items {
                    let text = item.as_str();
                    let text = text.ok_or_else(|| mismatch(item, ".warnings", "string"))?;
                    response.warnings.push(text.to_owned());
                }
            }
            other => return Err(mismatch(other, ".warnings", "[]string")),
        }
        match &value["auditAnnotations"] {
            Value::Null => {}
            Value::Object(members) => {
                for (key, value) in members {
                    let text = value.as_str();
                    let text =
                        text.ok_or_else(|| mismatch(value, ".auditAnnotations", "string"))?;
                    response.annotations.insert(key.clone(), text.to_owned());
                }
            }
            other => return Err(mismatch(other, ".auditAnnotations", "map[string]string")),
        }
        Ok(response)
    }
}

fn text(value: &Value, field: &str) -> Result<Option<String>, String> {
    match &value[field] {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        other => Err(mismatch(other, &format!(".{field}"), "string")),
    }
}

/// A type error of Go's decoder.
fn mismatch(value: &Value, path: &str, ty: &str) -> String {
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "bool",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    let holder = if path.is_empty() {
        KIND
    } else {
        "AdmissionResponse"
    };
    format!(
        "json: cannot unmarshal {kind} into Go struct field {holder}.response{path} of type {ty}"
    )
}

impl Verdict {
    /// What is wrong with a patch that nobody can apply.
    pub(super) fn misfit(&self) -> Option<String> {
        let kind = self.patch_type.as_deref().filter(|_| self.allowed)?;
        (kind != "JSONPatch").then(|| format!("unsupported patch type {}", quote(kind)))
    }

    /// `ToStatusErr`, of what was denied.
    pub(super) fn denial(&self, name: &str) -> Option<Status> {
        if self.allowed {
            return None;
        }
        let result = &self.result;
        let by = format!("admission webhook {} denied the request", quote(name));
        let (message, reason) = (text_at(result, "message"), text_at(result, "reason"));
        let message = match (message, reason) {
            ("", "") => format!("{by} without explanation"),
            ("", said) | (said, _) => format!("{by}: {said}"),
        };
        let code = result["code"].as_u64().unwrap_or_default();
        let code = u16::try_from(code).unwrap_or(500).max(400);
        let mut status = Status::scripted(code, reason, &message);
        status.details = details(&result["details"]).map(Box::new);
        Some(status)
    }
}

fn details(value: &Value) -> Option<Details> {
    let members = value.as_object()?;
    let text = |value: &Value, field: &str| text_at(value, field).to_owned();
    let causes = members.get("causes").and_then(Value::as_array);
    let causes = causes.into_iter().flatten().map(|cause| Cause {
        reason: text(cause, "reason"),
        message: text(cause, "message"),
        field: text(cause, "field"),
    });
    let seconds = value["retryAfterSeconds"].as_u64().unwrap_or_default();
    Some(Details {
        name: text(value, "name"),
        group: text(value, "group"),
        kind: text(value, "kind"),
        uid: text(value, "uid"),
        causes: causes.collect(),
        retry_after_seconds: u32::try_from(seconds).unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_response_is_read_as_its_type_is() {
        let field = "into Go struct field AdmissionResponse.response";
        for (response, why) in [
            (
                json!({"allowed": "yes"}),
                format!("json: cannot unmarshal string {field}.allowed of type bool"),
            ),
            (
                json!({"uid": 1}),
                format!("json: cannot unmarshal number {field}.uid of type string"),
            ),
            (
                json!({"warnings": [1]}),
                format!("json: cannot unmarshal number {field}.warnings of type string"),
            ),
            (
                json!({"status": []}),
                format!("json: cannot unmarshal array {field}.status of type v1.Status"),
            ),
        ] {
            assert_eq!(Response::read(&response).map(|_| ()), Err(why));
        }
    }

    #[test]
    fn a_patch_comes_with_its_type_and_from_who_may_change() {
        let read = |value| Response::read(&value).unwrap();
        let (both, patch) = (
            read(json!({"patch": "W10=", "patchType": "JSONPatch"})),
            read(json!({"patch": "W10="})),
        );
        assert_eq!(check_patch(&both, true), Ok(()));
        let refused = check_patch(&both, false).unwrap_err();
        assert_eq!(refused, "validating webhook may not return response.patch");
        let refused = check_patch(&patch, true).unwrap_err();
        assert_eq!(
            refused,
            "webhook returned response.patch but not response.patchType"
        );
    }
}
