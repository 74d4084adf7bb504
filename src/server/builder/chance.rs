//! What a server makes up, and the time it goes by.

use std::time::SystemTime;

use jiff::Timestamp;

use super::FakeApiServerBuilder;
use crate::clock;

impl FakeApiServerBuilder {
    /// The seed of everything the server makes up and leaves to chance: uids, generated names, faults with a probability.
    /// What a cluster has from the start is the same with every seed. Default: 0, so that every run is alike.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    /// let uid = |seed| {
    ///     let server = FakeApiServer::builder().random_seed(seed).start_blocking();
    ///     server.object(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    ///     server.resource("namespaces").get("shop").unwrap()["metadata"]["uid"].clone()
    /// };
    /// assert_eq!(uid(1), uid(1));
    /// assert_ne!(uid(1), uid(2));
    /// ```
    pub fn random_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Stops the server's clock at this time; it moves only by [`FakeApiServer::advance`](crate::FakeApiServer::advance).
    /// Without this it runs with the machine's. The types of `jiff` and `chrono` turn into a [`SystemTime`] by themselves.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use fake_apiserver::FakeApiServer;
    ///
    /// let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_268_800);
    /// let server = FakeApiServer::builder().clock_at(noon).start_blocking();
    /// let namespace = server.resource("namespaces").get("default").unwrap();
    /// assert_eq!(namespace["metadata"]["creationTimestamp"], "2026-01-01T12:00:00Z");
    /// ```
    ///
    /// # Panics
    ///
    /// If the time is not in the years -9999 to 9999.
    #[track_caller]
    pub fn clock_at(mut self, time: impl Into<SystemTime>) -> Self {
        let time = time.into();
        let stamp = Timestamp::try_from(time).map_err(|error| error.to_string());
        match stamp.and_then(|stamp| clock::check(stamp).map(|()| stamp)) {
            Ok(stamp) => self.time = Some(stamp),
            Err(error) => panic!("{time:?} is no time the server can show: {error}"),
        }
        self
    }
}
