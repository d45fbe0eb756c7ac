//! What a write came to.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use async_graphql::{Context, ID, SelectionField, SimpleObject};
use portolan_catalog::query::{EntityNode, EntityPage, EntityQuery};
use portolan_catalog::{Catalog, Kind, OpContext, Outcome};
use portolan_schema::{BlueprintNo, CatalogModel, Code, Error, Field, Filter, Meta, Result, Scalar};

use super::object::Entity;
use super::plan;
use crate::graphql::arguments::key;
use crate::graphql::refusal::refuse;
use crate::platform_graphql::problem::{ProblemObject, payload};

#[derive(SimpleObject)]
pub struct EntityPayload {
    entity: Option<Entity<'static>>,
    created: bool,
    /// False where the entity was already as it should be: nothing was written.
    changed: bool,
    errors: Vec<ProblemObject>,
}

/// One result each item, in order.
#[derive(SimpleObject)]
pub struct EntitiesPayload {
    results: Vec<EntityPayload>,
    created: u64,
    updated: u64,
    unchanged: u64,
    failed: u64,
    /// What is wrong with the request as a whole.
    errors: Vec<ProblemObject>,
}

/// The names of an entity.
#[derive(SimpleObject)]
pub struct EntityKey {
    blueprint: ID,
    identifier: ID,
}

#[derive(SimpleObject)]
pub struct EntityDeletePayload {
    /// All that went, dependents included.
    deleted: Vec<EntityKey>,
    errors: Vec<ProblemObject>,
}

#[derive(SimpleObject)]
pub struct EntitiesDeletePayload {
    /// All that went, dependents included.
    deleted: Vec<EntityKey>,
    /// How many match the rules and are still there: one call deletes at most 1,000 matches.
    remaining: u64,
    errors: Vec<ProblemObject>,
}

/// The results of a list of writes. Faults and missing rights are errors of the query.
///
/// `fields` answer entities. Where they ask for related ones, these are read: one read a blueprint.
pub async fn results(
    ctx: &Context<'_>,
    fields: &[SelectionField<'_>],
    dry_run: bool,
    outcomes: Vec<Result<Outcome>>,
) -> async_graphql::Result<Vec<EntityPayload>> {
    let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
    let model = catalog.model(who).await.map_err(refuse)?;
    let related = fields
        .iter()
        .flat_map(SelectionField::selection_set)
        .any(|field| matches!(field.name(), "related" | "relatedTo"));
    let read = match related && !dry_run {
        true => reread(catalog, who, &model, fields, &outcomes).await.map_err(refuse)?,
        false => HashMap::new(),
    };
    let mut shown = Vec::with_capacity(outcomes.len());
    for outcome in outcomes {
        let (outcome, errors) = payload(outcome)?;
        let kind = outcome.as_ref().map(|outcome| outcome.kind);
        let entity = outcome.map(|outcome| {
            let node = read.get(&outcome.entity.id).cloned().unwrap_or_else(|| bare(outcome, fields));
            Entity { node: Cow::Owned(node), model: model.clone() }
        });
        shown.push(EntityPayload {
            entity,
            created: kind == Some(Kind::Created),
            changed: kind.is_some_and(|kind| kind != Kind::Unchanged),
            errors,
        });
    }
    Ok(shown)
}

/// An entity as it was written, with what a dry run has read of related ones; nothing is related to one that is gone.
fn bare(outcome: Outcome, fields: &[SelectionField<'_>]) -> EntityNode {
    let Outcome { entity, mut related, graphs, .. } = outcome;
    for field in fields.iter().flat_map(SelectionField::selection_set) {
        if field.name() == "related" {
            let nothing = || EntityPage { total: Some(0), ..EntityPage::default() };
            related.entry(key(&field)).or_insert_with(nothing);
        }
    }
    EntityNode { entity, cursor: String::new(), related, graphs }
}

/// What the fields ask of written entities: whether computed values, and of what is related a read for each of these
/// blueprints.
///
/// # Errors
/// Where a selection does not fit a blueprint.
pub async fn asked(
    ctx: &Context<'_>,
    fields: &[SelectionField<'_>],
    blueprints: impl Iterator<Item = &str>,
) -> async_graphql::Result<(bool, Vec<EntityQuery>)> {
    let (catalog, who): (&Catalog, &OpContext) = (ctx.data()?, ctx.data()?);
    let model = catalog.model(who).await.map_err(refuse)?;
    let names = |wanted: &[&str]| {
        fields.iter().flat_map(SelectionField::selection_set).any(|field| wanted.contains(&field.name()))
    };
    let mut reads = Vec::new();
    if names(&["related", "relatedTo"]) {
        let named: BTreeSet<&str> = blueprints.collect();
        for blueprint in named.into_iter().filter_map(|name| model.get(name)) {
            reads.push(plan::found(&model, blueprint, Filter::always(), 1, fields).map_err(refuse)?);
        }
    }
    Ok((names(&["computed", "team"]), reads))
}

async fn reread(
    catalog: &Catalog,
    who: &OpContext,
    model: &CatalogModel,
    fields: &[SelectionField<'_>],
    outcomes: &[Result<Outcome>],
) -> Result<HashMap<i64, EntityNode>> {
    let mut written: HashMap<BlueprintNo, Vec<Scalar>> = HashMap::new();
    for outcome in outcomes.iter().flatten().filter(|outcome| outcome.kind != Kind::Deleted) {
        let identifier = Scalar::Text(outcome.entity.state.identifier.clone());
        written.entry(outcome.entity.blueprint).or_default().push(identifier);
    }
    let mut found = HashMap::new();
    for (blueprint, identifiers) in written {
        let blueprint = model.by_no(blueprint).ok_or_else(|| Error::internal("a blueprint is gone"))?;
        let limit = identifiers.len();
        let filter = Filter::In { field: Field::Meta(Meta::Identifier), values: identifiers };
        let query = plan::found(model, blueprint, filter, limit, fields)?;
        let page = catalog.list(who, model, &query).await?;
        found.extend(page.nodes.into_iter().map(|node| (node.entity.id, node)));
    }
    Ok(found)
}

impl EntitiesPayload {
    pub fn new(results: Vec<EntityPayload>) -> Self {
        let count = |is: &dyn Fn(&EntityPayload) -> bool| results.iter().filter(|one| is(one)).count() as u64;
        let fine = |one: &EntityPayload| one.errors.is_empty();
        Self {
            created: count(&|one| one.created),
            updated: count(&|one| fine(one) && one.changed && !one.created),
            unchanged: count(&|one| fine(one) && !one.changed),
            failed: count(&|one| !fine(one)),
            results,
            errors: Vec::new(),
        }
    }

    pub fn refused(errors: Vec<ProblemObject>) -> Self {
        Self { results: Vec::new(), created: 0, updated: 0, unchanged: 0, failed: 0, errors }
    }
}

fn keys(deleted: Vec<(String, String)>) -> impl Iterator<Item = EntityKey> {
    deleted.into_iter().map(|(blueprint, identifier)| EntityKey {
        blueprint: blueprint.into(),
        identifier: identifier.into(),
    })
}

impl EntityDeletePayload {
    pub fn new(result: Result<Outcome>) -> async_graphql::Result<Self> {
        let (outcome, errors) = payload(result)?;
        let deleted = outcome.map(|outcome| outcome.deleted).unwrap_or_default();
        Ok(Self { deleted: keys(deleted).collect(), errors })
    }
}

impl EntitiesDeletePayload {
    pub fn new(results: Vec<Result<Outcome>>, remaining: u64) -> async_graphql::Result<Self> {
        let mut shown = Self { deleted: Vec::new(), remaining, errors: Vec::new() };
        for result in results {
            // What was given up because of others is told by theirs.
            if result.as_ref().is_err_and(|error| error.code() == Code::Aborted) {
                continue;
            }
            let one = EntityDeletePayload::new(result)?;
            shown.deleted.extend(one.deleted);
            shown.errors.extend(one.errors);
        }
        Ok(shown)
    }

    pub fn refused(errors: Vec<ProblemObject>) -> Self {
        Self { deleted: Vec::new(), remaining: 0, errors }
    }
}
