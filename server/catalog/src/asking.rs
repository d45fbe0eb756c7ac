//! When and by whom something is asked: put into filters before they reach the store, which knows neither.

use std::borrow::Cow;

use portolan_schema::rules::Caller;
use portolan_schema::system::{TEAM, USER};
use portolan_schema::{BlueprintModel, CatalogModel, Filter, Instant, Meta, Result, Targets};
use portolan_store::entity::Entity;
use portolan_store::query::{EntityQuery, SearchQuery};
use portolan_store::{Actor, OpContext, TenantScope};
use serde_json::{Map, Value};

use crate::{Catalog, now, people};

/// Most entities that one rule may lead to through any number of relations. A bound of ours: all of them are gone through,
/// however few are shown.
const MAX_REACHED: usize = 50_000;

/// The point in time that a request is answered for.
pub(crate) fn asked_at(ctx: &OpContext) -> Instant {
    ctx.asked_at().unwrap_or_else(now)
}

/// Whether something has to be put in, or looked at, before the filter can be asked.
fn is_open(filter: &Filter) -> bool {
    filter.has(&|part| matches!(part, Filter::Chain { .. } | Filter::Contextual(_))) || filter.follows_clock()
}

/// Puts the time and the caller in.
///
/// # Errors
/// Problems of rules that refer to the caller; `QUERY_TOO_COSTLY` where relations lead to too many entities.
async fn settle(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    filters: Vec<&mut Filter>,
) -> Result<()> {
    let caller = match filters.iter().any(|filter| filter.is_contextual()) {
        true => caller(scope, ctx, model).await?,
        false => Caller::default(),
    };
    let now = asked_at(ctx);
    for filter in filters {
        *filter = filter.for_caller(model, &caller, now)?.at(now);
        scope.check_chains(model, filter, MAX_REACHED).await?;
    }
    Ok(())
}

/// A filter with everything put in.
///
/// # Errors
/// Problems of rules that refer to the caller; `QUERY_TOO_COSTLY` where relations lead to too many entities.
pub(crate) async fn settled<'f>(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    filter: &'f Filter,
) -> Result<Cow<'f, Filter>> {
    if !is_open(filter) {
        return Ok(Cow::Borrowed(filter));
    }
    let mut filter = filter.clone();
    settle(scope, ctx, model, vec![&mut filter]).await?;
    Ok(Cow::Owned(filter))
}

/// The same for a query with all that it asks for through relations.
pub(crate) async fn settled_query<'q>(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    query: &'q EntityQuery,
) -> Result<Cow<'q, EntityQuery>> {
    if !query_is_open(query) {
        return Ok(Cow::Borrowed(query));
    }
    let mut query = query.clone();
    settle(scope, ctx, model, query.filters_mut()).await?;
    Ok(Cow::Owned(query))
}

/// The same for a search.
pub(crate) async fn settled_search<'q>(
    scope: &TenantScope,
    ctx: &OpContext,
    model: &CatalogModel,
    query: &'q SearchQuery,
) -> Result<Cow<'q, SearchQuery>> {
    if !query.filters().into_iter().any(is_open) {
        return Ok(Cow::Borrowed(query));
    }
    let mut query = query.clone();
    settle(scope, ctx, model, query.filters_mut()).await?;
    Ok(Cow::Owned(query))
}

pub(crate) fn query_is_open(query: &EntityQuery) -> bool {
    query.filters().into_iter().any(is_open)
}

impl Catalog {
    /// The filter with the caller put in. Relative dates stay open, for whoever asks again and again.
    ///
    /// # Errors
    /// Problems of rules that refer to the caller.
    pub async fn for_caller(&self, ctx: &OpContext, model: &CatalogModel, filter: Filter) -> Result<Filter> {
        if !filter.is_contextual() {
            return Ok(filter);
        }
        let scope = self.store.read(ctx.tenant()).await?;
        let caller = caller(&scope, ctx, model).await?;
        Ok(filter.for_caller(model, &caller, asked_at(ctx))?)
    }
}

/// What rules know of who asks: the entity of the blueprint `_user` by the caller's e-mail, and the teams that it names,
/// in `$team` and by its relations to `_team`, and those that have the person as a member. A machine is nobody.
async fn caller(scope: &TenantScope, ctx: &OpContext, model: &CatalogModel) -> Result<Caller> {
    let Actor::Account(email) = ctx.actor() else { return Ok(Caller::default()) };
    let identified = |identifier: &str| Map::from_iter([("$identifier".to_owned(), Value::from(identifier))]);
    let unknown = Caller { user: identified(email), teams: Vec::new() };
    let Some(blueprint) = model.get(USER) else { return Ok(unknown) };
    let mut found = scope.entities_by_identifier(model, blueprint.no(), &[email]).await?;
    let Some(mut entity) = found.remove(email) else { return Ok(unknown) };
    scope.fill_relations(model, &mut [&mut entity]).await?;
    let mut names = teams_of(blueprint, &entity);
    let team = model.get(TEAM);
    let relations = blueprint.relations.iter().filter(|one| team.is_some_and(|team| one.target == team.no()));
    for relation in relations {
        let targets = entity.state.relations.get(&relation.relation.identifier);
        names.extend(targets.into_iter().flat_map(Targets::identifiers).map(str::to_owned));
    }
    names.extend(people::teams_of(scope, model, entity.id).await?);
    names.sort_unstable();
    names.dedup();
    let mut known = match team {
        Some(team) => {
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            scope.entities_by_identifier(model, team.no(), &names).await?
        }
        None => Default::default(),
    };
    let teams = names.iter().map(|name| match (team, known.remove(name)) {
        (Some(team), Some(entity)) => values(team, &entity),
        _ => identified(name),
    });
    let teams = teams.collect();
    Ok(Caller { user: values(blueprint, &entity), teams })
}

fn teams_of(blueprint: &BlueprintModel, entity: &Entity) -> Vec<String> {
    let Some(owner) = blueprint.owner() else { return entity.state.team.clone() };
    let inherited = entity.computed.get(owner.no()).and_then(Value::as_array);
    inherited.into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

/// All values of an entity by the names that rules use.
fn values(blueprint: &BlueprintModel, entity: &Entity) -> Map<String, Value> {
    let state = &entity.state;
    let mut values = state.properties.clone();
    for computed in blueprint.computed.iter().filter(|one| !one.is_owner) {
        if let Some(value) = entity.computed.get(computed.no()) {
            values.insert(computed.property.property.identifier.clone(), value.clone());
        }
    }
    for (meta, name) in Meta::ALL {
        let value = match meta {
            Meta::Identifier => state.identifier.clone().into(),
            Meta::Title => state.title.clone().into(),
            Meta::Icon => state.icon.clone().into(),
            Meta::Team => teams_of(blueprint, entity).into(),
            Meta::Blueprint => blueprint.identifier().into(),
            Meta::CreatedAt => entity.created_at.to_rfc3339().into(),
            Meta::CreatedBy => entity.created_by.clone().into(),
            Meta::UpdatedAt => entity.updated_at.to_rfc3339().into(),
            Meta::UpdatedBy => entity.updated_by.clone().into(),
            Meta::Datasource => entity.datasource.clone().into(),
        };
        values.insert((*name).to_owned(), value);
    }
    values
}
