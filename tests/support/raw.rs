//! Bytes on a socket, for clients that no HTTP library would play.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::time::Duration;

/// A connection that sends what it is told.
pub(crate) struct Raw {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Raw {
    pub(crate) fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server accepts connections");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .unwrap();
        stream.set_nodelay(true).unwrap();
        Raw {
            stream,
            read: Vec::new(),
        }
    }

    /// Sends as much as the server takes: one that has refused the request need not read it.
    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) -> &mut Self {
        let _ = self.stream.write_all(bytes.as_ref());
        self
    }

    /// Says that nothing more will be sent.
    pub(crate) fn finish(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// Reads until this text has come; panics if the connection ends first.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let found = self
                .read
                .windows(text.len())
                .position(|w| w == text.as_bytes());
            if let Some(at) = found {
                let head: Vec<u8> = self.read.drain(..at + text.len()).collect();
                return String::from_utf8_lossy(&head).into_owned();
            }
            assert!(
                self.more(),
                "the connection ended before {text:?}, after {:?}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }

    /// So many bytes; panics if the connection ends first.
    pub(crate) fn bytes(&mut self, count: usize) -> String {
        while self.read.len() < count {
            assert!(self.more(), "the connection ended before {count} bytes");
        }
        let bytes: Vec<u8> = self.read.drain(..count).collect();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// Everything until the server closes the connection.
    pub(crate) fn rest(&mut self) -> String {
        while self.more() {}
        String::from_utf8_lossy(&std::mem::take(&mut self.read)).into_owned()
    }

    /// The status code of the next answer.
    pub(crate) fn code(&mut self) -> u16 {
        let line = self.until("\r\n");
        match line.split(' ').nth(1).and_then(|code| code.parse().ok()) {
            Some(code) => code,
            None => panic!("{line:?} is no status line"),
        }
    }

    /// Reads a piece; false once the server has closed, or cut, the connection.
    fn more(&mut self) -> bool {
        let mut piece = [0; 64 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => false,
            Ok(count) => {
                self.read.extend_from_slice(&piece[..count]);
                true
            }
            Err(error) if error.kind() == ErrorKind::Interrupted => true,
            Err(error) if error.kind() == ErrorKind::ConnectionReset => false,
            Err(error) => panic!("the server neither answers nor closes: {error}"),
        }
    }
}
