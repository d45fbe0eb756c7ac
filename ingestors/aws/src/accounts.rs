//! The accounts that an integration reads: the credentials' own, or several of an organisation by assumed roles.

use futures::stream::{self, StreamExt};
use portolan_ingestor_contract::{Context, SourceError};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::kinds::regional::{Pages, is_hopeless, items_at, token_at};
use crate::session::{Access, Session, named};
use crate::settings::{Config, Keys};
use crate::signed::{self, JsonService};

/// What a list of the organisation's accounts needs.
pub(crate) const LIST_ACCOUNTS: &str = "organizations:ListAccounts";

const ORGANIZATIONS: JsonService = JsonService {
    name: "organizations",
    target: "AWSOrganizationsV20161128",
    content_type: "application/x-amz-json-1.1",
    is_terse: false,
};
/// AWS's largest page, which is also what it gives unasked.
const LARGEST_PAGE: u32 = 20;
/// Accounts that are signed in to at the same time.
const ACCOUNTS_AT_ONCE: usize = 4;

/// An account that is read.
pub(crate) struct Account {
    /// The way in, or why there is none.
    pub session: Result<Session, SourceError>,
    /// As the organisation lists it; null where it was not asked.
    pub listed: Value,
}

/// An account that is wanted.
struct Wanted {
    id: String,
    listed: Value,
}

/// Signs in to every account. One that refuses does not stop the others.
///
/// # Errors
/// Where no account can be read: the key is refused, AWS is out of reach, the organisation's accounts may not be listed,
/// or every role refuses (what the first said).
pub(crate) async fn open(
    config: &Config,
    keys: &Keys,
    context: &Context,
) -> Result<Vec<Account>, SourceError> {
    let access = Access::new(config, keys, context).await;
    let role = config.role_arn.as_deref();
    if config.accounts.is_empty() {
        let session = access.open(role).await?;
        return Ok(vec![Account { session: Ok(session), listed: Value::Null }]);
    }
    let mut first = None;
    let wanted = if config.wants_all_accounts() {
        let session = access.open(role).await?;
        let listed = organization(&session).await?;
        first = Some(session);
        listed
    } else {
        let named = config.accounts.iter();
        named.map(|id| Wanted { id: id.clone(), listed: Value::Null }).collect()
    };
    let mut openings = Vec::with_capacity(wanted.len());
    for Wanted { id, listed } in wanted {
        let ready = first.take_if(|session| session.identity.account == id);
        openings.push(enter(&access, config.role_in(&id), id, listed, ready));
    }
    let mut accounts = Vec::with_capacity(openings.len());
    let mut openings = stream::iter(openings).buffered(ACCOUNTS_AT_ONCE);
    while let Some(account) = openings.next().await {
        match &account.session {
            // The key itself, or the way to AWS.
            Err(error) if is_hopeless(error) || error.code == Code::UpstreamUnauthorized => {
                return Err(error.clone());
            }
            _ => accounts.push(account),
        }
    }
    match accounts.iter().find_map(|account| account.session.as_ref().err()) {
        Some(error) if accounts.iter().all(|account| account.session.is_err()) => Err(error.clone()),
        None if accounts.is_empty() => {
            Err(SourceError::failed("the organisation lists no account that is active"))
        }
        _ => Ok(accounts),
    }
}

/// A way in to one of the accounts, for a check: the first that is named, or that of the organisation's role, with which
/// the list of accounts is begun.
pub(crate) async fn open_one(
    config: &Config,
    keys: &Keys,
    context: &Context,
) -> Result<Session, SourceError> {
    let access = Access::new(config, keys, context).await;
    let session = match config.accounts.first().filter(|_| !config.wants_all_accounts()) {
        Some(id) => access.open(config.role_in(id).as_deref()).await?,
        None => access.open(config.role_arn.as_deref()).await?,
    };
    if config.wants_all_accounts() {
        page(&session, None).await?;
    }
    Ok(session)
}

/// Signs in to one account, where that has not been done.
async fn enter(
    access: &Access,
    role: Option<String>,
    id: String,
    listed: Value,
    ready: Option<Session>,
) -> Account {
    let session = match ready {
        Some(session) => Ok(session),
        None => access.open(role.as_deref()).await.map_err(|error| named(&id, &error)),
    };
    Account { session, listed }
}

/// The active accounts of the session's organisation.
async fn organization(session: &Session) -> Result<Vec<Wanted>, SourceError> {
    let mut wanted = Vec::new();
    let mut pages = Pages::default();
    loop {
        let answer = page(session, pages.token()).await?;
        for account in items_at(&answer, "/Accounts", LIST_ACCOUNTS)? {
            // `Status` is to be replaced by `State`, which knows more of them.
            let state = account.get("State").or_else(|| account.get("Status")).and_then(Value::as_str);
            if state.is_none_or(|state| state == "ACTIVE")
                && let Some(id) = account.get("Id").and_then(Value::as_str).map(ToOwned::to_owned)
            {
                wanted.push(Wanted { id, listed: account });
            }
        }
        let next = token_at(&answer, "/NextToken");
        if !pages.turn(next, || "the organisation's accounts".to_owned())? {
            return Ok(wanted);
        }
    }
}

async fn page(session: &Session, token: Option<&str>) -> Result<Value, SourceError> {
    let mut asked = json!({});
    if let Some(size) = session.page_size {
        asked["MaxResults"] = size.clamp(1, LARGEST_PAGE).into();
    }
    if let Some(token) = token {
        asked["NextToken"] = token.into();
    }
    let region = &session.home_region;
    Ok(signed::post_json(session, &ORGANIZATIONS, region, "ListAccounts", &asked).await?)
}
