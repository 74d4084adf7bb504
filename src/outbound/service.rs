//! Where the Service of a webhook is.
//!
//! No network of pods stands behind this server. A Service is where a rule says it is; without one, who calls it learns
//! what a real server would find out before it dials, and then that nobody answers there.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;

use serde_json::Value;

use super::url::Url;
use crate::codec::quote::quote;
use crate::registry::Lister;
use crate::registry::validation::read::{list_at, text_at};

/// What a port is where a Service of a webhook names none.
const HTTPS: i64 = 443;

/// The Service of a webhook.
#[derive(Clone, Debug)]
pub(super) struct Service {
    namespace: String,
    name: String,
    path: String,
    port: i64,
}

impl Service {
    pub(super) fn of(service: &Value) -> Self {
        let text = |field| text_at(service, field).to_owned();
        Service {
            namespace: text("namespace"),
            name: text("name"),
            path: text("path"),
            port: service["port"].as_i64().unwrap_or(HTTPS),
        }
    }

    /// What its certificate is for.
    fn host_name(&self) -> String {
        format!("{}.{}.svc", self.name, self.namespace)
    }

    pub(super) fn url(&self) -> Url {
        let host = format!("{}:{}", self.host_name(), self.port);
        Url::new(&host, &self.path)
    }
}

/// Where to dial, and which names the certificate may be for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Place {
    pub(super) host: String,
    pub(super) port: String,
    /// The first is the one that errors name.
    pub(super) names: Vec<String>,
    /// HTTP/2 is offered.
    pub(super) offers_http2: bool,
}

impl Place {
    pub(super) fn of(url: &Url) -> Self {
        Place {
            host: url.name().to_owned(),
            port: url.port().to_owned(),
            names: vec![url.name().to_owned()],
            offers_http2: url.is_local(),
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// Where Services are, by rule: by namespace and name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Services(BTreeMap<(String, String), Url>);

impl Services {
    /// Says that a Service is at a URL, of which host and port count.
    pub(crate) fn add(&mut self, namespace: &str, name: &str, url: &str) -> Result<(), String> {
        let parsed = Url::parse(url)
            .map_err(|_| format!("{url:?} is no URL such as https://127.0.0.1:9443"))?;
        self.0
            .insert((namespace.to_owned(), name.to_owned()), parsed);
        Ok(())
    }

    /// Where a Service is; the error is that of upstream's resolver, or of who dials what it found.
    pub(super) fn find(&self, service: &Service, lister: &dyn Lister) -> Result<Place, String> {
        let Service {
            namespace, name, ..
        } = service;
        if let Some(url) = self.0.get(&(namespace.clone(), name.clone())) {
            return Ok(Place {
                names: vec![service.host_name(), url.name().to_owned()],
                offers_http2: false,
                ..Place::of(url)
            });
        }
        let found = lister.get("", "Service", namespace, name);
        let found = found.ok_or_else(|| format!("service {} not found", quote(name)))?;
        resolve(&found.value()["spec"], service)
    }
}

/// `ResolveCluster`, and what comes of it.
fn resolve(spec: &Value, service: &Service) -> Result<Place, String> {
    let address = text_at(spec, "clusterIP");
    match text_at(spec, "type") {
        "ExternalName" => Ok(Place {
            host: text_at(spec, "externalName").to_owned(),
            port: service.port.to_string(),
            names: vec![service.host_name()],
            offers_http2: false,
        }),
        "ClusterIP" if address == "None" => {
            Err("cannot route to service with ClusterIP \"None\"".to_owned())
        }
        "ClusterIP" | "LoadBalancer" | "NodePort" => {
            let has_port = |port: &Value| port["port"].as_i64() == Some(service.port);
            if !list_at(spec, "ports").iter().any(has_port) {
                let (port, name) = (service.port, quote(&service.name));
                return Err(format!("no service port {port} found for service {name}"));
            }
            tracing::warn!(
                "no network leads to the Service {}/{}: a rule (`--webhook-service`) says where a webhook is",
                service.namespace,
                service.name
            );
            let port = u16::try_from(service.port).unwrap_or_default();
            let shown = address
                .parse()
                .map(|ip| SocketAddr::new(ip, port).to_string());
            let shown = shown.unwrap_or_else(|_| format!("{address}:{port}"));
            Err(format!("dial tcp {shown}: connect: connection refused"))
        }
        other => Err(format!("unsupported service type {}", quote(other))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_service_without_a_rule_is_where_nobody_answers() {
        let service = Service::of(&json!({"namespace": "n", "name": "s", "path": "/x"}));
        assert_eq!(service.url().host, "s.n.svc:443");
        for (spec, why) in [
            (
                json!({"type": "ClusterIP", "clusterIP": "None"}),
                "cannot route to service with ClusterIP \"None\"",
            ),
            (
                json!({"type": "ClusterIP", "clusterIP": "10.0.0.7", "ports": [{"port": 80}]}),
                "no service port 443 found for service \"s\"",
            ),
            (
                json!({"type": "ClusterIP", "clusterIP": "10.0.0.7", "ports": [{"port": 443}]}),
                "dial tcp 10.0.0.7:443: connect: connection refused",
            ),
        ] {
            assert_eq!(resolve(&spec, &service), Err(why.to_owned()));
        }
    }
}
