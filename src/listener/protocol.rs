//! HTTP on one connection, with its limits.

use std::future::Future;
use std::pin::Pin;
#[cfg(feature = "tls")]
use std::time::Duration;

use hyper::server::conn::http1;
#[cfg(feature = "tls")]
use hyper::server::conn::http2;
#[cfg(feature = "tls")]
use hyper_util::rt::TokioExecutor;
use hyper_util::rt::{TokioIo, TokioTimer};

use super::DEFAULT_MAX_HEADERS;
use super::edge::Answers;
use super::wire::IDLE_TIMEOUT;
use crate::request::Connection;

/// The longest head of a request, in bytes: that of Go's server.
const MAX_HEADER_BYTES: usize = 1024 * 1024;

/// Speaks either version of HTTP.
pub(super) struct Protocol {
    http1: http1::Builder,
    #[cfg(feature = "tls")]
    http2: http2::Builder<TokioExecutor>,
}

/// A connection that is being served.
pub(super) trait Serving: Future<Output = hyper::Result<()>> {
    /// Whether it takes [`finish`](Self::finish) to tell the client that an answer is the last; elsewhere a header does.
    const FINISHES: bool;

    /// Takes no more requests, and ends when those that are there are answered.
    fn finish(self: Pin<&mut Self>);
}

impl Protocol {
    pub(super) fn new(max_headers: usize) -> Self {
        let mut http1 = http1::Builder::new();
        http1
            .title_case_headers(true)
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .header_read_timeout(IDLE_TIMEOUT)
            .max_buf_size(MAX_HEADER_BYTES);
        if max_headers != DEFAULT_MAX_HEADERS {
            http1.max_headers(max_headers);
        }
        #[cfg(feature = "tls")]
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        #[cfg(feature = "tls")]
        http2
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .max_header_list_size(1024 * 1024)
            .keep_alive_interval(Duration::from_secs(30));
        Protocol {
            http1,
            #[cfg(feature = "tls")]
            http2,
        }
    }

    pub(super) fn http1(
        &self,
        stream: impl Connection + 'static,
        service: impl Answers,
    ) -> impl Serving {
        self.http1
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades()
    }

    #[cfg(feature = "tls")]
    pub(super) fn http2(
        &self,
        stream: impl Connection + 'static,
        service: impl Answers,
    ) -> impl Serving {
        self.http2.serve_connection(TokioIo::new(stream), service)
    }
}

impl<C: Connection + 'static, S: Answers> Serving for http1::UpgradeableConnection<TokioIo<C>, S> {
    const FINISHES: bool = false;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}

#[cfg(feature = "tls")]
impl<C: Connection + 'static, S: Answers> Serving
    for http2::Connection<TokioIo<C>, S, TokioExecutor>
{
    const FINISHES: bool = true;

    fn finish(self: Pin<&mut Self>) {
        self.graceful_shutdown();
    }
}
