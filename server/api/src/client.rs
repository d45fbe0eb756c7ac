//! Where a request comes from: the peer's address, or what proxies that are trusted say.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, FromRequestParts};
use axum::http::header::USER_AGENT;
use axum::http::request::Parts;
use ipnet::IpNet;
use portolan_identity::Origin;
use portolan_schema::{Error, Result};
use tower_http::request_id::RequestId;

use crate::App;
use crate::answer::Refusal;

const FORWARDED_FOR: &str = "x-forwarded-for";
const FORWARDED_PROTO: &str = "x-forwarded-proto";

/// Proxies whose `X-Forwarded-For` is believed.
#[derive(Debug, Clone, Default)]
pub struct TrustedProxies(Vec<IpNet>);

impl TrustedProxies {
    /// Reads `127.0.0.1/32,10.0.0.0/8`; a single address stands for itself.
    ///
    /// # Errors
    /// Where a part is neither an address nor a range.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let range = |part: &str| {
            let range = part.parse().ok().or_else(|| part.parse().ok().map(IpAddr::into));
            range.ok_or_else(|| {
                let message =
                    format!("PORTOLAN_TRUSTED_PROXIES: \"{part}\" is neither an address nor a range");
                Error::unavailable(message)
            })
        };
        Ok(Self(parts.map(range).collect::<Result<_>>()?))
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|range| range.contains(&address))
    }

    /// The nearest address that is no trusted proxy. `forwarded` lists the farthest first.
    fn client(&self, peer: IpAddr, forwarded: &[IpAddr]) -> IpAddr {
        let mut address = peer.to_canonical();
        for next in forwarded.iter().rev() {
            if !self.trusts(address) {
                break;
            }
            address = next.to_canonical();
        }
        address
    }
}

/// The origin of a request, whoever makes it.
pub(crate) struct Client(pub Origin);

impl FromRequestParts<App> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        Ok(Self(origin(parts, app)))
    }
}

pub(crate) fn origin(parts: &Parts, app: &App) -> Origin {
    let request_id = parts.extensions.get::<RequestId>().and_then(|id| id.header_value().to_str().ok());
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip());
    Origin {
        request_id: request_id.unwrap_or("-").to_owned(),
        user_agent: header(parts, USER_AGENT.as_str()).map(str::to_owned),
        address: peer.map(|peer| app.proxies.client(peer, &forwarded(parts))),
    }
}

/// What the header says from its end on, as far as it can be read.
fn forwarded(parts: &Parts) -> Vec<IpAddr> {
    let values = parts.headers.get_all(FORWARDED_FOR).iter();
    let texts = values.filter_map(|value| value.to_str().ok()).flat_map(|text| text.split(','));
    let mut addresses = Vec::new();
    for text in texts.map(str::trim) {
        match text.parse::<IpAddr>().or_else(|_| text.parse::<SocketAddr>().map(|address| address.ip())) {
            Ok(address) => addresses.push(address),
            Err(_) => addresses.clear(),
        }
    }
    addresses
}

/// Whether the browser sees https: cookies are for it alone then. Who lies about this only harms themselves.
pub(crate) fn is_https(parts: &Parts, app: &App) -> bool {
    app.identity.settings().public_url.starts_with("https://")
        || header(parts, FORWARDED_PROTO).is_some_and(|proto| proto.eq_ignore_ascii_case("https"))
}

pub(crate) fn header<'a>(parts: &'a Parts, name: &str) -> Option<&'a str> {
    parts.headers.get(name).and_then(|value| value.to_str().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_trusted_proxies_are_believed() {
        let trusted = TrustedProxies::parse("127.0.0.1, 10.0.0.0/8").unwrap();
        let nobody = TrustedProxies::default();
        for (proxies, peer, forwarded, expected) in [
            (&nobody, "192.0.2.1", vec!["198.51.100.9"], "192.0.2.1"),
            (&nobody, "127.0.0.1", vec!["198.51.100.9"], "127.0.0.1"),
            (&trusted, "192.0.2.1", vec!["198.51.100.9"], "192.0.2.1"),
            (&trusted, "127.0.0.1", vec!["198.51.100.9"], "198.51.100.9"),
            (&trusted, "127.0.0.1", vec!["203.0.113.7", "198.51.100.9", "10.1.2.3"], "198.51.100.9"),
            (&trusted, "::ffff:127.0.0.1", vec!["198.51.100.9"], "198.51.100.9"),
            (&trusted, "127.0.0.1", vec![], "127.0.0.1"),
            (&trusted, "127.0.0.1", vec!["10.9.9.9"], "10.9.9.9"),
        ] {
            let list: Vec<IpAddr> = forwarded.iter().map(|text| text.parse().unwrap()).collect();
            let found = proxies.client(peer.parse().unwrap(), &list);
            assert_eq!(found.to_string(), expected, "{peer} {forwarded:?}");
        }
        assert!(TrustedProxies::parse("10.0.0.0/40").is_err());
        assert!(TrustedProxies::parse("proxy.example").is_err());
    }
}
