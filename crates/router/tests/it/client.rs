//! A caller that sees the bytes of the wire, so that nothing between hides what the router does.

use std::{net::SocketAddr, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// Nothing in a test takes this long unless it hangs.
const LIMIT: Duration = Duration::from_secs(20);

/// One connection to the router.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    buffer: Vec<u8>,
}

/// A response as it was read.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (known, value) = line.split_once(':')?;
            known.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::of(TcpStream::connect(address).await.unwrap())
    }

    /// Either end of a connection.
    pub(crate) fn of(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    /// Sends a GET and reads the answer.
    pub(crate) async fn get(&mut self, host: &str, path: &str) -> Answer {
        self.request("GET", host, path, "").await
    }

    /// Sends a request with more header lines and reads the answer.
    pub(crate) async fn request(
        &mut self,
        method: &str,
        host: &str,
        path: &str,
        lines: &str,
    ) -> Answer {
        self.send(format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\n{lines}\r\n"
        ))
        .await;
        self.answer().await
    }

    /// Reads the head of an answer, without the empty line at its end.
    pub(crate) async fn head(&mut self) -> String {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n\r\n") {
                let head = self.buffer.drain(..end + 4).collect::<Vec<_>>();
                return String::from_utf8(head[..end].to_vec()).unwrap();
            }
            assert!(
                self.read().await > 0,
                "closed in a head: {:?}",
                String::from_utf8_lossy(&self.buffer)
            );
        }
    }

    /// Reads a whole answer. Panics if it is not complete.
    pub(crate) async fn answer(&mut self) -> Answer {
        let head = self.head().await;
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer {
            status,
            head,
            body: String::new(),
        };
        let body = if answer.header("transfer-encoding").is_some() {
            self.chunked().await
        } else if let Some(length) = answer.header("content-length") {
            self.exactly(length.parse().unwrap()).await
        } else {
            Vec::new()
        };
        answer.body = String::from_utf8(body).unwrap();
        answer
    }

    /// Reads so many bytes.
    pub(crate) async fn exactly(&mut self, length: usize) -> Vec<u8> {
        while self.buffer.len() < length {
            assert!(self.read().await > 0, "closed in a body");
        }
        self.buffer.drain(..length).collect()
    }

    /// Reads one chunk; an empty one is the last.
    pub(crate) async fn chunk(&mut self) -> Vec<u8> {
        let line = self.line().await;
        let length = usize::from_str_radix(line.trim(), 16).unwrap();
        let data = self.exactly(length).await;
        if length > 0 {
            assert_eq!(self.exactly(2).await, b"\r\n");
        }
        data
    }

    async fn chunked(&mut self) -> Vec<u8> {
        let mut body = Vec::new();
        loop {
            let chunk = self.chunk().await;
            if chunk.is_empty() {
                assert_eq!(self.line().await, "\r\n", "trailers");
                return body;
            }
            body.extend(chunk);
        }
    }

    /// Reads a line with its end.
    pub(crate) async fn line(&mut self) -> String {
        loop {
            if let Some(end) = find(&self.buffer, b"\r\n") {
                let line = self.buffer.drain(..end + 2).collect();
                return String::from_utf8(line).unwrap();
            }
            assert!(self.read().await > 0, "closed in a line");
        }
    }

    /// Reads until the router closes the connection.
    pub(crate) async fn rest(&mut self) -> String {
        while self.read().await > 0 {}
        String::from_utf8_lossy(&std::mem::take(&mut self.buffer)).into_owned()
    }

    async fn read(&mut self) -> usize {
        let read = timeout(LIMIT, self.stream.read_buf(&mut self.buffer)).await;
        // A reset is an end, too.
        read.expect("the router says nothing").unwrap_or(0)
    }
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|part| part == wanted)
}
