//! A server on the loopback interface between an ingestor and its source: it passes requests on, or does what networks
//! and overloaded sources do.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{Answer, Peer, Seen, wire};

/// Longest wait for the source behind the proxy.
const PATIENCE: Duration = Duration::from_secs(60);

/// What the proxy does with a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deed {
    /// The source's own answer.
    Pass,
    /// This answer; the source is not asked.
    Say(Answer),
    /// The source's answer with only the first half of its body.
    Truncate,
    /// The same, in chunks.
    TruncateChunks,
    /// The connection ends without an answer.
    Cut,
    /// The connection is reset.
    Reset,
    /// No answer, for as long as the client cares to wait.
    Hang,
}

/// Chooses a deed for each request.
pub type Plan = Arc<dyn Fn(&Seen) -> Deed + Send + Sync>;

/// The proxy, as long as this lives.
pub struct Proxy {
    /// `http://127.0.0.1:port`.
    pub address: String,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

struct Shared {
    peer: Arc<dyn Peer>,
    client: reqwest::Client,
    plan: Plan,
    seen: Mutex<Vec<Seen>>,
}

impl Proxy {
    pub async fn start(peer: Arc<dyn Peer>, plan: Plan) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a loopback port is free");
        let address = format!("http://{}", listener.local_addr().expect("a listener has an address"));
        let client = reqwest::Client::builder().no_proxy().redirect(reqwest::redirect::Policy::none());
        let client = client.timeout(PATIENCE).build().expect("a client can be made");
        let shared = Arc::new(Shared { peer, client, plan, seen: Mutex::default() });
        let own = Arc::clone(&shared);
        let accepting = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&own);
                // A client that leaves early is none of the proxy's business.
                tokio::spawn(async move { shared.serve(stream).await.ok() });
            }
        });
        Self { address, shared, accepting }
    }

    /// The requests so far, in the order in which they came.
    pub fn seen(&self) -> Vec<Seen> {
        self.shared.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    async fn serve(&self, mut stream: TcpStream) -> std::io::Result<()> {
        let number = || self.seen.lock().unwrap_or_else(PoisonError::into_inner).len();
        let Some(mut request) = wire::read(&mut stream, number).await else { return Ok(()) };
        {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            request.number = seen.len();
            seen.push(request.clone());
        }
        match (self.plan)(&request) {
            Deed::Pass => {
                let answer = self.ask(&request).await;
                answer.send(&mut stream, usize::MAX).await
            }
            Deed::Say(answer) => answer.send(&mut stream, usize::MAX).await,
            Deed::Truncate => {
                let answer = self.ask(&request).await;
                answer.send(&mut stream, answer.body.len() / 2).await
            }
            Deed::TruncateChunks => self.ask(&request).await.send_half_in_chunks(&mut stream).await,
            Deed::Cut => Ok(()),
            Deed::Reset => {
                // With data unread or this set, closing sends RST.
                stream.set_zero_linger()
            }
            Deed::Hang => stream.read(&mut [0; 1]).await.map(drop),
        }
    }

    /// The source's answer, as the real one would give it.
    async fn ask(&self, request: &Seen) -> Answer {
        if let Some(answer) = self.peer.stands_in(request) {
            return answer;
        }
        let answer = match self.forward(request).await {
            Ok(answer) => answer,
            Err(error) => Answer::new(502, "text/plain", format!("the source behind the proxy: {error}")),
        };
        self.peer.amends(request, answer)
    }

    async fn forward(&self, request: &Seen) -> Result<Answer, reqwest::Error> {
        let mut headers = request.headers.clone();
        for own in ["host", "connection", "content-length"] {
            headers.remove(own);
        }
        let url = format!("{}{}", self.peer.address(), self.peer.asks_for(request));
        let sent =
            self.client.request(request.method.clone(), url).headers(headers).body(request.body.clone());
        let answer = sent.send().await?;
        let status = answer.status().as_u16();
        let framing = ["connection", "content-length", "transfer-encoding"];
        let headers = answer
            .headers()
            .iter()
            .filter(|(name, _)| !framing.contains(&name.as_str()))
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        Ok(Answer { status, headers, body: answer.bytes().await? })
    }
}
