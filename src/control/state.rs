//! The clock and the store over HTTP.

use serde_json::json;

use super::{Asked, Control, Outcome, Refusal, json_response};
use crate::codec::json::Node;
use crate::codec::yaml;
use crate::response::Response;
use crate::script::{Cursor, Error};
use crate::storage::Revision;

impl Control {
    pub(super) fn show_clock(&self) -> Response {
        json_response(200, &json!({"time": self.cluster.timestamp()}))
    }

    pub(super) fn advance_clock(&self, asked: &Asked<'_>) -> Outcome {
        let by = asked.with_body(|at| {
            at.only(&["advance"])?;
            at.require("advance")?.duration()
        })?;
        self.cluster.clock.advance(by);
        Ok(self.show_clock())
    }

    pub(super) fn compact(&self, asked: &Asked<'_>) -> Outcome {
        let newest = self.cluster.storage.revision();
        let revision = asked.with_body(|at| {
            if *at.node == Node::Null {
                return Ok(newest);
            }
            at.only(&["revision"])?;
            let revision = at
                .get("revision")
                .map(|at| at.whole_within(1, newest.0))
                .transpose()?;
            Ok(revision.map_or(newest, Revision))
        })?;
        self.cluster.storage.compact(revision);
        Ok(json_response(200, &json!({"compacted": revision.0})))
    }
}

impl Asked<'_> {
    /// Reads the body, YAML or JSON; an empty one is null.
    pub(super) fn with_body<T>(
        &self,
        read: impl FnOnce(&Cursor<'_>) -> Result<T, Error>,
    ) -> Result<T, Refusal> {
        let body = if self.body.trim().is_empty() {
            "null"
        } else {
            self.body
        };
        let documents = yaml::parse_located(body.as_bytes()).map_err(|e| Refusal(400, e))?;
        let Some(document) = documents.first() else {
            return Err(Refusal(400, "the body holds no document".to_owned()));
        };
        read(&Cursor::root("body", document)).map_err(|error| Refusal(400, error.to_string()))
    }
}
