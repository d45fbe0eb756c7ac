//! Changes that concern many entities: prepared while reads and writes go on, made at once, taken over by another server.

use portolan_catalog::{Catalog, Change, EntityWrite, WriteMode, WriteOptions};
use portolan_schema::{Field, Filter, Instant, Scalar};
use portolan_store::testing::{count_rows, on_each_engine};
use serde_json::{Value, json};

use crate::support::Fixture;

const MANY: usize = 1_600;

impl Fixture {
    async fn with_many(store: portolan_store::Store) -> Self {
        let fixture = Self::empty(store).await;
        let blueprint = definition(json!({"type": "string"}));
        fixture.catalog.create_blueprint(&fixture.ctx, &blueprint).await.unwrap();
        let numbers: Vec<usize> = (0..MANY).collect();
        for part in numbers.chunks(800) {
            let changes = part.iter().map(|number| write(&format!("e{number}"), &day(number % 20))).collect();
            let results =
                fixture.catalog.write(&fixture.ctx, changes, &WriteOptions::default()).await.unwrap();
            assert!(results.iter().all(Result::is_ok));
        }
        fixture
    }

    async fn day_has(&self, number: usize) -> Option<u64> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let thing = model.get("thing").unwrap();
        let property = thing.property("day").unwrap();
        let field = Field::Property(property.no);
        let is_date = property.property.column() == Some(portolan_schema::property::Column::Instant);
        let value = match is_date {
            true => Scalar::Instant(Instant::parse(&day(number)).unwrap()),
            false => Scalar::Text(day(number)),
        };
        self.catalog.count(&self.ctx, &model, thing.no(), &Filter::equal(field, value)).await.ok()
    }
}

fn definition(day: Value) -> Value {
    json!({"identifier": "thing", "title": "Thing", "schema": {"properties": {"day": day}}})
}

fn day(number: usize) -> String {
    format!("2026-01-{:02}T00:00:00Z", number + 1)
}

fn write(identifier: &str, day: &str) -> Change {
    let body = json!({"identifier": identifier, "properties": {"day": day}});
    Change::Write(WriteMode::Merge, Box::new(EntityWrite::from_json("thing", &body).unwrap()))
}

#[tokio::test]
async fn a_change_of_many_entities_lets_reads_and_writes_go_on_and_is_seen_at_once() {
    on_each_engine(|store| async move {
        let fixture = Fixture::with_many(store.clone()).await;
        let (catalog, ctx) = (fixture.catalog.clone(), fixture.ctx.clone());
        let changing = tokio::spawn(async move {
            let dates = definition(json!({"type": "string", "format": "date-time"}));
            catalog.update_blueprint(&ctx, "thing", &dates, false, None).await
        });
        // Day 3 is not written meanwhile: whoever reads finds all of it, by the old or by the new model.
        let mut number = 0;
        while !changing.is_finished() {
            assert_eq!(fixture.day_has(3).await, Some(80));
            let (name, text) =
                (format!("w{number}"), if number % 2 == 0 { "no date".into() } else { day(7) });
            // By the new model the text is refused.
            drop(
                fixture.catalog.write_one(&fixture.ctx, write(&name, &text), &WriteOptions::default()).await,
            );
            number += 1;
        }
        changing.await.unwrap().unwrap();
        assert_eq!(fixture.day_has(3).await, Some(80));
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let thing = model.get("thing").unwrap();
        let total = fixture.catalog.count_entities(&fixture.ctx, thing.no()).await.unwrap();
        // What was written meanwhile is in the index as well, or is a misfit.
        let misfits = fixture.catalog.misfits(&fixture.ctx, "thing", None, 10_000).await.unwrap();
        assert!(misfits.nodes.iter().all(|one| one.entity.state.properties["day"] == "no date"));
        let null = Filter::IsNull { field: Field::Property(thing.property("day").unwrap().no) };
        let without = fixture.catalog.count(&fixture.ctx, &model, thing.no(), &null).await.unwrap();
        assert_eq!((without, misfits.total), (misfits.nodes.len() as u64, without));
        let mut dated = 0;
        for number in 0..20 {
            dated += fixture.day_has(number).await.unwrap();
        }
        assert_eq!(dated + without, total);
        fixture.catalog.sweep_now(&fixture.ctx).await.unwrap();
        assert_eq!(count_rows(&store, fixture.ctx.tenant(), "entity_values").await as u64, dated);
        assert_eq!(count_rows(&store, fixture.ctx.tenant(), "pending_changes").await, 0);
    })
    .await;
}

#[tokio::test]
async fn a_change_is_finished_by_whoever_finds_it() {
    on_each_engine(|store| async move {
        let fixture = Fixture::with_many(store.clone()).await;
        let (catalog, ctx) = (fixture.catalog.clone(), fixture.ctx.clone());
        let changing = tokio::spawn(async move {
            let strict = definition(json!({"type": "string", "enum": [day(0), day(1)]}));
            catalog.update_blueprint(&ctx, "thing", &strict, false, None).await
        });
        while count_rows(&store, fixture.ctx.tenant(), "pending_changes").await == 0
            && !changing.is_finished()
        {
            tokio::task::yield_now().await;
        }
        // Another server, as after the end of this one: the first cannot write any more.
        let other = Catalog::new(store.clone(), None);
        other.settle_change(&fixture.ctx).await.unwrap();
        drop(changing.await.unwrap());
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        assert_eq!(model.revision(), 2);
        let no = model.get("thing").unwrap().no();
        let expected = MANY as u64 - 160;
        assert_eq!(fixture.catalog.count_misfits(&fixture.ctx, no).await.unwrap(), expected);
        fixture.catalog.sweep_now(&fixture.ctx).await.unwrap();
        assert_eq!(count_rows(&store, fixture.ctx.tenant(), "invalid_entities").await as u64, expected);
        // The next change is not kept waiting.
        fixture.catalog.rename_property(&fixture.ctx, "thing", "day", "date").await.unwrap();
    })
    .await;
}
