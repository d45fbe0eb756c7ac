//! `portolan keys …`: the keys that tokens are signed with.

use portolan_identity::Identity;
use portolan_schema::Result;
use serde_json::json;

use crate::cli::{KeysCommand, say};

pub async fn run(command: KeysCommand) -> Result<()> {
    let KeysCommand::Rotate { revoke_old, json, data } = command;
    let (store, sealer) = data.open().await?;
    let kid = Identity::open(store, &sealer).await?.rotate_keys(revoke_old).await?;
    if json {
        return say(&json!({"kid": kid}).to_string());
    }
    say(&format!("the key {kid} signs from now on"))?;
    say(if revoke_old {
        "every token that was issued before is refused"
    } else {
        "tokens that the old key signed stay good until they end"
    })
}
