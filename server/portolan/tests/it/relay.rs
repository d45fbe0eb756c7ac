//! A way to a peer that can be cut off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Passes connections on while it lives. Dropping it ends all of them; nobody listens at its address then.
pub struct Relay {
    pub url: String,
    task: JoinHandle<()>,
}

impl Relay {
    /// To a `http://HOST:PORT`. Once this many bytes of answers have passed, it ends by itself.
    pub async fn to(url: &str, bytes: usize) -> Self {
        let peer = url.trim_start_matches("http://").trim_end_matches('/').to_owned();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let left = Arc::new(AtomicUsize::new(bytes));
        let task = tokio::spawn(async move {
            let mut open = tokio::task::JoinSet::new();
            loop {
                tokio::select! {
                    accepted = listener.accept() => {
                        let (near, _) = accepted.unwrap();
                        open.spawn(pass(near, peer.clone(), left.clone()));
                    }
                    Some(_) = open.join_next() => {
                        if left.load(Ordering::Relaxed) == 0 {
                            return;
                        }
                    }
                }
            }
        });
        Self { url, task }
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn pass(near: TcpStream, peer: String, left: Arc<AtomicUsize>) {
    let Ok(far) = TcpStream::connect(peer).await else { return };
    let (mut near_read, near_write) = near.into_split();
    let (far_read, mut far_write) = far.into_split();
    tokio::select! {
        _ = copy(&mut near_read, &mut far_write) => {}
        () = answers(far_read, near_write, &left) => {}
    }
}

async fn answers(mut far: OwnedReadHalf, mut near: OwnedWriteHalf, left: &AtomicUsize) {
    let mut buffer = [0; 1_024];
    while let Ok(count @ 1..) = far.read(&mut buffer).await {
        let before =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(count)));
        if before.is_ok_and(|before| before <= count) || near.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}
