//! HTTP/1.1 as far as the proxy speaks it: one request a connection, its body framed by `content-length`.

use std::time::Instant;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Largest head of a request, in bytes.
const MAX_HEAD: usize = 64 << 10;

/// A request that reached the proxy.
#[derive(Debug, Clone)]
pub struct Seen {
    /// Counts the proxy's requests, from 0.
    pub number: usize,
    pub at: Instant,
    pub method: Method,
    /// Path and query.
    pub target: String,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Seen {
    /// A header's text, or the empty text.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// A field of a form in the body, or of the query.
    pub fn field(&self, name: &str) -> Option<String> {
        let query = self.target.split_once('?').map_or("", |(_, query)| query).as_bytes();
        let mut fields = url::form_urlencoded::parse(&self.body).chain(url::form_urlencoded::parse(query));
        fields.find(|(key, _)| key == name).map(|(_, value)| value.into_owned())
    }

    /// What is asked, and by whom: the same for two tries of one request, whose signatures and times differ.
    pub fn question(&self) -> (Method, String, String, Bytes) {
        let who = self.header("authorization");
        let who = who.split_once("Signature=").map_or(who, |(scope, _)| scope);
        (self.method.clone(), self.target.clone(), who.to_owned(), self.body.clone())
    }
}

/// An answer to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

impl Answer {
    pub fn new(status: u16, content_type: &str, body: impl Into<Bytes>) -> Self {
        let headers = vec![("content-type".to_owned(), content_type.to_owned())];
        Self { status, headers, body: body.into() }
    }

    #[must_use]
    pub fn with(mut self, header: &str, value: impl Into<String>) -> Self {
        self.headers.push((header.to_owned(), value.into()));
        self
    }

    /// Status line and headers, without those that frame the body.
    fn head(&self) -> String {
        let mut head = format!("HTTP/1.1 {} Answer\r\nconnection: close\r\n", self.status);
        for (name, value) in &self.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head
    }

    /// Sends `sent` bytes of a body that is announced whole.
    pub(super) async fn send(&self, stream: &mut TcpStream, sent: usize) -> std::io::Result<()> {
        let mut bytes = format!("{}content-length: {}\r\n\r\n", self.head(), self.body.len()).into_bytes();
        bytes.extend_from_slice(&self.body[..sent.min(self.body.len())]);
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }

    /// Sends the first half of the body as a chunk that no other follows.
    pub(super) async fn send_half_in_chunks(&self, stream: &mut TcpStream) -> std::io::Result<()> {
        let half = &self.body[..self.body.len() / 2];
        let mut bytes = format!("{}transfer-encoding: chunked\r\n\r\n", self.head()).into_bytes();
        if !half.is_empty() {
            bytes.extend_from_slice(format!("{:x}\r\n", half.len()).as_bytes());
            bytes.extend_from_slice(half);
            bytes.extend_from_slice(b"\r\n");
        }
        stream.write_all(&bytes).await?;
        stream.shutdown().await
    }
}

/// Reads a request; none where the connection ends before its own.
pub(super) async fn read(stream: &mut TcpStream, number: impl FnOnce() -> usize) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|part| part == b"\r\n\r\n") {
            break end;
        }
        if bytes.len() > MAX_HEAD || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?.parse().ok()?, words.next()?.to_owned());
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(':')?;
        headers.append(HeaderName::try_from(name).ok()?, HeaderValue::from_str(value.trim()).ok()?);
    }
    let length: usize =
        headers.get("content-length").map_or(Some(0), |length| length.to_str().ok()?.parse().ok())?;
    let mut body = bytes.split_off(end + 4);
    while body.len() < length {
        if stream.read_buf(&mut body).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen { number: number(), at: Instant::now(), method, target, headers, body: body.into() })
}
