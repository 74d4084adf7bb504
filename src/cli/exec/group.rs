//! The command with all that it starts: its process group, which ends when the command has ended.
//!
//! It ends too when this process is killed before it could see to that: a second process of this program, the watcher,
//! hears of it by the end of a pipe.

use std::io;
#[cfg(unix)]
use std::io::IsTerminal as _;

use clap::Args;
use tokio::process::{Child, Command};

use super::status;
use crate::cli::signals::Forwarded;
use crate::cli::{Exit, Failure};

/// A command that runs.
pub(in crate::cli) struct Running {
    child: Child,
    #[cfg(unix)]
    group: Option<unix::Group>,
}

impl Running {
    /// Starts a command in a process group of its own; but at a terminal, where only one group may read, it stays in the
    /// group of this process.
    pub(in crate::cli) fn start(command: &mut Command) -> io::Result<Self> {
        #[cfg(unix)]
        if !io::stdin().is_terminal() {
            return Running::start_apart(command, &Guard::start());
        }
        Ok(Running {
            child: command.spawn()?,
            #[cfg(unix)]
            group: None,
        })
    }

    /// The same in a group of its own in any case; this guard ends it if this process is killed.
    pub(in crate::cli) fn start_apart(command: &mut Command, guard: &Guard) -> io::Result<Self> {
        #[cfg(unix)]
        {
            let child = command.process_group(0).spawn()?;
            let group = unix::Group::of(&child, guard.0.clone());
            Ok(Running { child, group })
        }
        #[cfg(windows)]
        {
            let _ = guard;
            Ok(Running {
                child: command.spawn()?,
            })
        }
    }

    /// Waits for the command to end, with no signals to pass on; what it has left in its group ends then.
    pub(in crate::cli) async fn wait_alone(mut self) -> io::Result<u8> {
        let status = self.child.wait().await?;
        #[cfg(unix)]
        if let Some(group) = self.group {
            group.end().await;
        }
        Ok(status::of(status))
    }

    /// Waits for the command to end, and passes signals on meanwhile; what it has left in its group ends then.
    pub(in crate::cli) async fn wait(mut self, signals: &mut Forwarded) -> Result<u8, Failure> {
        let status = loop {
            tokio::select! {
                status = self.child.wait() => break status?,
                signal = signals.next() => self.send(signals, signal),
            }
        };
        #[cfg(unix)]
        if let Some(group) = self.group {
            group.end().await;
        }
        Ok(status::of(status))
    }

    #[cfg(unix)]
    fn send(&self, signals: &Forwarded, signal: rustix::process::Signal) {
        match &self.group {
            Some(group) => group.send(signal),
            None => signals.send(signal, &self.child),
        }
    }

    #[cfg(windows)]
    fn send(&self, signals: &Forwarded, signal: ()) {
        signals.send(signal, &self.child);
    }
}

/// What ends the groups of commands when this process is killed.
#[derive(Clone, Debug)]
pub(in crate::cli) struct Guard(#[cfg(unix)] Option<unix::Watcher>);

impl Guard {
    pub(in crate::cli) fn start() -> Self {
        Guard(
            #[cfg(unix)]
            unix::Watcher::start(),
        )
    }
}

/// End process groups when standard input ends too early
#[derive(Debug, Args)]
pub(in crate::cli) struct Watch {}

impl Watch {
    /// The numbers of groups come by standard input, and a further line of each that has ended as it should.
    pub(in crate::cli) fn run(&self) -> Exit {
        #[cfg(unix)]
        {
            let mut groups = std::collections::BTreeSet::new();
            for said in io::stdin().lines().map_while(Result::ok) {
                match said.strip_prefix("ended ") {
                    Some(group) => groups.remove(group),
                    None => groups.insert(said),
                };
            }
            groups.iter().for_each(|group| unix::kill(group));
        }
        Ok(std::process::ExitCode::SUCCESS)
    }
}

#[cfg(unix)]
mod unix {
    use std::io::Write as _;
    use std::os::unix::process::CommandExt as _;
    use std::process::{ChildStdin, Command, Stdio};
    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};
    use tokio::process::Child;

    /// How long what is left of a group may take to end by itself.
    const PATIENCE: Duration = Duration::from_millis(500);
    const LOOK_EVERY: Duration = Duration::from_millis(10);

    /// A process group, which ends with this.
    pub(super) struct Group {
        leader: Pid,
        watcher: Option<Watcher>,
    }

    /// The process that ends groups if this one cannot.
    #[derive(Clone, Debug)]
    pub(super) struct Watcher(Arc<Mutex<ChildStdin>>);

    impl Watcher {
        /// Nothing if there is no program to be found: the group ends all the same, unless this process is killed.
        pub(super) fn start() -> Option<Self> {
            let program = std::env::current_exe().ok()?;
            let watcher = Command::new(program)
                .arg("watch-group")
                .process_group(0)
                .stdin(Stdio::piped())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            let stdin = watcher.ok()?.stdin?;
            Some(Watcher(Arc::new(Mutex::new(stdin))))
        }

        fn tell(&self, line: &str) {
            // Without the watcher it is as if there never had been one.
            if let Ok(mut stdin) = self.0.lock() {
                let _ = writeln!(stdin, "{line}");
            }
        }
    }

    impl Group {
        pub(super) fn of(leader: &Child, watcher: Option<Watcher>) -> Option<Self> {
            let id = leader.id().and_then(|id| i32::try_from(id).ok());
            let leader = id.and_then(Pid::from_raw)?;
            if let Some(watcher) = &watcher {
                watcher.tell(&leader.as_raw_nonzero().to_string());
            }
            Some(Group { leader, watcher })
        }

        pub(super) fn send(&self, signal: Signal) {
            // It may have ended this moment.
            let _ = kill_process_group(self.leader, signal);
        }

        /// Asks what is left to end, and then sees to it.
        pub(super) async fn end(self) {
            if kill_process_group(self.leader, Signal::TERM).is_err() {
                return;
            }
            let gone = async {
                while test_kill_process_group(self.leader).is_ok() {
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            };
            let _ = tokio::time::timeout(PATIENCE, gone).await;
        }
    }

    impl Drop for Group {
        fn drop(&mut self) {
            self.send(Signal::KILL);
            if let Some(watcher) = &self.watcher {
                watcher.tell(&format!("ended {}", self.leader.as_raw_nonzero()));
            }
        }
    }

    pub(super) fn kill(group: &str) {
        if let Some(group) = group.parse().ok().and_then(Pid::from_raw) {
            let _ = kill_process_group(group, Signal::KILL);
        }
    }
}
