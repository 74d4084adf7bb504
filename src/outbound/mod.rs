//! HTTPS as a client: what the server asks webhooks, in the manner of the real server.
//!
//! Each call has a connection of its own. Its errors are in Go's words, as they show in what the real server answers.
//! Nobody is trusted whom the bundle of the call does not name: the authorities of the machine are no part of a test.

mod answer;
#[cfg(feature = "tls")]
mod call;
#[cfg(feature = "tls")]
mod hook;
mod service;
#[cfg(feature = "tls")]
mod signatures;
mod url;
#[cfg(feature = "tls")]
mod verify;

#[cfg(feature = "tls")]
pub(crate) use hook::{Hook, Respond};
pub(crate) use service::Services;
#[cfg(all(feature = "tls", feature = "fixture"))]
pub(crate) use signatures::{Believe, Signatures};

use std::time::Duration;

use serde_json::Value;
use tokio::sync::Semaphore;

use self::service::Service;
use self::url::Url;
use crate::codec::{base64, pem};
use crate::registry::Lister;
use crate::registry::validation::read::text_at;

/// How many calls may be under way at a time; who comes later waits as long as the call may take.
const MAX_CALLS: usize = 128;

/// How large an answer may be, in bytes, packed and unpacked.
#[cfg(feature = "tls")]
pub(crate) const MAX_ANSWER: usize = 16 * 1024 * 1024;

/// Whom a call is for, as a `clientConfig` says it.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    target: Result<Target, String>,
    /// Certificates in DER; none trusts nobody.
    trusted: Result<Vec<Vec<u8>>, String>,
}

#[derive(Clone, Debug)]
enum Target {
    Url(Url),
    Service(Service),
}

/// Why there is no answer.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CallError {
    /// The call could not begin.
    Client(String),
    /// It came to nothing.
    Failed(String),
}

impl std::fmt::Display for CallError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            CallError::Client(why) | CallError::Failed(why) => f.write_str(why),
        }
    }
}

impl Endpoint {
    /// What the `clientConfig` of a webhook names: a `url` or a `service`, and a `caBundle`.
    pub(crate) fn of(config: &Value) -> Self {
        let target = match (config["url"].as_str(), &config["service"]) {
            (Some(text), _) => Url::parse(text).map(Target::Url),
            (None, service @ Value::Object(_)) => Ok(Target::Service(Service::of(service))),
            _ => Err("webhook configuration must have either service or URL".to_owned()),
        };
        Endpoint {
            target,
            trusted: read_bundle(text_at(config, "caBundle")),
        }
    }
}

/// The certificates of a bundle: base64 of PEM.
fn read_bundle(encoded: &str) -> Result<Vec<Vec<u8>>, String> {
    if encoded.is_empty() {
        return Ok(Vec::new());
    }
    let bytes = base64::decode(encoded).unwrap_or_default();
    let blocks = pem::blocks(&String::from_utf8_lossy(&bytes));
    let certificates = blocks
        .into_iter()
        .filter(|block| block.label == "CERTIFICATE");
    let certificates: Vec<Vec<u8>> = certificates.map(|block| block.bytes).collect();
    match certificates.is_empty() {
        true => {
            Err("unable to load root certificates: unable to parse bytes as PEM block".to_owned())
        }
        false => Ok(certificates),
    }
}

/// Calls webhooks.
#[derive(Debug)]
pub(crate) struct Client {
    services: Services,
    turns: Semaphore,
}

impl Default for Client {
    fn default() -> Self {
        Client::new(Services::default())
    }
}

impl Client {
    pub(crate) fn new(services: Services) -> Self {
        Client {
            services,
            turns: Semaphore::new(MAX_CALLS),
        }
    }

    /// Posts a body of JSON and reads the JSON that comes back. `agent` is who asks, for the `User-Agent`.
    pub(crate) async fn call(
        &self,
        endpoint: &Endpoint,
        lister: &dyn Lister,
        agent: &str,
        timeout: Duration,
        body: Vec<u8>,
    ) -> Result<Value, CallError> {
        let target = endpoint.target.as_ref();
        let target = target.map_err(|why| CallError::Client(why.clone()))?;
        let trusted = endpoint.trusted.as_ref();
        let trusted = trusted.map_err(|why| CallError::Client(why.clone()))?;
        let (url, place) = match target {
            Target::Url(url) => (url.clone(), Ok(service::Place::of(url))),
            Target::Service(service) => {
                let place = self.services.find(service, lister);
                (service.url(), place)
            }
        };
        let shown = url.with_timeout(timeout);
        let post = |why: String| {
            let shown = crate::codec::quote::quote(&shown);
            CallError::Failed(format!("Post {shown}: {why}"))
        };
        let place = place.map_err(post)?;
        let late = || post("context deadline exceeded".to_owned());
        let answer = tokio::time::timeout(timeout, async {
            // It is never closed.
            let _turn = self.turns.acquire().await;
            let request = Request {
                url: &url,
                target: url.path_and_query(timeout),
                place: &place,
                trusted,
                agent,
                body,
            };
            send(request).await
        });
        let answer = answer.await.map_err(|_| late())?;
        let answer = answer.map_err(post)?;
        answer::read(&answer).map_err(CallError::Failed)
    }
}

/// A call, with all that is known of whom it goes to.
struct Request<'a> {
    url: &'a Url,
    /// Path and query.
    target: String,
    place: &'a service::Place,
    trusted: &'a [Vec<u8>],
    agent: &'a str,
    body: Vec<u8>,
}

/// What came back.
struct Answer {
    status: u16,
    /// None where it does not say.
    content_type: Option<String>,
    body: Vec<u8>,
}

#[cfg(feature = "tls")]
async fn send(request: Request<'_>) -> Result<Answer, String> {
    call::send(request).await
}

#[cfg(not(feature = "tls"))]
async fn send(request: Request<'_>) -> Result<Answer, String> {
    let Request {
        url,
        target,
        place,
        trusted,
        agent,
        body,
    } = request;
    let (authorities, size) = (trusted.len(), body.len());
    Err(format!(
        "this fake apiserver calls no webhook ({agent}, {size} bytes to {}{target} at {place}, {authorities} trusted) \
         without its feature \"tls\"",
        url.host
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_bundle_holds_certificates() {
        let pem = "x\n-----BEGIN CERTIFICATE-----\nAQID\n-----END CERTIFICATE-----\n";
        let config = json!({"url": "https://a/b", "caBundle": base64::encode(pem)});
        assert_eq!(Endpoint::of(&config).trusted, Ok(vec![vec![1, 2, 3]]));
        let broken = json!({"url": "https://a/b", "caBundle": base64::encode("nothing")});
        let why = "unable to load root certificates: unable to parse bytes as PEM block";
        assert_eq!(Endpoint::of(&broken).trusted, Err(why.to_owned()));
    }
}
