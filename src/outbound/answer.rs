//! What an answer says, as client-go reads it.

use serde_json::Value;

use super::Answer;
use crate::codec::json::{self, Node};
use crate::codec::quote::quote;

/// How much of an answer that is no Status an error shows, in bytes.
const MAX_SHOWN: usize = 2048;

/// The Go type that kind and apiVersion are first read into.
const TYPE_META: &str = r#"struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }"#;

/// The object of an answer, or why there is none.
pub(super) fn read(answer: &Answer) -> Result<Value, String> {
    if !(200..=206).contains(&answer.status) {
        return Err(refusal(answer));
    }
    if answer.body.is_empty() {
        let media = answer.content_type.as_deref().unwrap_or("application/json");
        return Err(format!(
            "0-length response with status code: {} and content type: {media}",
            answer.status
        ));
    }
    let value = decode(&answer.body)?;
    match status_of(&value) {
        Some("Success") | None => Ok(value),
        Some(_) => Err(value["message"].as_str().unwrap_or_default().to_owned()),
    }
}

fn decode(body: &[u8]) -> Result<Value, String> {
    let wrong = |why: String| format!("couldn't get version/kind; json parse error: {why}");
    let is_object = body.trim_ascii_start().first() == Some(&b'{');
    let node = match json::parse(body) {
        Ok(node) => node,
        Err(why) if is_object => return Err(wrong(why)),
        // It is taken for YAML, of which most texts are one word.
        Err(_) => Node::text(String::from_utf8_lossy(body)),
    };
    match &node {
        Node::Object(_) => {}
        other => {
            let kind = other.go_kind();
            let why = format!("json: cannot unmarshal {kind} into Go value of type {TYPE_META}");
            return Err(wrong(why));
        }
    }
    for (name, field) in [("kind", "kind"), ("apiVersion", "apiVersion")] {
        match node.get(name) {
            None | Some(Node::Null | Node::String(_)) => {}
            Some(other) => {
                let kind = other.go_kind();
                return Err(wrong(format!(
                    "json: cannot unmarshal {kind} into Go struct field .{field} of type string"
                )));
            }
        }
    }
    Ok(node.into_value())
}

/// What a Status says, of what is one.
fn status_of(value: &Value) -> Option<&str> {
    let is_status = value["kind"] == "Status" && value["apiVersion"] == "v1";
    is_status.then(|| value["status"].as_str().unwrap_or_default())
}

/// `NewGenericServerResponse`, unless the answer is a Status that says more.
fn refusal(answer: &Answer) -> String {
    let said: Option<Value> = serde_json::from_slice(&answer.body).ok();
    let said = said.filter(|said| status_of(said).is_some_and(|status| status != "Success"));
    if let Some(said) = said {
        return said["message"].as_str().unwrap_or_default().to_owned();
    }
    let media = answer.content_type.as_deref();
    let is_text = media.is_none_or(|media| media.trim_start().to_lowercase().starts_with("text/"));
    let shown = &answer.body[..answer.body.len().min(MAX_SHOWN)];
    let text = match is_text {
        true => String::from_utf8_lossy(shown).trim().to_owned(),
        false => "unknown".to_owned(),
    };
    told(answer.status, text)
}

fn told(status: u16, text: String) -> String {
    let told = match status {
        409 => "the server reported a conflict",
        404 => "the server could not find the requested resource",
        400 => "the server rejected our request for an unknown reason",
        401 => "the server has asked for the client to provide credentials",
        406 if matches!(&*text, "" | "unknown") => {
            "the server was unable to respond with a content type that the client supports"
        }
        403 | 406 | 415 => return text,
        405 => "the server does not allow this method on the requested resource",
        422 => "the server rejected our request due to an error in our request",
        503 => "the server is currently unable to handle the request",
        504 => {
            "the server was unable to return a response in the time allotted, but may still be processing the request"
        }
        429 => "the server has received too many requests and has asked us to try again later",
        500.. => {
            return format!(
                "an error on the server ({}) has prevented the request from succeeding",
                quote(&text)
            );
        }
        _ => {
            return format!(
                "the server responded with the status code {status} but did not return more information"
            );
        }
    };
    told.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(status: u16, media: &str, body: &str) -> String {
        let content_type = (!media.is_empty()).then(|| media.to_owned());
        let body = body.as_bytes().to_vec();
        let answer = Answer {
            status,
            content_type,
            body,
        };
        read(&answer).unwrap_err()
    }

    #[test]
    fn a_bad_answer_is_told_as_client_go_tells_it() {
        let json = "application/json";
        let status = r#"{"kind":"Status","apiVersion":"v1","status":"Failure","message":"no"}"#;
        for (code, media, body, why) in [
            (
                500,
                "text/plain; charset=utf-8",
                "oh\n",
                "an error on the server (\"oh\") has prevented the request from succeeding",
            ),
            (
                500,
                json,
                "{}",
                "an error on the server (\"unknown\") has prevented the request from succeeding",
            ),
            (500, json, status, "no"),
            (200, json, status, "no"),
            (
                404,
                "",
                "",
                "the server could not find the requested resource",
            ),
            (403, "text/html", "<b>", "<b>"),
            (
                302,
                "",
                "",
                "the server responded with the status code 302 but did not return more information",
            ),
            (
                200,
                json,
                "",
                "0-length response with status code: 200 and content type: application/json",
            ),
        ] {
            assert_eq!(said(code, media, body), why);
        }
        let begin = "couldn't get version/kind; json parse error: ";
        let bad = said(200, json, "{x");
        assert!(
            bad.starts_with(&format!("{begin}invalid character 'x'")),
            "{bad}"
        );
        let word = said(200, json, "hello");
        assert!(word.starts_with(&format!("{begin}json: cannot unmarshal string")));
    }
}
