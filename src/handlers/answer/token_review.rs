//! TokenReview: whose a token is. SelfSubjectReview: who asks.

use serde_json::{Value, json};

use super::{Answer, Answered, Call};
use crate::request::user::UserInfo;
use crate::status::Status;

pub(super) struct TokenReview;
pub(super) struct SelfSubjectReview;

impl Answer for TokenReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        Box::pin(std::future::ready(review(call)))
    }
}

impl Answer for SelfSubjectReview {
    fn answer<'a>(&'a self, call: &'a mut Call<'_, '_>) -> Answered<'a> {
        let answer = json!({
            "kind": call.object["kind"],
            "apiVersion": call.object["apiVersion"],
            "metadata": {"creationTimestamp": call.ctx.cluster.timestamp()},
            "status": {"userInfo": user_info(call.ctx.user)},
        });
        Box::pin(std::future::ready(Ok(answer)))
    }
}

fn review(call: &mut Call<'_, '_>) -> Result<Value, Status> {
    let kind = call.kind()?;
    call.own(&kind);
    let spec = &call.object["spec"];
    let token = spec["token"].as_str().unwrap_or_default();
    if token.is_empty() {
        let why = "token is required for TokenReview in authentication";
        return Err(Status::bad_request(why));
    }
    let audiences = spec["audiences"].as_array().into_iter().flatten();
    let audiences: Vec<String> = audiences
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let (authenticator, accounts) = (call.ctx.authenticator, call.ctx.cluster.accounts());
    let status = match authenticator.review(token, &audiences, &accounts) {
        Ok(known) => json!({
            "authenticated": true,
            "user": user_info(&known.user),
            "audiences": known.audiences,
        }),
        Err(why) => json!({"user": {}, "error": why}),
    };
    call.object["status"] = status;
    Ok(std::mem::take(&mut call.object))
}

fn user_info(user: &UserInfo) -> Value {
    user.to_value()
}
