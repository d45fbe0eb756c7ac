//! The tour of the README: blueprints and entities from files, buckets and instances from AWS, answers from GraphQL.

use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::json;

use crate::aws::Aws;
use crate::program::Program;
use crate::resync::{bucket_count, counts, create_integration, ended, resync};

const DOCUMENTS: &str = "
kind: Entity
blueprint: service
identifier: checkout
title: Checkout
properties: {tier: gold}
relations: {system: commerce}
---
kind: Blueprint
identifier: deployment
title: Deployment
schema: {properties: {environment: {type: string}}}
relations: {service: {target: service, required: true}}
---
kind: Blueprint
identifier: service
title: Service
schema: {properties: {tier: {type: string, enum: [gold, silver]}}}
relations: {system: {target: system}}
---
kind: Blueprint
identifier: system
title: System
schema: {properties: {}}
---
kind: Entity
blueprint: system
identifier: commerce
title: Commerce
---
kind: Entity
blueprint: deployment
identifier: checkout-prod
properties: {environment: production}
relations: {service: checkout}
";

async fn applied(program: &Program) {
    let file = program.directory().join("catalog.yaml");
    std::fs::write(&file, DOCUMENTS).unwrap();
    let file = file.display().to_string();
    for counts in ["3 created, 0 updated, 0 unchanged", "0 created, 0 updated, 3 unchanged"] {
        let done = program.run(&["apply", &file]).await;
        let said = String::from_utf8_lossy(&done.stdout).into_owned();
        assert!(done.status.success() && said.contains(counts), "{said} {done:?}");
    }
    let answer = program
        .catalog("{ services { nodes { title system { title } deployments { nodes { identifier } } } } }")
        .await;
    let expected = json!([{"title": "Checkout", "system": {"title": "Commerce"}, "deployments": {"nodes": [{"identifier": "checkout-prod"}]}}]);
    assert_eq!(answer["services"]["nodes"], expected);
}

async fn tour(engine: Engine, account: &str) {
    let database = TestDatabase::new(engine).await;
    let aws = Aws::new(account).await;
    let program = Program::start(&database).await;
    applied(&program).await;

    aws.buckets(0..130, true).await;
    aws.instances(60).await;
    create_integration(&program, &aws, &aws.url).await;
    let planned = resync(&program, true).await;
    assert_eq!(counts(&planned, "s3-bucket"), [130, 130, 0, 0, 0, 0], "{planned}");
    let first = resync(&program, false).await;
    assert_eq!(first["status"], "SUCCEEDED", "{first}");
    assert_eq!(counts(&first, "s3-bucket"), [130, 130, 0, 0, 0, 0], "{first}");
    assert_eq!(counts(&first, "ec2-instance"), [60, 60, 0, 0, 0, 0], "{first}");

    let again = resync(&program, false).await;
    assert_eq!(counts(&again, "s3-bucket"), [130, 0, 0, 130, 0, 0], "{again}");
    assert_eq!(counts(&again, "ec2-instance"), [60, 0, 0, 60, 0, 0], "{again}");

    aws.buckets(0..10, false).await;
    let followed = program.run(&["resync", "aws-main", "--follow"]).await;
    let said = String::from_utf8_lossy(&followed.stdout).into_owned();
    assert!(followed.status.success() && said.contains("SUCCEEDED"), "{said} {followed:?}");
    let answer = program
        .catalog("{ s3Buckets { totalCount nodes { account { identifier } region { identifier } } } ec2Instances { totalCount } }")
        .await;
    assert_eq!(
        (&answer["s3Buckets"]["totalCount"], &answer["ec2Instances"]["totalCount"]),
        (&json!(120), &json!(60))
    );
    assert_eq!(answer["s3Buckets"]["nodes"][0]["account"]["identifier"], account, "{answer}");
    assert_eq!(answer["s3Buckets"]["nodes"][0]["region"]["identifier"], "us-east-1");

    // A guard stops a run that would delete too much, until a person lets it.
    aws.buckets(10..100, false).await;
    let blocked = resync(&program, false).await;
    assert_eq!(blocked["status"], "BLOCKED", "{blocked}");
    assert_eq!(bucket_count(&program).await, 120);
    let approve = "mutation($r: ID!) { approveResync(run: $r) { run { id status } errors { code } } }";
    let approved = program.platform(approve, json!({"r": blocked["id"]})).await["approveResync"].clone();
    assert_eq!((&approved["run"]["id"], &approved["errors"]), (&blocked["id"], &json!([])), "{approved}");
    let done = ended(&program, &blocked["id"]).await;
    assert_eq!((&done["status"], &done["blocked"]), (&json!("SUCCEEDED"), &json!(null)), "{done}");
    assert_eq!(
        counts(&done, "s3-bucket"),
        counts(&blocked, "s3-bucket"),
        "what was planned is what was done"
    );
    assert_eq!(bucket_count(&program).await, 30);

    let listed = program.host(&["tenant", "list"]).await;
    assert!(String::from_utf8_lossy(&listed.stdout).contains("acme"), "{listed:?}");
    assert!(program.stop().await < Duration::from_secs(10));
    database.remove().await;
}

#[tokio::test]
async fn the_tour_on_sqlite() {
    tour(Engine::Sqlite, "111111111111").await;
}

#[tokio::test]
async fn the_tour_on_postgres() {
    tour(Engine::Postgres, "222222222222").await;
}
