//! kube-rs, pointed at a server.

use fake_apiserver::FakeApiServer;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// A client that knows of the server what its kubeconfig says.
pub(crate) async fn client(server: &FakeApiServer) -> Client {
    from_kubeconfig(&server.kubeconfig()).await
}

/// The same, but it hands on every refusal instead of trying again.
pub(crate) async fn client_that_never_retries(server: &FakeApiServer) -> Client {
    let mut config = config(&server.kubeconfig()).await;
    config.default_retry = false;
    Client::try_from(config).expect("a client")
}

pub(crate) async fn from_kubeconfig(text: &str) -> Client {
    Client::try_from(config(text).await).expect("a client")
}

async fn config(text: &str) -> Config {
    let kubeconfig = Kubeconfig::from_yaml(text).expect("the kubeconfig can be read");
    let options = KubeConfigOptions::default();
    Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .expect("the kubeconfig has all it takes")
}
