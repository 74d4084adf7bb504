//! A line a request for whoever listens: `tracing` events at the info level, with the target [`TARGET`].

use http::{Method, header};

use crate::authentication::mask;
use crate::clock::Stopwatch;
use crate::request::Request;

/// What the events can be filtered by.
const TARGET: &str = "fake_apiserver::request";

/// What is known of a request so far.
pub(crate) struct Line {
    method: Method,
    target: String,
    user_agent: String,
    /// Empty until the request is authenticated.
    user: String,
    stopwatch: Stopwatch,
}

impl Line {
    /// Nothing if nobody listens, so that all a request pays for is this question.
    pub(crate) fn start(request: &Request) -> Option<Self> {
        tracing::enabled!(target: TARGET, tracing::Level::INFO).then(|| Line {
            method: request.method.clone(),
            target: mask::target(&request.path_and_query()).into_owned(),
            user_agent: request
                .header(header::USER_AGENT)
                .unwrap_or_default()
                .to_owned(),
            user: String::new(),
            stopwatch: Stopwatch::start(),
        })
    }

    pub(crate) fn set_user(&mut self, name: &str) {
        name.clone_into(&mut self.user);
    }

    /// Written when the answer starts: a watch does not wait for its end.
    pub(crate) fn write(&self, status: u16) {
        let duration_us = u64::try_from(self.stopwatch.elapsed().as_micros()).unwrap_or(u64::MAX);
        tracing::info!(
            target: TARGET,
            method = %self.method,
            target = %self.target,
            status,
            duration_us,
            user = ?self.user,
            user_agent = ?self.user_agent,
        );
    }
}
