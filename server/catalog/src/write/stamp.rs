//! What the drafts of a batch come to: entities with their ids, sequence numbers, revisions and stamps.

use std::collections::HashMap;

use portolan_schema::{BlueprintNo, EntityState, Instant, Result};
use portolan_store::entity::Entity;
use portolan_store::entity_write::{Cause, EntityChange};
use portolan_store::{Actor, OpContext};

use crate::batch::Batch;
use crate::change::WriteOptions;
use crate::targets::StoredTargets;

/// Who writes, when and for what.
pub(crate) struct Stamp<'a> {
    pub at: Instant,
    pub actor: String,
    pub ctx: &'a OpContext,
    pub options: &'a WriteOptions,
}

impl Stamp<'_> {
    pub(super) fn cause(&self) -> Cause {
        Cause {
            at: self.at,
            actor: self.actor.clone(),
            origin: self.ctx.user_agent().map(str::to_owned),
            run: self.options.run.map(|run| run.run),
        }
    }

    /// What the drafts come to, in the order of their sequence numbers. `ids` are for new entities.
    pub(crate) fn changes(
        &self,
        batch: &Batch<'_>,
        stored: &StoredTargets,
        first_seq: i64,
        ids: &[i64],
    ) -> Result<Vec<EntityChange>> {
        let mut fresh = ids.iter().copied().chain(std::iter::repeat(0));
        let mut known: HashMap<(BlueprintNo, &str), i64> = HashMap::new();
        for (key, draft) in &batch.drafts {
            if let Some(after) = &draft.after {
                let id = match &draft.before {
                    Some(before) => before.id,
                    None => match &draft.revives {
                        Some(revived) => revived.id,
                        None => fresh.next().unwrap_or(0),
                    },
                };
                known.insert((key.0, after.identifier.as_str()), id);
            }
        }
        let mut changes = Vec::new();
        let mut seq = first_seq;
        for (key, draft) in batch.drafts.iter().filter(|(_, draft)| draft.is_changed()) {
            let change = match (&draft.before, &draft.after) {
                (Some(before), None) => EntityChange {
                    after: Entity { seq, revision: before.revision + 1, ..before.clone() },
                    before: Some(before.clone()),
                    deleted: true,
                    edges: Vec::new(),
                },
                (before, Some(state)) => {
                    let id = known.get(&(key.0, state.identifier.as_str())).copied().unwrap_or(0);
                    let edges = batch.edges(key.0, state, &known, stored)?;
                    let mut after = self.entity(key.0, id, before.as_ref(), state, seq);
                    if let (None, Some(revived)) = (before, &draft.revives) {
                        after.revision = revived.revision + 1;
                        after.created_at = revived.created_at;
                        after.created_by.clone_from(&revived.created_by);
                    }
                    EntityChange { before: before.clone(), after, deleted: false, edges }
                }
                (None, None) => continue,
            };
            seq += 1;
            changes.push(change);
        }
        Ok(changes)
    }

    pub(super) fn entity(
        &self,
        blueprint: BlueprintNo,
        id: i64,
        before: Option<&Entity>,
        state: &EntityState,
        seq: i64,
    ) -> Entity {
        let integration = self.options.run.map(|run| run.integration);
        let user_agent = match self.ctx.actor() {
            Actor::Credential(_) => self.ctx.user_agent().map(str::to_owned),
            _ => None,
        };
        match before {
            Some(before) => Entity {
                state: state.clone(),
                revision: before.revision + 1,
                seq,
                // An entity stays with whoever made it (its integration, its datasource), whoever edits it.
                updated_at: self.at,
                updated_by: self.actor.clone(),
                ..before.clone()
            },
            None => Entity {
                computed: portolan_store::computed::ComputedValues::default(),
                id,
                blueprint,
                state: state.clone(),
                revision: 1,
                seq,
                integration,
                datasource: user_agent,
                created_at: self.at,
                created_by: self.actor.clone(),
                updated_at: self.at,
                updated_by: self.actor.clone(),
            },
        }
    }
}
