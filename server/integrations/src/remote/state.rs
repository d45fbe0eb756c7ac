//! What clients note while they are at work. None of it moves the integration's time, for clients take a new time for a new
//! configuration, and start over.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::TenantScope;
use portolan_store::integration::{Integration, RunStatus};
use serde_json::{Map, Value};

use super::{RemoteState, lock};
use crate::{Integrations, masked, now};

/// Cursors that one integration keeps.
const MAX_CURSORS: usize = 1_000;
/// Longest cursor, in bytes.
const MAX_CURSOR: usize = 4 << 10;
/// Longest name of a kind, in characters.
const MAX_KIND: usize = 200;

impl RemoteState {
    /// How the last resync that the client told of went; None where it has told of none.
    pub(crate) fn standing(&self) -> Option<(i64, RunStatus)> {
        let status = match self.resync.get("status").and_then(Value::as_str)? {
            "running" => RunStatus::Running,
            "completed" => RunStatus::Succeeded,
            "failed" => RunStatus::Failed,
            "aborted" => RunStatus::Cancelled,
            _ => return None,
        };
        Some((self.resync_at?, status))
    }
}

impl Integrations {
    /// Needs Admin. Notes what the client says of its resync.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn note_resync(
        &self,
        ctx: &OpContext,
        identifier: &str,
        said: &Map<String, Value>,
    ) -> Result<Integration> {
        ctx.require(Role::Admin)?;
        let note = |state: &mut RemoteState| {
            for (key, value) in said {
                state.resync.insert(key.clone(), value.clone());
            }
            state.resync_at = Some(now().0);
            Ok(())
        };
        self.note(ctx, identifier, note).await
    }

    /// Needs Admin. How far the client has come with a kind.
    ///
    /// # Errors
    /// `NOT_FOUND`, also where it has noted nothing.
    pub async fn cursor(&self, ctx: &OpContext, identifier: &str, kind: &str, index: &str) -> Result<String> {
        let state = RemoteState::of(&self.remote(ctx, identifier).await?)?;
        let found = state.cursors.get(&cursor_key(kind, index)).and_then(Value::as_str);
        found.map(str::to_owned).ok_or_else(|| no_cursor(kind))
    }

    /// Needs Admin. Notes how far the client has come with a kind; with `only_change`, only where it has noted that before.
    ///
    /// # Errors
    /// `NOT_FOUND`; `TOO_LONG`; `TOO_MANY_ITEMS`.
    pub async fn note_cursor(
        &self,
        ctx: &OpContext,
        identifier: &str,
        (kind, index): (&str, &str),
        primary: &str,
        only_change: bool,
    ) -> Result<()> {
        ctx.require(Role::Admin)?;
        if primary.len() > MAX_CURSOR {
            let message = format!("a cursor has at most {MAX_CURSOR} bytes");
            return Err(Error::at(Code::TooLong, Pointer::root().key("primary"), message));
        }
        check_kind(kind)?;
        check_kind(index)?;
        let note = |state: &mut RemoteState| {
            let key = cursor_key(kind, index);
            let is_new = !state.cursors.contains_key(&key);
            if is_new && only_change {
                return Err(no_cursor(kind));
            }
            if is_new && state.cursors.len() >= MAX_CURSORS {
                let message = format!("an integration keeps at most {MAX_CURSORS} cursors");
                return Err(Error::problem(Code::TooManyItems, message));
            }
            state.cursors.insert(key, primary.into());
            Ok(())
        };
        self.note(ctx, identifier, note).await.map(drop)
    }

    /// Needs Admin. Keeps a few raw items of a kind, masked: what mappings are tried on.
    ///
    /// # Errors
    /// `NOT_FOUND`; `TOO_LONG`.
    pub async fn note_examples(
        &self,
        ctx: &OpContext,
        identifier: &str,
        kind: &str,
        examples: &[Value],
    ) -> Result<()> {
        ctx.require(Role::Admin)?;
        check_kind(kind)?;
        let scope = self.0.store.write(ctx.tenant()).await?;
        let integration = lock(&scope, identifier).await?;
        scope.save_payloads(integration.id, kind, &masked::record(examples), now()).await?;
        scope.commit().await
    }

    /// Needs Admin. The raw items that are kept, by kind.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn examples(&self, ctx: &OpContext, identifier: &str) -> Result<Vec<(String, Vec<Value>)>> {
        let integration = self.remote(ctx, identifier).await?;
        let scope = self.0.store.read(ctx.tenant()).await?;
        let mut found = Vec::new();
        for kind in scope.payload_kinds(integration.id).await? {
            let payloads = scope.payloads(integration.id, &kind).await?;
            found.push((kind, payloads));
        }
        Ok(found)
    }

    async fn note(
        &self,
        ctx: &OpContext,
        identifier: &str,
        note: impl FnOnce(&mut RemoteState) -> Result<()>,
    ) -> Result<Integration> {
        let scope: TenantScope = self.0.store.write(ctx.tenant()).await?;
        let mut integration = lock(&scope, identifier).await?;
        let mut state = RemoteState::of(&integration)?;
        note(&mut state)?;
        state.store(&mut integration)?;
        scope.update_integration(&integration).await?;
        scope.commit().await?;
        Ok(integration)
    }
}

fn check_kind(kind: &str) -> Result<()> {
    if kind.chars().count() <= MAX_KIND && !kind.contains('\0') {
        return Ok(());
    }
    let message = format!("a kind has at most {MAX_KIND} characters, and no NUL among them");
    Err(Error::at(Code::TooLong, Pointer::root().key("kind"), message))
}

fn cursor_key(kind: &str, index: &str) -> String {
    format!("{kind}/{index}")
}

fn no_cursor(kind: &str) -> Error {
    Error::not_found(format!("a cursor of \"{kind}\""))
}
