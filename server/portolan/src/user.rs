//! `portolan user …`: one-time links for people.

use portolan_catalog::Catalog;
use portolan_identity::{Identity, Settings};
use portolan_schema::Result;
use serde_json::json;

use crate::access::PublicUrlOptions;
use crate::cli::{DEFAULT_URL, DataOptions, UserCommand, say};

pub async fn run(command: UserCommand) -> Result<()> {
    let (link, json) = match command {
        UserCommand::Invite { email, tenant, role, json, public_url, data } => {
            (open(&data, &public_url).await?.invite_into(&tenant, &email, role).await?, json)
        }
        UserCommand::ResetPassword { email, json, public_url, data } => {
            (open(&data, &public_url).await?.new_password_reset(&email).await?, json)
        }
    };
    let until = link.expires_at.to_rfc3339();
    if json {
        return say(&json!({"link": link.url, "expiresAt": until}).to_string());
    }
    say(&link.url)?;
    say(&format!("It is good once, until {until}."))
}

async fn open(data: &DataOptions, public_url: &PublicUrlOptions) -> Result<Identity> {
    let settings = Settings { public_url: public_url.url(DEFAULT_URL)?, ..Settings::default() };
    let (store, sealer) = data.open().await?;
    let catalog = Catalog::new(store.clone(), None);
    Identity::open_with(store, catalog, &sealer, settings).await
}
