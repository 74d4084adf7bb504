//! The signals that stop a server.

use std::io;

#[cfg(unix)]
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Ctrl-C and, where there is such a thing, SIGTERM; from the moment this exists they no longer end the process.
pub(crate) struct Signals {
    #[cfg(unix)]
    interrupt: Signal,
    #[cfg(unix)]
    terminate: Signal,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

impl Signals {
    #[cfg(unix)]
    pub(crate) fn listen() -> io::Result<Self> {
        Ok(Signals {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
        })
    }

    #[cfg(windows)]
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Signals { interrupt })
    }

    /// Waits for the next one. Returns the exit code of a process that such a signal ends.
    #[cfg(unix)]
    pub(crate) async fn next(&mut self) -> u8 {
        const BY_SIGNAL: u8 = 128;
        tokio::select! {
            _ = self.interrupt.recv() => BY_SIGNAL + 2,
            _ = self.terminate.recv() => BY_SIGNAL + 15,
        }
    }

    /// Waits for the next one. Returns the exit code of a process that was ended by hand.
    #[cfg(windows)]
    pub(crate) async fn next(&mut self) -> u8 {
        self.interrupt.recv().await;
        1
    }
}
