//! What a command ended with, as a shell tells it.

use std::io;
use std::process::ExitStatus;

const NOT_EXECUTABLE: u8 = 126;
const NOT_FOUND: u8 = 127;

/// The exit code of a command that ran.
pub(super) fn of(status: ExitStatus) -> u8 {
    match status.code() {
        // Of a code of Windows only what fits is passed on, but never as a success.
        Some(code) => u8::try_from(code).unwrap_or(u8::MAX),
        None => by_signal(status),
    }
}

#[cfg(unix)]
fn by_signal(status: ExitStatus) -> u8 {
    use std::os::unix::process::ExitStatusExt as _;

    const BY_SIGNAL: i32 = 128;
    let code = status.signal().map(|signal| BY_SIGNAL + signal);
    code.and_then(|code| u8::try_from(code).ok())
        .unwrap_or(u8::MAX)
}

#[cfg(not(unix))]
fn by_signal(_status: ExitStatus) -> u8 {
    u8::MAX
}

/// The exit code for a command that could not be started.
pub(super) fn of_error(error: &io::Error) -> u8 {
    match error.kind() {
        io::ErrorKind::NotFound => NOT_FOUND,
        _ => NOT_EXECUTABLE,
    }
}
