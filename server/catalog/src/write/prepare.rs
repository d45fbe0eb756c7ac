//! A change made ready to be planned: its blueprint found, its identifier given and checked, its search queries resolved.

use std::borrow::Cow;

use portolan_schema::identifier::{self, Kind as IdentifierKind};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Pointer, RelationNo, Result};
use portolan_store::{OpContext, TenantScope};
use uuid::Uuid;

use crate::batch::Key;
use crate::change::{Change, Deletion, EntityWrite, WriteMode};

/// A change with its blueprint found, its identifier checked and its search queries resolved.
pub(crate) struct Prepared<'c> {
    pub key: Key,
    pub change: PreparedChange<'c>,
}

pub(crate) enum PreparedChange<'c> {
    /// Owned where its search queries were resolved.
    Write(WriteMode, Box<Cow<'c, EntityWrite>>),
    Delete(&'c Deletion),
    Ensure,
    GiveUp(RelationNo, Key),
}

pub(super) async fn prepare<'c>(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    change: &'c Change,
) -> Result<Prepared<'c>> {
    match change {
        Change::Write(mode, write) => {
            let blueprint = find_blueprint(model, &write.blueprint)?;
            let mut write = Cow::Borrowed(write.as_ref());
            if write.has_searches() {
                crate::search::resolve(scope, ctx, model, write.to_mut()).await?;
            }
            let identifier = write.identifier.clone().unwrap_or_default();
            let path = Pointer::root().key("identifier");
            identifier::check(IdentifierKind::of_entity(&write.blueprint), &identifier, &path)?;
            Ok(Prepared {
                key: (blueprint, identifier),
                change: PreparedChange::Write(*mode, Box::new(write)),
            })
        }
        Change::Delete(deletion) => {
            let blueprint = find_blueprint(model, &deletion.blueprint)?;
            let path = Pointer::root().key("identifier");
            identifier::check(IdentifierKind::of_entity(&deletion.blueprint), &deletion.identifier, &path)?;
            let key = (blueprint, deletion.identifier.clone());
            Ok(Prepared { key, change: PreparedChange::Delete(deletion) })
        }
        Change::Ensure { blueprint, identifier } => {
            let key = (find_blueprint(model, blueprint)?, identifier.clone());
            identifier::check(
                IdentifierKind::of_entity(blueprint),
                identifier,
                &Pointer::root().key("identifier"),
            )?;
            Ok(Prepared { key, change: PreparedChange::Ensure })
        }
        Change::GiveUp { blueprint, identifier, relation, target } => {
            let key = (find_blueprint(model, blueprint)?, identifier.clone());
            let holder = model.by_no(key.0).and_then(|blueprint| blueprint.relation_by_no(*relation));
            let holder = holder.ok_or_else(|| Error::not_found("the relation"))?;
            let target = (holder.target, target.clone());
            Ok(Prepared { key, change: PreparedChange::GiveUp(*relation, target) })
        }
    }
}

fn find_blueprint(model: &CatalogModel, identifier: &str) -> Result<BlueprintNo> {
    model.get(identifier).map(|blueprint| blueprint.no()).ok_or_else(|| {
        let message = format!("there is no blueprint \"{identifier}\"");
        Error::at(Code::NotFound, Pointer::root().key("blueprint"), message)
    })
}

/// Gives a new entity an identifier where its author did not.
pub(super) fn with_identifier(change: Change) -> Change {
    match change {
        Change::Write(mode, mut write) if write.identifier.is_none() && write.search.is_none() => {
            write.identifier = Some(format!("e_{}", Uuid::new_v4().simple()));
            Change::Write(mode, write)
        }
        other => other,
    }
}

pub(super) fn may_create(change: &Change) -> bool {
    match change {
        Change::Write(mode, _) => *mode != WriteMode::Update,
        Change::Ensure { .. } => true,
        Change::Delete(_) | Change::GiveUp { .. } => false,
    }
}
