//! A connection that can be broken on purpose.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use super::gate::{Stop, Told};

/// How a connection is broken.
#[derive(Debug)]
pub(super) enum Cut {
    /// With an RST.
    Reset,
    /// With a FIN, and nothing more is sent.
    Close,
    /// With a FIN after these bytes.
    Garbage(Vec<u8>),
}

/// The handle by which a request breaks its connection.
#[derive(Debug)]
pub(super) struct Wire {
    cut: Mutex<Option<Cut>>,
    /// How often everything written was flushed.
    flushes: watch::Sender<u64>,
    told: Told,
    finish: Notify,
    requests: AtomicU64,
}

impl Wire {
    /// What the connection is told from outside.
    pub(super) fn told(&self) -> Told {
        self.told.clone()
    }

    /// No request is taken after those that are there.
    pub(super) fn finish(&self) {
        self.finish.notify_one();
    }

    /// Waits until that is said.
    pub(super) async fn finished(&self) {
        self.finish.notified().await;
    }

    /// Counts a request; which one it is, from 1.
    pub(super) fn count_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Does this unless the connection is to be cut: then it is, with what the work holds of it.
    pub(super) async fn unless_cut<R>(&self, work: impl Future<Output = R>) -> Option<R> {
        let mut told = self.told();
        // Pinned here, it goes after the cut is known.
        tokio::pin!(work);
        tokio::select! {
            biased;
            Stop::Cut = told.to(Stop::Cut) => {
                self.cut(Cut::Reset);
                None
            }
            done = &mut work => Some(done),
        }
    }

    /// From now on nothing is sent but what the cut says.
    pub(super) fn cut(&self, cut: Cut) {
        *self.cut.lock() = Some(cut);
    }

    /// Counts flushes from now on, which nobody does unless someone asks.
    pub(super) fn flushes(&self) -> Flushes {
        Flushes(self.flushes.subscribe())
    }
}

/// Who waits for what was written to be on its way.
pub(super) struct Flushes(watch::Receiver<u64>);

impl Flushes {
    /// Waits for the next flush.
    pub(super) async fn next(&mut self) {
        self.0.borrow_and_update();
        // The connection is gone: then all is flushed that ever will be.
        let _ = self.0.changed().await;
    }
}

/// The stream of a connection, with its handle.
pub(super) struct WireStream {
    stream: TcpStream,
    wire: Arc<Wire>,
}

impl WireStream {
    pub(super) fn new(stream: TcpStream, told: Told) -> (Self, Arc<Wire>) {
        let wire = Arc::new(Wire {
            cut: Mutex::new(None),
            flushes: watch::Sender::new(0),
            told,
            finish: Notify::new(),
            requests: AtomicU64::new(0),
        });
        (
            WireStream {
                stream,
                wire: wire.clone(),
            },
            wire,
        )
    }

    #[cfg(feature = "tls")]
    pub(super) async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.peek(buffer).await
    }

    /// What to do with a write: nothing if the connection is whole.
    fn poll_cut(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut cut = self.wire.cut.lock();
        match &mut *cut {
            None => Poll::Ready(Ok(())),
            Some(Cut::Reset) => Poll::Ready(Err(io::ErrorKind::ConnectionReset.into())),
            Some(Cut::Close) => Poll::Ready(Err(io::ErrorKind::BrokenPipe.into())),
            Some(Cut::Garbage(bytes)) => {
                while !bytes.is_empty() {
                    let written = ready!(Pin::new(&mut self.stream).poll_write(cx, bytes))?;
                    bytes.drain(..written.max(1).min(bytes.len()));
                }
                Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
            }
        }
    }
}

impl Drop for WireStream {
    fn drop(&mut self) {
        if matches!(*self.wire.cut.lock(), Some(Cut::Reset)) {
            // Closing a socket that lingers for no time resets the connection.
            let _ = socket2::SockRef::from(&self.stream).set_linger(Some(Duration::ZERO));
        }
    }
}

impl AsyncRead for WireStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for WireStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_cut(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_cut(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        // Telling costs more than asking, and mostly nobody waits.
        if self.wire.flushes.receiver_count() > 0 {
            self.wire.flushes.send_modify(|count| *count += 1);
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if matches!(*self.wire.cut.lock(), Some(Cut::Reset)) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
