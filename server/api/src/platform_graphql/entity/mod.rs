//! Entities of any blueprint in generic form (api.md 3): the same rights, checks and speed as the typed ones.

mod aggregate;
mod graph;
mod input;
pub(super) mod live;
pub(super) mod object;
mod payload;
pub(super) mod plan;
pub(super) mod version;

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::{Context, ID, Json, Object, SelectionField};
use portolan_catalog::{
    Catalog, Change, Deletion, EntityWrite, MAX_CHANGES, OpContext, WriteMode, WriteOptions,
};
use portolan_schema::{
    BlueprintModel, CatalogModel, Code, Error, Field, Filter, Meta, Pointer, Problem, Result, Scalar,
};
use serde_json::Value;

use self::aggregate::{EntitiesInTime, EntityAggregate, EntityFunctionInput, EntityGroupBy, EntityInterval};
use self::graph::EntitySearchConnection;
use self::input::{EntityInput, OnError};
use self::object::{Entity, EntityConnection, EntityOrder};
use self::payload::{
    EntitiesDeletePayload, EntitiesPayload, EntityDeletePayload, EntityPayload, asked, results,
};
use super::problem::{ProblemObject, payload, refuse, under};

/// The blueprint that an argument names.
fn blueprint<'m>(model: &'m CatalogModel, identifier: &str) -> Result<&'m BlueprintModel> {
    let found = model.get(identifier).map(AsRef::as_ref);
    found.ok_or_else(|| {
        let message = format!("there is no blueprint \"{identifier}\"");
        Error::at(Code::NotFound, Pointer::root().key("blueprint"), message)
    })
}

#[derive(Default)]
pub struct EntityQuery;

#[Object]
impl EntityQuery {
    /// Null where there is no such entity.
    async fn entity(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        identifier: ID,
    ) -> async_graphql::Result<Option<Entity<'static>>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        let Some(found) = model.get(&blueprint) else { return Ok(None) };
        let filter = Filter::equal(Field::Meta(Meta::Identifier), Scalar::Text(identifier.0));
        let query = plan::found(&model, found, filter, 1, &[ctx.field()]).map_err(refuse)?;
        let page = catalog.list(who, &model, &query).await.map_err(refuse)?;
        let node = page.nodes.into_iter().next();
        Ok(node.map(|node| Entity { node: Cow::Owned(node), model: model.clone() }))
    }

    /// Entities of one blueprint. `rules` is a query of the rule language: `{combinator, rules}`. Pages have at most 500
    /// entities, 50 where no size is named.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field; the plan reads most of them")]
    async fn entities(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        #[graphql(name = "rules")] _rules: Option<Json<Value>>,
        #[graphql(name = "orderBy")] _order_by: Option<Vec<EntityOrder>>,
        #[graphql(name = "first")] _first: Option<i32>,
        #[graphql(name = "after")] _after: Option<String>,
        #[graphql(name = "last")] _last: Option<i32>,
        #[graphql(name = "before")] _before: Option<String>,
        #[graphql(name = "offset")] _offset: Option<i32>,
    ) -> async_graphql::Result<EntityConnection<'static>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        let found = self::blueprint(&model, &blueprint).map_err(refuse)?;
        let query = plan::list(&model, found, ctx.field()).map_err(refuse)?;
        let page = catalog.list(who, &model, &query).await.map_err(refuse)?;
        Ok(EntityConnection { page: Cow::Owned(page), model })
    }

    /// Entities whose identifier, title or a word of the title begins with a text, whatever the case; the best first.
    async fn search(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "text")] _text: String,
        #[graphql(name = "blueprints")] _blueprints: Option<Vec<ID>>,
        #[graphql(name = "first")] _first: Option<i32>,
        #[graphql(name = "after")] _after: Option<String>,
    ) -> async_graphql::Result<EntitySearchConnection> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        let query = plan::search(&model, ctx.field()).map_err(refuse)?;
        let page = catalog.search(who, &model, &query).await.map_err(refuse)?;
        Ok(EntitySearchConnection { page, model })
    }

    /// Counts and functions of number properties. Without `groupBy` there is one group.
    async fn entities_aggregate(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        rules: Option<Json<Value>>,
        #[graphql(default)] group_by: Vec<EntityGroupBy>,
        #[graphql(default)] funcs: Vec<EntityFunctionInput>,
        #[graphql(default = 1_000)] first: i32,
    ) -> async_graphql::Result<EntityAggregate> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let model = catalog.model(who).await.map_err(refuse)?;
        let found = self::blueprint(&model, &blueprint).map_err(refuse)?;
        let filter =
            plan::rules_filter(&model, found, rules.as_ref().map(|rules| &rules.0)).map_err(refuse)?;
        let query = aggregate::query(found, filter, &group_by, &funcs, first).map_err(refuse)?;
        let groups = catalog.aggregate(who, &model, &query).await.map_err(refuse)?;
        Ok(aggregate::answer(groups, query.limit - 1, &group_by, &funcs))
    }

    /// How many entities of a blueprint there were at the end of each interval, those that are gone included: from the one
    /// that `from` (RFC 3339) is in, to the one that `until` is in, or to the present one. At most 1,000 intervals.
    async fn entities_over_time(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        interval: EntityInterval,
        from: String,
        until: Option<String>,
    ) -> async_graphql::Result<Vec<EntitiesInTime>> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let from = aggregate::instant(&from, "from").map_err(refuse)?;
        let until = until.map(|until| aggregate::instant(&until, "until")).transpose().map_err(refuse)?;
        let points = catalog.entities_over_time(who, &blueprint, interval.into(), from, until).await;
        Ok(points.map_err(refuse)?.into_iter().map(EntitiesInTime::from).collect())
    }
}

/// The fields that answer the entity of a payload.
fn entity_fields<'a>(ctx: &'a Context<'_>, through: &[&str]) -> Vec<SelectionField<'a>> {
    let mut fields = vec![ctx.field()];
    for name in through {
        fields = fields
            .iter()
            .flat_map(SelectionField::selection_set)
            .filter(|field| field.name() == *name)
            .collect();
    }
    fields
}

/// Writes one entity.
async fn write(
    ctx: &Context<'_>,
    mode: WriteMode,
    input: EntityInput,
    change: impl FnOnce(&mut EntityWrite),
    options: WriteOptions,
) -> async_graphql::Result<EntityPayload> {
    let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
    let path = Pointer::root().key("input");
    let fields = entity_fields(ctx, &["entity"]);
    let reads = match options.dry_run {
        true => asked(ctx, &fields, [input.blueprint.as_str()].into_iter()).await?.1,
        false => Vec::new(),
    };
    let options = WriteOptions { reads, ..options };
    let result = match input.read() {
        Ok(mut write) => {
            change(&mut write);
            let written = catalog.write_one(who, Change::Write(mode, Box::new(write)), &options).await;
            written.map_err(|error| under(error, &path))
        }
        // Who may not write hears that first.
        Err(problems) => match catalog.write(who, Vec::new(), &options).await {
            Ok(_) => Err(under(problems.into(), &path)),
            Err(error) => Err(error),
        },
    };
    let mut shown = results(ctx, &fields, options.dry_run, vec![result]).await?;
    shown.pop().ok_or_else(|| refuse(Error::internal("a write gave no result")))
}

fn mode(merge: bool) -> WriteMode {
    if merge { WriteMode::Merge } else { WriteMode::Replace }
}

#[derive(Default)]
pub struct EntityMutation;

#[Object]
impl EntityMutation {
    /// Creates, or changes what is named (with `merge: false`, replaces). `ifRevision: 0` writes only where there is none.
    async fn upsert_entity(
        &self,
        ctx: &Context<'_>,
        input: EntityInput,
        #[graphql(default = true)] merge: bool,
        #[graphql(default)] create_missing_relations: bool,
        #[graphql(default)] dry_run: bool,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<EntityPayload> {
        let options =
            WriteOptions { dry_run, create_missing: create_missing_relations, ..WriteOptions::default() };
        write(ctx, mode(merge), input, |write| write.if_revision = if_revision, options).await
    }

    /// Changes what is named of an entity that exists.
    async fn update_entity(
        &self,
        ctx: &Context<'_>,
        input: EntityInput,
        new_identifier: Option<ID>,
        #[graphql(default)] create_missing_relations: bool,
        #[graphql(default)] dry_run: bool,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<EntityPayload> {
        let options =
            WriteOptions { dry_run, create_missing: create_missing_relations, ..WriteOptions::default() };
        let change = |write: &mut EntityWrite| {
            write.if_revision = if_revision;
            write.rename = new_identifier.map(|identifier| identifier.0);
        };
        write(ctx, WriteMode::Update, input, change, options).await
    }

    /// Up to 1,000 entities in one transaction, with a result each. Where one fails nothing is written, unless `onError`
    /// is `SKIP`.
    async fn upsert_entities(
        &self,
        ctx: &Context<'_>,
        input: Vec<EntityInput>,
        #[graphql(default = true)] merge: bool,
        #[graphql(default)] create_missing_relations: bool,
        #[graphql(default)] dry_run: bool,
        #[graphql(default_with = "OnError::Abort")] on_error: OnError,
    ) -> async_graphql::Result<EntitiesPayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let path = Pointer::root().key("input");
        let fields = entity_fields(ctx, &["results", "entity"]);
        let blueprints = input.iter().map(|one| one.blueprint.as_str());
        let (computed, reads) = asked(ctx, &fields, blueprints).await?;
        let options = WriteOptions {
            dry_run,
            create_missing: create_missing_relations,
            atomic: on_error == OnError::Abort,
            path: Some(path.clone()),
            computed,
            reads: if dry_run { reads } else { Vec::new() },
            ..WriteOptions::default()
        };
        if input.len() > MAX_CHANGES {
            let over =
                Problem::over(Code::TooManyItems, path, "the list is too long", MAX_CHANGES, input.len());
            return Ok(EntitiesPayload::refused(vec![over.into()]));
        }
        let read = input.into_iter().map(EntityInput::read).collect();
        let outcomes = catalog.write_all(who, mode(merge), read, &options).await;
        let (outcomes, errors) = payload(outcomes)?;
        let Some(outcomes) = outcomes else { return Ok(EntitiesPayload::refused(errors)) };
        Ok(EntitiesPayload::new(results(ctx, &fields, dry_run, outcomes).await?))
    }

    async fn delete_entity(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        identifier: ID,
        #[graphql(default)] delete_dependents: bool,
        #[graphql(default)] dry_run: bool,
        if_revision: Option<i64>,
    ) -> async_graphql::Result<EntityDeletePayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let deletion = Deletion {
            blueprint: blueprint.0,
            identifier: identifier.0,
            dependents: delete_dependents,
            if_revision,
        };
        let options = WriteOptions { dry_run, ..WriteOptions::default() };
        let deleted = catalog.write_one(who, Change::Delete(deletion), &options).await;
        EntityDeletePayload::new(deleted.map_err(|error| under(error, &Pointer::root())))
    }

    /// The entities with these identifiers, at most 1,000; or the first 1,000 that match the rules, and `remaining` says
    /// how many are left. All in one transaction: where one cannot go none does, unless `onError` is `SKIP`.
    #[expect(clippy::too_many_arguments, reason = "the arguments of the field")]
    async fn delete_entities(
        &self,
        ctx: &Context<'_>,
        blueprint: ID,
        identifiers: Option<Vec<ID>>,
        rules: Option<Json<Value>>,
        #[graphql(default)] delete_dependents: bool,
        #[graphql(default)] dry_run: bool,
        #[graphql(default_with = "OnError::Abort")] on_error: OnError,
    ) -> async_graphql::Result<EntitiesDeletePayload> {
        let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
        let atomic = on_error == OnError::Abort;
        let options = WriteOptions { dry_run, atomic, ..WriteOptions::default() };
        match (identifiers, rules) {
            (Some(identifiers), None) => {
                let path = Pointer::root().key("identifiers");
                let options = WriteOptions { path: Some(path), ..options };
                let delete = |identifier: ID| {
                    Change::Delete(Deletion {
                        blueprint: blueprint.0.clone(),
                        identifier: identifier.0,
                        dependents: delete_dependents,
                        if_revision: None,
                    })
                };
                let changes = identifiers.into_iter().map(delete).collect();
                let (results, errors) = payload(catalog.write(who, changes, &options).await)?;
                match results {
                    Some(results) => EntitiesDeletePayload::new(results, 0),
                    None => Ok(EntitiesDeletePayload::refused(errors)),
                }
            }
            (None, Some(rules)) => {
                let model: Arc<CatalogModel> = catalog.model(who).await.map_err(refuse)?;
                let deleted = async {
                    let found = self::blueprint(&model, &blueprint)?;
                    let filter = plan::rules_filter(&model, found, Some(&rules.0))?;
                    catalog.delete_matching(who, &model, found, &filter, delete_dependents, &options).await
                };
                let (deleted, errors) = payload(deleted.await)?;
                match deleted {
                    Some(deleted) => EntitiesDeletePayload::new(deleted.results, deleted.remaining),
                    None => Ok(EntitiesDeletePayload::refused(errors)),
                }
            }
            _ => {
                let message = "name either \"identifiers\" or \"rules\"";
                let problem = Problem::new(Code::BadRequest, Pointer::root(), message);
                Ok(EntitiesDeletePayload::refused(vec![ProblemObject::from(problem)]))
            }
        }
    }
}
