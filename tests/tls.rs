//! HTTPS: the certificate, the protocols, and what becomes of clients that speak neither.
#![cfg(feature = "tls")]

mod support;

use std::sync::Arc;

use bytes::Bytes;
use fake_apiserver::{Auth, FakeApiServer, Fault};
use http::{Request, Version};
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::{TokioExecutor, TokioIo};
use k8s_openapi::api::core::v1::{Endpoints, Namespace};
use kube::api::{DeleteParams, ListParams, PostParams};
use kube::runtime::watcher;
use kube::{Api, ResourceExt as _};
use serde_json::json;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};

use futures_util::StreamExt as _;
use support::objects::{endpoints, namespace};
use support::raw::Raw;
use support::within;

async fn server() -> FakeApiServer {
    FakeApiServer::builder().tls().start().await
}

/// A TLS connection as a client that trusts `authority` and speaks `protocols` makes it.
async fn connect(
    server: &FakeApiServer,
    authority: &FakeApiServer,
    name: &str,
    protocols: &[&str],
) -> std::io::Result<TlsStream<TcpStream>> {
    let pem = authority.ca_certificate().expect("a server with TLS");
    let mut roots = RootCertStore::empty();
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).unwrap();
    roots.add(certificate).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = protocols.iter().map(|p| p.as_bytes().to_vec()).collect();
    let stream = TcpStream::connect(server.address()).await?;
    let name = ServerName::try_from(name.to_owned()).unwrap();
    within(TlsConnector::from(Arc::new(config)).connect(name, stream)).await
}

fn get(target: &str, version: Version) -> Request<Full<Bytes>> {
    Request::get(target)
        .version(version)
        .header("host", "localhost")
        .body(Full::default())
        .unwrap()
}

fn chosen(stream: &TlsStream<TcpStream>) -> Option<&[u8]> {
    stream.get_ref().1.alpn_protocol()
}

#[tokio::test]
async fn kube_rs_trusts_the_kubeconfig() {
    let server = server().await;
    assert!(server.url().starts_with("https://127.0.0.1:"));
    let api: Api<Namespace> = Api::all(support::kube::client(&server).await);
    let object = serde_json::from_value(namespace("shop")).unwrap();
    let created = api.create(&PostParams::default(), &object).await.unwrap();
    assert_eq!(created.name_any(), "shop");
    assert_eq!(
        api.list(&ListParams::default()).await.unwrap().items.len(),
        5
    );
}

#[tokio::test]
async fn kube_rs_reads_the_kubeconfig_file() {
    let server = FakeApiServer::builder()
        .tls()
        .auth(
            Auth::new()
                .token("s3cret", "alice", ["dev"])
                .anonymous(false),
        )
        .start()
        .await;
    let text = std::fs::read_to_string(server.kubeconfig_file()).unwrap();
    let api: Api<Namespace> = Api::all(support::kube::from_kubeconfig(&text).await);
    assert!(api.get("default").await.is_ok());
}

#[tokio::test]
async fn kube_rs_watches_over_tls() {
    let server = server().await;
    let api: Api<Endpoints> = Api::default_namespaced(support::kube::client(&server).await);
    let mut events = std::pin::pin!(watcher(api.clone(), watcher::Config::default()));
    let mut applied = Vec::new();
    while applied.len() < 3 {
        match within(events.next()).await.unwrap().unwrap() {
            watcher::Event::InitDone => {
                for name in ["a", "b", "c"] {
                    server.object(endpoints("default", name, json!({})));
                }
            }
            watcher::Event::Apply(object) => applied.push(object.name_any()),
            _ => {}
        }
    }
    assert_eq!(applied, ["a", "b", "c"]);
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert!(matches!(
        within(events.next()).await,
        Some(Ok(watcher::Event::Delete(_)))
    ));
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_does_not_connect() {
    let (one, two) = tokio::join!(server(), server());
    assert_ne!(one.ca_certificate(), two.ca_certificate());
    assert!(connect(&one, &two, "localhost", &[]).await.is_err());
    assert!(connect(&one, &one, "localhost", &[]).await.is_ok());
}

#[tokio::test]
async fn the_certificate_is_for_the_names_of_an_apiserver() {
    let server = server().await;
    for name in ["127.0.0.1", "localhost", "kubernetes.default.svc"] {
        assert!(connect(&server, &server, name, &[]).await.is_ok(), "{name}");
    }
    assert!(connect(&server, &server, "example.com", &[]).await.is_err());
}

#[tokio::test]
async fn the_certificate_is_for_further_names_and_addresses() {
    let server = FakeApiServer::builder()
        .tls_san("fake.test")
        .tls_san("*.pods.test")
        .tls_san("10.1.2.3")
        .start()
        .await;
    for name in ["fake.test", "a.pods.test", "10.1.2.3", "localhost"] {
        assert!(connect(&server, &server, name, &[]).await.is_ok(), "{name}");
    }
    assert!(connect(&server, &server, "10.1.2.4", &[]).await.is_err());
    for wrong in ["", "a b", "fake.test:443", "https://fake.test"] {
        let error = FakeApiServer::builder().tls_san(wrong).try_start().await;
        let error = error.unwrap_err();
        assert!(error.is_invalid_input(), "{error}");
        assert!(error.to_string().contains(&format!("{wrong:?}")), "{error}");
    }
}

#[tokio::test]
async fn over_http_2_the_client_is_told_to_go_away() {
    let server = server().await;
    let _guard = server.fault(Fault::close_after(2));
    let stream = connect(&server, &server, "localhost", &["h2"]).await;
    let stream = TokioIo::new(stream.unwrap());
    let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
    let (mut sender, connection) = handshake.await.unwrap();
    let connection = tokio::spawn(connection);
    for _ in 0..2 {
        let request = get("https://localhost/api/v1/namespaces", Version::HTTP_2);
        let answer = within(sender.send_request(request)).await.unwrap();
        assert_eq!(answer.status(), 200);
        within(answer.into_body().collect()).await.unwrap();
    }
    within(connection).await.unwrap().unwrap();
}

#[tokio::test]
async fn over_http_2_who_has_proven_nothing_is_answered_once() {
    let auth = Auth::new().token("secret", "alice", ["dev"]);
    let server = FakeApiServer::builder().tls().auth(auth).start().await;
    let ask = |token: &str| {
        let mut request = get("https://localhost/api/v1/namespaces", Version::HTTP_2);
        if !token.is_empty() {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert("authorization", value);
        }
        request
    };
    for (token, code, stays) in [
        ("", 200, false),
        ("wrong", 401, false),
        ("secret", 200, true),
    ] {
        let stream = connect(&server, &server, "localhost", &["h2"]).await;
        let stream = TokioIo::new(stream.unwrap());
        let handshake = hyper::client::conn::http2::handshake(TokioExecutor::new(), stream);
        let (mut sender, connection) = handshake.await.unwrap();
        let connection = tokio::spawn(connection);
        let answer = within(sender.send_request(ask(token))).await.unwrap();
        assert_eq!(answer.status(), code, "{token}");
        within(answer.into_body().collect()).await.unwrap();
        if stays {
            let again = within(sender.send_request(ask(token))).await.unwrap();
            assert_eq!(again.status(), code);
        } else {
            // The end of the connection, in order.
            within(connection).await.unwrap().unwrap();
        }
    }
}

#[tokio::test]
async fn http_2_is_spoken_to_those_who_offer_it() {
    let server = server().await;
    let stream = connect(&server, &server, "localhost", &["h2", "http/1.1"])
        .await
        .unwrap();
    assert_eq!(chosen(&stream), Some(&b"h2"[..]));
    let (mut sender, connection) =
        hyper::client::conn::http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
            .await
            .unwrap();
    tokio::spawn(connection);
    // Three requests on one connection, the first of them never ending.
    let url = |path: &str| format!("https://localhost{path}");
    let watch = get(&url("/api/v1/namespaces?watch=true"), Version::HTTP_2);
    let mut watch = within(sender.send_request(watch)).await.unwrap();
    for path in ["/readyz", "/api/v1/namespaces"] {
        let answer = sender.send_request(get(&url(path), Version::HTTP_2));
        let answer = within(answer).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, Version::HTTP_2)
        );
        assert!(
            !answer
                .into_body()
                .collect()
                .await
                .unwrap()
                .to_bytes()
                .is_empty()
        );
    }
    server.object(namespace("shop"));
    let mut shown = String::new();
    while !shown.contains("\"name\":\"shop\"") {
        let frame = within(watch.body_mut().frame()).await.unwrap().unwrap();
        shown.push_str(std::str::from_utf8(&frame.into_data().unwrap()).unwrap());
    }
    assert_eq!(shown.matches("\"type\":\"ADDED\"").count(), 5);
}

#[tokio::test]
async fn http_1_1_is_spoken_to_those_who_offer_it_or_nothing() {
    let server = server().await;
    for (protocols, expected) in [(&["http/1.1"][..], Some(&b"http/1.1"[..])), (&[], None)] {
        let stream = connect(&server, &server, "localhost", protocols)
            .await
            .unwrap();
        assert_eq!(chosen(&stream), expected);
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .unwrap();
        tokio::spawn(connection);
        let answer = sender.send_request(get("/readyz", Version::HTTP_11));
        let answer = within(answer).await.unwrap();
        assert_eq!(
            (answer.status().as_u16(), answer.version()),
            (200, Version::HTTP_11)
        );
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(body, "ok");
    }
}

#[test]
fn plain_http_is_told_what_go_tells_it() {
    let server = FakeApiServer::builder().tls().start_blocking();
    let mut raw = Raw::connect(server.address());
    raw.send("GET /readyz HTTP/1.1\r\nHost: x\r\n\r\n");
    assert_eq!(
        raw.rest(),
        "HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
    );
}

#[test]
fn noise_instead_of_a_handshake_hurts_nobody_else() {
    let server = FakeApiServer::builder().tls().start_blocking();
    let address = server.address();
    // A connection that never says anything stays open meanwhile.
    let _silent = Raw::connect(address);
    for noise in [
        &b"\x16\x03\x01\xff\xff"[..],
        b"\0\0\0\0",
        b"\x16\x03\x01\0\x05hello",
        b"\xff",
    ] {
        let mut raw = Raw::connect(address);
        raw.send(noise).finish();
        raw.rest();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let api: Api<Namespace> = Api::all(support::kube::client(&server).await);
        assert!(api.get("default").await.is_ok());
    });
}

#[tokio::test]
async fn a_server_without_tls_has_no_authority() {
    let server = FakeApiServer::start().await;
    assert_eq!(server.ca_certificate(), None);
    assert!(!server.kubeconfig().contains("certificate-authority-data"));
}
