//! A create whose answer is lost: was it applied or not? A mark on the object tells, so that it is created once.
//!
//!     cargo run --example ambiguous_create

use std::error::Error;

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::ConfigMap;
use kube::api::{Api, PostParams, ResourceExt as _};
use kube::{Client, Config};

/// Names this attempt to create something, however often it is repeated.
const MARK: &str = "example.com/request";

/// Creates the object once, whatever becomes of the answers.
async fn create(api: &Api<ConfigMap>, name: &str, request: &str) -> kube::Result<ConfigMap> {
    let mut object = ConfigMap::default();
    object.metadata.name = Some(name.to_owned());
    object
        .annotations_mut()
        .insert(MARK.to_owned(), request.to_owned());
    loop {
        match api.create(&PostParams::default(), &object).await {
            Ok(created) => return Ok(created),
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                // Ours from before, or someone else's?
                let there = api.get(name).await?;
                return match there.annotations().get(MARK) {
                    Some(mark) if mark == request => Ok(there),
                    _ => Err(kube::Error::Api(status)),
                };
            }
            // A refusal is an answer.
            Err(kube::Error::Api(status)) if status.code < 500 => {
                return Err(kube::Error::Api(status));
            }
            Err(lost) => println!("  no answer, so once more: {lost}"),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
pub(crate) async fn main() -> Result<(), Box<dyn Error>> {
    let server = FakeApiServer::start().await;
    let client = Client::try_from(Config::new(server.url().parse()?))?;
    let api = Api::default_namespaced(client);
    for (name, fault) in [
        ("applied-then-reset", Fault::applied_then_reset()),
        ("applied-then-500", Fault::applied_then_internal_error()),
        ("never-applied", Fault::reset()),
    ] {
        println!("{name}:");
        let fault = server.fault(fault.verb("create").first(1));
        let created = create(&api, name, "request-1").await?;
        println!(
            "  there, as version {}",
            created.resource_version().unwrap_or_default()
        );
        assert_eq!(
            server.kind::<ConfigMap>().namespace("default").get(name),
            Some(created)
        );
        assert_eq!(fault.fired(), 1);
    }

    println!("someone-elses:");
    let _fault = server.fault(Fault::created_first().verb("create"));
    let refused = create(&api, "someone-elses", "request-1")
        .await
        .unwrap_err();
    println!("  {refused}");
    assert!(matches!(refused, kube::Error::Api(status) if status.is_already_exists()));
    Ok(())
}
