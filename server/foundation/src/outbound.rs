//! Outgoing HTTP for tenants: one client that reaches public addresses and what the operator allows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::{Stream, StreamExt};
use ipnet::IpNet;
use portolan_schema::{Error, Result};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;

/// Longest time to connect, and for a whole answer.
const CONNECT: Duration = Duration::from_secs(10);
const TOTAL: Duration = Duration::from_secs(60);
/// Largest answer, in bytes.
pub const MAX_ANSWER: usize = 32 << 20;
/// Longest life of a body that comes in pieces.
const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
/// Most clients with certificates of their own that are kept.
const MAX_SPECIAL: u64 = 256;

/// Which addresses may be reached beside public ones.
#[derive(Debug, Clone, Default)]
pub struct OutboundPolicy {
    allowed: Vec<IpNet>,
}

impl OutboundPolicy {
    /// Reads `127.0.0.0/8,10.0.0.0/8` (`PORTOLAN_OUTBOUND_ALLOW`). Empty allows public addresses only.
    ///
    /// # Errors
    /// Where a part is no CIDR range.
    pub fn parse(text: &str) -> Result<Self> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        let range = |part: &str| {
            part.parse().map_err(|_| {
                Error::unavailable(format!(
                    "PORTOLAN_OUTBOUND_ALLOW: \"{part}\" is not a range such as 10.0.0.0/8"
                ))
            })
        };
        Ok(Self { allowed: parts.map(range).collect::<Result<_>>()? })
    }

    pub fn allows(&self, address: IpAddr) -> bool {
        let address = plain(address);
        self.allowed.iter().any(|range| range.contains(&address)) || is_public(address)
    }
}

/// An IPv4 address in IPv6 clothes (mapped, NAT64, 6to4) as what it leads to.
fn plain(address: IpAddr) -> IpAddr {
    let IpAddr::V6(v6) = address else { return address };
    let parts = v6.segments();
    let embedded = |high: u16, low: u16| {
        let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
        IpAddr::V4(Ipv4Addr::new(a, b, c, d))
    };
    match parts {
        _ if v6.to_ipv4_mapped().is_some() => embedded(parts[6], parts[7]),
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => embedded(high, low),
        [0x2002, high, low, ..] => embedded(high, low),
        _ => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            let shared = a == 100 && (64..128).contains(&b);
            let special =
                a == 0 || a >= 240 || (a == 192 && b == 0 && c == 0) || (a == 198 && (b == 18 || b == 19));
            !(v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.is_documentation()
                || shared
                || special)
        }
        // 2000::/3 is what is routed; of that, documentation is not.
        IpAddr::V6(v6) => is_global_unicast(v6),
    }
}

fn is_global_unicast(v6: Ipv6Addr) -> bool {
    let parts = v6.segments();
    parts[0] & 0xe000 == 0x2000
        && !(parts[0] == 0x2001 && parts[1] == 0x0db8)
        && !(parts[0] == 0x2001 && parts[1] == 0)
}

/// Why no whole answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    #[error("the address {address} is not allowed")]
    Refused { address: String },
    #[error("cannot be reached: {detail}")]
    Unreachable { detail: String },
    #[error("took longer than allowed")]
    Timeout,
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
}

/// The client. Cheap to clone. Follows no redirects, keeps no cookies, uses no proxy of the environment.
#[derive(Clone)]
pub struct Outbound {
    client: reqwest::Client,
    policy: Arc<OutboundPolicy>,
    total: Duration,
    /// Clients that trust, or show, other certificates.
    special: moka::future::Cache<Tls, reqwest::Client>,
}

/// Certificates of one source.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Tls {
    /// Authorities to trust beside the usual ones, PEM.
    pub authorities: Option<Vec<u8>>,
    /// Our certificate with its chain and its private key, PEM.
    pub identity: Option<Vec<u8>>,
}

/// A body in pieces, as they come.
pub type Pieces = Pin<Box<dyn Stream<Item = std::result::Result<Bytes, OutboundError>> + Send>>;

impl Outbound {
    pub fn new(policy: OutboundPolicy) -> Result<Self> {
        Self::with_time(policy, TOTAL)
    }

    /// With another limit for a whole answer.
    pub fn with_time(policy: OutboundPolicy, total: Duration) -> Result<Self> {
        let policy = Arc::new(policy);
        let client = builder(&policy, total).build().map_err(Error::internal)?;
        Ok(Self { client, policy, total, special: moka::future::Cache::new(MAX_SPECIAL) })
    }

    /// Sends a request and reads the whole answer, whatever its status.
    ///
    /// # Errors
    /// Where no whole answer came. Never because of a status.
    pub async fn send(
        &self,
        request: http::Request<Bytes>,
        tls: Option<&Tls>,
    ) -> std::result::Result<http::Response<Bytes>, OutboundError> {
        let exchange = async {
            let mut response = self.begin(request, tls, self.total).await?;
            let mut answer = http::Response::new(Bytes::new());
            *answer.status_mut() = response.status();
            *answer.headers_mut() = std::mem::take(response.headers_mut());
            let mut body = Vec::new();
            while let Some(chunk) = response.chunk().await.map_err(|error| said(&error))? {
                if body.len() + chunk.len() > MAX_ANSWER {
                    return Err(OutboundError::TooLarge { limit: MAX_ANSWER });
                }
                body.extend_from_slice(&chunk);
            }
            Ok(answer.map(|_| Bytes::from(body)))
        };
        tokio::time::timeout(self.total, exchange).await.unwrap_or(Err(OutboundError::Timeout))
    }

    /// Sends a request and answers once status and headers are there. The body has no limits.
    ///
    /// # Errors
    /// Where no answer begins in time. Never because of a status.
    pub async fn stream(
        &self,
        request: http::Request<Bytes>,
        tls: Option<&Tls>,
    ) -> std::result::Result<http::Response<Pieces>, OutboundError> {
        let begun = tokio::time::timeout(self.total, self.begin(request, tls, LONGEST)).await;
        let mut response = begun.unwrap_or(Err(OutboundError::Timeout))?;
        let (status, headers) = (response.status(), std::mem::take(response.headers_mut()));
        let pieces = response.bytes_stream().map(|piece| piece.map_err(|error| said(&error)));
        let mut answer = http::Response::new(pieces.boxed());
        *answer.status_mut() = status;
        *answer.headers_mut() = headers;
        Ok(answer)
    }

    async fn begin(
        &self,
        request: http::Request<Bytes>,
        tls: Option<&Tls>,
        total: Duration,
    ) -> std::result::Result<reqwest::Response, OutboundError> {
        let unreachable = |detail: String| OutboundError::Unreachable { detail };
        let mut request =
            reqwest::Request::try_from(request).map_err(|error| unreachable(error.to_string()))?;
        let url = request.url();
        if !matches!(url.scheme(), "http" | "https") {
            return Err(OutboundError::Refused { address: format!("{}:", url.scheme()) });
        }
        // A literal address does not pass the resolver.
        let literal = match url.host() {
            Some(url::Host::Ipv4(address)) => Some(IpAddr::V4(address)),
            Some(url::Host::Ipv6(address)) => Some(IpAddr::V6(address)),
            _ => None,
        };
        if let Some(address) = literal.filter(|address| !self.policy.allows(*address)) {
            return Err(OutboundError::Refused { address: address.to_string() });
        }
        *request.timeout_mut() = Some(total);
        let client = match tls {
            Some(tls) => self.special(tls).await?,
            None => self.client.clone(),
        };
        client.execute(request).await.map_err(|error| said(&error))
    }

    async fn special(&self, tls: &Tls) -> std::result::Result<reqwest::Client, OutboundError> {
        if let Some(client) = self.special.get(tls).await {
            return Ok(client);
        }
        // The library's words may quote the key.
        let unreadable = |what: &str| OutboundError::Unreachable { detail: format!("{what} cannot be read") };
        let mut making = builder(&self.policy, self.total);
        if let Some(pem) = &tls.authorities {
            let authorities = reqwest::Certificate::from_pem_bundle(pem)
                .ok()
                .filter(|authorities| !authorities.is_empty())
                .ok_or_else(|| unreadable("the certificate of the authority"))?;
            making = authorities.into_iter().fold(making, reqwest::ClientBuilder::add_root_certificate);
        }
        if let Some(pem) = &tls.identity {
            let identity = reqwest::Identity::from_pem(pem);
            making =
                making.identity(identity.map_err(|_| unreadable("the client certificate with its key"))?);
        }
        let client = making.build().map_err(|_| unreadable("a certificate"))?;
        self.special.insert(tls.clone(), client.clone()).await;
        Ok(client)
    }
}

fn builder(policy: &Arc<OutboundPolicy>, total: Duration) -> reqwest::ClientBuilder {
    reqwest::Client::builder()
        .redirect(Policy::none())
        .no_proxy()
        .connect_timeout(CONNECT)
        .timeout(total)
        .dns_resolver(Guard(policy.clone()))
}

/// The URL is left out: it may hold a secret.
fn said(error: &reqwest::Error) -> OutboundError {
    if error.is_timeout() {
        return OutboundError::Timeout;
    }
    let mut cause: Option<&(dyn std::error::Error + 'static)> = std::error::Error::source(error);
    let mut detail = "the connection failed".to_owned();
    while let Some(inner) = cause {
        if let Some(refused) = inner.downcast_ref::<RefusedName>() {
            return OutboundError::Refused { address: refused.0.to_string() };
        }
        detail = inner.to_string();
        cause = inner.source();
    }
    OutboundError::Unreachable { detail }
}

#[derive(Debug, thiserror::Error)]
#[error("the address {0} is not allowed")]
struct RefusedName(IpAddr);

/// Resolves names and refuses those that lead to an address that is not allowed: what is checked is what is connected to.
struct Guard(Arc<OutboundPolicy>);

impl Resolve for Guard {
    fn resolve(&self, name: Name) -> Resolving {
        let policy = self.0.clone();
        Box::pin(async move {
            let found: Vec<SocketAddr> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if let Some(refused) = found.iter().find(|address| !policy.allows(address.ip())) {
                return Err(RefusedName(refused.ip()).into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    #[test]
    fn private_addresses_are_refused_unless_allowed() {
        let closed = OutboundPolicy::default();
        let open = OutboundPolicy::parse("127.0.0.0/8, 10.0.0.0/8,fd00::/8").unwrap();
        for (address, by_default, allowed) in [
            ("8.8.8.8", true, true),
            ("2606:4700::1111", true, true),
            ("127.0.0.1", false, true),
            ("10.1.2.3", false, true),
            ("fd00::1", false, true),
            ("::ffff:127.0.0.1", false, true),
            ("64:ff9b::7f00:1", false, true),
            ("2002:7f00:1::", false, true),
            ("::1", false, false),
            ("::", false, false),
            ("0.0.0.0", false, false),
            ("169.254.169.254", false, false),
            ("fd00:ec2::254", false, true),
            ("fe80::1", false, false),
            ("192.168.1.1", false, false),
            ("172.16.0.1", false, false),
            ("100.64.0.1", false, false),
            ("224.0.0.1", false, false),
            ("255.255.255.255", false, false),
            ("198.18.0.1", false, false),
            ("2001:db8::1", false, false),
            ("::ffff:169.254.169.254", false, false),
        ] {
            let address: IpAddr = address.parse().unwrap();
            assert_eq!((closed.allows(address), open.allows(address)), (by_default, allowed), "{address}");
        }
        assert!(OutboundPolicy::parse("localhost").is_err());
    }

    async fn server(answer: &'static [u8], endless: bool) -> u16 {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let mut buffer = [0; 4096];
                    drop(stream.read(&mut buffer).await);
                    drop(stream.write_all(answer).await);
                    let block = vec![b'x'; 1 << 20];
                    while endless && stream.write_all(&block).await.is_ok() {}
                    if answer.is_empty() {
                        drop(stream.read(&mut buffer).await);
                    }
                });
            }
        });
        port
    }

    fn request(url: &str) -> http::Request<Bytes> {
        http::Request::get(url).body(Bytes::new()).unwrap()
    }

    #[tokio::test]
    async fn a_request_is_answered_refused_or_given_up() {
        let time = Duration::from_millis(1_500);
        let closed = Outbound::with_time(OutboundPolicy::default(), time).unwrap();
        let open = Outbound::with_time(OutboundPolicy::parse("127.0.0.0/8,::1/128").unwrap(), time).unwrap();
        let moved =
            server(b"HTTP/1.1 302 Found\r\nlocation: http://10.0.0.1/\r\ncontent-length: 2\r\n\r\nhi", false)
                .await;
        let silent = server(b"", false).await;
        let endless = server(b"HTTP/1.1 200 OK\r\n\r\n", true).await;
        let answer = open.send(request(&format!("http://127.0.0.1:{moved}/")), None).await.unwrap();
        assert_eq!((answer.status().as_u16(), answer.body().as_ref()), (302, &b"hi"[..]));
        for host in ["127.0.0.1", "localhost"] {
            let refused = closed.send(request(&format!("http://{host}:{moved}/")), None).await;
            assert!(matches!(refused, Err(OutboundError::Refused { .. })), "{host}: {refused:?}");
        }
        let slow = open.send(request(&format!("http://127.0.0.1:{silent}/")), None).await;
        assert_eq!(slow.unwrap_err(), OutboundError::Timeout);
        let large = open.send(request(&format!("http://127.0.0.1:{endless}/")), None).await;
        assert_eq!(large.unwrap_err(), OutboundError::TooLarge { limit: MAX_ANSWER });
        // In pieces there is no limit of size: the reader's patience is.
        let mut pieces =
            open.stream(request(&format!("http://127.0.0.1:{endless}/")), None).await.unwrap().into_body();
        let mut read = 0;
        while read <= MAX_ANSWER {
            read += pieces.next().await.unwrap().unwrap().len();
        }
        let odd = Tls { authorities: Some(b"no certificate".to_vec()), identity: None };
        let unread = open.send(request(&format!("http://127.0.0.1:{moved}/")), Some(&odd)).await;
        assert!(matches!(unread, Err(OutboundError::Unreachable { .. })), "{unread:?}");
        let nobody = open.send(request("http://127.0.0.1:1/"), None).await;
        assert!(matches!(nobody, Err(OutboundError::Unreachable { .. })));
    }
}
