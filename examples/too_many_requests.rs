//! 429 with Retry-After: kube-rs waits as long as the server says, and hands the refusal on if told not to.
//!
//!     cargo run --example too_many_requests

use std::error::Error;
use std::time::Instant;

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, ListParams};
use kube::{Client, Config};

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    let mut config = Config::new(server.url().parse()?);
    let patient: Api<ConfigMap> = Api::default_namespaced(Client::try_from(config.clone())?);
    config.default_retry = false;
    let hasty: Api<ConfigMap> = Api::default_namespaced(Client::try_from(config)?);

    // As priority and fairness refuses: plain text, and when to come back.
    let busy = server.fault(
        Fault::too_many_requests()
            .retry_after(1)
            .verb("list")
            .first(2),
    );
    let refused = hasty.list(&ListParams::default()).await.unwrap_err();
    println!("the hasty client:   {refused}");
    assert!(matches!(&refused, kube::Error::Api(status) if status.code == 429));

    let asked = Instant::now();
    let list = patient.list(&ListParams::default()).await?;
    let waited = asked.elapsed();
    println!(
        "the patient client: {} objects after {waited:.1?}",
        list.items.len()
    );
    assert!(
        waited.as_secs() >= 1,
        "it did not wait for as long as it was told"
    );
    assert_eq!(busy.fired(), 2);
    Ok(())
}
