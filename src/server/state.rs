//! The state of a server as a whole: kept, put back, and gone on with elsewhere.

use super::FakeApiServer;
use crate::control::snapshot::Snapshot;

impl FakeApiServer {
    /// The state the server is in: its objects, its revision, its clock, its source of made-up names. See [`Snapshot`].
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// let snapshot = server.snapshot();
    /// ```
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.inner.cluster)
    }

    /// Puts the objects of a snapshot in place of all that is there, as a cluster is restored from a backup of etcd.
    ///
    /// What etcd promises its clients holds across it, as after `etcdutl snapshot restore --bump-revision
    /// --mark-compacted`:
    ///
    /// - The revision goes on from where it was, never back. The objects come back under the versions they had, which
    ///   still stand for the same contents; those of another server's snapshot are written anew, since their versions
    ///   could already stand for something else here.
    /// - What was before is compacted. An open watch gets the ERROR event 410 Expired and ends; a watch from before, a
    ///   list at a version from before and a page of one are refused with 410. A client has to list again, and finds
    ///   out.
    /// - A write with a version that was undone gets the server's own 409.
    ///
    /// The clock, the faults and the source of made-up names go on too, so that no uid is given out twice. Whoever wants
    /// the same names each time starts from the snapshot instead: [`FakeApiServer::fork`].
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let before = server.snapshot();
    /// server.seed(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    /// let newest = server.revision();
    ///
    /// server.restore(&before);
    /// assert!(server.get_value("namespaces", "", "shop").is_none());
    /// assert!(server.revision() > newest);
    /// ```
    ///
    /// # Panics
    ///
    /// If the snapshot is of manifests that this server does not take.
    #[track_caller]
    pub fn restore(&self, snapshot: &Snapshot) {
        if let Err(problem) = snapshot.restore(&self.inner.cluster) {
            panic!("this snapshot cannot be restored: {problem}");
        }
    }

    /// Starts another server with the state and the settings of this one, at a port of its own. From here on the two
    /// have nothing to do with each other; asked the same, they answer the same. Objects are shared, not copied.
    ///
    /// Faults are not taken over. A server with a runtime of its own gets a fork with one; others share theirs.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// use serde_json::json;
    ///
    /// let server = FakeApiServer::start_blocking();
    /// let fork = server.fork();
    /// fork.seed(json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}}));
    /// assert!(server.get_value("namespaces", "", "shop").is_none());
    /// ```
    ///
    /// # Panics
    ///
    /// If no port or thread can be had.
    #[track_caller]
    pub fn fork(&self) -> FakeApiServer {
        let builder = self.inner.settings.clone().from_snapshot(&self.snapshot());
        if self.thread.is_some() {
            return builder.start_blocking();
        }
        let _runtime = self.inner.runtime.enter();
        match builder.launch() {
            Ok(fork) => fork,
            Err(error) => panic!("the fork cannot start: {error}"),
        }
    }

    /// All objects as manifests, as `kubectl get -o yaml` prints them; [`seed_file`](Self::seed_file),
    /// [`Snapshot::from_yaml`] and the binary's `--objects` read them.
    ///
    /// ```
    /// let server = fake_apiserver::FakeApiServer::start_blocking();
    /// assert!(server.dump().contains("name: kube-system"));
    /// ```
    pub fn dump(&self) -> String {
        self.snapshot().to_yaml()
    }
}
