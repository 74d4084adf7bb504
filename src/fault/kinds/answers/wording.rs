//! What can be said of any answer.

use crate::Fault;
use crate::fault::argument::Argument;

impl Fault {
    /// The `Retry-After` of an answer, in seconds.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().retry_after(5);
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn retry_after(self, seconds: u32) -> Self {
        self.set(
            "retry_after",
            "retryAfter",
            Argument::Number(seconds.into()),
        )
    }

    /// The message of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::forbidden().message("quota exceeded");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn message(self, message: impl Into<String>) -> Self {
        self.set("message", "message", Argument::Text(message.into()))
    }

    /// A header of an answer.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::service_unavailable().response_header("Via", "1.1 proxy");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is no answer.
    #[track_caller]
    pub fn response_header(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let mut headers = self.given("headers");
        headers.push((name.into(), value.into()));
        self.set("response_header", "headers", Argument::Texts(headers))
    }

    /// A cause of a 422.
    ///
    /// ```
    /// let fault = fake_apiserver::Fault::invalid().cause("metadata.name", "is taken by a legend");
    /// ```
    ///
    /// # Panics
    ///
    /// If the fault is another than [`Fault::invalid`].
    #[track_caller]
    pub fn cause(self, field: impl Into<String>, detail: impl Into<String>) -> Self {
        let mut causes = self.given("causes");
        causes.push((field.into(), detail.into()));
        self.set("cause", "causes", Argument::Causes(causes))
    }
}
