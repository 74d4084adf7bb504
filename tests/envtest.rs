//! The binary in the place of kube-apiserver and etcd: what controller-runtime's envtest does with the two, step by step.

#![cfg(unix)]

mod support;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use fake_apiserver::{Auth, FakeApiServer};
use futures_util::TryStreamExt as _;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{ListParams, PostParams, WatchEvent, WatchParams};
use kube::{Api, Client};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    SanType,
};
use serde_json::{Value, json};
use support::within;
use tempfile::TempDir;

/// Envtest looks this often whether something answers.
const LOOK_EVERY: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(30);

/// An authority of the test's own.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and its key.
struct Pair {
    certificate: String,
    key: String,
}

impl Authority {
    fn new(name: &str) -> Self {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        let issuer = Issuer::new(params, key);
        Authority { pem, issuer }
    }

    fn sign(&self, change: impl FnOnce(&mut CertificateParams)) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        change(&mut params);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        let key = key.serialize_pem();
        Pair { certificate, key }
    }

    fn client(&self, name: &str, group: &str) -> Pair {
        self.sign(|params| {
            params.distinguished_name.push(DnType::CommonName, name);
            params
                .distinguished_name
                .push(DnType::OrganizationName, group);
            params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        })
    }
}

/// The folder that KUBEBUILDER_ASSETS names, and one for the files of a run.
struct Assets {
    folder: PathBuf,
    files: TempDir,
}

impl Assets {
    fn new(version: &[&str]) -> Self {
        let files = TempDir::new().unwrap();
        let made = Command::new(env!("CARGO_BIN_EXE_fake-apiserver"))
            .arg("envtest")
            .arg(files.path().join("bin"))
            .args(version)
            .output()
            .unwrap();
        let folder = PathBuf::from(String::from_utf8(made.stdout).unwrap().trim_end());
        assert!(folder.is_absolute(), "{}", folder.display());
        Assets { folder, files }
    }

    fn command(&self, name: &str) -> Command {
        let mut command = Command::new(self.folder.join(name));
        command.stdin(Stdio::null());
        command
    }

    fn ask(&self, name: &str, flag: &str) -> Output {
        self.command(name).arg(flag).output().unwrap()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.files.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// A process, killed if the test does not end it.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Running(command.stdout(Stdio::null()).spawn().unwrap())
    }

    /// As `SIGTERM` ends it: its exit code, and how long that took.
    fn stop(mut self) -> (Option<i32>, Duration) {
        let start = Instant::now();
        let pid = self.0.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        let status = self.0.wait().unwrap();
        (status.code(), start.elapsed())
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Looks until something is there.
fn until<T>(mut look: impl FnMut() -> Option<T>) -> T {
    let start = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(start.elapsed() < PATIENCE, "nothing came");
        std::thread::sleep(LOOK_EVERY);
    }
}

fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
    )
    .ok()?;
    stream
        .set_read_timeout(Some(Duration::from_millis(200)))
        .ok()?;
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    Some(String::from_utf8_lossy(&answer).into_owned())
}

/// What a client of etcd's own API is told: the preface of HTTP/2, settings, and a call.
fn call(port: u16) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    let settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
    let headers = [0, 0, 1, 1, 0b101, 0, 0, 0, 1, 0x83];
    let sent = [
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice(),
        &settings,
        &headers,
    ];
    stream.write_all(&sent.concat()).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

/// What envtest starts before everything else, with what it writes for it.
struct Apiserver {
    url: String,
    /// Who vouches for the server.
    serving: Authority,
    /// Who vouches for its clients.
    clients: Authority,
    process: Running,
}

impl Apiserver {
    fn start(assets: &Assets) -> Self {
        let (serving, clients) = (
            Authority::new("envtest-environment"),
            Authority::new("clients"),
        );
        let port = free_port();
        let own = serving.sign(|params| {
            params
                .distinguished_name
                .push(DnType::CommonName, "localhost");
            let address = SanType::IpAddress([127, 0, 0, 1].into());
            params.subject_alt_names = vec![address];
        });
        let signer = KeyPair::generate().unwrap();
        let directory = assets.files.path();
        assets.write("apiserver.crt", &own.certificate);
        assets.write("apiserver.key", &own.key);
        let ca = assets.write("client-cert-auth-ca.crt", &clients.pem);
        let key = assets.write("sa-signer.key", &signer.serialize_pem());
        let public = assets.write("sa-signer.crt", &signer.public_key_pem());
        let flag = |name: &str, value: &Path| format!("--{name}={}", value.display());
        let mut command = assets.command("kube-apiserver");
        command
            .args(["--allow-privileged=true", "--authorization-mode=RBAC"])
            .args(["--bind-address=127.0.0.1", &flag("cert-dir", directory)])
            .arg(flag("client-ca-file", &ca))
            .arg("--disable-admission-plugins=ServiceAccount")
            .args([
                "--etcd-servers=http://127.0.0.1:1",
                &format!("--secure-port={port}"),
            ])
            .arg(format!(
                "--service-account-issuer=https://127.0.0.1:{port}/"
            ))
            .arg(flag("service-account-key-file", &public))
            .arg(flag("service-account-signing-key-file", &key))
            .arg("--service-cluster-ip-range=10.0.0.0/24");
        Apiserver {
            url: format!("https://127.0.0.1:{port}"),
            serving,
            clients,
            process: Running::start(&mut command),
        }
    }

    /// A client with a certificate, or with none.
    async fn client(&self, shown: Option<&Pair>) -> Client {
        let encode = |text: &str| encoded(text.as_bytes());
        let user = shown.map_or(json!({}), |pair| {
            json!({
                "client-certificate-data": encode(&pair.certificate),
                "client-key-data": encode(&pair.key),
            })
        });
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "x", "cluster": {
                "server": self.url, "certificate-authority-data": encode(&self.serving.pem),
            }}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "users": [{"name": "x", "user": user}],
        });
        support::kube::from_kubeconfig(&kubeconfig.to_string()).await
    }

    async fn text(&self, path: &str) -> Option<String> {
        let request = http::Request::get(path).body(Vec::new()).unwrap();
        self.client(None).await.request_text(request).await.ok()
    }
}

fn encoded(bytes: &[u8]) -> String {
    use base64::Engine as _;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

/// Who the server takes a client for.
async fn who(client: &Client) -> Result<Value, kube::Error> {
    let body = json!({"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"});
    let request = http::Request::post("/apis/authentication.k8s.io/v1/selfsubjectreviews")
        .header("content-type", "application/json")
        .body(serde_json::to_vec(&body).unwrap())
        .unwrap();
    let review: Value = client.request(request).await?;
    Ok(review["status"]["userInfo"].clone())
}

#[test]
fn envtest_finds_out_what_the_two_take_by_their_help() {
    let assets = Assets::new(&["--kubernetes-version", "1.35"]);
    let has = |output: &Output, flag: &str| {
        let text = [&*output.stdout, &*output.stderr].concat();
        let text = String::from_utf8(text).unwrap();
        text.lines().any(|line| line.trim_start().starts_with(flag))
    };
    let etcd = assets.ask("etcd", "--help");
    assert!(etcd.status.success() && has(&etcd, "--unsafe-no-fsync"));
    let apiserver = assets.ask("kube-apiserver", "--help");
    assert!(apiserver.status.success() && has(&apiserver, "--secure-port"));
    assert!(!has(&apiserver, "--insecure-port"));
    let version = assets.ask("kube-apiserver", "--version");
    assert_eq!(version.stdout, b"Kubernetes v1.35\n");
    for (flag, told) in [
        ("--nope", "Error: unknown flag: --nope\n"),
        (
            "--authorization-webhook-config-file=x",
            "Error: --authorization-webhook-config-file: not played by this fake apiserver: no webhook is asked who may \
             do what\n",
        ),
    ] {
        let refused = assets.ask("kube-apiserver", flag);
        assert_eq!(refused.status.code(), Some(1));
        assert_eq!(String::from_utf8(refused.stderr).unwrap(), told);
    }
}

#[test]
fn etcd_is_healthy_until_it_is_told_to_stop() {
    let assets = Assets::new(&[]);
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let etcd = Running::start(
        assets
            .command("etcd")
            .arg(format!("--advertise-client-urls={url}"))
            .arg(format!("--data-dir={}", assets.files.path().display()))
            .arg(format!("--listen-client-urls={url}"))
            .args([
                "--listen-peer-urls=http://127.0.0.1:0",
                "--unsafe-no-fsync=true",
            ]),
    );
    let health = until(|| get(port, "/health"));
    assert!(health.starts_with("HTTP/1.1 200 OK\r\n"), "{health}");
    assert!(
        health.ends_with(r#"{"health":"true","reason":""}"#),
        "{health}"
    );
    let other = get(port, "/v3/kv/range").unwrap();
    assert!(other.contains("this is no etcd"), "{other}");
    let refusal = call(port);
    assert!(refusal.contains("this is no etcd"), "{refusal}");
    assert_eq!(etcd.stop().0, Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_apiserver_is_ready_known_by_certificates_and_gone_when_told() {
    let assets = Assets::new(&[]);
    let server = Apiserver::start(&assets);
    let start = Instant::now();
    while server.text("/healthz").await.as_deref() != Some("ok") {
        assert!(start.elapsed() < PATIENCE, "it never gets ready");
        tokio::time::sleep(LOOK_EVERY).await;
    }
    let admin = server
        .client(Some(&server.clients.client("admin", "system:masters")))
        .await;
    let api: Api<Namespace> = Api::all(admin.clone());
    assert!(api.get("default").await.is_ok());
    let namespace = serde_json::from_value(json!({"metadata": {"name": "shop"}})).unwrap();
    api.create(&PostParams::default(), &namespace)
        .await
        .unwrap();

    // A user who is added later, as by AddUser.
    let alice = server
        .client(Some(&server.clients.client("alice", "dev")))
        .await;
    let info = who(&alice).await.unwrap();
    assert_eq!(info["username"], "alice");
    assert_eq!(info["groups"], json!(["dev", "system:authenticated"]));
    let maps: Api<ConfigMap> = Api::namespaced(alice, "shop");
    let refused = maps.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(status) if status.is_forbidden()));

    // Nobody, and somebody nobody vouches for.
    let nobody = who(&server.client(None).await).await.unwrap_err();
    assert!(matches!(nobody, kube::Error::Api(status) if status.is_forbidden()));

    let mut watch = Box::pin(api.watch(&WatchParams::default(), "0").await.unwrap());
    let first = within(watch.try_next()).await.unwrap();
    assert!(matches!(first, Some(WatchEvent::Added(_))));
    let Apiserver { process, .. } = server;
    let (code, took) = tokio::task::spawn_blocking(move || process.stop())
        .await
        .unwrap();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(2), "{took:?}");
}

#[tokio::test]
async fn the_server_goes_with_the_process_that_has_started_it() {
    let assets = Assets::new(&[]);
    let port = free_port();
    // The shell ends at once, and leaves its child behind.
    let script = format!(
        "'{}' --listen-client-urls=http://127.0.0.1:{port} & sleep 0.3",
        assets.folder.join("etcd").display()
    );
    let mut shell = Command::new("sh").args(["-c", &script]).spawn().unwrap();
    until(|| get(port, "/health"));
    shell.wait().unwrap();
    until(|| {
        TcpStream::connect(("127.0.0.1", port))
            .is_err()
            .then_some(())
    });
}

#[tokio::test]
async fn users_of_the_library_are_known_by_what_the_server_signs() {
    let server = FakeApiServer::builder()
        .tls()
        .auth(Auth::new().strict().rbac())
        .start()
        .await;
    let admin = support::kube::client(&server).await;
    let info = who(&admin).await.unwrap();
    assert_eq!(info["username"], "kubernetes-admin");
    let groups = ["dev", "ops", "qa"];
    let alice = support::kube::from_kubeconfig(&server.add_user("alice", groups)).await;
    let info = who(&alice).await.unwrap();
    assert_eq!(info["username"], "alice");
    assert_eq!(
        info["groups"],
        json!(["dev", "ops", "qa", "system:authenticated"])
    );
    let maps: Api<ConfigMap> = Api::namespaced(alice, "default");
    let refused = maps.list(&ListParams::default()).await.unwrap_err();
    assert!(matches!(refused, kube::Error::Api(status) if status.is_forbidden()));
}

#[tokio::test]
async fn a_certificate_counts_only_if_somebody_known_has_signed_it_and_in_its_time() {
    let (known, foreign) = (Authority::new("known"), Authority::new("foreign"));
    let server = FakeApiServer::builder()
        .tls()
        .auth(Auth::new().client_ca(known.pem.clone()))
        .start()
        .await;
    let serving = server.ca_certificate().unwrap().to_owned();
    let client = async |pair: &Pair| {
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "x",
            "clusters": [{"name": "x", "cluster": {
                "server": server.url(), "certificate-authority-data": encoded(serving.as_bytes()),
            }}],
            "contexts": [{"name": "x", "context": {"cluster": "x", "user": "x"}}],
            "users": [{"name": "x", "user": {
                "client-certificate-data": encoded(pair.certificate.as_bytes()),
                "client-key-data": encoded(pair.key.as_bytes()),
            }}],
        });
        support::kube::from_kubeconfig(&kubeconfig.to_string()).await
    };
    let until = |year| {
        known.sign(|params| {
            params.distinguished_name.push(DnType::CommonName, "bob");
            params.not_after = rcgen::date_time_ymd(year, 1, 1);
        })
    };
    let server_only = known.sign(|params| {
        params.distinguished_name.push(DnType::CommonName, "bob");
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    });
    for (pair, name) in [
        (until(4000), Some("bob")),
        (until(2020), None),
        (server_only, None),
        (foreign.client("bob", "dev"), None),
    ] {
        let found = who(&client(&pair).await).await;
        match name {
            Some(name) => assert_eq!(found.unwrap()["username"], name),
            // It was a handshake all the same.
            None => assert!(matches!(found, Err(kube::Error::Api(status)) if status.code == 401)),
        }
    }
}
