//! The system blueprints of a tenant: given to it when it is made, and guarded at every change of the model.

use portolan_schema::{Blueprint, Code, Pointer, Problems, Result, StoredBlueprint, system};
use portolan_store::TenantScope;

use super::change::ModelChange;
use super::commit::{Switch, edit, stored};
use super::difference::Difference;
use crate::{Catalog, OpContext};

impl Catalog {
    /// Gives a tenant that is being made its system blueprints, in the transaction that makes it.
    pub async fn begin_tenant(&self, scope: &TenantScope, ctx: &OpContext) -> Result<()> {
        let head = scope.lock_head().await?;
        let old = self.models.get(scope, head.model_revision).await?;
        let mut edit = edit(ctx, scope, &old, head).await?;
        add_missing(&mut edit)?;
        let model = edit.compile(head.model_revision + 1, None)?;
        let difference = Difference::between(&stored(&old), &edit.stored, &edit.populated);
        let switch = Switch {
            old: &old,
            model: &model,
            difference: &difference,
            renames: &[],
            next_no: edit.next_no,
            at: edit.at,
            actor: &edit.actor,
        };
        self.switch(scope, &switch).await
    }

    /// Gives an older tenant the system blueprints, or the parts of them, that it lacks.
    ///
    /// # Errors
    /// `PROTECTED` where the tenant has a blueprint of the same name that cannot be extended so.
    pub async fn complete_tenant(&self, ctx: &OpContext) -> Result<()> {
        let change = |model: &mut ModelChange| {
            add_missing(model)?;
            Ok(Vec::new())
        };
        self.change_model(ctx, None, false, change).await.map(drop)
    }
}

fn add_missing(model: &mut ModelChange) -> Result<()> {
    for identifier in system::ALL {
        let found = model.find(identifier).ok();
        let present =
            found.map(|at| serde_json::Value::Object(model.stored[at].blueprint.definition.clone()));
        let Some(base) = present.or_else(|| system::definition(identifier)) else { continue };
        let blueprint = Blueprint::parse(&system::complete(&base)?)?;
        match found {
            Some(at) => drop(model.replace(at, blueprint)),
            None => model.create(blueprint),
        }
    }
    Ok(())
}

/// # Errors
/// `PROTECTED` where a system blueprint goes or loses a part of its base, and where another one takes an identifier of
/// their kind. Paths begin with the blueprint's identifier, but for the one in `focus`.
pub(super) fn refuse_damage(
    before: &[StoredBlueprint],
    after: &[StoredBlueprint],
    focus: Option<&str>,
) -> Result<()> {
    let mut problems = Problems::default();
    for stored in before {
        let identifier = stored.blueprint.identifier.as_str();
        let stays = after.iter().any(|other| other.blueprint.identifier == identifier);
        if system::is_system(identifier) && !stays {
            let message = format!("\"{identifier}\" is a system blueprint: it can be extended, not removed");
            problems.add(Code::Protected, Pointer::root(), message);
        }
    }
    for stored in after {
        let identifier = stored.blueprint.identifier.as_str();
        let old = before.iter().find(|old| old.no == stored.no);
        if !system::is_reserved(identifier) || old.is_some_and(|old| old.blueprint == stored.blueprint) {
            continue;
        }
        let root = match focus {
            Some(focus) if focus == identifier => Pointer::root(),
            _ => Pointer::root().key(identifier),
        };
        if system::is_system(identifier) {
            let damage = system::check(&stored.blueprint);
            problems.extend(damage.into_iter().map(|problem| problem.under(&root)));
        } else if old.is_none_or(|old| old.blueprint.identifier != identifier) {
            let message = "identifiers that begin with _ are those of system blueprints";
            problems.add(Code::Protected, root.key("identifier"), message);
        }
    }
    Ok(problems.into_result(())?)
}
