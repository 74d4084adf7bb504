//! The signals that stop a server, and those that are passed on to a command.

use std::io;
#[cfg(unix)]
use std::{future::poll_fn, io::IsTerminal as _, task::Poll};

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

/// The signals that a command gets in place of this process.
pub(crate) struct Forwarded {
    #[cfg(unix)]
    signals: Vec<(rustix::process::Signal, Signal)>,
    #[cfg(windows)]
    interrupt: tokio::signal::windows::CtrlC,
}

#[cfg(unix)]
impl Forwarded {
    pub(crate) fn listen() -> io::Result<Self> {
        use rustix::process::Signal as Of;

        let all = [
            (Of::INT, SignalKind::interrupt()),
            (Of::TERM, SignalKind::terminate()),
            (Of::HUP, SignalKind::hangup()),
            (Of::QUIT, SignalKind::quit()),
            (Of::USR1, SignalKind::user_defined1()),
            (Of::USR2, SignalKind::user_defined2()),
        ];
        let listen = |(name, kind)| Ok((name, signal(kind)?));
        Ok(Forwarded {
            signals: all.into_iter().map(listen).collect::<io::Result<_>>()?,
        })
    }

    /// Waits for the next one.
    pub(crate) async fn next(&mut self) -> rustix::process::Signal {
        poll_fn(|context| {
            for (name, signal) in &mut self.signals {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*name);
                }
            }
            Poll::Pending
        })
        .await
    }

    /// Passes it on. What is typed at a terminal has reached the command already.
    pub(crate) fn send(&self, signal: rustix::process::Signal, child: &tokio::process::Child) {
        use rustix::process::{Pid, Signal, kill_process};

        let typed = matches!(signal, Signal::INT | Signal::QUIT) && io::stdin().is_terminal();
        let pid = child
            .id()
            .and_then(|id| i32::try_from(id).ok())
            .and_then(Pid::from_raw);
        if let Some(pid) = pid.filter(|_| !typed) {
            // It may have ended this moment.
            let _ = kill_process(pid, signal);
        }
    }
}

#[cfg(windows)]
impl Forwarded {
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = tokio::signal::windows::ctrl_c()?;
        Ok(Forwarded { interrupt })
    }

    /// Waits for Ctrl-C.
    pub(crate) async fn next(&mut self) {
        self.interrupt.recv().await;
    }

    /// Every process of a console gets Ctrl-C from the console.
    pub(crate) fn send(&self, _signal: (), _child: &tokio::process::Child) {}
}
