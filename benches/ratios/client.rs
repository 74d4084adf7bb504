//! A client that does as little as HTTP/1.1 allows, so that what is measured is the servers.

use std::io;
use std::net::SocketAddr;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// How much is read at a time, in bytes.
const BUFFER: usize = 64 * 1024;

/// One connection, kept alive.
pub(crate) struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    /// The part of the buffer that was read and not used yet.
    unread: std::ops::Range<usize>,
}

/// A response and its body.
pub(crate) struct Answer {
    pub(crate) head: Head,
    pub(crate) body: Vec<u8>,
}

/// The head of a response.
#[derive(Default)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Names in lower case.
    pub(crate) headers: Vec<(String, String)>,
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, media: &str, body: &str) -> Vec<u8> {
    let mut text = format!(
        "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUser-Agent: bench/1\r\nAccept: application/json\r\n"
    );
    if !body.is_empty() {
        text += &format!(
            "Content-Type: {media}\r\nContent-Length: {}\r\n",
            body.len()
        );
    }
    text += "\r\n";
    text += body;
    text.into_bytes()
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> io::Result<Client> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Client {
            stream,
            buffer: vec![0; BUFFER],
            unread: 0..0,
        })
    }

    /// Sends a request and reads its response to the end; its status must be the expected one.
    pub(crate) async fn exchange(&mut self, request: &[u8], status: u16) -> io::Result<()> {
        self.stream.write_all(request).await?;
        let (found, length) = self.skim().await?;
        if found != status {
            return Err(io::Error::other(format!("{found} instead of {status}")));
        }
        match length {
            Some(length) => self.skip(length).await,
            None => {
                while self.chunk().await? > 0 {}
                Ok(())
            }
        }
    }

    /// Sends a request and keeps its response.
    pub(crate) async fn fetch(&mut self, request: &[u8]) -> io::Result<Answer> {
        let head = self.open(request).await?;
        let mut body = Vec::new();
        match head.length() {
            Some(length) => self.take(length, &mut body).await?,
            None => loop {
                let size = self.chunk_size().await?;
                self.take(size, &mut body).await?;
                self.line().await?;
                if size == 0 {
                    break;
                }
            },
        }
        Ok(Answer { head, body })
    }

    /// Sends a request and reads the head of its response.
    pub(crate) async fn open(&mut self, request: &[u8]) -> io::Result<Head> {
        self.stream.write_all(request).await?;
        let mut head = Head::default();
        let line = self.line().await?;
        head.status = status(&self.buffer[line]);
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok(head);
            }
            let text = String::from_utf8_lossy(&self.buffer[line]).into_owned();
            if let Some((name, value)) = text.split_once(": ") {
                head.headers.push((name.to_lowercase(), value.to_owned()));
            }
        }
    }

    /// Reads past a head, noting the status and the length of the body; without a length it comes in chunks.
    async fn skim(&mut self) -> io::Result<(u16, Option<usize>)> {
        const LENGTH: &[u8] = b"Content-Length: ";
        let line = self.line().await?;
        let status = status(&self.buffer[line]);
        let mut length = None;
        loop {
            let line = self.line().await?;
            if line.is_empty() {
                return Ok((status, length));
            }
            let text = &self.buffer[line];
            if text.len() > LENGTH.len() && text[..LENGTH.len()].eq_ignore_ascii_case(LENGTH) {
                length = Some(number(&text[LENGTH.len()..], 10));
            }
        }
    }

    /// Reads past one chunk of a body and returns its size.
    pub(crate) async fn chunk(&mut self) -> io::Result<usize> {
        let size = self.chunk_size().await?;
        self.skip(size + 2).await?;
        Ok(size)
    }

    async fn chunk_size(&mut self) -> io::Result<usize> {
        let line = self.line().await?;
        Ok(number(&self.buffer[line], 16))
    }

    /// The place of the next line, without its end.
    async fn line(&mut self) -> io::Result<std::ops::Range<usize>> {
        let mut searched = 0;
        loop {
            let unread = &self.buffer[self.unread.clone()];
            let found = unread[searched..].iter().position(|b| *b == b'\n');
            if let Some(end) = found.map(|at| self.unread.start + searched + at) {
                let line = self.unread.start..end - 1;
                self.unread.start = end + 1;
                return Ok(line);
            }
            searched = unread.len();
            self.fill().await?;
        }
    }

    async fn skip(&mut self, mut count: usize) -> io::Result<()> {
        while count > 0 {
            if self.unread.is_empty() {
                self.fill().await?;
            }
            let now = count.min(self.unread.len());
            self.unread.start += now;
            count -= now;
        }
        Ok(())
    }

    async fn take(&mut self, mut count: usize, into: &mut Vec<u8>) -> io::Result<()> {
        while count > 0 {
            if self.unread.is_empty() {
                self.fill().await?;
            }
            let now = count.min(self.unread.len());
            let start = self.unread.start;
            into.extend_from_slice(&self.buffer[start..start + now]);
            self.unread.start += now;
            count -= now;
        }
        Ok(())
    }

    async fn fill(&mut self) -> io::Result<()> {
        self.buffer.copy_within(self.unread.clone(), 0);
        self.unread = 0..self.unread.len();
        let read = self
            .stream
            .read(&mut self.buffer[self.unread.end..])
            .await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.unread.end += read;
        Ok(())
    }
}

impl Head {
    pub(crate) fn is_chunked(&self) -> bool {
        self.length().is_none()
    }

    fn length(&self) -> Option<usize> {
        let (_, value) = self.headers.iter().find(|(n, _)| n == "content-length")?;
        value.parse().ok()
    }
}

/// `HTTP/1.1 200 OK`
fn status(line: &[u8]) -> u16 {
    line.get(9..12)
        .map_or(0, |digits| u16::try_from(number(digits, 10)).unwrap_or(0))
}

fn number(digits: &[u8], radix: u32) -> usize {
    digits
        .iter()
        .map_while(|b| char::from(*b).to_digit(radix))
        .fold(0, |n, digit| n * radix as usize + digit as usize)
}
