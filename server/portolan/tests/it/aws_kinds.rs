//! Every kind of AWS, from the emulator's answers through the shipped mapping to entities of the shipped blueprints.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use portolan_foundation::jq::{JqConfig, JqPool};
use portolan_ingestor_contract::conformance::{Client, Recorder};
use portolan_ingestor_contract::{Context, Descriptor, Ingestor, KindRequest, Settings};
use portolan_schema::mapping::{MappedEntity, MappingConfig};
use portolan_schema::model::{CatalogModel, Numbers, Stamps};
use portolan_schema::{Blueprint, BlueprintNo, Code, Instant, Pointer, StoredBlueprint};
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::aws::Aws;
use crate::program::Program;
use crate::resync::{counts, create_integration, resync};

const REGION: &str = "us-east-1";

/// One or two of everything.
async fn filled(account: &str) -> Aws {
    let aws = Aws::new(account).await;
    aws.buckets(0..2, true).await;
    let tagged = format!("{}?tagging", aws.bucket(0));
    let tags = "<Tagging><TagSet><Tag><Key>team</Key><Value>shop</Value></Tag></TagSet></Tagging>";
    aws.emulator.put(REGION, &tagged, tags.to_owned()).await;
    aws.emulator
        .query("iam", REGION, "CreateAccountAlias", &[("AccountAlias", &format!("shop{account}"))])
        .await;
    aws.instances(1).await;
    let gone = aws.emulator.run_instances(REGION, 1, "gone").await;
    aws.emulator.query("ec2", REGION, "TerminateInstances", &[("InstanceId.1", &gone)]).await;
    aws.emulator.create_function(REGION, "greet", &json!({ "PASSWORD": "hunter2-hunter2" })).await;
    aws.emulator.create_database(REGION, "orders", "hunter2-hunter2").await;
    aws.emulator.create_table(REGION, "orders").await;
    let dead = aws.emulator.create_queue(REGION, "dead", None).await;
    aws.emulator.create_queue(REGION, "orders", Some(&dead)).await;
    aws.emulator.create_topic(REGION, "orders").await;
    let variables = json!([{ "name": "PASSWORD", "value": "hunter2-hunter2" }]);
    aws.emulator.register_task_definition(REGION, "orders", &variables).await;
    aws.emulator.create_ecs_cluster(REGION, "shop").await;
    aws.emulator.create_ecs_service(REGION, "shop", "orders", "orders").await;
    aws.emulator.create_eks_cluster(REGION, "shop").await;
    aws.emulator.create_node_group(REGION, "shop", "workers").await;
    aws
}

fn jq() -> JqPool {
    JqPool::new(JqConfig {
        program: env!("CARGO_BIN_EXE_portolan").into(),
        arguments: vec!["jq-worker".into()],
        workers: 1,
        deadline: Duration::from_secs(10),
    })
}

/// What the ingestor reads, by kind.
async fn read(ingestor: &dyn Ingestor, aws: &Aws) -> BTreeMap<String, Vec<Value>> {
    let context = Context::new(Arc::new(Client::new(Duration::from_secs(60))));
    let settings =
        Settings::new(json!({ "regions": [REGION], "endpointUrl": aws.url }), aws.emulator.secrets());
    let kinds: Vec<_> = ingestor.descriptor().kinds.iter().map(|kind| KindRequest::new(kind.name)).collect();
    let sink = Recorder::default();
    ingestor.collect(&settings, &kinds, &context, &sink).await.unwrap();
    let record = sink.record();
    assert_eq!(record.done.len(), kinds.len(), "{:?}", record.failed);
    kinds.into_iter().map(|kind| (kind.kind.clone(), record.values(&kind.kind))).collect()
}

/// The shipped blueprints, compiled.
pub fn model(descriptor: &Descriptor) -> CatalogModel {
    let stamps = || Stamps {
        created_at: Instant(0),
        created_by: String::new(),
        updated_at: Instant(0),
        updated_by: String::new(),
    };
    let stored = descriptor.default_blueprints.iter().zip(1..).map(|(definition, no)| StoredBlueprint {
        no: BlueprintNo(no),
        blueprint: Blueprint::parse(definition).unwrap(),
        numbers: Numbers::default(),
        names: Default::default(),
        revision: 1,
        stamps: stamps(),
    });
    CatalogModel::compile(1, stored.collect()).unwrap()
}

/// Entities by blueprint; no expression failed on any item.
pub async fn mapped(
    descriptor: &Descriptor,
    items: &BTreeMap<String, Vec<Value>>,
) -> BTreeMap<String, Vec<MappedEntity>> {
    let config = MappingConfig::parse(&descriptor.default_mapping, &Pointer::root()).unwrap();
    let (jq, mut entities) = (jq(), BTreeMap::<String, Vec<MappedEntity>>::new());
    for (resource, parsed) in
        descriptor.default_mapping["resources"].as_array().unwrap().iter().zip(&config.resources)
    {
        for one in jq.map(resource, items[&parsed.kind].clone()).await.unwrap() {
            assert_eq!(one.problems, Vec::new(), "{}", parsed.kind);
            for entity in one.entities {
                entities.entry(entity.blueprint.clone()).or_default().push(entity);
            }
        }
    }
    entities
}

#[tokio::test]
async fn the_shipped_mapping_makes_valid_entities_of_real_items() {
    let aws = filled("444444444444").await;
    let ingestor = portolan_ingestor_aws::Aws::new();
    let descriptor = ingestor.descriptor();
    let items = read(&ingestor, &aws).await;
    assert!(!format!("{items:?}").contains("hunter2"), "a secret of the source is among the items");
    let entities = mapped(descriptor, &items).await;
    let model = model(descriptor);
    let known: BTreeMap<&str, BTreeSet<&str>> = entities
        .iter()
        .map(|(blueprint, all)| {
            let identifiers = all.iter().map(|entity| entity.body["identifier"].as_str().unwrap());
            (blueprint.as_str(), identifiers.collect())
        })
        .collect();
    let mut empty = BTreeSet::new();
    for (name, all) in &entities {
        let blueprint = model.get(name).unwrap();
        for entity in all {
            let properties = entity.body["properties"].as_object().unwrap();
            let problems = blueprint.check_properties(properties);
            assert!(problems.is_empty(), "{name}: {problems}");
            for (relation, target) in entity.body["relations"].as_object().into_iter().flatten() {
                let blueprint = &blueprint.blueprint().relations[relation].target;
                assert!(
                    known[blueprint.as_str()].contains(target.as_str().unwrap()),
                    "{name}.{relation}: {target}"
                );
            }
            let nulls = properties.iter().filter(|(_, value)| value.is_null());
            empty.extend(nulls.map(|(property, _)| format!("{name}.{property}")));
        }
    }
    // What the emulator does not tell. Everything else has a value in every entity.
    let untold = [
        "awsAccount.name",
        "dynamodbTable.consoleUrl",
        "dynamodbTable.encryption",
        "ec2Instance.consoleUrl",
        "ec2Instance.keyName",
        "ec2Instance.platform",
        "ecsCluster.consoleUrl",
        "ecsService.consoleUrl",
        "ecsService.creationDate",
        "ecsService.platformVersion",
        "ecsTaskDefinition.consoleUrl",
        "ecsTaskDefinition.registrationDate",
        "eksCluster.consoleUrl",
        "eksNodeGroup.consoleUrl",
        "iamRole.consoleUrl",
        "iamRole.lastUsed",
        "iamRole.lastUsedRegion",
        "iamRole.permissionsBoundary",
        "iamRole.summary",
        "lambdaFunction.consoleUrl",
        "rdsInstance.cluster",
        "rdsInstance.consoleUrl",
        "rdsInstance.publiclyAccessible",
        "rdsInstance.vpcId",
        "s3Bucket.consoleUrl",
        "s3Bucket.encryption",
        "s3Bucket.versioning",
        "snsTopic.consoleUrl",
        "snsTopic.kmsKey",
        "sqsQueue.consoleUrl",
        // Those of the dead-letter queue itself.
        "sqsQueue.deadLetterQueue",
        "sqsQueue.maxReceiveCount",
    ];
    let counted = |name: &str| entities[name].len();
    assert_eq!(
        ["awsAccount", "s3Bucket", "ec2Instance", "lambdaFunction", "rdsInstance"].map(counted),
        [1, 2, 1, 1, 1]
    );
    assert_eq!(["dynamodbTable", "sqsQueue", "snsTopic", "iamRole"].map(counted), [1, 2, 1, 1]);
    let kinds = ["ecsCluster", "ecsService", "ecsTaskDefinition", "eksCluster", "eksNodeGroup"];
    assert_eq!(kinds.map(counted), [1; 5]);
    let empty: Vec<String> = empty.into_iter().collect();
    assert_eq!(empty, untold);
}

#[tokio::test]
async fn every_shipped_expression_is_jq() {
    fn texts<'v>(value: &'v Value, into: &mut Vec<&'v str>) {
        match value {
            Value::String(text) => into.push(text),
            Value::Array(items) => items.iter().for_each(|item| texts(item, into)),
            Value::Object(entries) => entries.values().for_each(|entry| texts(entry, into)),
            _ => {}
        }
    }
    let ingestor = portolan_ingestor_aws::Aws::new();
    let mut expressions = Vec::new();
    for resource in ingestor.descriptor().default_mapping["resources"].as_array().unwrap() {
        texts(&resource["selector"]["query"], &mut expressions);
        texts(&resource["port"], &mut expressions);
    }
    assert!(expressions.len() > 50);
    let jq = jq();
    for expression in expressions {
        // On nothing at all it may fail, but it compiles.
        if let Err(error) = jq.evaluate(expression, &Value::Null).await {
            assert_eq!(error.code(), Code::JqFailed, "{expression}");
        }
    }
}

async fn all_kinds(engine: Engine, account: &str) {
    let database = TestDatabase::new(engine).await;
    let aws = filled(account).await;
    let program = Program::start(&database).await;
    create_integration(&program, &aws, &aws.url).await;
    let run = resync(&program, false).await;
    assert_eq!((&run["status"], &run["error"]), (&json!("SUCCEEDED"), &Value::Null), "{run}");
    for (kind, seen, created) in [
        ("account", 1, 1),
        ("s3-bucket", 2, 2),
        ("ec2-instance", 2, 1), // The terminated one makes no entity.
        ("lambda-function", 1, 1),
        ("rds-instance", 1, 1),
        ("dynamodb-table", 1, 1),
        ("sqs-queue", 2, 2),
        ("sns-topic", 1, 1),
        ("ecs-cluster", 1, 1),
        ("ecs-service", 1, 1),
        ("ecs-task-definition", 1, 1),
        ("eks-cluster", 1, 1),
        ("eks-node-group", 1, 1),
        ("iam-role", 1, 1),
    ] {
        assert_eq!(counts(&run, kind), [seen, created, 0, 0, 0, 0], "{kind}: {run}");
    }
    let query = "{ awsAccounts { nodes { identifier title alias arn } }
        s3Buckets(orderBy: [{ field: IDENTIFIER, direction: ASC }]) { nodes { identifier tags publicAccessBlocked region { identifier optInStatus } } }
        ec2Instances { nodes { title state instanceType tags account { alias } } }
        lambdaFunctions { nodes { title summary runtime memorySize timeout packageType tags } }
        rdsInstances { nodes { title engine allocatedStorage multiAz port tags region { identifier } } }
        dynamodbTables { nodes { title status billingMode partitionKey sortKey tags region { identifier } } }
        sqsQueues(orderBy: [{ field: IDENTIFIER, direction: ASC }]) { nodes { title fifo visibilityTimeout deadLetterQueue maxReceiveCount tags account { alias } } }
        snsTopics { nodes { title displayName fifo tags region { identifier } } }
        ecsServices { nodes { title status desiredCount revision tags cluster { title containerInsights }
            taskDefinition { title revision cpu memory images compatibilities } } }
        eksNodeGroups { nodes { title desiredSize instanceTypes tags cluster { title version publicEndpoint tags } } }
        iamRoles { nodes { title path maxSessionDuration trustPolicy account { alias } } } }";
    let answer = program.catalog(query).await;
    let alias = format!("shop{account}");
    let region = json!({ "identifier": REGION, "optInStatus": "OPT_IN_NOT_REQUIRED" });
    assert_eq!(
        answer,
        json!({
            "awsAccounts": { "nodes": [{ "identifier": account, "title": alias, "alias": alias,
                "arn": format!("arn:aws:iam::{account}:root") }] },
            "s3Buckets": { "nodes": [
                { "identifier": aws.bucket(0), "tags": { "team": "shop" }, "publicAccessBlocked": false, "region": region },
                { "identifier": aws.bucket(1), "tags": {}, "publicAccessBlocked": false, "region": region },
            ] },
            "ec2Instances": { "nodes": [{ "title": "web", "state": "RUNNING", "instanceType": "t3.micro",
                "tags": { "Name": "web" }, "account": { "alias": alias } }] },
            "ecsServices": { "nodes": [{ "title": "orders", "status": "ACTIVE", "desiredCount": 2, "revision": 1,
                "tags": { "team": "orders" }, "cluster": { "title": "shop", "containerInsights": "enabled" },
                "taskDefinition": { "title": "orders", "revision": 1, "cpu": 256, "memory": 512,
                    "images": ["registry.example/web:1"], "compatibilities": ["FARGATE"] } }] },
            "eksNodeGroups": { "nodes": [{ "title": "workers", "desiredSize": 3, "instanceTypes": ["m7g.large"],
                "tags": { "team": "platform" }, "cluster": { "title": "shop", "version": "1.33", "publicEndpoint": false,
                    "tags": { "team": "platform" } } }] },
            "lambdaFunctions": { "nodes": [{ "title": "greet", "summary": "Greets & waves", "runtime": "python3.13",
                "memorySize": 256, "timeout": 7, "packageType": "ZIP", "tags": { "team": "greeters" } }] },
            "rdsInstances": { "nodes": [{ "title": "orders", "engine": "postgres", "allocatedStorage": 20,
                "multiAz": true, "port": 5432, "tags": { "team": "storage" }, "region": { "identifier": REGION } }] },
            "dynamodbTables": { "nodes": [{ "title": "orders", "status": "ACTIVE", "billingMode": "PAY_PER_REQUEST",
                "partitionKey": "customer", "sortKey": "placed", "tags": { "team": "orders" }, "region": { "identifier": REGION } }] },
            "sqsQueues": { "nodes": [
                { "title": "dead", "fifo": false, "visibilityTimeout": 45, "deadLetterQueue": null, "maxReceiveCount": null,
                    "tags": { "team": "orders" }, "account": { "alias": alias } },
                { "title": "orders", "fifo": false, "visibilityTimeout": 45, "maxReceiveCount": 3,
                    "deadLetterQueue": format!("arn:aws:sqs:{REGION}:{account}:dead"),
                    "tags": { "team": "orders" }, "account": { "alias": alias } },
            ] },
            "snsTopics": { "nodes": [{ "title": "orders", "displayName": "Orders & more", "fifo": false,
                "tags": { "team": "orders" }, "region": { "identifier": REGION } }] },
            "iamRoles": { "nodes": [{ "title": "greet", "path": "/", "maxSessionDuration": 3600, "account": { "alias": alias },
                "trustPolicy": { "Version": "2012-10-17", "Statement": [{ "Effect": "Allow", "Action": "sts:AssumeRole",
                    "Principal": { "Service": "lambda.amazonaws.com" } }] } }] },
        })
    );
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn all_kinds_reach_the_catalog_on_sqlite() {
    all_kinds(Engine::Sqlite, "555555555555").await;
}

#[tokio::test]
async fn all_kinds_reach_the_catalog_on_postgres() {
    all_kinds(Engine::Postgres, "666666666666").await;
}

/// The operator of this server allows loopback only: no other address is asked, whatever it is called.
#[tokio::test]
async fn an_address_that_the_operator_forbids_is_refused() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let aws = Aws::new("777777777777").await;
    let program = Program::start(&database).await;
    for url in [
        "http://169.254.169.254/latest",
        "http://10.0.0.1:5000",
        "http://[::ffff:10.0.0.1]/",
        "http://0x0a000001/",
    ] {
        create_integration(&program, &aws, url).await;
        let run = resync(&program, false).await;
        assert_eq!(
            (&run["status"], &run["error"]["code"]),
            (&json!("FAILED"), &json!("ADDRESS_REFUSED")),
            "{run}"
        );
        let query = "mutation { deleteIntegration(identifier: \"aws-main\") { errors { code } } }";
        program.platform(query, json!({})).await;
    }
    program.stop().await;
    database.remove().await;
}
