//! A client that hides nothing: one connection, one request at a time, the answer as it came.

use std::net::SocketAddr;

use bytes::Bytes;
use fake_apiserver::FakeApiServer;
use http::{HeaderMap, Method, Request};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;

use super::within;

pub(crate) const MERGE: &str = "application/merge-patch+json";
pub(crate) const JSON_PATCH: &str = "application/json-patch+json";
pub(crate) const STRATEGIC: &str = "application/strategic-merge-patch+json";
pub(crate) const APPLY: &str = "application/apply-patch+yaml";

/// One kept-alive connection.
pub(crate) struct Client {
    sender: SendRequest<Full<Bytes>>,
    headers: HeaderMap,
}

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Client {
    pub(crate) async fn connect(server: &FakeApiServer) -> Self {
        Client::to(server.address()).await
    }

    pub(crate) async fn to(address: SocketAddr) -> Self {
        let stream = within(TcpStream::connect(address)).await.unwrap();
        stream.set_nodelay(true).unwrap();
        let (sender, connection) = handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Client {
            sender,
            headers: HeaderMap::new(),
        }
    }

    /// Sends this header with every request.
    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.append(name, value.parse().unwrap());
        self
    }

    /// Sends a request; its answer is still to be read.
    pub(crate) async fn open(
        &mut self,
        method: Method,
        target: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> http::Response<Incoming> {
        let mut request = Request::builder()
            .method(method)
            .uri(target)
            .header("host", "fake")
            .header("content-type", content_type)
            .body(Full::new(body.into()))
            .unwrap();
        request.headers_mut().extend(self.headers.clone());
        let answer = async {
            self.sender.ready().await.unwrap();
            self.sender.send_request(request).await.unwrap()
        };
        within(answer).await
    }

    pub(crate) async fn send(
        &mut self,
        method: Method,
        target: &str,
        content_type: &str,
        body: impl Into<Bytes>,
    ) -> Answer {
        let (head, body) = self
            .open(method, target, content_type, body)
            .await
            .into_parts();
        let body = within(body.collect()).await.unwrap().to_bytes();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        }
    }

    pub(crate) async fn get(&mut self, target: &str) -> Answer {
        self.send(Method::GET, target, "application/json", "").await
    }

    pub(crate) async fn post(&mut self, target: &str, object: &Value) -> Answer {
        let body = object.to_string();
        self.send(Method::POST, target, "application/json", body)
            .await
    }

    pub(crate) async fn put(&mut self, target: &str, object: &Value) -> Answer {
        let body = object.to_string();
        self.send(Method::PUT, target, "application/json", body)
            .await
    }

    pub(crate) async fn patch(&mut self, target: &str, kind: &str, patch: &Value) -> Answer {
        self.send(Method::PATCH, target, kind, patch.to_string())
            .await
    }

    pub(crate) async fn delete(&mut self, target: &str) -> Answer {
        self.send(Method::DELETE, target, "application/json", "")
            .await
    }
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_slice(&self.body) {
            Ok(value) => value,
            Err(error) => panic!(
                "{error} in the answer {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            ),
        }
    }

    /// The object of an answer that must be a success.
    #[track_caller]
    pub(crate) fn object(&self) -> Value {
        assert!(
            matches!(self.status, 200..=202),
            "{}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        );
        self.json()
    }

    /// The code and the reason of an answer that must be a Status.
    #[track_caller]
    pub(crate) fn refusal(&self) -> (u16, String) {
        let status = self.json();
        assert_eq!(status["kind"], "Status", "{status}");
        assert_eq!(status["code"], self.status, "{status}");
        let reason = status["reason"].as_str().unwrap_or_default().to_owned();
        (self.status, reason)
    }
}
