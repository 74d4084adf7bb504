use serde_json::{Value, json};

use super::field::FieldError;
use super::*;

fn text(status: &Status) -> String {
    String::from_utf8(status.to_json()).unwrap()
}

#[test]
fn a_status_is_written_in_the_order_of_its_fields() {
    assert_eq!(
        text(&Status::not_found("endpoints", "", "db")),
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"endpoints \"db\" not found","reason":"NotFound","details":{"name":"db","kind":"endpoints"},"code":404}"#
    );
}

#[test]
fn the_one_success_has_neither_message_nor_code() {
    assert_eq!(
        text(&Status::deleted("deployments", "apps", "web", "u-1")),
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","details":{"name":"web","group":"apps","kind":"deployments","uid":"u-1"}}"#
    );
}

#[test]
fn an_error_that_is_no_api_error_has_no_reason() {
    assert_eq!(
        text(&Status::raw("etcdserver: leader changed")),
        r#"{"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","message":"etcdserver: leader changed","code":500}"#
    );
}

#[test]
fn details_without_content_are_written_all_the_same() {
    let status = text(&Status::no_route());
    assert!(
        status.ends_with(r#""reason":"NotFound","details":{},"code":404}"#),
        "{status}"
    );
}

#[test]
fn an_expired_token_comes_with_another() {
    let status = Status {
        continue_token: Some("more".to_owned()),
        ..Status::expired("too old")
    };
    assert_eq!(status.to_value()["metadata"], json!({"continue": "more"}));
}

#[test]
fn every_failure_has_its_code_and_its_reason() {
    let causes = Vec::new;
    for (status, code, reason) in [
        (Status::bad_request("x"), 400, "BadRequest"),
        (Status::unauthorized(), 401, "Unauthorized"),
        (Status::forbidden("r", "", "n", "w"), 403, "Forbidden"),
        (Status::not_found("r", "", "n"), 404, "NotFound"),
        (Status::no_route(), 404, "NotFound"),
        (Status::method_not_allowed(), 405, "MethodNotAllowed"),
        (Status::not_acceptable_route(&["a"]), 406, "NotAcceptable"),
        (Status::not_acceptable(&["a"]), 406, "NotAcceptable"),
        (Status::already_exists("r", "", "n"), 409, "AlreadyExists"),
        (Status::modified("r", "", "n"), 409, "Conflict"),
        (
            Status::apply_conflict(String::new(), causes()),
            409,
            "Conflict",
        ),
        (Status::expired("x"), 410, "Expired"),
        (
            Status::request_entity_too_large("x"),
            413,
            "RequestEntityTooLarge",
        ),
        (
            Status::unsupported_media_type(&["a"]),
            415,
            "UnsupportedMediaType",
        ),
        (
            Status::unsupported_media_type_route(),
            415,
            "UnsupportedMediaType",
        ),
        (Status::invalid("K", "", "n", &[]), 422, "Invalid"),
        (Status::unprocessable(), 422, "Invalid"),
        (Status::watch_list_disabled(), 422, "Invalid"),
        (Status::too_many_requests("x", 1), 429, "TooManyRequests"),
        (Status::raw("x"), 500, ""),
        (Status::panicked(), 500, ""),
        (Status::internal_error("x"), 500, "InternalError"),
        (Status::server_timeout("get", "r", ""), 500, "ServerTimeout"),
        (Status::service_unavailable("x"), 503, "ServiceUnavailable"),
        (Status::timeout("x"), 504, "Timeout"),
        (Status::resource_version_too_large(2, 1, 1), 504, "Timeout"),
        (Status::scripted(418, "Teapot", "x"), 418, "Teapot"),
    ] {
        assert_eq!((status.code, &*status.reason), (code, reason), "{status:?}");
        let value = status.to_value();
        assert_eq!(value["code"], code);
        assert_eq!(value["reason"].as_str().unwrap_or_default(), reason);
    }
}

#[test]
fn a_message_names_the_resource_with_its_group() {
    let messages = [
        Status::not_found("deployments", "apps", "a"),
        Status::already_exists("deployments", "apps", "a"),
        Status::modified("deployments", "apps", "a"),
        Status::server_timeout("list", "deployments", "apps"),
    ];
    for status in messages {
        assert!(
            status.message.contains("deployments.apps"),
            "{}",
            status.message
        );
    }
}

#[test]
fn a_denial_names_what_there_is_to_name() {
    for (resource, name, message) in [
        ("secrets", "db", "secrets \"db\" is forbidden: no"),
        ("secrets", "", "secrets is forbidden: no"),
        ("", "", "forbidden: no"),
    ] {
        assert_eq!(Status::forbidden(resource, "", name, "no").message, message);
    }
}

#[test]
fn a_name_that_was_made_up_and_taken_asks_for_another_try() {
    let status = Status::already_exists("secrets", "", "db-x7").generated_name_conflict();
    assert_eq!(status.retry_after_seconds(), Some(1));
    assert!(
        status
            .message
            .ends_with("the server was not able to generate a unique name for the object")
    );
}

#[test]
fn an_object_that_is_going_is_still_in_the_way() {
    let status = Status::already_exists_terminating("secrets", "", "db");
    assert_eq!(
        status.message,
        "object is being deleted: secrets \"db\" already exists"
    );
}

#[test]
fn no_seconds_to_wait_are_no_retry_after() {
    assert_eq!(
        Status::too_many_requests("x", 0).retry_after_seconds(),
        None
    );
    assert_eq!(
        Status::too_many_requests("x", 3).retry_after_seconds(),
        Some(3)
    );
    assert_eq!(Status::bad_request("x").retry_after_seconds(), None);
}

#[test]
fn every_error_of_a_field_is_a_cause_and_each_is_told_once() {
    let error = FieldError::forbidden("spec.a", "not now");
    let status = Status::invalid("Service", "", "web", &[error.clone(), error]);
    assert_eq!(
        status.message,
        "Service \"web\" is invalid: spec.a: Forbidden: not now"
    );
    let cause = json!({"reason": "FieldValueForbidden", "message": "Forbidden: not now", "field": "spec.a"});
    let details: Value = status.to_value()["details"].take();
    assert_eq!(details["causes"], json!([cause, cause]));
}

#[test]
fn only_a_crash_is_a_panic() {
    assert!(Status::panicked().is_panic());
    assert!(!Status::raw("x").is_panic());
}
