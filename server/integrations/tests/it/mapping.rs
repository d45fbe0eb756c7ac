//! The options of a mapping, and trying it out.

use portolan_integrations::RunStatus;
use portolan_schema::Code;
use serde_json::json;

use crate::support::{mapping, on_each_engine, resource};

pub async fn targets_are_made_or_missed() {
    on_each_engine(|fixture| async move {
        for create_missing in [true, false] {
            let name = format!("main-{create_missing}");
            let mut mapping = mapping();
            mapping["createMissingRelatedEntities"] = json!(create_missing);
            fixture.integrate(&name, mapping).await;
            let id = |text: &str| format!("{text}-{create_missing}");
            // "bad" fails, so whoever requires it fails too, unless it may be made bare.
            fixture.source.set(
                "services",
                vec![
                    json!({"id": id("a"), "system": id("sys"), "deployments": [id("d")]}),
                    json!({"id": id("bad"), "tier": "lead"}),
                ],
            );
            fixture.source.set("deployments", vec![json!({"id": id("d"), "service": id("bad")})]);
            let runner = fixture.work();
            let planned = fixture.run(&name, true).await;
            let done = fixture.run(&name, false).await;
            for kind in ["services", "deployments"] {
                assert_eq!(planned.counts(kind), done.counts(kind), "{planned:#?} {done:#?}");
            }
            let (services, deployments) = if create_missing {
                ([2, 1, 0, 0, 0, 1], [1, 1, 0, 0, 0, 0])
            } else {
                ([2, 0, 0, 0, 0, 2], [1, 0, 0, 0, 0, 1])
            };
            done.check(RunStatus::Partial, &[("services", services), ("deployments", deployments)]);
            assert_eq!(fixture.entity("system", &id("sys")).await.is_some(), create_missing);
            assert_eq!(fixture.entity("service", &id("bad")).await.is_some(), create_missing);
            runner.stop().await;
        }
    })
    .await;
}

pub async fn entities_are_merged_or_replaced() {
    on_each_engine(|fixture| async move {
        for merge in [true, false] {
            let mut mapping = json!({"resources": [resource("services", "service", &[], &[])]});
            mapping["enableMergeEntity"] = json!(merge);
            fixture.integrate(&format!("main-{merge}"), mapping).await;
            fixture.source.set("services", vec![json!({"id": "a", "title": "A"})]);
            fixture.upsert("service", json!({"identifier": "a", "properties": {"tier": "gold"}})).await;
            let runner = fixture.work();
            fixture
                .run(&format!("main-{merge}"), false)
                .await
                .check(RunStatus::Succeeded, &[("services", [1, 0, 1, 0, 0, 0])]);
            let properties = fixture.entity("service", "a").await.unwrap().state.properties;
            assert_eq!(properties.contains_key("tier"), merge);
            runner.stop().await;
        }
    })
    .await;
}

pub async fn search_queries_find_what_the_run_makes() {
    on_each_engine(|fixture| async move {
        let query = |property: &str, value: &str| {
            json!({"combinator": "\"and\"", "rules": [
            {"property": format!("\"{property}\""), "operator": "\"=\"", "value": value}]})
        };
        let mut deployments = resource("deployments", "deployment", &[], &[]);
        let mappings = &mut deployments["port"]["entity"]["mappings"];
        mappings["relations"]["service"] = query("$title", ".of");
        mappings["relations"]["service"]["combinator"] = json!("and");
        let mut tiers = resource("tiers", "service", &["tier"], &[]);
        tiers["port"]["entity"]["mappings"]["identifier"] = query("$title", ".of");
        tiers["port"]["entity"]["mappings"]["identifier"]["combinator"] = json!("and");
        tiers["port"]["entity"]["mappings"].as_object_mut().unwrap().remove("title");
        let services = resource("services", "service", &[], &[]);
        fixture.integrate("main", json!({"resources": [deployments, tiers, services]})).await;
        fixture.source.set("deployments", vec![json!({"id": "d", "of": "Checkout"})]);
        fixture.source.set("tiers", vec![json!({"of": "Checkout", "tier": "gold"})]);
        fixture.source.set("services", vec![json!({"id": "s1", "title": "Checkout"})]);
        let runner = fixture.work();
        // What queries find in the commit, the plan cannot know of yet; the next run has it.
        fixture.run("main", false).await;
        let done = fixture.run("main", false).await;
        done.check(RunStatus::Succeeded, &[]);
        let service = fixture.entity("service", "s1").await.unwrap();
        assert_eq!(service.state.properties["tier"], "gold");
        let deployment = fixture.entity("deployment", "d").await.unwrap();
        assert_eq!(deployment.state.relations["service"].identifiers().collect::<Vec<_>>(), ["s1"]);
        // An entity that only a query names is not gone.
        let done = fixture.run("main", false).await;
        done.check(
            RunStatus::Succeeded,
            &[
                ("deployments", [1, 0, 0, 1, 0, 0]),
                ("tiers", [1, 0, 0, 1, 0, 0]),
                ("services", [1, 0, 0, 1, 0, 0]),
            ],
        );
        fixture.source.set("services", Vec::new());
        let done = fixture.run("main", false).await;
        assert_eq!(done.counts("services")[4], 0, "{done:#?}");
        runner.stop().await;
    })
    .await;
}

pub async fn previews_name_what_fails() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        let mut tried = json!({"resources": [resource("services", "service", &["tier"], &["system"])]});
        tried["resources"][0]["port"]["entity"]["mappings"]["properties"]["size"] = json!(".title.x");
        let samples = vec![
            json!({"id": "a", "title": "A", "tier": "lead", "system": "s"}),
            json!({"title": "B"}),
            json!({"id": "c", "title": null}),
        ];
        let before = fixture.changes().await;
        let results = fixture
            .integrations
            .preview(&fixture.ctx, "main", "services", Some(tried.clone()), Some(samples))
            .await
            .unwrap();
        assert_eq!(
            results[0].entities,
            [json!({"blueprint": "service", "identifier": "a", "title": "A",
            "properties": {"tier": "lead", "size": null}, "relations": {"system": "s"}})]
        );
        let at = |n: usize| {
            results[n]
                .errors
                .iter()
                .map(|error| (error.path.as_str(), error.expression.as_str()))
                .collect::<Vec<_>>()
        };
        let base = "/resources/0/port/entity/mappings";
        assert_eq!(
            at(0),
            [
                (format!("{base}/properties/size").as_str(), ".title.x"),
                (format!("{base}/properties/tier").as_str(), ".tier")
            ]
        );
        assert!(results[0].errors[1].message.contains("gold"), "{results:?}");
        assert_eq!(at(1), [(base, "")]);
        assert!(results[1].entities.is_empty() && results[2].errors.is_empty(), "{results:?}");
        assert_eq!(fixture.changes().await, before);
        // Without samples: those that are recorded. Without a mapping: the integration's.
        fixture.source.set("services", vec![json!({"id": "real"})]);
        let runner = fixture.work();
        fixture.run("main", true).await;
        let results =
            fixture.integrations.preview(&fixture.ctx, "main", "services", None, None).await.unwrap();
        assert_eq!(results[0].entities[0]["identifier"], "real");
        for (kind, mapping, samples, code) in [
            ("nothing", None, 1, Code::InvalidValue),
            ("services", Some(json!({"resources": 3})), 1, Code::InvalidMapping),
            ("services", None, 51, Code::TooManyItems),
        ] {
            let samples = Some(vec![json!({}); samples]);
            let error =
                fixture.integrations.preview(&fixture.ctx, "main", kind, mapping, samples).await.unwrap_err();
            assert_eq!(error.code(), code);
        }
        runner.stop().await;
    })
    .await;
}
