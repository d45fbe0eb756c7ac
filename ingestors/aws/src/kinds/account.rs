//! Kind `account`: the account the credentials lead to.

use portolan_ingestor_contract::{IngestError, KindDescription, Level, Sink, SourceError};
use portolan_schema::Code;
use serde_json::{Map, Value, json};

use super::regional::{self, items_at};
use crate::accounts::Account;
use crate::fields;
use crate::item::Added;
use crate::session::Session;
use crate::signed::{self, QueryService};

pub(crate) const KIND: KindDescription = KindDescription {
    name: "account",
    title: "Accounts",
    description: "The account of the credentials or of each role: the answer of sts:GetCallerIdentity, with __AccountAlias, \
        and as __Organization what organizations:ListAccounts told of it, where that was asked for all accounts.",
    permissions: &["iam:ListAccountAliases (optional, for the account's alias)"],
};

pub(super) const IAM: QueryService =
    QueryService { name: "iam", version: "2010-05-08", fields: &fields::IAM };

/// Reads each account.
pub(crate) async fn collect(accounts: &[Account], sink: &dyn Sink) -> Result<(), IngestError> {
    let reads: Vec<_> = accounts.iter().map(|account| read(account, sink)).collect();
    regional::all(reads, 1).await
}

async fn read(account: &Account, sink: &dyn Sink) -> Result<(), IngestError> {
    let session = account.session.as_ref().map_err(Clone::clone)?;
    let alias = match alias(session).await {
        Ok(alias) => alias,
        Err(error) if error.code == Code::UpstreamForbidden => {
            let message = format!("the alias stays empty: {}", error.message);
            sink.log(Level::Warning, Some(KIND.name), &message, Some(&session.identity.account)).await?;
            None
        }
        Err(error) => return Err(session.in_account(error).into()),
    };
    let identity = &session.identity;
    let mut item = Map::new();
    item.insert("UserId".to_owned(), identity.user_id.clone().into());
    item.insert("Account".to_owned(), identity.account.clone().into());
    item.insert("Arn".to_owned(), identity.arn.clone().into());
    item.insert("__AccountAlias".to_owned(), json!(alias));
    item.insert("__Organization".to_owned(), account.listed.clone());
    let arn = format!("arn:{}:iam::{}:root", session.partition(), identity.account);
    Added { session, region: None, arn, console: None, tags: Map::new() }.to(&mut item);
    sink.items(KIND.name, vec![Value::Object(item)]).await?;
    Ok(())
}

/// An account has one alias at most.
async fn alias(session: &Session) -> Result<Option<String>, SourceError> {
    let answer = signed::query(session, &IAM, &session.home_region, "ListAccountAliases", &[]).await?;
    let aliases = items_at(&answer, "/ListAccountAliasesResult/AccountAliases", "iam:ListAccountAliases")?;
    Ok(aliases.first().and_then(Value::as_str).map(ToOwned::to_owned))
}
