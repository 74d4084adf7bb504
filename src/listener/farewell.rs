//! The end of a connection whose client may still be sending.
//!
//! A socket that is closed with something unread in it is reset, and the reset overtakes the answer: the client sees a
//! broken connection instead of what it was told. So nothing more is written, and what comes is read and dropped until
//! the client is done or has had its time, as Go's server waits.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, ReadBuf};
use tokio::time::Sleep;

/// How long Go's server leaves a client to read the answer.
const PATIENCE: Duration = Duration::from_millis(500);
/// More than this is not read meanwhile, in bytes.
const MOST_DROPPED: usize = 64 * 1024 * 1024;
/// How much is dropped at a time, in bytes.
const PIECE: usize = 16 * 1024;

/// Waits for a client to stop sending.
pub(super) struct Farewell {
    /// It is known to send, or was seen to.
    is_sending: bool,
    dropped: usize,
    patience: Option<Pin<Box<Sleep>>>,
}

impl Farewell {
    pub(super) fn new(is_sending: bool) -> Self {
        Farewell {
            is_sending,
            dropped: 0,
            patience: None,
        }
    }

    /// Ready when the client is done, and at once if it has nothing on its way.
    pub(super) fn poll(
        &mut self,
        cx: &mut Context<'_>,
        stream: &mut (impl AsyncRead + Unpin),
    ) -> Poll<()> {
        let mut piece = [0; PIECE];
        while self.dropped < MOST_DROPPED {
            let mut piece = ReadBuf::new(&mut piece);
            match Pin::new(&mut *stream).poll_read(cx, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => {
                    self.is_sending = true;
                    self.dropped += piece.filled().len();
                }
                Poll::Pending if self.is_sending => {
                    let start = || Box::pin(tokio::time::sleep(PATIENCE));
                    ready!(self.patience.get_or_insert_with(start).as_mut().poll(cx));
                    break;
                }
                // The client has closed it, or has sent nothing that would be lost.
                Poll::Ready(_) | Poll::Pending => break,
            }
        }
        Poll::Ready(())
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::AsyncWriteExt as _;

    use super::*;

    async fn said(is_sending: bool, stream: &mut (impl AsyncRead + Unpin)) -> usize {
        let mut farewell = Farewell::new(is_sending);
        poll_fn(|cx| farewell.poll(cx, stream)).await;
        farewell.dropped
    }

    #[tokio::test]
    async fn who_sends_nothing_is_not_waited_for() {
        let (_client, mut stream) = tokio::io::duplex(1);
        assert_eq!(said(false, &mut stream).await, 0);
    }

    #[tokio::test]
    async fn what_is_on_its_way_is_read_to_its_end() {
        let (mut client, mut stream) = tokio::io::duplex(10);
        let send = async move { client.write_all(&[0; 100_000]).await };
        let (sent, dropped) = tokio::join!(send, said(true, &mut stream));
        assert!(sent.is_ok());
        assert_eq!(dropped, 100_000);
    }

    #[tokio::test(start_paused = true)]
    async fn who_never_stops_has_half_a_second() {
        let (_client, mut stream) = tokio::io::duplex(1);
        let start = tokio::time::Instant::now();
        assert_eq!(said(true, &mut stream).await, 0);
        assert_eq!(start.elapsed(), PATIENCE);
    }

    #[tokio::test]
    async fn no_more_is_read_than_is_worth_it() {
        let mut endless = tokio::io::repeat(0);
        assert_eq!(said(false, &mut endless).await, MOST_DROPPED);
    }
}
