//! A connection that can be broken on purpose.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::{Notify, watch};

use super::farewell::Farewell;
use super::gate::{Stop, Told};
use super::intake::{Head, Intake};

/// How long a client may take over the head of a request, or be idle between two: hyper has one limit for both, where Go's
/// server has 32 and 90 seconds. The longer one closes no connection that a client still counts on.
pub(super) const IDLE_TIMEOUT: Duration = Duration::from_secs(90);

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
    /// How many requests are being read or answered.
    busy: AtomicUsize,
    lingers: AtomicBool,
}

impl Wire {
    /// Until this is dropped, what comes in is no head of a request.
    pub(super) fn busy(self: &Arc<Self>) -> Busy {
        self.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    /// Something of a request stays unread: at the end of the connection its client is still sending.
    pub(super) fn linger(&self) {
        self.lingers.store(true, Ordering::Relaxed);
    }

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

/// A request of a connection that is being read or answered.
pub(super) struct Busy(Arc<Wire>);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The stream of a connection, with its handle.
pub(super) struct WireStream {
    stream: TcpStream,
    wire: Arc<Wire>,
    /// Said once everything is written.
    farewell: Option<Farewell>,
    head: Head,
}

impl WireStream {
    pub(super) fn new(stream: TcpStream, told: Told, intake: Arc<Intake>) -> (Self, Arc<Wire>) {
        let wire = Arc::new(Wire {
            cut: Mutex::new(None),
            flushes: watch::Sender::new(0),
            told,
            finish: Notify::new(),
            requests: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            lingers: AtomicBool::new(false),
        });
        (
            WireStream {
                stream,
                farewell: None,
                head: Head::new(intake),
                wire: wire.clone(),
            },
            wire,
        )
    }

    /// Waits for the first bytes of the client; whether they came before the end of the connection.
    pub(super) async fn is_spoken_to(&self) -> bool {
        let mut told = self.wire.told();
        let mut first = [0];
        tokio::select! {
            biased;
            how = told.to(Stop::Gracefully) => {
                if how == Stop::Cut {
                    self.wire.cut(Cut::Reset);
                }
                false
            }
            peeked = tokio::time::timeout(IDLE_TIMEOUT, self.stream.peek(&mut first)) => {
                matches!(peeked, Ok(Ok(1..)))
            }
        }
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
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.stream).poll_read(cx, buffer))?;
        let WireStream { wire, head, .. } = &mut *self;
        if wire.busy.load(Ordering::Relaxed) == 0 {
            let requests = wire.requests.load(Ordering::Relaxed);
            head.add(buffer.filled().len() - before, requests)?;
        }
        Poll::Ready(Ok(()))
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
        let WireStream {
            stream,
            wire,
            farewell,
            ..
        } = &mut *self;
        let farewell = match farewell {
            Some(farewell) => farewell,
            None => {
                ready!(Pin::new(&mut *stream).poll_shutdown(cx))?;
                farewell.insert(Farewell::new(wire.lingers.load(Ordering::Relaxed)))
            }
        };
        ready!(farewell.poll(cx, stream));
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::super::gate::Gate;
    use super::*;

    /// A connection: its client, its server's side and the handle.
    async fn connection(gate: &Gate) -> (TcpStream, WireStream, Arc<Wire>) {
        let mut moves = gate.moves();
        let intake = Arc::new(Intake::new(1024, 1024));
        let (client, accepted) =
            tokio::join!(TcpStream::connect(gate.address()), gate.accept(&mut moves));
        let (stream, wire) = WireStream::new(accepted.unwrap().unwrap(), gate.told(), intake);
        (client.unwrap(), stream, wire)
    }

    fn gate() -> Gate {
        Gate::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
    }

    #[tokio::test]
    async fn a_whole_connection_carries_what_is_written() {
        let gate = gate();
        let (mut client, mut stream, wire) = connection(&gate).await;
        stream.write_all(b"hello").await.unwrap();
        drop((stream, wire));
        let mut text = String::new();
        client.read_to_string(&mut text).await.unwrap();
        assert_eq!(text, "hello");
    }

    #[tokio::test(start_paused = true)]
    async fn a_client_that_says_nothing_is_waited_for_but_not_for_ever() {
        let gate = gate();
        let (mut client, stream, _wire) = connection(&gate).await;
        let at_first = tokio::time::timeout(IDLE_TIMEOUT / 2, stream.is_spoken_to()).await;
        assert!(at_first.is_err());
        client.write_all(b"G").await.unwrap();
        assert!(stream.is_spoken_to().await);
        let (_client, silent, _wire) = connection(&gate).await;
        assert!(!silent.is_spoken_to().await);
    }

    #[tokio::test]
    async fn a_cut_is_seen_as_what_it_is() {
        let gate = gate();
        for (cut, expected) in [
            (Cut::Reset, Err(io::ErrorKind::ConnectionReset)),
            (Cut::Close, Ok("".to_owned())),
            (Cut::Garbage(b"?!".to_vec()), Ok("?!".to_owned())),
        ] {
            let (mut client, mut stream, wire) = connection(&gate).await;
            let told = format!("{cut:?}");
            wire.cut(cut);
            assert!(stream.write_all(b"hello").await.is_err(), "{told}");
            drop((stream, wire));
            let mut text = String::new();
            let seen = client.read_to_string(&mut text).await;
            assert_eq!(seen.map(|_| text).map_err(|e| e.kind()), expected, "{told}");
        }
    }

    #[tokio::test]
    async fn work_is_given_up_when_its_connection_is_cut() {
        let gate = gate();
        let (_client, _stream, wire) = connection(&gate).await;
        assert_eq!(wire.unless_cut(async { 1 }).await, Some(1));
        gate.cut();
        assert_eq!(wire.unless_cut(std::future::pending::<()>()).await, None);
        assert!(matches!(*wire.cut.lock(), Some(Cut::Reset)));
    }

    #[tokio::test]
    async fn requests_are_counted_from_one() {
        let gate = gate();
        let (_client, _stream, wire) = connection(&gate).await;
        assert_eq!([wire.count_request(), wire.count_request()], [1, 2]);
    }

    #[tokio::test]
    async fn a_flush_is_noticed_by_who_waits_for_it() {
        let gate = gate();
        let (_client, mut stream, wire) = connection(&gate).await;
        let mut flushes = wire.flushes();
        stream.write_all(b"x").await.unwrap();
        let ((), flushed) = tokio::join!(flushes.next(), stream.flush());
        flushed.unwrap();
    }
}
