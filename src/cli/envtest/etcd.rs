//! etcd, as far as who starts one asks of it: it is there, and healthy. The objects are in kube-apiserver, so whoever wants
//! to use it directly is told so.

use std::process::ExitCode;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

use super::{Call, parent, say};
use crate::cli::Failure;
use crate::cli::signals::Signals;

/// The client URL of an etcd that is not told any.
const CLIENTS: &str = "http://localhost:2379";
/// The version that goes with the apiserver.
const VERSION: &str = "3.6.4";
/// The longest head of a request, in bytes.
const MAX_HEAD: usize = 16 * 1024;
/// How long a client may take over it.
const HEAD_TIMEOUT: Duration = Duration::from_secs(30);
/// More connections than any suite has.
const MAX_CONNECTIONS: usize = 256;

/// What every connection in HTTP/2 begins with, as that of every client of etcd's API.
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const NOT_PLAYED: &str = "this is no etcd: the fake kube-apiserver beside it keeps its objects itself; a program that \
                          uses etcd directly needs a real one";

const HELP: &str = "\
A stand-in for etcd beside a fake kube-apiserver, which keeps its objects itself. It answers
/health and /version, and tells clients of etcd's API that it is none.

Usage:
  etcd [flags]

Flags:
  --listen-client-urls 'http://localhost:2379'
    Where to listen.
  --unsafe-no-fsync 'false'
    Taken, as all other flags of etcd are; nothing is written to disk.
";

pub(super) async fn run(call: &Call) -> Result<ExitCode, Failure> {
    let is_asked = |names: &[&str]| {
        call.arguments
            .iter()
            .any(|word| names.contains(&word.as_str()))
    };
    if is_asked(&["--help", "-help", "-h"]) {
        say(HELP);
        return Ok(ExitCode::SUCCESS);
    }
    if is_asked(&["--version", "-version"]) {
        say(&format!("etcd Version: {VERSION}\n"));
        return Ok(ExitCode::SUCCESS);
    }
    let mut signals = Signals::listen()?;
    let mut serving = JoinSet::new();
    for url in client_urls(&call.arguments) {
        let address = url.strip_prefix("http://").ok_or_else(|| {
            format!("--listen-client-urls={url}: this stand-in for etcd speaks plain http only")
        })?;
        let address = address.trim_end_matches('/');
        let listener = TcpListener::bind(address)
            .await
            .map_err(|error| format!("listen tcp {address}: {error}"))?;
        serving.spawn(serve(listener));
    }
    tokio::select! {
        _ = signals.next() => {}
        () = parent::gone() => {}
    }
    Ok(ExitCode::SUCCESS)
}

/// The value of the flag, in one word or in two.
fn client_urls(arguments: &[String]) -> Vec<String> {
    let mut found = CLIENTS.to_owned();
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let flag = word.trim_start_matches('-');
        match flag.split_once('=') {
            Some(("listen-client-urls", urls)) => urls.clone_into(&mut found),
            None if flag == "listen-client-urls" => {
                if let Some(urls) = words.next() {
                    urls.clone_into(&mut found);
                }
            }
            _ => {}
        }
    }
    let urls = found.split(',').map(str::trim);
    urls.filter(|url| !url.is_empty())
        .map(str::to_owned)
        .collect()
}

async fn serve(listener: TcpListener) {
    let mut connections = JoinSet::new();
    loop {
        while connections.len() >= MAX_CONNECTIONS {
            connections.join_next().await;
        }
        while connections.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                connections.spawn(answer(stream));
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Answers the requests of one connection.
async fn answer(mut stream: TcpStream) {
    let mut read = Vec::new();
    loop {
        let head = tokio::time::timeout(HEAD_TIMEOUT, head(&mut stream, &mut read));
        let Ok(Some(head)) = head.await else {
            return;
        };
        if head.starts_with("PRI ") {
            return refuse_grpc(stream, read).await;
        }
        let (status, body) = respond(&head);
        let answer = format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        if stream.write_all(answer.as_bytes()).await.is_err() {
            return;
        }
    }
}

/// The head of the next request; what was read after it stays. Nothing at the end.
async fn head(stream: &mut TcpStream, read: &mut Vec<u8>) -> Option<String> {
    const END: &[u8] = b"\r\n\r\n";

    loop {
        if let Some(at) = read.windows(END.len()).position(|window| window == END) {
            let rest = read.split_off(at + END.len());
            let head = std::mem::replace(read, rest);
            return Some(String::from_utf8_lossy(&head).into_owned());
        }
        if read.len() > MAX_HEAD || stream.read_buf(read).await.ok()? == 0 {
            return None;
        }
    }
}

fn respond(head: &str) -> (&'static str, String) {
    let target = head.split(' ').nth(1).unwrap_or_default();
    match target.split('?').next().unwrap_or_default() {
        "/health" => ("200 OK", r#"{"health":"true","reason":""}"#.to_owned()),
        "/version" => (
            "200 OK",
            format!(r#"{{"etcdserver":"{VERSION}","etcdcluster":"3.6.0"}}"#),
        ),
        _ => (
            "404 Not Found",
            format!("{{\"error\":\"{NOT_PLAYED}\",\"code\":12,\"message\":\"{NOT_PLAYED}\"}}"),
        ),
    }
}

/// Ends every call with an error that says what this is: just enough of HTTP/2 for that.
async fn refuse_grpc(mut stream: TcpStream, mut read: Vec<u8>) {
    /// The rest of the preface after the head in it.
    const REST: usize = PREFACE.len() - 18;
    const HEADERS: u8 = 1;
    const SETTINGS: u8 = 4;
    const PING: u8 = 6;
    const ACK: u8 = 1;

    if stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.is_err() {
        return;
    }
    let mut wanted = REST;
    let mut is_preface = true;
    loop {
        while read.len() < wanted {
            match tokio::time::timeout(HEAD_TIMEOUT, stream.read_buf(&mut read)).await {
                Ok(Ok(1..)) => {}
                _ => return,
            }
        }
        if is_preface {
            read.drain(..REST);
            (is_preface, wanted) = (false, FRAME_HEAD);
            continue;
        }
        let Some((kind, flags, id, length)) = frame_head(&read) else {
            return;
        };
        if length > MAX_HEAD {
            return;
        }
        if read.len() < FRAME_HEAD + length {
            wanted = FRAME_HEAD + length;
            continue;
        }
        let payload: Vec<u8> = read.drain(..FRAME_HEAD + length).skip(FRAME_HEAD).collect();
        wanted = FRAME_HEAD;
        let answer = match kind {
            HEADERS => frame(HEADERS, 0b101, id, &trailers()),
            SETTINGS if flags & ACK == 0 => frame(SETTINGS, ACK, 0, &[]),
            PING if flags & ACK == 0 => frame(PING, ACK, 0, &payload),
            _ => continue,
        };
        if stream.write_all(&answer).await.is_err() {
            return;
        }
    }
}

const FRAME_HEAD: usize = 9;

/// A frame's kind, flags, stream and length.
fn frame_head(bytes: &[u8]) -> Option<(u8, u8, u32, usize)> {
    let [a, b, c, kind, flags, id @ ..] = bytes.get(..FRAME_HEAD)? else {
        return None;
    };
    let length = u32::from_be_bytes([0, *a, *b, *c]);
    let id = u32::from_be_bytes(id.try_into().ok()?);
    Some((*kind, *flags, id, usize::try_from(length).ok()?))
}

fn frame(kind: u8, flags: u8, id: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap_or_default();
    let [_, a, b, c] = length.to_be_bytes();
    let mut frame = vec![a, b, c, kind, flags];
    frame.extend(id.to_be_bytes());
    frame.extend(payload);
    frame
}

/// The headers of a call that is over before it began.
fn trailers() -> Vec<u8> {
    /// `:status: 200`, by its place in the table that all have.
    const OK: u8 = 0x88;
    const UNIMPLEMENTED: &str = "12";

    let mut block = vec![OK];
    for (name, value) in [
        ("content-type", "application/grpc"),
        ("grpc-status", UNIMPLEMENTED),
        ("grpc-message", NOT_PLAYED),
    ] {
        // A literal that is not to be remembered, with a new name.
        block.push(0);
        for text in [name, value] {
            length(&mut block, text.len());
            block.extend(text.as_bytes());
        }
    }
    block
}

/// A length with seven bits to begin with.
fn length(block: &mut Vec<u8>, length: usize) {
    const FULL: usize = 0x7f;

    match u8::try_from(length) {
        Ok(short) if length < FULL => block.push(short),
        _ => {
            block.push(0x7f);
            let mut rest = length - FULL;
            while rest >= 0x80 {
                block.push(0x80 | u8::try_from(rest % 0x80).unwrap_or_default());
                rest /= 0x80;
            }
            block.push(u8::try_from(rest).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_client_url_is_found_however_it_is_written() {
        let urls = |line: &str| {
            let words: Vec<String> = line.split(' ').map(str::to_owned).collect();
            client_urls(&words)
        };
        assert_eq!(urls("--data-dir=x"), [CLIENTS]);
        assert_eq!(
            urls("--listen-client-urls=http://127.0.0.1:1"),
            ["http://127.0.0.1:1"]
        );
        assert_eq!(
            urls("-listen-client-urls http://a:1,http://b:2"),
            ["http://a:1", "http://b:2"]
        );
    }

    #[test]
    fn lengths_are_written_as_hpack_has_them() {
        for (given, expected) in [
            (0, vec![0]),
            (126, vec![126]),
            (127, vec![127, 0]),
            (254, vec![127, 127]),
            (255, vec![127, 0x80, 1]),
        ] {
            let mut block = Vec::new();
            length(&mut block, given);
            assert_eq!(block, expected, "{given}");
        }
    }

    #[test]
    fn the_preface_ends_its_first_head_where_the_rest_begins() {
        assert!(PREFACE[..18].ends_with(b"\r\n\r\n"));
    }
}
