//! How people and the operator get in: options of `serve` and of the commands that make links.

use std::time::Duration;

use clap::Args;
use portolan_api::TrustedProxies;
use portolan_identity::{
    DEFAULT_BODY_BYTES, DEFAULT_QUERY_COST, DEFAULT_REQUESTS_PER_MINUTE, OperatorToken, Settings,
    TenantLimits,
};
use portolan_schema::{Error, Result};
use url::Url;

/// Where people reach the portal.
#[derive(Args, Clone)]
pub struct PublicUrlOptions {
    /// Address of the portal as people see it, such as `https://portal.example`; one-time links begin with it, and where it
    /// is https, cookies are sent over https alone. Default: `http://` and the address listened on.
    #[arg(long, env = "PORTOLAN_PUBLIC_URL")]
    pub public_url: Option<String>,
}

impl PublicUrlOptions {
    /// The URL without a `/` at the end.
    ///
    /// # Errors
    /// Where it is no http or https URL, or has a query or a fragment.
    pub fn url(&self, default: &str) -> Result<String> {
        let Some(text) = &self.public_url else { return Ok(default.to_owned()) };
        let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https"));
        if url.is_none_or(|url| url.query().is_some() || url.fragment().is_some()) {
            let message = format!("PORTOLAN_PUBLIC_URL: \"{text}\" is no URL such as https://portal.example");
            return Err(Error::unavailable(message));
        }
        Ok(text.trim_end_matches('/').to_owned())
    }
}

/// Who may get in, and how often.
#[derive(Args, Clone)]
pub struct AccessOptions {
    #[command(flatten)]
    pub public_url: PublicUrlOptions,
    /// Let anybody make a tenant and become its admin.
    #[arg(long, env = "PORTOLAN_SIGN_UP")]
    pub sign_up: bool,
    /// Turns `/api/operator` on for who sends it as a bearer token; at least 16 characters.
    #[arg(long, env = "PORTOLAN_OPERATOR_TOKEN", hide_env_values = true)]
    pub operator_token: Option<String>,
    /// Addresses or ranges of proxies whose `X-Forwarded-For` is believed: `127.0.0.1,10.0.0.0/8`.
    #[arg(long, env = "PORTOLAN_TRUSTED_PROXIES", default_value = "")]
    pub trusted_proxies: String,
    /// A session ends when nobody used it for this many minutes.
    #[arg(long, env = "PORTOLAN_SESSION_IDLE_MINUTES", default_value_t = 720, value_parser = clap::value_parser!(u64).range(1..=525_600))]
    pub session_idle_minutes: u64,
    /// A session ends after this many hours, however much it is used.
    #[arg(long, env = "PORTOLAN_SESSION_LIFE_HOURS", default_value_t = 168, value_parser = clap::value_parser!(u64).range(1..=8_760))]
    pub session_life_hours: u64,
    /// Requests a minute that a tenant may make of this server, unless the operator sets another number for it.
    #[arg(long, env = "PORTOLAN_REQUESTS_PER_MINUTE", default_value_t = DEFAULT_REQUESTS_PER_MINUTE, value_parser = clap::value_parser!(u32).range(1..))]
    pub requests_per_minute: u32,
    /// Largest body of a request in bytes, streams and sets of documents aside, unless the operator sets another number.
    #[arg(long, env = "PORTOLAN_BODY_BYTES", default_value_t = DEFAULT_BODY_BYTES, value_parser = clap::value_parser!(u32).range(1_024..=67_108_864))]
    pub body_bytes: u32,
    /// Rows that one GraphQL query may return, unless the operator sets another number for a tenant.
    #[arg(long, env = "PORTOLAN_QUERY_COST", default_value_t = DEFAULT_QUERY_COST, value_parser = clap::value_parser!(u32).range(1..))]
    pub query_cost: u32,
}

impl AccessOptions {
    /// # Errors
    /// Where an option makes no sense; its name is in the message.
    pub fn settings(&self, default_url: &str) -> Result<Settings> {
        Ok(Settings {
            sign_up: self.sign_up,
            public_url: self.public_url.url(default_url)?,
            session_idle: Duration::from_secs(self.session_idle_minutes * 60),
            session_life: Duration::from_secs(self.session_life_hours * 3_600),
            limits: TenantLimits {
                requests_per_minute: Some(self.requests_per_minute),
                body_bytes: Some(self.body_bytes),
                query_cost: Some(self.query_cost),
                entities: None,
            },
            operator: self.operator_token.as_deref().map(OperatorToken::new).transpose()?,
            ..Settings::default()
        })
    }

    /// # Errors
    /// Where a part of the list is neither an address nor a range.
    pub fn proxies(&self) -> Result<TrustedProxies> {
        TrustedProxies::parse(&self.trusted_proxies)
    }
}
