//! The clock, the store and the port over HTTP.

use std::time::Duration;

use serde_json::json;

use super::{Asked, Control, Refusal, Reply, json_response};
use crate::codec::json::Node;
use crate::codec::script::{Cursor, Error};
use crate::control::snapshot::Snapshot;
use crate::fault::Outage;
use crate::response::Response;
use crate::storage::Revision;

/// How long an outage waits, so that the answer that announces it arrives.
const NOTICE: Duration = Duration::from_millis(100);

impl Control {
    pub(super) fn show_clock(&self) -> Response {
        json_response(200, &json!({"time": self.cluster.timestamp()}))
    }

    pub(super) fn advance_clock(&self, asked: &Asked<'_>) -> Reply {
        asked.with_body(|at| {
            at.only(&["advance"])?;
            let at = at.require("advance")?;
            let advanced = self.cluster.clock.advance(at.duration()?);
            advanced.map_err(|problem| at.fail(problem))
        })?;
        Ok(self.show_clock())
    }

    pub(super) fn compact(&self, asked: &Asked<'_>) -> Reply {
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

    pub(super) fn show_snapshot(&self) -> Response {
        let manifests = Snapshot::take(&self.cluster).to_yaml();
        Response::new(200, "application/yaml", manifests)
    }

    pub(super) fn restore_snapshot(&self, asked: &Asked<'_>) -> Reply {
        let snapshot = Snapshot::from_yaml(asked.body);
        let snapshot = snapshot.map_err(|error| Refusal(400, error.to_string()))?;
        if snapshot.is_of_nothing() {
            let problem =
                "the body holds no object; `{kind: List, items: []}` removes all there are";
            return Err(Refusal(400, problem.to_owned()));
        }
        self.restore(&snapshot)
    }

    pub(super) fn reset(&self) -> Reply {
        let Some(start) = self.start.get() else {
            return Err(Refusal(503, "the server is still starting".to_owned()));
        };
        if let Some(clock) = start.clock() {
            self.cluster.clock.set_to(&clock);
        }
        self.faults.reset(self.cluster.clock.now());
        self.recorder.clear();
        self.restore(start)
    }

    fn restore(&self, snapshot: &Snapshot) -> Reply {
        let restored = snapshot.restore(&self.cluster);
        restored.map_err(|problem| Refusal(400, problem))?;
        let revision = self.cluster.storage.revision().0;
        Ok(json_response(200, &json!({"revision": revision})))
    }

    pub(super) fn outage(&self, asked: &Asked<'_>) -> Reply {
        let outage = asked.with_body(outage)?;
        let port = self.port.clone();
        tokio::spawn(async move {
            tokio::time::sleep(NOTICE).await;
            port.fail(&outage);
        });
        Ok(json_response(202, &json!({"outage": "begins in 100ms"})))
    }
}

/// One that ends by itself: nobody could ask for its end.
fn outage(at: &Cursor<'_>) -> Result<Outage, Error> {
    at.only(&[
        "during",
        "reset",
        "resetNext",
        "withoutState",
        "keepConnections",
    ])?;
    let flag = |key| at.get(key).map_or(Ok(false), |at| at.boolean());
    let mut outage = match (at.get("during"), at.get("resetNext")) {
        (Some(during), None) if flag("reset")? => Outage::reset().during(during.duration()?),
        (Some(during), None) => Outage::refused().during(during.duration()?),
        (None, Some(next)) => Outage::reset_next(next.whole_within(1, u64::MAX)?),
        _ => return Err(at.fail("an outage has a `during` such as `10s`, or a `resetNext`")),
    };
    if flag("keepConnections")? {
        outage = outage.keeping_connections();
    }
    if flag("withoutState")? {
        outage = outage.without_state();
    }
    outage.check().map_err(|problem| at.fail(problem))?;
    Ok(outage)
}
