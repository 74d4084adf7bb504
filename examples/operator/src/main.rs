//! Runs the operator where KUBECONFIG leads to, once it leads.

use std::time::Duration;

use jiff::Timestamp;
use kube::{Api, Client};
use site_operator::leader::lead;

#[tokio::main]
async fn main() -> Result<(), kube::Error> {
    let client = Client::try_default().await?;
    let namespace = client.default_namespace().to_owned();
    let leases = Api::namespaced(client.clone(), &namespace);
    let me = format!("operator-{}", std::process::id());
    while !lead(&leases, "site-operator", &me, Timestamp::now()).await? {
        tokio::time::sleep(Duration::from_secs(2)).await;
    }
    site_operator::run(client, &namespace).await;
    Ok(())
}
