//! Integrations as their owners live with them: documents, plans, trials, sources that go away, servers that die.

use std::time::Duration;

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::program::Program;
use crate::relay::Relay;
use crate::resync::{bucket_count, counts, create_integration, ended, resync, run, start};

fn said(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[tokio::test]
async fn integrations_come_from_documents() {
    for (engine, account) in [(Engine::Sqlite, "410000000001"), (Engine::Postgres, "410000000002")] {
        let database = TestDatabase::new(engine).await;
        let aws = Aws::new(account).await;
        let program = Program::start(&database).await;
        aws.buckets(0..12, true).await;
        // The entity is of a blueprint that only the integration brings, and comes before it.
        let document = |regions: &str| {
            format!("
kind: Entity
blueprint: awsRegion
identifier: nowhere-1
title: Nowhere
---
kind: Integration
identifier: aws-main
ingestor: aws
config: {{regions: [{regions}], endpointUrl: \"{}\"}}
secrets: {{accessKeyId: \"${{env:AWS_KEY}}\", secretAccessKey: \"${{env:AWS_SECRET}}\", sessionToken: \"${{env:AWS_SESSION}}\"}}
guard: {{share: 0.2, atLeast: 1}}
", aws.url)
        };
        let file = program.directory().join("integration.yaml");
        std::fs::write(&file, document("us-east-1")).unwrap();
        let file = file.display().to_string();
        let environment =
            [("AWS_KEY", aws.key.as_str()), ("AWS_SECRET", &aws.secret), ("AWS_SESSION", &aws.session)];
        let refused = program.run_with(&["apply", &file], &environment[..2]).await;
        assert!(
            !refused.status.success()
                && said(&refused)
                    .contains("/1/secrets/sessionToken: the environment variable AWS_SESSION is not set"),
            "{}",
            said(&refused)
        );
        for (arguments, expected) in [
            (vec!["apply", &file, "--dry-run"], "integration aws-main would be created"),
            (vec!["apply", &file], "integration aws-main created"),
            (vec!["apply", &file], "integration aws-main unchanged"),
        ] {
            let done = program.run_with(&arguments, &environment).await;
            assert!(
                done.status.success() && said(&done).contains(expected),
                "{arguments:?}: {}",
                said(&done)
            );
        }
        std::fs::write(&file, document("us-east-1, eu-west-1")).unwrap();
        let done = program.run_with(&["apply", &file, "--json"], &environment).await;
        let answer: Value = serde_json::from_slice(&done.stdout).unwrap();
        assert_eq!(
            answer,
            json!({"dryRun": false, "blueprints": 0,
            "entities": {"created": 0, "updated": 0, "unchanged": 1},
            "integrations": {"created": [], "updated": ["aws-main"], "unchanged": []}})
        );
        std::fs::write(&file, document("nowhere")).unwrap();
        let refused = program.run_with(&["apply", &file], &environment).await;
        assert!(
            !refused.status.success()
                && said(&refused).contains("INVALID_VALUE at /integrations/0/config/regions/0"),
            "{}",
            said(&refused)
        );

        let planned = program.run(&["resync", "aws-main", "--plan"]).await;
        let shown = said(&planned);
        assert!(planned.status.success() && shown.contains("s3-bucket: read 12, mapped 12"), "{shown}");
        assert!(shown.contains(&format!("would create s3Bucket \"b{account}-0\"")), "{shown}");
        assert_eq!(bucket_count(&program).await, 0);
        let followed = program.run(&["resync", "aws-main", "--follow", "--json"]).await;
        let done: Value = serde_json::from_slice(&followed.stdout).unwrap();
        assert_eq!(
            (&done["status"], counts(&done, "s3-bucket")),
            (&json!("SUCCEEDED"), [12, 12, 0, 0, 0, 0])
        );
        // A person's region is not the run's, and what the guard of the document says holds.
        aws.buckets(0..6, false).await;
        let blocked = program.run(&["resync", "aws-main", "--follow"]).await;
        let shown = said(&blocked);
        assert!(
            !blocked.status.success()
                && shown.contains("6 of 12 entities of \"s3Bucket\" would be deleted; approveResync"),
            "{shown}"
        );
        assert!(shown.contains(&format!("would delete s3Bucket \"b{account}-")), "{shown}");
        assert_eq!(bucket_count(&program).await, 12);
        tried(&program, &aws).await;
        assert!(program.stop().await < Duration::from_secs(10));
        database.remove().await;
    }
}

/// Settings and mappings are tried before they are saved.
async fn tried(program: &Program, aws: &Aws) {
    let query = "mutation($i: CheckInput!) { checkIntegration(input: $i) { ok problems { code path } } }";
    let config = |url: &str| json!({"regions": ["us-east-1"], "endpointUrl": url});
    for (input, expected) in [
        (
            json!({"ingestor": "aws", "integration": "aws-main", "config": config(&aws.url)}),
            json!({"ok": true, "problems": []}),
        ),
        (
            json!({"ingestor": "aws", "integration": "aws-main", "config": config("http://127.0.0.1:1")}),
            json!({"ok": false, "problems": [{"code": "UPSTREAM_UNREACHABLE", "path": ""}]}),
        ),
        (
            json!({"ingestor": "aws", "config": {"regions": 3}, "secrets": {}}),
            json!({"ok": false, "problems": [{"code": "WRONG_TYPE", "path": "/config/regions"}]}),
        ),
    ] {
        let answer = program.platform(query, json!({"i": input})).await["checkIntegration"].clone();
        assert_eq!(answer["ok"], expected["ok"], "{input}: {answer}");
        let first = |answer: &Value| answer["problems"][0].clone();
        assert_eq!(first(&answer), first(&expected), "{input}: {answer}");
    }
    let query = "{ recordedSamples(integration: \"aws-main\", kind: \"s3-bucket\") integrations { identifier remote status lastRun { status } }
        previewMapping(integration: \"aws-main\", kind: \"s3-bucket\") { results { entities errors { path expression message } } errors { code } } }";
    let answer = program.platform(query, json!({})).await;
    assert_eq!(
        answer["integrations"][0],
        json!({"identifier": "aws-main", "remote": false, "status": "BLOCKED", "lastRun": {"status": "BLOCKED"}})
    );
    assert_eq!(answer["recordedSamples"].as_array().unwrap().len(), 5);
    let results = answer["previewMapping"]["results"].as_array().unwrap();
    assert_eq!(results.len(), 5);
    assert_eq!(results[0]["entities"][0]["blueprint"], "s3Bucket");
    assert_eq!(results[0]["errors"], json!([]));
}

#[tokio::test]
async fn a_source_that_goes_away_deletes_nothing() {
    for (engine, account) in [(Engine::Sqlite, "420000000001"), (Engine::Postgres, "420000000002")] {
        let database = TestDatabase::new(engine).await;
        let aws = Aws::new(account).await;
        let program = Program::start(&database).await;
        aws.buckets(0..20, true).await;
        let relay = Relay::to(&aws.url, usize::MAX).await;
        create_integration(&program, &aws, &relay.url).await;
        assert_eq!(resync(&program, false).await["status"], "SUCCEEDED");
        drop(relay);
        let failed = resync(&program, false).await;
        assert_eq!(
            (&failed["status"], &failed["error"]["code"]),
            (&json!("FAILED"), &json!("UPSTREAM_UNREACHABLE")),
            "{failed}"
        );
        // It goes away in the middle: some kinds are read, some break off. Those are not told apart from here.
        let relay = Relay::to(&aws.url, 20_000).await;
        let query = "mutation($c: JSON!) { updateIntegration(identifier: \"aws-main\", input: {config: $c}) { errors { code } } }";
        let config = json!({"regions": ["us-east-1"], "endpointUrl": relay.url});
        let changed = program.platform(query, json!({"c": config})).await;
        assert_eq!(changed["updateIntegration"]["errors"], json!([]));
        let broken = resync(&program, false).await;
        assert!(["FAILED", "PARTIAL"].contains(&broken["status"].as_str().unwrap()), "{broken}");
        assert_eq!(counts(&broken, "s3-bucket")[4], 0, "{broken}");
        assert_eq!(bucket_count(&program).await, 20);
        program.stop().await;
        database.remove().await;
    }
}

/// Killed at some moment, wherever it finds the run; afterwards nothing is missing, twice or wrongly counted.
#[tokio::test]
async fn a_server_that_dies_goes_on() {
    const BUCKETS: i64 = 40;
    for (engine, account) in [(Engine::Sqlite, "430000000001"), (Engine::Postgres, "430000000002")] {
        let database = TestDatabase::new(engine).await;
        let aws = Aws::new(account).await;
        let mut program = Program::start(&database).await;
        aws.buckets(0..40, true).await;
        create_integration(&program, &aws, &aws.url).await;
        for wanted in ["seen", "mapped", "created"] {
            let id = start(&program, false).await;
            loop {
                let run = run(&program, &id).await;
                let sum: i64 =
                    run["kinds"].as_array().unwrap().iter().map(|kind| kind[wanted].as_i64().unwrap()).sum();
                if sum > 0 || !["QUEUED", "RUNNING"].contains(&run["status"].as_str().unwrap()) {
                    break;
                }
            }
            program.kill().await;
            program.start_again().await;
            let done = ended(&program, &id).await;
            match done["status"].as_str().unwrap() {
                "SUCCEEDED" => {
                    let [seen, created, updated, unchanged, deleted, failed] = counts(&done, "s3-bucket");
                    assert_eq!((seen, created + unchanged), (BUCKETS, BUCKETS), "{done}");
                    assert_eq!((updated, deleted, failed), (0, 0, 0), "{done}");
                }
                "FAILED" => assert_eq!(done["error"]["code"], "UNAVAILABLE", "{done}"),
                other => panic!("{other}: {done}"),
            }
        }
        let done = resync(&program, false).await;
        assert_eq!(counts(&done, "s3-bucket")[0], BUCKETS, "{done}");
        let query = "{ s3Buckets(first: 100) { totalCount nodes { revision account { identifier } } } }";
        let buckets = program.catalog(query).await["s3Buckets"].clone();
        assert_eq!(buckets["totalCount"], BUCKETS);
        for bucket in buckets["nodes"].as_array().unwrap() {
            assert_eq!(*bucket, json!({"revision": 1, "account": {"identifier": account}}));
        }
        program.stop().await;
        database.remove().await;
    }
}

/// Killed exactly between two batches of its commit: PostgreSQL serves those who wait for the tenant's head in turn.
#[tokio::test]
async fn a_commit_is_taken_up_after_the_batch_that_was_done() {
    let database = TestDatabase::new(Engine::Postgres).await;
    let aws = Aws::new("440000000001").await;
    let mut program = Program::start(&database).await;
    aws.buckets(0..15, true).await;
    create_integration(&program, &aws, &aws.url).await;
    let tenants = database.store.read_global().await.unwrap().tenants().await.unwrap();
    let tenant = tenants.iter().find(|tenant| tenant.slug == "acme").unwrap().id;
    let began = database.store.read(tenant).await.unwrap().head().await.unwrap().seq;
    let hold = async || {
        let scope = database.store.write(tenant).await.unwrap();
        scope.lock_head().await.unwrap();
        scope
    };
    let first = hold().await;
    let id = start(&program, false).await;
    let number: i64 = id.as_str().unwrap().parse().unwrap();
    loop {
        let scope = database.store.read(tenant).await.unwrap();
        if scope.run(number).await.unwrap().unwrap().phase == portolan_store::integration::Phase::Commit {
            break;
        }
        drop(scope);
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The first batch waits behind us by now, and we wait behind it.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let store = database.store.clone();
    let second = tokio::spawn(async move {
        let scope = store.write(tenant).await.unwrap();
        scope.lock_head().await.unwrap();
        scope
    });
    tokio::time::sleep(Duration::from_millis(500)).await;
    drop(first);
    let second = second.await.unwrap();
    let before: i64 = second.run_kinds(number).await.unwrap().iter().map(|kind| kind.counts.created).sum();
    assert!(before > 0, "one batch is done");
    program.kill().await;
    drop(second);
    assert_eq!(bucket_count_of(&database, tenant).await, 0, "the last batch is not");
    program.start_again().await;
    let done = ended(&program, &id).await;
    assert_eq!(
        (&done["status"], counts(&done, "s3-bucket")),
        (&json!("SUCCEEDED"), [15, 15, 0, 0, 0, 0]),
        "{done}"
    );
    let lines = done["logs"]["nodes"].as_array().unwrap();
    assert!(lines.iter().any(|line| line["message"] == "the run goes on where it was interrupted"), "{done}");
    let created: i64 =
        done["kinds"].as_array().unwrap().iter().map(|kind| kind["created"].as_i64().unwrap()).sum();
    let scope = database.store.read(tenant).await.unwrap();
    assert_eq!(
        scope.head().await.unwrap().seq - began,
        created,
        "one version for each entity, and each is counted once"
    );
    drop(scope);
    program.stop().await;
    database.remove().await;
}

async fn bucket_count_of(database: &TestDatabase, tenant: portolan_store::TenantId) -> i64 {
    let scope = database.store.read(tenant).await.unwrap();
    let blueprints = scope.blueprints().await.unwrap();
    let no = blueprints.iter().find(|stored| stored.blueprint.identifier == "s3Bucket").unwrap().no;
    let integration = scope.integration("aws-main").await.unwrap().unwrap().id;
    let owned = scope.owned_counts(integration).await.unwrap();
    owned.iter().find(|(blueprint, _)| *blueprint == no).map_or(0, |(_, count)| *count)
}
