//! The model as a whole: what a change would do, whom it left behind, what was changed.

use async_graphql::{Context, ID, Json, Object, SimpleObject};
use portolan_catalog::{Catalog, OpContext};
use portolan_schema::{Code, Error, Pointer};
use serde_json::Value;

use super::problem::{ProblemObject, refuse, under};
use crate::catalog_graphql::breaks::breaks;

/// Most rows of one page.
const MAX_FIRST: i32 = 500;

/// What a change of a blueprint would do. Nothing is done.
#[derive(SimpleObject)]
struct BlueprintPlan {
    /// The revision of the model that this is a plan for.
    revision: i64,
    /// Entities that would lose a value or would not fit any more.
    entities_affected: u64,
    /// The first problems of entities that fit now and would not any more.
    failing: Vec<FailingEntity>,
    /// How many entities fit now and would not any more.
    failing_count: u64,
    /// Values and relations of entities that would be gone.
    dropped_values: u64,
    /// How many entities were looked at: all that the change concerns, or the first by identifier.
    looked_at: u64,
    /// Whether all entities that the change concerns were looked at, so that the counts are exact: false where eight seconds
    /// were not enough.
    complete: bool,
    breaks_graphql: Vec<GraphqlBreak>,
    /// What names a property, relation or blueprint that would be gone.
    broken_references: Vec<BrokenReference>,
    /// Why the change would be refused; empty where it would be made.
    errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
struct FailingEntity {
    /// Its identifier.
    entity: ID,
    path: String,
    /// The code of the rule that it breaks.
    rule: String,
    message: String,
}

/// Something in the catalog API that clients may rest on.
#[derive(SimpleObject)]
struct GraphqlBreak {
    /// `TYPE_REMOVED FIELD_REMOVED TYPE_CHANGED ARGUMENT_REMOVED ENUM_VALUE_REMOVED INPUT_FIELD_REMOVED INPUT_TYPE_CHANGED
    /// INPUT_REQUIRED`
    change: String,
    field: String,
}

#[derive(SimpleObject)]
struct BrokenReference {
    /// `RELATION MIRROR CALCULATION AGGREGATION QUERY OWNERSHIP REQUIRED GRAPHQL_NAME MAPPING PAGE WIDGET VIEW`
    kind: String,
    /// Blueprint and part, or the integration; the page and widget, or a shared view's id and title.
    identifier: String,
    path: String,
}

/// Entities that do not fit their blueprint. They keep their values and must fit when they are written the next time.
#[derive(SimpleObject)]
struct InvalidEntities {
    total_count: u64,
    nodes: Vec<InvalidEntity>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

#[derive(SimpleObject)]
struct InvalidEntity {
    identifier: ID,
    title: Option<String>,
    problems: Vec<ProblemObject>,
}

/// What a change of the model did to one blueprint.
#[derive(SimpleObject)]
struct ModelRevision {
    revision: i64,
    at: String,
    actor: String,
    /// The blueprint's identifier, the new one where it was renamed.
    blueprint: ID,
    /// Its definition; null where it was made.
    before: Option<Json<Value>>,
    /// Null where it was deleted.
    after: Option<Json<Value>>,
}

#[derive(SimpleObject)]
struct ModelRevisions {
    /// Newest first.
    nodes: Vec<ModelRevision>,
    /// Where the next page begins; null at the end.
    next: Option<String>,
}

#[derive(Default)]
pub struct ModelQuery;

#[Object]
impl ModelQuery {
    /// What creating or replacing a blueprint would do, by its definition in Port's JSON.
    async fn plan_blueprint_change(
        &self,
        ctx: &Context<'_>,
        input: Json<Value>,
    ) -> async_graphql::Result<BlueprintPlan> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let plan = catalog.plan_blueprint_change(who, &input.0).await.map_err(refuse)?;
        let breaks = match &plan.after {
            Some(after) => breaks(&plan.before, after).map_err(refuse)?,
            None => Vec::new(),
        };
        let problems = match plan.problems.into_result(()) {
            Ok(()) => Vec::new(),
            Err(problems) => {
                under(problems.into(), &Pointer::root().key("input")).public().into_iter().collect()
            }
        };
        Ok(BlueprintPlan {
            revision: plan.revision,
            entities_affected: plan.affected,
            failing: plan
                .samples
                .into_iter()
                .map(|one| FailingEntity {
                    entity: one.entity.into(),
                    path: one.path.to_string(),
                    rule: one.rule.as_str().to_owned(),
                    message: one.message,
                })
                .collect(),
            failing_count: plan.failing,
            dropped_values: plan.dropped,
            looked_at: plan.looked_at,
            complete: plan.complete,
            breaks_graphql: breaks
                .into_iter()
                .map(|one| GraphqlBreak { change: one.change.to_owned(), field: one.field })
                .collect(),
            broken_references: plan
                .broken
                .iter()
                .map(|one| BrokenReference {
                    kind: one.kind.as_str().to_owned(),
                    identifier: one.name(),
                    path: one.full_path().to_string(),
                })
                .collect(),
            errors: problems.into_iter().map(ProblemObject::from).collect(),
        })
    }

    /// Entities of a blueprint that do not fit it, in the order in which they were made.
    async fn invalid_entities(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> async_graphql::Result<InvalidEntities> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let (after, limit) = page(first, after.as_deref())?;
        let found = catalog.misfits(who, &blueprint, after, limit).await.map_err(refuse)?;
        let nodes = found.nodes.into_iter().map(|misfit| InvalidEntity {
            identifier: misfit.entity.state.identifier.into(),
            title: misfit.entity.state.title,
            problems: misfit.problems.into_iter().map(ProblemObject::from).collect(),
        });
        let next = found.next.map(|next| next.to_string());
        Ok(InvalidEntities { total_count: found.total, nodes: nodes.collect(), next })
    }

    /// The changes of the tenant's blueprints, newest first.
    async fn model_revisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(default = 50)] first: i32,
        after: Option<String>,
    ) -> async_graphql::Result<ModelRevisions> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let (before, limit) = page(first, after.as_deref())?;
        let found = catalog.model_revisions(who, before, limit).await.map_err(refuse)?;
        let nodes = found.revisions.into_iter().map(|one| ModelRevision {
            revision: one.revision,
            at: one.at.to_rfc3339(),
            actor: one.actor,
            blueprint: one.identifier.into(),
            before: one.before.map(Json),
            after: one.after.map(Json),
        });
        let next = found.next.map(|next| next.to_string());
        Ok(ModelRevisions { nodes: nodes.collect(), next })
    }
}

/// A cursor is a number; a page has up to [`MAX_FIRST`] rows.
fn page(first: i32, after: Option<&str>) -> async_graphql::Result<(Option<i64>, usize)> {
    let after = after.map(str::parse).transpose().map_err(|_| {
        let message = "the cursor was not made by this server";
        refuse(Error::at(Code::InvalidCursor, Pointer::root().key("after"), message))
    })?;
    let limit = usize::try_from(first).ok().filter(|_| (1..=MAX_FIRST).contains(&first));
    let limit = limit.ok_or_else(|| {
        let message = format!("a page has 1 to {MAX_FIRST} rows");
        refuse(Error::at(Code::TooManyItems, Pointer::root().key("first"), message))
    })?;
    Ok((after, limit))
}
