//! A request as data.

use std::net::SocketAddr;

use http::Method;
use serde_json::Value;

use super::client::{Answer, Client};

/// A request that is yet to be sent, each time on a connection of its own.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    method: Method,
    target: String,
    content_type: &'static str,
    headers: Vec<(&'static str, String)>,
    body: String,
}

pub(crate) fn get(target: impl Into<String>) -> Ask {
    Ask::new(Method::GET, target, String::new())
}

pub(crate) fn post(target: impl Into<String>, object: &Value) -> Ask {
    Ask::new(Method::POST, target, object.to_string())
}

pub(crate) fn put(target: impl Into<String>, object: &Value) -> Ask {
    Ask::new(Method::PUT, target, object.to_string())
}

pub(crate) fn patch(target: impl Into<String>, kind: &'static str, patch: &Value) -> Ask {
    Ask::new(Method::PATCH, target, patch.to_string()).content_type(kind)
}

pub(crate) fn delete(target: impl Into<String>) -> Ask {
    Ask::new(Method::DELETE, target, String::new())
}

impl Ask {
    fn new(method: Method, target: impl Into<String>, body: String) -> Self {
        Ask {
            method,
            target: target.into(),
            content_type: "application/json",
            headers: Vec::new(),
            body,
        }
    }

    pub(crate) fn content_type(mut self, content_type: &'static str) -> Self {
        self.content_type = content_type;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn body(mut self, body: &Value) -> Self {
        self.body = body.to_string();
        self
    }

    async fn client(&self, address: SocketAddr) -> Client {
        let mut client = Client::to(address).await;
        for (name, value) in &self.headers {
            client = client.with_header(name, value);
        }
        client
    }

    pub(crate) async fn send(self, address: SocketAddr) -> Answer {
        let mut client = self.client(address).await;
        client
            .send(self.method, &self.target, self.content_type, self.body)
            .await
    }

    pub(crate) async fn status(self, address: SocketAddr) -> u16 {
        self.send(address).await.status
    }

    /// The head of the answer; its body is still to be read.
    pub(crate) async fn open(self, address: SocketAddr) -> http::Response<hyper::body::Incoming> {
        let mut client = self.client(address).await;
        client
            .open(self.method, &self.target, self.content_type, self.body)
            .await
    }
}
