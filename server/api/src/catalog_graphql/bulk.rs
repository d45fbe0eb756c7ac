//! `bulkUpsertServices`: up to 1,000 entities in one transaction, with a result each.

use std::collections::HashMap;
use std::sync::Arc;

use async_graphql::Value;
use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder,
    TypeRef,
};
use portolan_catalog::query::{EntityNode, EntityQuery, Page};
use portolan_catalog::{Kind, MAX_CHANGES, Outcome, WriteMode, WriteOptions};
use portolan_schema::{Code, Error, Field as FilterField, Filter, Meta, Pointer, Problem, Result, Scalar};

use super::fields::{EntityFields, Index, shows_computed};
use super::mutations::{self, Payload};
use super::resolve::Request;
use crate::graphql::arguments::items;
use crate::graphql::refusal::refuse;

struct BulkPayload {
    results: Vec<Payload>,
    /// What is wrong with the list as a whole.
    errors: Vec<Problem>,
}

/// `EntityOnError`.
pub fn on_error() -> Enum {
    Enum::new("EntityOnError")
        .description("What to do with the good items of a list where others fail.")
        .item(EnumItem::new("SKIP").description("Write them."))
        .item(EnumItem::new("ABORT").description("Write nothing."))
}

/// Adds the payload type of one blueprint, and its field to the mutation type.
pub fn add(
    builder: SchemaBuilder,
    mutation: Object,
    index: &Arc<Index>,
    fields: &Arc<EntityFields>,
) -> (SchemaBuilder, Object) {
    let name = &fields.type_name;
    let mut payload = Object::new(format!("{name}BulkPayload"))
        .field(Field::new("results", TypeRef::named_nn_list_nn(format!("{name}Payload")), |ctx| {
            let results = parent(&ctx).map(|payload| payload.results.iter());
            FieldFuture::Value(
                results.map(|results| FieldValue::list(results.map(|one| FieldValue::borrowed_any(one)))),
            )
        }))
        .field(Field::new("errors", TypeRef::named_nn_list_nn("EntityProblem"), |ctx| {
            let errors = parent(&ctx).map(|payload| payload.errors.iter());
            FieldFuture::Value(
                errors.map(|errors| FieldValue::list(errors.map(|one| FieldValue::borrowed_any(one)))),
            )
        }));
    type Counted = fn(&Payload) -> bool;
    let counts: [(&str, Counted); 4] = [
        ("created", |one| one.created),
        ("updated", |one| one.changed && !one.created),
        ("unchanged", |one| !one.changed && one.errors.is_empty()),
        ("failed", |one| !one.errors.is_empty()),
    ];
    for (count, counts) in counts {
        payload = payload.field(Field::new(count, TypeRef::named_nn(TypeRef::INT), move |ctx| {
            let number = parent(&ctx).map(|payload| payload.results.iter().filter(|one| counts(one)).count());
            FieldFuture::from_value(number.map(Value::from))
        }));
    }
    let boolean = |name: &str, default: bool| {
        InputValue::new(name, TypeRef::named_nn(TypeRef::BOOLEAN)).default_value(default)
    };
    let (index, own) = (index.clone(), fields.clone());
    let answer = TypeRef::named_nn(format!("{name}BulkPayload"));
    let field = Field::new(&fields.roots.bulk_upsert, answer, move |ctx| {
        let (index, fields) = (index.clone(), own.clone());
        FieldFuture::new(async move {
            let payload = run(&ctx, &index, &fields).await.map_err(refuse)?;
            Ok(Some(FieldValue::owned_any(payload)))
        })
    })
    .argument(InputValue::new("input", TypeRef::named_nn_list_nn(format!("{name}Input"))))
    .argument(boolean("merge", true))
    .argument(boolean("createMissingRelations", false))
    .argument(boolean("dryRun", false))
    .argument(
        InputValue::new("onError", TypeRef::named_nn("EntityOnError"))
            .default_value(Value::Enum(async_graphql::Name::new("ABORT"))),
    )
    .description(format!(
        "Up to {MAX_CHANGES} in one transaction, with a result each. Where one fails nothing is written, unless \
         `onError` is `SKIP`."
    ));
    (builder.register(payload), mutation.field(field))
}

fn parent<'a>(ctx: &ResolverContext<'a>) -> Option<&'a BulkPayload> {
    ctx.parent_value.try_downcast_ref().ok()
}

async fn run(ctx: &ResolverContext<'_>, index: &Index, fields: &EntityFields) -> Result<BulkPayload> {
    let request = Request::of(ctx)?;
    let on = |name: &str| ctx.args.get(name).is_some_and(|value| value.boolean().unwrap_or(false));
    let skip =
        ctx.args.get("onError").is_some_and(|value| value.enum_name().is_ok_and(|name| name == "SKIP"));
    let mode = if on("merge") { WriteMode::Merge } else { WriteMode::Replace };
    let field = ctx.ctx.field();
    let results = field.selection_set().filter(|field| field.name() == "results");
    let wanted: Vec<_> = results
        .flat_map(|field| field.selection_set().collect::<Vec<_>>())
        .filter(|field| field.name() == fields.roots.one)
        .collect();
    let related = mutations::related(index, fields, &wanted)?;
    let computed = shows_computed(fields, &wanted);
    let dry_run = on("dryRun");
    let options = WriteOptions {
        dry_run,
        create_missing: on("createMissingRelations"),
        atomic: !skip,
        computed,
        reads: related.iter().filter(|_| dry_run).cloned().collect(),
        ..WriteOptions::default()
    };
    let path = Pointer::root().key("input");
    let input = ctx.args.get("input").map(|value| value.as_value().clone());
    let input = items(input.as_ref());
    if input.len() > MAX_CHANGES {
        let over = Problem::over(Code::TooManyItems, path, "the list is too long", MAX_CHANGES, input.len());
        return Ok(BulkPayload { results: Vec::new(), errors: vec![over] });
    }
    let writes = input.iter().map(|one| Ok(mutations::read(fields, Some(one.clone())))).collect();
    let outcomes = request.catalog.write_all(&request.ctx, mode, writes, &options).await?;
    let read = match related {
        Some(query) if !dry_run => reread(request, query, &outcomes).await?,
        _ => HashMap::new(),
    };
    let mut results = Vec::with_capacity(outcomes.len());
    for (at, outcome) in outcomes.into_iter().enumerate() {
        results.push(match outcome {
            Ok(outcome) => Payload {
                created: outcome.kind == Kind::Created,
                changed: outcome.kind != Kind::Unchanged,
                entity: read.get(&outcome.entity.id).cloned().or_else(|| Some(mutations::bare(&outcome))),
                errors: Vec::new(),
            },
            Err(Error::Problems(problems)) => {
                Payload::failed(mutations::located(fields, problems, &path.index(at)))
            }
            Err(fault) => return Err(fault),
        });
    }
    Ok(BulkPayload { results, errors: Vec::new() })
}

/// Reads what the payload's selection asks of related entities: one read for all.
async fn reread(
    request: &Request,
    query: EntityQuery,
    outcomes: &[Result<Outcome>],
) -> Result<HashMap<i64, EntityNode>> {
    let written = outcomes.iter().flatten().map(|outcome| outcome.entity.state.identifier.clone());
    let written: Vec<Scalar> = written.map(Scalar::Text).collect();
    if written.is_empty() {
        return Ok(HashMap::new());
    }
    let page = Page { limit: written.len(), ..Page::default() };
    let filter = Filter::In { field: FilterField::Meta(Meta::Identifier), values: written };
    let query = EntityQuery { filter, page, ..query };
    let page = request.catalog.list(&request.ctx, &request.model, &query).await?;
    Ok(page.nodes.into_iter().map(|node| (node.entity.id, node)).collect())
}
