//! Writing entities: `createX`, `updateX`, `upsertX`, `deleteX`.

use std::sync::Arc;

use async_graphql::dynamic::{
    Field, FieldFuture, FieldValue, InputValue, Object, ResolverContext, SchemaBuilder, TypeRef,
};
use async_graphql::{Name, SelectionField, Value};
use portolan_catalog::query::{EntityNode, EntityQuery};
use portolan_catalog::{
    Change, Deletion, EntityWrite, Kind, Outcome, RelationInput, WriteMode, WriteOptions,
};
use portolan_schema::filter::Direction;
use portolan_schema::names::RootFields;
use portolan_schema::{
    Code, Error, Field as FilterField, Filter, Meta, Pointer, Problem, Problems, Result, Scalar,
};

use super::fields::{EntityFields, Index, Member, RelationField};
use super::plan;
use super::resolve::Request;
use super::types;
use super::value_shape::Leaf;
use crate::graphql::refusal::refuse;

/// What a write came to.
pub(super) struct Payload {
    pub entity: Option<EntityNode>,
    pub created: bool,
    pub changed: bool,
    pub errors: Vec<Problem>,
}

impl Payload {
    pub fn failed(errors: Vec<Problem>) -> Self {
        Self { entity: None, created: false, changed: false, errors }
    }
}

pub fn own_relations(fields: &EntityFields) -> impl Iterator<Item = (&str, &RelationField)> {
    fields.relations().filter(|(_, relation)| relation.direction == Direction::Forward)
}

/// Adds the input and payload types of one blueprint, and its fields to the mutation type.
pub fn add(
    builder: SchemaBuilder,
    mutation: Object,
    index: &Arc<Index>,
    fields: &Arc<EntityFields>,
) -> (SchemaBuilder, Object) {
    let name = &fields.type_name;
    let RootFields { one, create, update, upsert, delete, .. } = &fields.roots;
    let payload = Object::new(format!("{name}Payload"))
        .field(Field::new(one, TypeRef::named(name), |ctx| {
            let payload: Option<&Payload> = ctx.parent_value.try_downcast_ref().ok();
            FieldFuture::Value(
                payload
                    .and_then(|payload| payload.entity.as_ref())
                    .map(|found| FieldValue::borrowed_any(found)),
            )
        }))
        .field(Field::new("created", TypeRef::named_nn(TypeRef::BOOLEAN), |ctx| {
            flag(&ctx, |payload| payload.created)
        }))
        .field(Field::new("changed", TypeRef::named_nn(TypeRef::BOOLEAN), |ctx| {
            flag(&ctx, |payload| payload.changed)
        }))
        .field(Field::new("errors", TypeRef::named_nn_list_nn("EntityProblem"), |ctx| {
            let payload: Option<&Payload> = ctx.parent_value.try_downcast_ref().ok();
            let errors = payload.map(|payload| {
                FieldValue::list(payload.errors.iter().map(|found| FieldValue::borrowed_any(found)))
            });
            FieldFuture::Value(errors)
        }));
    let builder = builder
        .register(types::input(index, fields, format!("{name}CreateInput"), true))
        .register(types::input(index, fields, format!("{name}Input"), false))
        .register(payload);
    let mut mutation = mutation;
    for (field, verb, input) in [
        (create, Verb::Create, "CreateInput"),
        (update, Verb::Update, "Input"),
        (upsert, Verb::Upsert, "Input"),
        (delete, Verb::Delete, ""),
    ] {
        let (index, fields) = (index.clone(), fields.clone());
        let mut found = Field::new(field, TypeRef::named_nn(format!("{name}Payload")), move |ctx| {
            let (index, fields) = (index.clone(), fields.clone());
            FieldFuture::new(async move {
                let payload = run(&ctx, &index, &fields, verb).await.map_err(refuse)?;
                Ok(Some(FieldValue::owned_any(payload)))
            })
        });
        let boolean = |name: &str, default: bool| {
            InputValue::new(name, TypeRef::named_nn(TypeRef::BOOLEAN)).default_value(default)
        };
        found = match verb {
            Verb::Delete => found
                .argument(InputValue::new("identifier", TypeRef::named_nn(TypeRef::ID)))
                .argument(boolean("deleteDependents", false)),
            _ => found
                .argument(InputValue::new("input", TypeRef::named_nn(format!("{name}{input}"))))
                .argument(boolean("createMissingRelations", false)),
        };
        if verb == Verb::Upsert {
            found = found.argument(boolean("merge", true));
        }
        found = found
            .argument(boolean("dryRun", false))
            .argument(InputValue::new("ifRevision", TypeRef::named(TypeRef::INT)));
        mutation = mutation.field(found);
    }
    (builder, mutation)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verb {
    Create,
    Update,
    Upsert,
    Delete,
}

fn flag<'a>(ctx: &ResolverContext<'a>, read: impl Fn(&Payload) -> bool) -> FieldFuture<'a> {
    let payload: Option<&Payload> = ctx.parent_value.try_downcast_ref().ok();
    FieldFuture::from_value(payload.map(|payload| Value::from(read(payload))))
}

async fn run(ctx: &ResolverContext<'_>, index: &Index, fields: &EntityFields, verb: Verb) -> Result<Payload> {
    let request = Request::of(ctx)?;
    let on = |name: &str| ctx.args.get(name).is_some_and(|value| value.boolean().unwrap_or(false));
    let if_revision = ctx.args.get("ifRevision").and_then(|value| value.i64().ok());
    let field = ctx.ctx.field();
    let wanted: Vec<_> = field.selection_set().filter(|field| field.name() == fields.roots.one).collect();
    let related = related(index, fields, &wanted)?;
    let dry_run = on("dryRun");
    let options = WriteOptions {
        dry_run,
        create_missing: on("createMissingRelations"),
        reads: related.iter().filter(|_| dry_run && verb != Verb::Delete).cloned().collect(),
        ..WriteOptions::default()
    };
    let change = if verb == Verb::Delete {
        let identifier = ctx.args.get("identifier").and_then(|value| value.string().ok().map(str::to_owned));
        Change::Delete(Deletion {
            blueprint: fields.identifier.clone(),
            identifier: identifier.unwrap_or_default(),
            dependents: on("deleteDependents"),
            if_revision,
        })
    } else {
        let mode = match (verb, on("merge")) {
            (Verb::Create, _) => WriteMode::Create,
            (Verb::Update, _) => WriteMode::Update,
            (_, true) => WriteMode::Merge,
            (_, false) => WriteMode::Replace,
        };
        let input = ctx.args.get("input").map(|value| value.as_value().clone());
        Change::Write(mode, Box::new(EntityWrite { if_revision, ..read(fields, input) }))
    };
    match request.catalog.write_one(&request.ctx, change, &options).await {
        Ok(outcome) => {
            let entity = match related {
                Some(query) if !dry_run && outcome.kind != Kind::Deleted => {
                    let identifier = Scalar::Text(outcome.entity.state.identifier.clone());
                    let filter = Filter::equal(FilterField::Meta(Meta::Identifier), identifier);
                    let query = EntityQuery { filter, ..query };
                    let page = request.catalog.list(&request.ctx, &request.model, &query).await?;
                    page.nodes.into_iter().next()
                }
                _ => Some(bare(&outcome)),
            };
            Ok(Payload {
                entity,
                created: outcome.kind == Kind::Created,
                changed: outcome.kind != Kind::Unchanged,
                errors: Vec::new(),
            })
        }
        // Rights and faults are not the input's: they are errors of the query.
        Err(error) if matches!(error, Error::Fault { .. }) || error.code() == Code::Forbidden => Err(error),
        Err(error) => {
            let errors = located(fields, error.public(), &Pointer::root().key("input"));
            Ok(Payload::failed(errors))
        }
    }
}

pub(super) fn bare(outcome: &Outcome) -> EntityNode {
    let (entity, related, graphs) = (outcome.entity.clone(), outcome.related.clone(), outcome.graphs.clone());
    EntityNode { entity, cursor: String::new(), related, graphs }
}

/// The read for what the payload's selection asks of related entities; None where it asks nothing of them.
pub(super) fn related(
    index: &Index,
    fields: &EntityFields,
    wanted: &[SelectionField<'_>],
) -> Result<Option<EntityQuery>> {
    match plan::goes_beyond(fields, wanted) {
        true => plan::one(index, fields, Filter::always(), wanted).map(Some),
        false => Ok(None),
    }
}

/// Reads an input object. Its types were checked against the schema.
pub(super) fn read(fields: &EntityFields, input: Option<Value>) -> EntityWrite {
    let mut write = EntityWrite { blueprint: fields.identifier.clone(), ..EntityWrite::default() };
    let Some(Value::Object(input)) = input else { return write };
    for (name, value) in input {
        match name.as_str() {
            "identifier" => write.identifier = text(&value),
            "title" => write.title = Some(text(&value)),
            "icon" => write.icon = Some(text(&value)),
            "team" => write.team = Some(texts(&value)),
            name => match fields.members.get(name) {
                Some(Member::Property(property)) => {
                    write.properties.insert(property.identifier.clone(), stored(&property.shape.leaf, value));
                }
                Some(Member::Relation(relation)) => {
                    let input = match &value {
                        Value::Null => RelationInput::Unset,
                        Value::List(_) => RelationInput::Many(texts(&value)),
                        one => text(one).map_or(RelationInput::Unset, RelationInput::One),
                    };
                    write.relations.insert(relation.identifier.clone(), input);
                }
                _ => {}
            },
        }
    }
    write
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

fn texts(value: &Value) -> Vec<String> {
    match value {
        Value::List(items) => items.iter().filter_map(text).collect(),
        one => text(one).into_iter().collect(),
    }
}

/// The JSON that is stored for an input value: an enum's name stands for its value.
fn stored(leaf: &Leaf, value: Value) -> serde_json::Value {
    match (leaf, value) {
        (_, Value::Null) => serde_json::Value::Null,
        (leaf, Value::List(items)) if !matches!(leaf, Leaf::Json) => {
            items.into_iter().map(|item| stored(leaf, item)).collect()
        }
        (Leaf::Enum(names), Value::Enum(name)) => original(names, &name),
        (Leaf::Enum(names), Value::String(name)) => original(names, &Name::new(name)),
        (_, value) => value.into_json().unwrap_or(serde_json::Value::Null),
    }
}

fn original(names: &super::value_shape::EnumNames, name: &Name) -> serde_json::Value {
    names.by_name.get(name.as_str()).cloned().unwrap_or(serde_json::Value::Null)
}

/// Paths as the caller sees them: below `outer`, by field name.
pub(super) fn located(fields: &EntityFields, problems: Problems, outer: &Pointer) -> Vec<Problem> {
    let name = |kind: &str, identifier: &str| {
        fields.members.iter().find_map(|(name, member)| {
            let found = match member {
                Member::Property(property) => kind == "properties" && property.identifier == identifier,
                Member::Relation(relation) => {
                    kind == "relations"
                        && relation.direction == Direction::Forward
                        && relation.identifier == identifier
                }
                Member::BuiltIn(_) => false,
            };
            found.then(|| name.clone())
        })
    };
    problems
        .into_iter()
        .map(|mut problem| {
            if problem.code == Code::Conflict {
                problem.path = Pointer::root().key("ifRevision");
                return problem;
            }
            let mut segments = problem.path.as_str().split('/').skip(1);
            let moved = match (segments.next(), segments.next()) {
                (Some(kind @ ("properties" | "relations")), Some(identifier)) => {
                    let identifier = identifier.replace("~1", "/").replace("~0", "~");
                    name(kind, &identifier).map(|name| {
                        let rest: String = segments.map(|segment| format!("/{segment}")).collect();
                        outer.key(&name).join(&Pointer::from_text(rest))
                    })
                }
                _ => None,
            };
            problem.path = moved.unwrap_or_else(|| outer.join(&problem.path));
            problem
        })
        .collect()
}
