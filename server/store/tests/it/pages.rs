//! Keyset pages, concatenated, are the whole sorted list: any order, any page size, forwards and backwards, with a filter
//! and without; and an offset skips as many rows as it says.

use std::cmp::Ordering;

use portolan_schema::rules::{Record, matches};
use portolan_schema::{BlueprintModel, Field, Filter, Meta};
use portolan_store::query::{EntityPage, EntityQuery, NodeQuery, Order, Page};
use portolan_store::testing::walk_only;
use portolan_store::{Store, TenantId};
use proptest::test_runner::TestCaseError;
use serde_json::Value;

use crate::filters;
use crate::law::on_random_catalogs;
use crate::tape::Tape;
use crate::world::Catalog;

const CATALOGS: u32 = 16;
/// Orders asked of each blueprint.
const ORDERS: usize = 6;

#[test]
fn pages_are_the_whole_list_in_its_order() {
    on_random_catalogs(CATALOGS, 3_000, |store, tenant, catalog, tape| {
        Box::pin(async move {
            for blueprint in catalog.model.blueprints() {
                for _ in 0..ORDERS {
                    walk_only(store, tape.once_in(2));
                    check(store, tenant, catalog, blueprint, tape).await?;
                }
            }
            Ok(())
        })
    });
}

async fn check(
    store: &Store,
    tenant: TenantId,
    catalog: &Catalog,
    blueprint: &BlueprintModel,
    tape: &mut Tape,
) -> Result<(), TestCaseError> {
    let order = order(tape, blueprint);
    let filter =
        if tape.once_in(2) { Filter::always() } else { filters::filter(tape, &catalog.model, blueprint, 1) };
    let mut expected: Vec<Record<'_>> =
        catalog.of(blueprint.no()).filter(|entity| matches(catalog, entity, &filter)).collect();
    expected.sort_by(|a, b| compare(&order, a, b));
    let expected: Vec<i64> = expected.iter().map(|entity| entity.id).collect();
    let lists = Lists { store, tenant, catalog, blueprint, order: &order, filter: &filter };

    let size = 1 + tape.below(4);
    let (mut forwards, mut after) = (Vec::new(), None);
    loop {
        let page = lists.page(Page { limit: size, after: after.take(), ..Page::default() }).await?;
        forwards.extend(page.nodes.iter().map(|node| node.entity.id));
        if !page.has_next || forwards.len() > expected.len() {
            break;
        }
        after = page.nodes.last().map(|node| node.cursor.clone());
    }
    lists.same("forwards", &forwards, &expected)?;

    let (mut backwards, mut before) = (Vec::new(), None);
    loop {
        let wanted = Page { limit: size, before: before.take(), from_end: true, ..Page::default() };
        let page = lists.page(wanted).await?;
        let mut ids: Vec<i64> = page.nodes.iter().map(|node| node.entity.id).collect();
        ids.append(&mut backwards);
        backwards = ids;
        if !page.has_previous || backwards.len() > expected.len() {
            break;
        }
        before = page.nodes.first().map(|node| node.cursor.clone());
    }
    lists.same("backwards", &backwards, &expected)?;

    let offset = tape.below(12);
    let page = lists.page(Page { limit: size, offset, ..Page::default() }).await?;
    let found: Vec<i64> = page.nodes.iter().map(|node| node.entity.id).collect();
    let window: Vec<i64> = expected.iter().skip(offset).take(size).copied().collect();
    lists.same("by offset", &found, &window)
}

struct Lists<'a> {
    store: &'a Store,
    tenant: TenantId,
    catalog: &'a Catalog,
    blueprint: &'a BlueprintModel,
    order: &'a [Order],
    filter: &'a Filter,
}

impl Lists<'_> {
    async fn page(&self, page: Page) -> Result<EntityPage, TestCaseError> {
        let query = EntityQuery {
            blueprint: self.blueprint.no(),
            filter: self.filter.clone(),
            order: self.order.to_vec(),
            page,
            count: false,
            nodes: NodeQuery::default(),
        };
        let scope = self.store.read(self.tenant).await.unwrap();
        let found = scope.list(&self.catalog.model, &query).await;
        found.map_err(|error| TestCaseError::fail(format!("{error:?} for {query:?}")))
    }

    fn same(&self, what: &str, found: &[i64], expected: &[i64]) -> Result<(), TestCaseError> {
        if found == expected {
            return Ok(());
        }
        let engine = self.store.backend();
        let Self { order, filter, .. } = self;
        let message = format!("{engine:?} {what}, {order:?}, {filter:?}: {found:?} instead of {expected:?}");
        Err(TestCaseError::fail(message))
    }
}

fn order(tape: &mut Tape, blueprint: &BlueprintModel) -> Vec<Order> {
    let sortable = |meta: &Meta| !matches!(meta, Meta::Team | Meta::Blueprint);
    let fields: Vec<Field> = blueprint
        .properties
        .iter()
        .filter(|property| property.property.column().is_some())
        .map(|property| Field::Property(property.no))
        .chain(Meta::ALL.iter().map(|(meta, _)| *meta).filter(sortable).map(Field::Meta))
        .collect();
    let keys = tape.below(4);
    (0..keys).map(|_| Order { field: *tape.pick(&fields), descending: tape.once_in(2) }).collect()
}

/// The order as documented: nulls last; ties by id in the direction of the last key, except that rows without a value
/// for an only key are ordered by identifier.
fn compare(order: &[Order], a: &Record<'_>, b: &Record<'_>) -> Ordering {
    let by_identifier = || a.state.identifier.cmp(&b.state.identifier);
    for order in order {
        let found = match (key(a, order.field), key(b, order.field)) {
            (None, None) => Ordering::Equal,
            (None, Some(_)) => Ordering::Greater,
            (Some(_), None) => Ordering::Less,
            (Some(a), Some(b)) if order.descending => b.partial_cmp(&a).unwrap(),
            (Some(a), Some(b)) => a.partial_cmp(&b).unwrap(),
        };
        if found.is_ne() {
            return found;
        }
    }
    match order {
        [] => by_identifier(),
        [only] if key(a, only.field).is_none() => by_identifier(),
        [.., last] if last.descending => b.id.cmp(&a.id),
        _ => a.id.cmp(&b.id),
    }
}

#[derive(Debug, PartialEq, PartialOrd)]
enum Sorted {
    Number(f64),
    Instant(i64),
    Text(String),
}

/// What an entity is sorted by: of a list its first item, of a text its first 256 bytes.
fn key(entity: &Record<'_>, field: Field) -> Option<Sorted> {
    use portolan_schema::property::Column;
    let text = |text: &str| {
        let end = text.floor_char_boundary(256);
        Some(Sorted::Text(text[..end].to_owned()))
    };
    let whole = |text: &str| Some(Sorted::Text(text.to_owned()));
    match field {
        Field::Meta(Meta::Identifier) => whole(&entity.state.identifier),
        Field::Meta(Meta::Title) => entity.state.title.as_deref().and_then(whole),
        Field::Meta(Meta::Icon) => entity.state.icon.as_deref().and_then(whole),
        Field::Meta(Meta::Datasource) => entity.datasource.and_then(whole),
        Field::Meta(Meta::CreatedAt) => Some(Sorted::Instant(entity.stamps.created_at.0)),
        Field::Meta(Meta::UpdatedAt) => Some(Sorted::Instant(entity.stamps.updated_at.0)),
        Field::Meta(Meta::CreatedBy) => whole(&entity.stamps.created_by),
        Field::Meta(Meta::UpdatedBy) => whole(&entity.stamps.updated_by),
        Field::Meta(Meta::Team | Meta::Blueprint) => None,
        Field::Property(no) => {
            let property = &entity.blueprint.property_by_no(no)?.property;
            let value = match entity.state.properties.get(&property.identifier)? {
                Value::Array(items) if property.value_type.is_list() => items.first()?,
                other => other,
            };
            match (property.column()?, value) {
                (Column::Text, Value::String(value)) => text(value),
                (Column::Text, Value::Number(value)) => text(&value.to_string()),
                (Column::Number, Value::Number(value)) => value.as_f64().map(Sorted::Number),
                (Column::Boolean, Value::Bool(flag)) => Some(Sorted::Number(f64::from(u8::from(*flag)))),
                (Column::Instant, Value::String(value)) => {
                    portolan_schema::Instant::parse(value).map(|at| Sorted::Instant(at.0))
                }
                _ => None,
            }
        }
    }
}
