//! Making, changing and removing integrations.

use portolan_integrations::{Check, DocumentKind, IntegrationChange, NewIntegration, RunStatus};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::support::{Fixture, fill, mapping, on_each_engine, resource};

pub async fn integrations_are_changed_part_by_part() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        let read = async || fixture.integrations.integrations(&fixture.ctx).await.unwrap().remove(0);
        let made = read().await;
        let update = async |change: IntegrationChange| {
            fixture.integrations.update(&fixture.ctx, "main", &change).await
        };
        let changed =
            update(IntegrationChange { config: Some(json!({"a": 1})), ..Default::default() }).await.unwrap();
        assert_eq!(changed, read().await);
        assert_eq!(
            (&changed.config, &changed.mapping, &changed.secrets),
            (&json!({"a": 1}), &made.mapping, &made.secrets)
        );
        let changed = update(IntegrationChange {
            secrets: Some(json!({"key": "other"})),
            guard: Some(Some(json!({"share": 0.1}))),
            ..Default::default()
        })
        .await
        .unwrap();
        assert_ne!(changed.secrets, made.secrets);
        assert_eq!((changed.config, changed.guard), (json!({"a": 1}), json!({"share": 0.1, "atLeast": 10})));
        // The default mapping brings its blueprints.
        let changed =
            update(IntegrationChange { mapping: Some(None), guard: Some(None), ..Default::default() })
                .await
                .unwrap();
        assert_eq!(
            (changed.mapping["resources"][0]["kind"].as_str(), changed.guard),
            (Some("things"), json!({"share": 0.5, "atLeast": 10}))
        );
        assert!(fixture.catalog.model(&fixture.ctx).await.unwrap().get("thing").is_some());
        let before = read().await;
        for (change, expected) in [
            (IntegrationChange { config: Some(json!({"bad": "x"})), ..Default::default() }, "/config/bad"),
            (
                IntegrationChange { mapping: Some(Some(json!({}))), ..Default::default() },
                "/mapping/resources",
            ),
            (
                IntegrationChange {
                    mapping: Some(Some(json!({"resources": [resource("a\0", "b", &[], &[])]}))),
                    ..Default::default()
                },
                "/mapping/resources/0/kind",
            ),
            (
                IntegrationChange { guard: Some(Some(json!({"share": 7}))), ..Default::default() },
                "/guard/share",
            ),
            (IntegrationChange { identifier: Some("a b".into()), ..Default::default() }, "/identifier"),
        ] {
            let error = update(change).await.unwrap_err();
            assert_eq!(error.public().0[0].path.as_str(), expected, "{error:?}");
        }
        assert_eq!(read().await, before);
        fixture.integrate("other", mapping()).await;
        let taken = update(IntegrationChange { identifier: Some("other".into()), ..Default::default() })
            .await
            .unwrap_err();
        assert_eq!(taken.code(), Code::AlreadyExists);
        let renamed = update(IntegrationChange { identifier: Some("renamed".into()), ..Default::default() })
            .await
            .unwrap();
        assert_eq!((renamed.id, renamed.identifier.as_str()), (made.id, "renamed"));
        let gone = update(IntegrationChange::default()).await.unwrap_err();
        assert_eq!(gone.code(), Code::NotFound);
    })
    .await;
}

pub async fn integrations_take_their_entities_along_when_told() {
    on_each_engine(|fixture| async move {
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 1_200);
        let runner = fixture.work();
        fixture.run("main", false).await;
        fixture.upsert("service", json!({"identifier": "mine"})).await;
        fixture
            .upsert("deployment", json!({"identifier": "theirs", "relations": {"service": "s00007"}}))
            .await;
        let error = fixture.integrations.delete(&fixture.ctx, "main", true).await.unwrap_err();
        assert_eq!(error.code(), Code::HasDependents);
        assert!(error.to_string().contains("deployment \"theirs\""), "{error}");
        assert_eq!(fixture.identifiers("service").await.len(), 1_201);
        fixture.upsert("deployment", json!({"identifier": "theirs", "relations": {"service": "mine"}})).await;
        let gate = fixture.source.hold();
        let open = fixture.integrations.start(&fixture.ctx, "main", true).await.unwrap();
        let error = fixture.integrations.delete(&fixture.ctx, "main", true).await.unwrap_err();
        assert_eq!(error.code(), Code::RunInProgress);
        gate.add_permits(2);
        fixture.ended(open.id).await.check(RunStatus::Succeeded, &[]);
        fixture.source.let_go();
        assert_eq!(fixture.integrations.delete(&fixture.ctx, "main", true).await.unwrap(), 2_400);
        assert_eq!(fixture.identifiers("service").await, ["mine"]);
        assert_eq!(fixture.identifiers("deployment").await, ["theirs"]);
        assert!(fixture.integrations.integrations(&fixture.ctx).await.unwrap().is_empty());
        let error = fixture.integrations.run(&fixture.ctx, open.id).await.unwrap_err();
        assert_eq!(error.code(), Code::NotFound);
        // Without being told, they stay.
        fixture.integrate("main", mapping()).await;
        fill(&fixture.source, 3);
        fixture.run("main", false).await;
        assert_eq!(fixture.integrations.delete(&fixture.ctx, "main", false).await.unwrap(), 0);
        assert_eq!(fixture.identifiers("service").await.len(), 4);
        assert!(fixture.entities("service").await.iter().all(|entity| entity.integration.is_none()));
        runner.stop().await;
    })
    .await;
}

pub async fn documents_are_applied() {
    on_each_engine(|fixture| async move {
        let document = |config: Value| json!({"identifier": "main", "ingestor": "test", "config": config, "secrets": {"key": "right"}});
        let apply = async |document: &Value, dry_run: bool| {
            let read = fixture.integrations.read_documents(&fixture.ctx, std::slice::from_ref(document)).unwrap();
            fixture.integrations.apply(&fixture.ctx, &read, dry_run).await.unwrap().remove(0).kind
        };
        for (config, kind) in [(json!({}), DocumentKind::Created), (json!({}), DocumentKind::Unchanged), (json!({"a": 1}), DocumentKind::Updated)] {
            assert_eq!(apply(&document(config.clone()), true).await, kind);
            assert_eq!(apply(&document(config), false).await, kind);
        }
        let mut other = document(json!({"a": 1}));
        other["secrets"] = json!({"key": "new"});
        assert_eq!(apply(&other, false).await, DocumentKind::Updated);
        // A document without secrets leaves them.
        other.as_object_mut().unwrap().remove("secrets");
        assert_eq!(apply(&other, false).await, DocumentKind::Unchanged);
        let bad = [json!({"identifier": "x", "ingestor": "nope"}), document(json!({})), document(json!({"bad": "x"})), document(json!({}))];
        let error = fixture.integrations.read_documents(&fixture.ctx, &bad).unwrap_err();
        let paths: Vec<String> = error.public().0.iter().map(|problem| problem.path.to_string()).collect();
        assert_eq!(paths, ["/0/ingestor", "/2/config/bad", "/3/identifier"]);
    })
    .await;
}

pub async fn settings_are_tried() {
    on_each_engine(|fixture| async move {
        let wanted = |config: Value, secrets: Option<Value>, integration: Option<&str>| Check {
            ingestor: "test".into(),
            config,
            secrets,
            integration: integration.map(str::to_owned),
        };
        let code = async |fixture: &Fixture, check: Check| {
            fixture
                .integrations
                .check(&fixture.ctx, &check)
                .await
                .err()
                .map(|error| (error.code(), error.public().0[0].path.to_string()))
        };
        fixture.integrate("main", mapping()).await;
        let right = json!({"key": "right"});
        for (check, expected) in [
            (wanted(json!({}), Some(right.clone()), None), None),
            (
                wanted(json!({}), Some(json!({"key": "wrong"})), None),
                Some((Code::UpstreamUnauthorized, String::new())),
            ),
            (
                wanted(json!({"bad": "x"}), Some(right), None),
                Some((Code::UnknownField, "/config/bad".into())),
            ),
            (wanted(json!({}), None, Some("main")), None),
            (wanted(json!({}), None, None), Some((Code::UpstreamUnauthorized, String::new()))),
            (wanted(json!({}), None, Some("nope")), Some((Code::NotFound, String::new()))),
        ] {
            assert_eq!(code(&fixture, check).await, expected);
        }
        let other = Check { ingestor: "other".into(), ..Check::default() };
        assert_eq!(code(&fixture, other).await, Some((Code::InvalidValue, "/ingestor".into())));
        // The default mapping brings its blueprints.
        let wanted =
            NewIntegration { identifier: "x".into(), ingestor: "test".into(), ..NewIntegration::default() };
        fixture.integrations.create(&fixture.ctx, &wanted).await.unwrap();
        assert!(fixture.catalog.model(&fixture.ctx).await.unwrap().get("thing").is_some());
    })
    .await;
}
