//! The options of the verbs: `CreateOptions`, `UpdateOptions`, `PatchOptions`, `DeleteOptions`, `ListOptions`.

mod delete;

use std::fmt::Display;

use serde_json::Value;

use super::query::{Query, parse_uint};
use super::selector::{FieldSelector, LabelSelector};
use crate::codec::json::Node;
use crate::codec::printable::is_print;
use crate::codec::quote::quote;
use crate::status::Status;
use crate::status::field::FieldError;

pub(crate) use delete::{DeleteOptions, Propagation};

const META_GROUP: &str = "meta.k8s.io";
const MAX_FIELD_MANAGER: usize = 128;

/// What to do about unknown and duplicate fields.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum FieldValidation {
    Ignore,
    Warn,
    Strict,
}

/// The options creates, updates and patches share.
#[derive(Clone, Debug)]
pub(crate) struct WriteOptions {
    pub(crate) dry_run: bool,
    /// Empty when the request did not say.
    pub(crate) field_manager: String,
    pub(crate) field_validation: FieldValidation,
    /// The same as it was said, empty when it was not.
    said_validation: String,
}

/// The options of a request, whichever they are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Given<'a> {
    Write(&'a WriteOptions),
    Delete(&'a DeleteOptions),
}

impl Given<'_> {
    /// JSON, as the server writes options of this kind.
    pub(crate) fn to_json(self, kind: &str) -> Vec<u8> {
        let version = Node::text([META_GROUP, "/v1"].concat());
        let dry_run = |is_dry: bool| match is_dry {
            true => Node::texts(&["All"]),
            false => Node::Null,
        };
        let node = match self {
            Given::Write(options) => Node::object([
                ("kind", Node::text(kind)),
                ("apiVersion", version),
                ("dryRun", dry_run(options.dry_run)),
                (
                    "fieldManager",
                    Node::text(options.field_manager.clone()).unless_empty(),
                ),
                (
                    "fieldValidation",
                    Node::text(options.said_validation.clone()).unless_empty(),
                ),
            ]),
            Given::Delete(options) => options.to_node(kind, version, dry_run(options.dry_run)),
        };
        node.to_json()
    }
}

impl WriteOptions {
    /// `kind` is the options type the error names: `CreateOptions`, `UpdateOptions` or `PatchOptions`.
    pub(crate) fn parse(query: &Query, kind: &str) -> Result<Self, Status> {
        let mut errors = Vec::new();
        let options = Self::collect(query, &mut errors);
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid(kind, META_GROUP, "", &errors))
        }
    }

    pub(crate) fn collect(query: &Query, errors: &mut Vec<FieldError>) -> Self {
        let field_manager = query.get("fieldManager").unwrap_or_default().to_owned();
        errors.extend(validate_field_manager(&field_manager, "fieldManager"));
        let dry_run = dry_run(query.all("dryRun").map(str::to_owned).collect(), errors);
        let text = query.get("fieldValidation").unwrap_or_default();
        let field_validation = match text {
            "" | "Warn" => FieldValidation::Warn,
            "Ignore" => FieldValidation::Ignore,
            "Strict" => FieldValidation::Strict,
            _ => {
                let supported = ["", "Ignore", "Strict", "Warn"];
                errors.push(FieldError::not_supported(
                    "fieldValidation",
                    &text.into(),
                    &supported,
                ));
                FieldValidation::Warn
            }
        };
        WriteOptions {
            dry_run,
            field_manager,
            field_validation,
            said_validation: text.to_owned(),
        }
    }
}

/// `ValidateFieldManager`, for the parameter of a request and for the entries of `managedFields`.
pub(crate) fn validate_field_manager(manager: &str, path: impl Display) -> Vec<FieldError> {
    let mut errors = Vec::new();
    if manager.len() > MAX_FIELD_MANAGER {
        errors.push(FieldError::too_long(path.to_string(), MAX_FIELD_MANAGER));
    }
    for (at, c) in manager.char_indices().filter(|&(_, c)| !is_print(c)) {
        let reason = format!(
            "invalid character U+{:04X} (at position {at})",
            u32::from(c)
        );
        errors.push(FieldError::invalid_str(path.to_string(), manager, reason));
    }
    errors
}

/// The manager a request writes as when it names none: its User-Agent up to the first slash.
pub(crate) fn manager_from_user_agent(user_agent: &str) -> String {
    let head = user_agent.split('/').next().unwrap_or_default();
    let mut manager = String::new();
    for c in head.chars().filter(|c| is_print(*c)) {
        if manager.len() + c.len_utf8() > MAX_FIELD_MANAGER {
            break;
        }
        manager.push(c);
    }
    if manager.is_empty() {
        "unknown".to_owned()
    } else {
        manager
    }
}

fn dry_run(values: Vec<String>, errors: &mut Vec<FieldError>) -> bool {
    if values.iter().any(|v| v != "All") {
        let all = Value::from(values.clone());
        errors.push(FieldError::not_supported("dryRun", &all, &["All"]));
    }
    !values.is_empty()
}

/// `resourceVersion` of a read.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AtVersion {
    /// Not given: the most recent.
    Unset,
    /// `0`: any.
    Any,
    Number(u64),
}

/// `resourceVersionMatch`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum VersionMatch {
    Exact,
    NotOlderThan,
}

/// `ListOptions` of a list, a watch or a deletion of a collection.
#[derive(Clone, Debug)]
pub(crate) struct ListOptions {
    pub(crate) labels: LabelSelector,
    pub(crate) fields: FieldSelector,
    pub(crate) watch: bool,
    pub(crate) allow_bookmarks: bool,
    pub(crate) send_initial_events: Option<bool>,
    /// As sent; a list and a watch read it differently.
    pub(crate) resource_version: String,
    pub(crate) version_match: Option<VersionMatch>,
    pub(crate) timeout_seconds: Option<i64>,
    /// 0 means no limit.
    pub(crate) limit: usize,
    pub(crate) continue_token: String,
}

impl ListOptions {
    pub(crate) fn parse(query: &Query) -> Result<Self, Status> {
        let mut options = Self::decode(query).map_err(Status::bad_request)?;
        let mut version_match = query.get("resourceVersionMatch").unwrap_or_default();
        // Upstream's default: a watch from the start is one with initial events.
        let from_start = matches!(options.resource_version.as_str(), "" | "0");
        if options.watch
            && from_start
            && options.send_initial_events.is_none()
            && version_match.is_empty()
        {
            options.send_initial_events = Some(true);
            version_match = "NotOlderThan";
        }
        let errors = options.validate(version_match);
        if errors.is_empty() {
            Ok(options)
        } else {
            Err(Status::invalid("ListOptions", META_GROUP, "", &errors))
        }
    }

    /// What the parameters say, sensible or not. The order decides which of several errors is reported: upstream fills the
    /// versioned options first, and reads the selectors when it converts those.
    pub(crate) fn decode(query: &Query) -> Result<Self, String> {
        let timeout_seconds = query.integer("timeoutSeconds")?;
        let limit = query.integer("limit")?.unwrap_or(0);
        Ok(ListOptions {
            labels: LabelSelector::parse(query.get("labelSelector").unwrap_or_default())?,
            fields: FieldSelector::parse(query.get("fieldSelector").unwrap_or_default())?,
            watch: query.flag("watch") == Some(true),
            allow_bookmarks: query.flag("allowWatchBookmarks") == Some(true),
            send_initial_events: query.flag("sendInitialEvents"),
            resource_version: query.get("resourceVersion").unwrap_or_default().to_owned(),
            version_match: None,
            timeout_seconds,
            limit: usize::try_from(limit).unwrap_or(0),
            continue_token: query.get("continue").unwrap_or_default().to_owned(),
        })
    }

    /// The same rules as a list, whatever `watch` says: for the deletion of a collection.
    pub(crate) fn parse_for_delete(query: &Query) -> Result<Self, Status> {
        Self::parse(&query.without("watch"))
    }

    fn validate(&mut self, text: &str) -> Vec<FieldError> {
        let errors = if self.watch {
            self.watch_errors(text)
        } else {
            self.list_errors(text)
        };
        self.version_match = match text {
            "Exact" => Some(VersionMatch::Exact),
            "NotOlderThan" => Some(VersionMatch::NotOlderThan),
            _ => None,
        };
        errors
    }

    fn list_errors(&self, text: &str) -> Vec<FieldError> {
        const FIELD: &str = "resourceVersionMatch";
        let mut errors = Vec::new();
        if !text.is_empty() {
            if self.resource_version.is_empty() {
                let detail = "resourceVersionMatch is forbidden unless resourceVersion is provided";
                errors.push(FieldError::forbidden(FIELD, detail));
            }
            if !self.continue_token.is_empty() {
                errors.push(FieldError::forbidden(
                    FIELD,
                    "resourceVersionMatch is forbidden when continue is provided",
                ));
            }
            if text != "Exact" && text != "NotOlderThan" {
                errors.push(FieldError::not_supported(
                    FIELD,
                    &text.into(),
                    &["Exact", "NotOlderThan", ""],
                ));
            }
            if text == "Exact" && self.resource_version == "0" {
                let detail =
                    "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"";
                errors.push(FieldError::forbidden(FIELD, detail));
            }
        }
        if self.send_initial_events.is_some() {
            errors.push(FieldError::forbidden(
                "sendInitialEvents",
                "sendInitialEvents is forbidden for list",
            ));
        }
        errors
    }

    fn watch_errors(&self, text: &str) -> Vec<FieldError> {
        const FIELD: &str = "resourceVersionMatch";
        let mut errors = Vec::new();
        if self.send_initial_events.is_some() && text != "NotOlderThan" {
            let detail = "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan";
            errors.push(FieldError::forbidden(FIELD, detail));
        }
        if !text.is_empty() {
            if self.send_initial_events.is_none() {
                let detail = "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided";
                errors.push(FieldError::forbidden(FIELD, detail));
            }
            if text != "NotOlderThan" {
                errors.push(FieldError::not_supported(
                    FIELD,
                    &text.into(),
                    &["NotOlderThan"],
                ));
            }
            if !self.continue_token.is_empty() {
                errors.push(FieldError::forbidden(
                    FIELD,
                    "resourceVersionMatch is forbidden when continue is provided",
                ));
            }
        }
        errors
    }
}

/// Reads a `resourceVersion` parameter; the error is that of the parser below a get or a watch.
pub(crate) fn parse_version(text: &str) -> Result<AtVersion, String> {
    match text {
        "" => Ok(AtVersion::Unset),
        _ => match parse_uint(text) {
            Ok(0) => Ok(AtVersion::Any),
            Ok(n) => Ok(AtVersion::Number(n)),
            Err(e) => Err(format!(
                "resourceVersion: Invalid value: {}: {e}",
                quote(text)
            )),
        },
    }
}
