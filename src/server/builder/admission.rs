//! Which admission plugins take part.

use super::FakeApiServerBuilder;

impl FakeApiServerBuilder {
    /// Does without these admission plugins, by upstream's names. Without `ServiceAccount` a pod needs no ServiceAccount, as
    /// in envtest.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().disable_admission_plugins(["ServiceAccount"]).start_blocking();
    /// let error = FakeApiServer::builder().disable_admission_plugins(["Nope"]).try_start_blocking().unwrap_err();
    /// assert_eq!(error.to_string(), "disable-admission-plugins plugin \"Nope\" is unknown");
    /// ```
    pub fn disable_admission_plugins<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names = names.into_iter().map(Into::into);
        names.for_each(|name| self.plugins.disable(name));
        self
    }

    /// Wants these admission plugins, by upstream's names, beside the usual ones. One that is not played is an error at the
    /// start, but for those that are missed by nobody. `NamespaceAutoProvision` makes namespaces spring up.
    ///
    /// ```
    /// use fake_apiserver::FakeApiServer;
    /// let server = FakeApiServer::builder().enable_admission_plugins(["NodeRestriction"]).start_blocking();
    /// let refused = FakeApiServer::builder().enable_admission_plugins(["EventRateLimit"]).try_start_blocking();
    /// assert!(refused.unwrap_err().is_invalid_input());
    /// ```
    pub fn enable_admission_plugins<N: Into<String>>(
        mut self,
        names: impl IntoIterator<Item = N>,
    ) -> Self {
        let names = names.into_iter().map(Into::into);
        names.for_each(|name| self.plugins.enable(name));
        self
    }
}
