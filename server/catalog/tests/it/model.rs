//! Changes of the model, and what they leave of the entities.

use portolan_catalog::WriteMode;
use portolan_schema::{Code, Error, Field, Filter, Scalar};
use portolan_store::testing::{count_rows, on_each_engine};
use serde_json::{Value, json};

use crate::support::Fixture;

impl Fixture {
    /// Three services of two systems, with deployments.
    async fn filled(store: portolan_store::Store) -> Self {
        let fixture = Self::new(store).await;
        fixture.upsert(json!({"blueprint": "system", "identifier": "shop"})).await;
        for (name, tier, issues) in [("a", "gold", 1), ("b", "silver", 2), ("c", "gold", 3)] {
            let properties =
                json!({"tier": tier, "openIssues": issues, "readme": format!("# {name}"), "extra": {"x": 1}});
            fixture
                .upsert(json!({"blueprint": "service", "identifier": name, "properties": properties,
                    "relations": {"system": "shop"}}))
                .await;
        }
        fixture
            .upsert(json!({"blueprint": "service", "identifier": "c", "relations": {"dependsOn": ["a"]}}))
            .await;
        fixture
    }

    async fn state(&self, blueprint: &str, identifier: &str) -> Value {
        let page = self.list(blueprint, Filter::always()).await;
        let node = page.nodes.iter().find(|node| node.entity.state.identifier == identifier).unwrap();
        serde_json::to_value(&node.entity.state).unwrap()
    }

    async fn field(&self, blueprint: &str, property: &str) -> Field {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        Field::Property(model.get(blueprint).unwrap().property(property).unwrap().no)
    }

    async fn patch(&self, blueprint: &str, definition: Value) -> portolan_schema::Result<()> {
        self.catalog.update_blueprint(&self.ctx, blueprint, &definition, true, None).await.map(drop)
    }

    /// Changes one property's definition; null takes it away.
    async fn set_property(&self, name: &str, definition: Value) -> portolan_schema::Result<()> {
        let model = self.catalog.model(&self.ctx).await.unwrap();
        let mut schema = model.get("service").unwrap().blueprint().definition["schema"].clone();
        let properties = schema["properties"].as_object_mut().unwrap();
        if definition.is_null() {
            properties.shift_remove(name);
        } else {
            properties.insert(name.into(), definition);
        }
        self.patch("service", json!({"schema": schema})).await
    }
}

pub fn shown(error: Error) -> Vec<String> {
    let problems = error.public();
    problems.0.iter().map(|problem| format!("{} {}", problem.code, problem.path)).collect()
}

#[tokio::test]
async fn a_rename_carries_values_edges_and_names_along_and_touches_no_entity() {
    on_each_engine(|store| async move {
        let fixture = Fixture::filled(store).await;
        let (catalog, ctx) = (&fixture.catalog, &fixture.ctx);
        let old = catalog.model(ctx).await.unwrap();
        let before = fixture.list("service", Filter::always()).await;
        let names = old.get("service").unwrap().names().clone();
        catalog.rename_property(ctx, "service", "tier", "level").await.unwrap();
        catalog.rename_property(ctx, "service", "extra", "more").await.unwrap();
        catalog.rename_relation(ctx, "service", "system", "part").await.unwrap();
        catalog.rename_blueprint(ctx, "service", "app").await.unwrap();

        let state = fixture.state("app", "a").await;
        assert_eq!(
            state["properties"],
            json!({"level": "gold", "openIssues": 1, "readme": "# a", "more": {"x": 1}})
        );
        assert_eq!(state["relations"]["part"], "shop");
        let gold = Filter::equal(fixture.field("app", "level").await, Scalar::Text("gold".into()));
        assert_eq!(fixture.identifiers("app", gold.clone()).await, ["a", "c"]);
        let none = Filter::IsNull { field: fixture.field("app", "more").await };
        assert!(
            fixture.identifiers("app", none).await.is_empty(),
            "a value without rows is found in the JSON"
        );
        let after = fixture.list("app", Filter::always()).await;
        for (before, after) in before.nodes.iter().zip(&after.nodes) {
            assert_eq!(
                (before.entity.revision, before.entity.seq, before.entity.updated_at),
                (after.entity.revision, after.entity.seq, after.entity.updated_at)
            );
        }
        let model = catalog.model(ctx).await.unwrap();
        let app = model.get("app").unwrap().names();
        assert_eq!((&app.type_name, &app.plural), (&names.type_name, &names.plural));
        assert_eq!(app.fields["level"], names.fields["tier"]);
        let inverse = &model.get("system").unwrap().names().inverses;
        assert_eq!(inverse["app.part"], old.get("system").unwrap().names().inverses["service.system"]);
        let deployment = &model.get("deployment").unwrap().blueprint().relations["service"];
        assert_eq!(deployment.target, "app");

        // Who asks by the old model sees the old names, also of what was written since.
        fixture
            .upsert(json!({"blueprint": "app", "identifier": "a", "properties": {"level": "bronze"}}))
            .await;
        let page = fixture.list_by(&old, "service", Filter::always()).await;
        let by_old = serde_json::to_value(&page.nodes[0].entity.state).unwrap();
        assert_eq!(
            (&by_old["properties"]["tier"], &by_old["relations"]["system"]),
            (&json!("bronze"), &json!("shop"))
        );
        let error = fixture
            .write(
                WriteMode::Merge,
                json!({"blueprint": "app", "identifier": "a", "properties": {"tier": "gold"}}),
            )
            .await;
        assert_eq!(shown(error.unwrap_err()), ["UNKNOWN_PROPERTY /properties/tier"]);

        // The log tells states by the names of today.
        let scope = fixture.store.read(ctx.tenant()).await.unwrap();
        let log = scope.log_after(&model, 0, 100).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!(last.before.as_ref().unwrap().properties["level"], "gold");
        assert_eq!(last.after.as_ref().unwrap().properties["level"], "bronze");
    })
    .await;
}

#[tokio::test]
async fn what_is_dropped_is_gone_at_once_and_never_comes_back() {
    on_each_engine(|store| async move {
        let fixture = Fixture::filled(store.clone()).await;
        let (catalog, ctx) = (&fixture.catalog, &fixture.ctx);
        let rows = count_rows(&store, ctx.tenant(), "entity_values").await;
        fixture.set_property("tier", Value::Null).await.unwrap();
        let relations = json!({"dependsOn": {"target": "service", "many": true}});
        fixture.patch("service", json!({"relations": relations})).await.unwrap();
        let state = fixture.state("service", "a").await;
        assert_eq!(state["properties"].get("tier"), None);
        assert_eq!(state["relations"], json!({"dependsOn": []}));

        // Another property and relation of the same names are others.
        fixture.set_property("tier", json!({"type": "string"})).await.unwrap();
        let relations = json!({"system": {"target": "system"}, "dependsOn": {"target": "service", "many": true}});
        fixture.patch("service", json!({"relations": relations})).await.unwrap();
        let state = fixture.state("service", "a").await;
        assert_eq!((state["properties"].get("tier"), &state["relations"]["system"]), (None, &json!(null)));
        let none = Filter::IsNull { field: fixture.field("service", "tier").await };
        assert_eq!(fixture.identifiers("service", none).await, ["a", "b", "c"]);
        fixture
            .upsert(json!({"blueprint": "service", "identifier": "a", "properties": {"tier": "new"}, "relations": {"system": "shop"}}))
            .await;

        // The log knows what there was, by its last name.
        let model = catalog.model(ctx).await.unwrap();
        let log = store.read(ctx.tenant()).await.unwrap().log_after(&model, 0, 100).await.unwrap();
        let last = log.last().unwrap();
        assert_eq!(last.before.as_ref().unwrap().properties["tier"], "gold");
        assert_eq!(last.after.as_ref().unwrap().properties["tier"], "new");

        // Rows of what is gone are swept away, and nothing else.
        catalog.sweep_now(ctx).await.unwrap();
        assert_eq!(count_rows(&store, ctx.tenant(), "entity_values").await, rows - 3 + 1);
        assert_eq!(count_rows(&store, ctx.tenant(), "relations").await, 2);
        let gold = Filter::equal(fixture.field("service", "tier").await, Scalar::Text("new".into()));
        assert_eq!(fixture.identifiers("service", gold).await, ["a"]);
    })
    .await;
}

#[tokio::test]
async fn a_property_that_is_stored_otherwise_keeps_its_values() {
    on_each_engine(|store| async move {
        let fixture = Fixture::filled(store.clone()).await;
        let (catalog, ctx) = (&fixture.catalog, &fixture.ctx);
        let at = "2026-01-02T03:04:05Z";
        fixture.set_property("note", json!({"type": "string"})).await.unwrap();
        fixture.upsert(json!({"blueprint": "service", "identifier": "a", "properties": {"note": at}})).await;
        fixture
            .upsert(json!({"blueprint": "service", "identifier": "b", "properties": {"note": "later"}}))
            .await;
        let instant = portolan_schema::Instant::parse(at).unwrap();
        for definition in [
            json!({"type": "string", "format": "date-time"}),
            json!({"type": "string", "format": "markdown"}),
            json!({"type": "string", "format": "date-time"}),
        ] {
            let is_date = definition["format"] == "date-time";
            fixture.set_property("note", definition).await.unwrap();
            let field = fixture.field("service", "note").await;
            if is_date {
                let found =
                    fixture.identifiers("service", Filter::equal(field, Scalar::Instant(instant))).await;
                assert_eq!(found, ["a"]);
            }
            // What does not fit has no row, but is kept.
            assert_eq!(fixture.state("service", "b").await["properties"]["note"], "later");
            let absent = fixture.identifiers("service", Filter::IsNull { field }).await;
            let expected: &[&str] = if is_date { &["b", "c"] } else { &["c"] };
            assert_eq!(absent, expected);
        }
        // One is written anew, the others have their values under a former number.
        fixture.upsert(json!({"blueprint": "service", "identifier": "a", "title": "A"})).await;
        fixture.set_property("note", json!({"type": "string", "indexed": true})).await.unwrap();
        let field = fixture.field("service", "note").await;
        for (text, name) in [(at, "a"), ("later", "b")] {
            let found = fixture.identifiers("service", Filter::equal(field, Scalar::Text(text.into()))).await;
            assert_eq!(found, [name]);
        }
        let rows = count_rows(&store, ctx.tenant(), "entity_values").await;
        catalog.sweep_now(ctx).await.unwrap();
        assert!(count_rows(&store, ctx.tenant(), "entity_values").await < rows);
        assert_eq!(
            fixture.identifiers("service", Filter::equal(field, Scalar::Text(at.into()))).await,
            ["a"]
        );
        let error = fixture.set_property("note", json!({"type": "number"})).await.unwrap_err();
        assert_eq!(shown(error), ["PROPERTY_TYPE_CHANGED /schema/properties/note/type"]);
    })
    .await;
}

#[tokio::test]
async fn a_blueprint_in_use_says_by_what() {
    on_each_engine(|store| async move {
        let fixture = Fixture::filled(store).await;
        let (catalog, ctx) = (&fixture.catalog, &fixture.ctx);
        let count = json!({"calculationBy": "entities", "func": "count"});
        fixture
            .patch("system", json!({"aggregationProperties": {"services": {"target": "service", "calculationSpec": count}}}))
            .await
            .unwrap();
        fixture
            .patch("deployment", json!({"mirrorProperties": {"tier": {"path": "service.tier"}},
                "ownership": {"type": "Inherited", "path": "service.system"}}))
            .await
            .unwrap();
        let error = catalog.delete_blueprint(ctx, "service").await.unwrap_err();
        assert!(error.to_string().contains("has 3 entities"), "{error}");
        assert_eq!(
            shown(error),
            [
                "IN_USE ",
                "IN_USE /deployment/mirrorProperties/tier/path",
                "IN_USE /deployment/ownership/path",
                "IN_USE /deployment/relations/service/target",
                "IN_USE /system/aggregationProperties/services/target",
            ]
        );
        // What is not used by others can go, whatever it uses itself.
        catalog.delete_blueprint(ctx, "deployment").await.unwrap();
        assert!(catalog.model(ctx).await.unwrap().get("deployment").is_none());
    })
    .await;
}

#[tokio::test]
async fn the_type_of_a_relation_stays_while_it_is_used() {
    on_each_engine(|store| async move {
        let fixture = Fixture::filled(store).await;
        let relations = |system: Value| json!({"relations": {"system": system, "dependsOn": {"target": "service", "many": true}}});
        let wrong = relations(json!({"target": "service"}));
        let error = fixture.patch("service", wrong).await.unwrap_err();
        assert_eq!(error.code(), Code::PropertyTypeChanged);
        // A target under another name is the same one.
        fixture.catalog.rename_blueprint(&fixture.ctx, "system", "domain").await.unwrap();
        fixture.patch("service", relations(json!({"target": "domain", "title": "Domain"}))).await.unwrap();
        assert_eq!(fixture.state("service", "a").await["relations"]["system"], "shop");
    })
    .await;
}
