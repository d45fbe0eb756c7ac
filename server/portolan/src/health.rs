//! `portolan health`: whether the server on this machine is ready. For health checks where there is no other client, as
//! in a container.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use clap::Args;
use portolan_schema::{Error, Result};

use crate::cli::say;

/// Longest wait for an answer.
const PATIENCE: Duration = Duration::from_secs(4);

#[derive(Args)]
pub struct HealthOptions {
    /// Address that the server listens on.
    #[arg(long, env = "PORTOLAN_LISTEN", default_value = "127.0.0.1:8080")]
    pub listen: SocketAddr,
}

pub async fn run(options: HealthOptions) -> Result<()> {
    let url = format!("http://{}/readyz", reachable(options.listen));
    let client = reqwest::Client::builder().timeout(PATIENCE).no_proxy().build().map_err(Error::internal)?;
    let away = |error| Error::unavailable(format!("{url} does not answer: {error}"));
    let answer = client.get(&url).send().await.map_err(away)?;
    if !answer.status().is_success() {
        return Err(Error::unavailable(format!("{url} answered {}", answer.status())));
    }
    say("ready")
}

/// Where a server that listens on all addresses is found.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
