//! kube-rs, pointed at a server.

use fake_apiserver::FakeApiServer;
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Client, Config};

/// A client that knows of the server what its kubeconfig says.
pub(crate) async fn client(server: &FakeApiServer) -> Client {
    from_kubeconfig(&server.kubeconfig()).await
}

pub(crate) async fn from_kubeconfig(text: &str) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(text).expect("the kubeconfig can be read");
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options)
        .await
        .expect("the kubeconfig has all it takes");
    Client::try_from(config).expect("a client")
}
