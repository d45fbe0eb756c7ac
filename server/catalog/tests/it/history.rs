//! What the log of versions keeps: past states, and who set which value.

use std::collections::BTreeMap;

use portolan_catalog::{Actor, Change, Deletion, OpContext, Role, WriteMode, WriteOptions};
use portolan_schema::EntityState;
use portolan_store::testing::on_each_engine;
use serde_json::json;

use crate::support::{Fixture, change};

#[tokio::test]
async fn past_states_can_be_read_from_the_log() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let model = fixture.catalog.model(&fixture.ctx).await.unwrap();
        let service = model.get("service").unwrap().no();
        let mut moments: Vec<(i64, BTreeMap<String, EntityState>)> = Vec::new();
        for round in 0..10_usize {
            let changes = (0..6)
                .filter(|number| (number + round) % 3 != 0)
                .map(|number| {
                    let depends: Vec<String> =
                        if round % 2 == 0 { vec![format!("s{}", (number + 1) % 6)] } else { vec![] };
                    change(
                        WriteMode::Merge,
                        &json!({"blueprint": "service", "identifier": format!("s{number}"), "title": format!("Round {round}"),
                            "properties": {"openIssues": round * number}, "relations": {"dependsOn": depends}}),
                    )
                })
                .collect();
            let options = WriteOptions { create_missing: true, ..WriteOptions::default() };
            fixture.catalog.write(&fixture.ctx, changes, &options).await.unwrap();
            if round % 3 == 2 {
                let deletion = Deletion {
                    blueprint: "service".into(),
                    identifier: format!("s{}", round % 6),
                    dependents: true,
                    if_revision: None,
                };
                drop(fixture.catalog.write_one(&fixture.ctx, Change::Delete(deletion), &options).await);
            }
            let present = fixture.list("service", portolan_schema::Filter::always()).await.nodes;
            let present =
                present.into_iter().map(|node| (node.entity.state.identifier.clone(), node.entity.state)).collect();
            let (seq, _) = fixture.catalog.states_at(&fixture.ctx, service, None).await.unwrap();
            moments.push((seq, present));
        }
        for (seq, expected) in moments {
            let (_, found) = fixture.catalog.states_at(&fixture.ctx, service, Some(seq)).await.unwrap();
            assert_eq!(found, expected, "after {seq}");
        }
    })
    .await;
}

#[tokio::test]
async fn each_value_knows_who_set_it_last() {
    on_each_engine(|store| async move {
        let fixture = Fixture::new(store).await;
        let other = OpContext::verified(
            fixture.ctx.tenant(),
            Actor::Account("a@acme.example".into()),
            Role::Member,
            "test",
            Some("portal".into()),
        );
        let write = async |ctx: &OpContext, entity| {
            let change = change(WriteMode::Merge, &entity);
            fixture.catalog.write_one(ctx, change, &WriteOptions::default()).await.unwrap().entity
        };
        write(&fixture.ctx, json!({"blueprint": "system", "identifier": "m"})).await;
        write(&fixture.ctx, json!({"blueprint": "service", "identifier": "a", "properties": {"tier": "gold", "openIssues": 1, "live": true}})).await;
        write(&other, json!({"blueprint": "service", "identifier": "a", "properties": {"openIssues": 2}, "relations": {"system": "m"}})).await;
        let entity = write(&fixture.ctx, json!({"blueprint": "service", "identifier": "a", "properties": {"live": null}})).await;
        let origins = fixture.catalog.origins(&fixture.ctx, &[entity.id]).await.unwrap().remove(&entity.id).unwrap();
        let by = |name: &str| origins.get(name).map(|origin| (origin.actor.as_str(), origin.origin.as_deref()));
        assert_eq!(by("tier"), Some(("tester", None)));
        assert_eq!(by("openIssues"), Some(("a@acme.example", Some("portal"))));
        assert_eq!(by("system"), Some(("a@acme.example", Some("portal"))));
        assert_eq!(by("live"), Some(("tester", None)));
        assert!(origins["live"].seq > origins["openIssues"].seq && origins["openIssues"].seq > origins["tier"].seq);
        assert_eq!(by("dependsOn"), None);
    })
    .await;
}
