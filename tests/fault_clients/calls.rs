//! The typed calls of kube-rs: refusals, lost races, and writes whose answer never came.

use fake_apiserver::{FakeApiServer, Fault};
use k8s_openapi::api::core::v1::Endpoints;
use kube::api::{DeleteParams, ListParams, Patch, PatchParams, PostParams};
use kube::{Api, ResourceExt as _};
use serde_json::json;

use crate::support::kube::{client, client_that_never_retries};
use crate::{set, stored};

fn named(name: &str) -> Endpoints {
    let mut object = Endpoints::default();
    object.metadata.name = Some(name.to_owned());
    object
}

/// Each call of an `Api`, and how it failed.
async fn failures(api: &Api<Endpoints>) -> Vec<kube::Error> {
    let (post, patch) = (PostParams::default(), PatchParams::default());
    let (delete, list) = (DeleteParams::default(), ListParams::default());
    let change = Patch::Merge(json!({}));
    let results = [
        api.get("db").await.err(),
        api.list(&list).await.err(),
        api.create(&post, &named("new")).await.err(),
        api.replace("db", &post, &named("db")).await.err(),
        api.patch("db", &patch, &change).await.err(),
        api.delete("db", &delete).await.err(),
        api.delete_collection(&delete, &list).await.err(),
        api.watch(&Default::default(), "0").await.err(),
    ];
    results.map(|error| error.expect("the call fails")).into()
}

/// Each status, by the reason a client tells it by.
fn statuses() -> Vec<(Fault, u16, &'static str)> {
    // What is no Status is one to kube-rs all the same.
    const NO_STATUS: &str = "Failed to parse error data";
    let teapot = json!({"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 418, "reason": "Teapot"});
    vec![
        (Fault::bad_request(), 400, "BadRequest"),
        (Fault::unauthorized(), 401, "Unauthorized"),
        (Fault::forbidden(), 403, "Forbidden"),
        (Fault::not_found(), 404, "NotFound"),
        (Fault::method_not_allowed(), 405, "MethodNotAllowed"),
        (Fault::not_acceptable(), 406, "NotAcceptable"),
        (Fault::conflict(), 409, "Conflict"),
        (Fault::already_exists(), 409, "AlreadyExists"),
        (Fault::gone(), 410, "Expired"),
        (
            Fault::request_entity_too_large(),
            413,
            "RequestEntityTooLarge",
        ),
        (Fault::unsupported_media_type(), 415, "UnsupportedMediaType"),
        (Fault::invalid().cause("subsets", "no"), 422, "Invalid"),
        (Fault::too_many_requests(), 429, NO_STATUS),
        (Fault::too_many_requests_status(), 429, "TooManyRequests"),
        (Fault::internal_error(), 500, "InternalError"),
        (Fault::server_timeout(), 500, "ServerTimeout"),
        (Fault::service_unavailable(), 503, "ServiceUnavailable"),
        (Fault::gateway_timeout(), 504, "Timeout"),
        (Fault::applied_then_internal_error(), 500, "InternalError"),
        (Fault::applied_then_timeout(), 504, "Timeout"),
        (Fault::status(teapot), 418, "Teapot"),
        (Fault::raw(502, "<html>Bad Gateway</html>"), 502, NO_STATUS),
    ]
}

#[tokio::test]
async fn each_status_is_met_by_each_call() {
    let server = FakeApiServer::start().await;
    let api = Api::namespaced(client_that_never_retries(&server).await, "default");
    for (fault, code, reason) in statuses() {
        set(&server, "db", "here");
        let guard = server.fault(fault.clone());
        for error in failures(&api).await {
            let kube::Error::Api(status) = error else {
                panic!("{fault:?}: {error:?}");
            };
            assert_eq!(
                (status.code, status.reason.as_str()),
                (code, reason),
                "{fault:?}"
            );
        }
        assert_eq!(guard.fired(), 8);
    }
}

#[tokio::test]
async fn a_connection_that_breaks_is_no_status() {
    let server = FakeApiServer::start().await;
    let api = Api::namespaced(client(&server).await, "default");
    for fault in [
        Fault::reset(),
        Fault::empty_reply(),
        Fault::garbage("SSH-2.0\r\n"),
        Fault::applied_then_reset(),
    ] {
        set(&server, "db", "here");
        let _guard = server.fault(fault.clone());
        for error in failures(&api).await {
            assert!(
                !matches!(error, kube::Error::Api(_)),
                "{fault:?}: {error:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_breaks_off_is_an_error_and_no_half_object() {
    let server = FakeApiServer::start().await;
    set(&server, "db", "here");
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "default");
    for fault in [Fault::truncate_after(30), Fault::reset_after(30)] {
        let _guard = server.fault(fault);
        assert!(api.get("db").await.is_err());
        assert!(api.list(&ListParams::default()).await.is_err());
    }
}

#[tokio::test]
async fn the_client_itself_gets_over_what_will_pass() {
    let server = FakeApiServer::start().await;
    set(&server, "db", "here");
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "default");
    for fault in [
        Fault::service_unavailable(),
        Fault::gateway_timeout(),
        Fault::raw(429, ""),
        Fault::too_many_requests().retry_after(0),
    ] {
        let guard = server.fault(fault.verb("get").first(2));
        assert_eq!(api.get("db").await.unwrap().name_any(), "db");
        assert_eq!(guard.fired(), 2);
    }
}

/// Reads, changes, writes; again as long as someone else was faster.
async fn label(api: &Api<Endpoints>, name: &str) -> kube::Result<usize> {
    for attempt in 1.. {
        let mut object = api.get(name).await?;
        object
            .labels_mut()
            .insert("mine".to_owned(), "yes".to_owned());
        match api.replace(name, &PostParams::default(), &object).await {
            Ok(_) => return Ok(attempt),
            Err(kube::Error::Api(status)) if status.is_conflict() => {}
            Err(error) => return Err(error),
        }
    }
    unreachable!("attempts do not end")
}

#[tokio::test]
async fn a_retry_loop_gets_over_lost_races_and_loses_nothing() {
    let server = FakeApiServer::start().await;
    set(&server, "db", "here");
    let api = Api::namespaced(client(&server).await, "default");
    let guard = server.fault(Fault::lost_race().verb("update").first(3));
    assert_eq!(label(&api, "db").await.unwrap(), 4);
    let object = &stored(&server)[0];
    assert_eq!(object.labels()["mine"], "yes");
    assert_eq!(object.labels()["state"], "here");
    assert!(object.annotations().contains_key("fake-apiserver/raced-at"));
    assert_eq!(guard.fired(), 3);
}

#[tokio::test]
async fn a_retry_loop_ends_when_the_object_is_deleted_meanwhile() {
    let server = FakeApiServer::start().await;
    set(&server, "db", "here");
    let api = Api::namespaced(client(&server).await, "default");
    let _guards = [
        server.fault(Fault::lost_race().verb("update").first(1)),
        server.fault(Fault::deleted_first().verb("get").nth(2)),
    ];
    let error = label(&api, "db").await.unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.is_not_found()));
}

#[tokio::test]
async fn what_someone_else_created_first_is_taken_as_it_is() {
    let server = FakeApiServer::start().await;
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "default");
    let _guard = server.fault(Fault::created_first().verb("create").first(1));
    let error = api
        .create(&PostParams::default(), &named("db"))
        .await
        .unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.is_already_exists()));
    assert_eq!(api.get("db").await.unwrap(), stored(&server)[0]);
}

/// Creates an object, and takes one that is there already as its own if it bears its mark.
async fn create(api: &Api<Endpoints>, name: &str, mark: &str) -> kube::Result<Endpoints> {
    let mut object = named(name);
    object
        .labels_mut()
        .insert("mark".to_owned(), mark.to_owned());
    loop {
        match api.create(&PostParams::default(), &object).await {
            Err(kube::Error::Api(status)) if status.is_already_exists() => {
                let there = api.get(name).await?;
                let is_ours = there.labels().get("mark").map(String::as_str) == Some(mark);
                return if is_ours {
                    Ok(there)
                } else {
                    Err(kube::Error::Api(status))
                };
            }
            // The answer was lost, and with it what became of the write.
            Err(kube::Error::Api(status)) if status.code < 500 => {
                return Err(kube::Error::Api(status));
            }
            Err(_) => {}
            Ok(created) => return Ok(created),
        }
    }
}

#[tokio::test]
async fn a_marked_create_is_done_once_whatever_became_of_its_answer() {
    for fault in [
        Fault::applied_then_reset(),
        Fault::applied_then_internal_error(),
        Fault::applied_then_timeout(),
        Fault::truncate_after(10),
        Fault::reset_after(10),
        Fault::reset(),
        Fault::empty_reply(),
        Fault::internal_error(),
    ] {
        let server = FakeApiServer::start().await;
        let api = Api::namespaced(client(&server).await, "default");
        let guard = server.fault(fault.verb("create").first(1));
        let created = create(&api, "db", "mine").await.unwrap();
        assert_eq!(stored(&server), [created]);
        assert_eq!(guard.fired(), 1);
    }
}

#[tokio::test]
async fn a_marked_create_does_not_take_what_is_anothers() {
    let server = FakeApiServer::start().await;
    let api = Api::namespaced(client(&server).await, "default");
    let _guard = server.fault(Fault::created_first().verb("create"));
    let error = create(&api, "db", "mine").await.unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.is_already_exists()));
}

#[tokio::test]
async fn the_clients_own_retry_makes_a_conflict_of_a_create_that_was_applied() {
    let server = FakeApiServer::start().await;
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "default");
    let _guard = server.fault(Fault::applied_then_timeout().verb("create").first(1));
    let error = api
        .create(&PostParams::default(), &named("db"))
        .await
        .unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.is_already_exists()));
    assert_eq!(stored(&server).len(), 1);
}

#[tokio::test]
async fn a_stale_read_is_told_by_its_version() {
    let server = FakeApiServer::start().await;
    set(&server, "db", "old");
    let api: Api<Endpoints> = Api::namespaced(client(&server).await, "default");
    let patch = Patch::Merge(json!({"metadata": {"labels": {"state": "new"}}}));
    let written = api
        .patch("db", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let _guard = server.fault(Fault::lagging(1).verb("get").first(1));
    let version = |object: &Endpoints| object.resource_version().unwrap().parse::<u64>().unwrap();
    let mut read = api.get("db").await.unwrap();
    assert_eq!(read.labels()["state"], "old");
    while version(&read) < version(&written) {
        read = api.get("db").await.unwrap();
    }
    assert_eq!(read, written);
}
