//! Where a request comes from: for the audit log, and to slow down who guesses.

use std::net::IpAddr;

use portolan_store::OpContext;

/// Longest text of a `User-Agent` that is kept, in characters.
const MAX_USER_AGENT: usize = 300;

/// Where a request comes from.
#[derive(Debug, Clone, Default)]
pub struct Origin {
    pub request_id: String,
    pub user_agent: Option<String>,
    /// None where it is not known: on the machine itself.
    pub address: Option<IpAddr>,
}

impl Origin {
    pub(crate) fn of(ctx: &OpContext) -> Self {
        Self {
            request_id: ctx.request_id().to_owned(),
            user_agent: ctx.user_agent().map(str::to_owned),
            address: ctx.address(),
        }
    }

    /// A command on the machine that has the database.
    pub(crate) fn host() -> Self {
        Self { request_id: "command".to_owned(), ..Self::default() }
    }

    pub(crate) fn address_text(&self) -> Option<String> {
        self.address.map(|address| address.to_string())
    }

    pub(crate) fn user_agent_text(&self) -> Option<String> {
        self.user_agent.as_ref().map(|text| text.chars().take(MAX_USER_AGENT).collect())
    }
}
