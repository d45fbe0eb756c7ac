//! An organisation's accounts, by roles that are assumed with the tenant's own proof.

use std::collections::BTreeSet;
use std::sync::Arc;

use portolan_ingestor_aws::testing::Emulator;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::faults::way::Way;
use crate::program::Program;
use crate::resync::{ended, start_of};

const REGION: &str = "us-east-1";

async fn ask(program: &Program, token: &str, query: &str) -> Value {
    let request = reqwest::Client::new().post(format!("{}/api/graphql", program.url)).bearer_auth(token);
    request.json(&json!({ "query": query })).send().await.unwrap().json().await.unwrap()
}

async fn token(program: &Program, made: &Value) -> String {
    let body = json!({ "clientId": made["clientId"], "clientSecret": made["clientSecret"] });
    program.post("/v1/auth/access_token", &body).await["accessToken"].as_str().unwrap().to_owned()
}

/// What the API says of the AWS ingestor, to somebody.
async fn shown(program: &Program, token: &str) -> Value {
    let query = "{ ingestors { name externalId policy(kinds: [\"s3-bucket\", \"AWS::Logs::LogGroup\"]) } }";
    let answer = ask(program, token, query).await;
    let ingestors = answer["data"]["ingestors"].as_array().unwrap_or_else(|| panic!("{answer}")).clone();
    ingestors.into_iter().find(|ingestor| ingestor["name"] == "aws").unwrap()
}

/// Before there is an integration, an administrator reads the tenant's external id and the policy; nobody else the id.
async fn shown_proof(program: &Program) -> String {
    let own = shown(program, program.token()).await;
    assert_eq!(own, shown(program, program.token()).await);
    let actions = own["policy"]["Statement"][0]["Action"].as_array().unwrap();
    assert!(actions.contains(&json!("s3:ListAllMyBuckets")), "{own}");
    assert!(actions.contains(&json!("cloudformation:ListResources")), "{own}");
    assert!(!own.to_string().contains("ec2:DescribeInstances"), "{own}");
    let proof = own["externalId"].as_str().unwrap().to_owned();
    assert!(proof.starts_with("portolan-") && proof.len() > 32, "{proof}");

    let made =
        program.host(&["tenant", "create", "other", "--admin-email", "b@other.example", "--json"]).await;
    let other = token(program, &serde_json::from_slice(&made.stdout).unwrap()).await;
    assert_ne!(shown(program, &other).await["externalId"], own["externalId"], "each tenant has its own");

    let made =
        "mutation { createCredential(role: MEMBER, name: \"m\") { clientId clientSecret errors { code } } }";
    let made = program.platform(made, json!({})).await["createCredential"].clone();
    let member = token(program, &made).await;
    let refused = ask(program, &member, "{ ingestors { name externalId } }").await;
    assert_eq!(refused["errors"][0]["extensions"]["code"], "FORBIDDEN", "{refused}");
    let allowed = ask(program, &member, "{ ingestors { name policy } }").await;
    assert!(allowed["errors"].is_null(), "{allowed}");
    proof
}

async fn run(program: &Program) -> Value {
    let id = start_of(program, "company", false).await;
    ended(program, &id).await
}

async fn buckets(program: &Program) -> BTreeSet<(String, String)> {
    let answer = program.catalog("{ s3Buckets { nodes { identifier account { identifier } } } }").await;
    let nodes = answer["s3Buckets"]["nodes"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    nodes.map(|node| (text(&node["account"]["identifier"]), text(&node["identifier"]))).collect()
}

#[tokio::test]
async fn an_organisation_is_read_with_the_proof_that_was_shown() {
    for (engine, account) in [(Engine::Sqlite, "330000000001"), (Engine::Postgres, "330000000002")] {
        let database = TestDatabase::new(engine).await;
        let program = Program::start(&database).await;
        let proof = shown_proof(&program).await;

        let company = Emulator::account(account).await;
        let shop = company.create_organization(&["shop"]).await.remove(0);
        let mut expected = BTreeSet::new();
        for owner in [account, &shop] {
            let bucket = format!("b{owner}");
            Emulator::account(owner).await.create_bucket(REGION, &bucket).await;
            expected.insert((owner.to_owned(), bucket));
        }
        let ingestor = Arc::new(portolan_ingestor_aws::Aws::new());
        let way = Way::to(&company.url, ingestor, &format!("iam%3A%3A{shop}%3Arole")).await;
        let role = format!("arn:aws:iam::{account}:role/portolan");
        let input = json!({ "identifier": "company", "ingestor": "aws", "secrets": company.secrets(),
            "config": { "regions": [REGION], "endpointUrl": way.address(), "roleArn": role, "accounts": ["*"] } });
        let query = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { integration { policy } errors { code message path } } }";
        let made = program.platform(query, json!({ "i": input })).await["createIntegration"].clone();
        assert_eq!(made["errors"], json!([]), "{made}");
        let actions = made["integration"]["policy"]["Statement"][0]["Action"].as_array().unwrap();
        assert!(actions.contains(&json!("organizations:ListAccounts")), "{made}");
        assert!(!actions.contains(&json!("cloudformation:ListResources")), "{made}");

        let done = run(&program).await;
        assert_eq!((&done["status"], &done["error"]), (&json!("SUCCEEDED"), &Value::Null), "{done}");
        assert_eq!(buckets(&program).await, expected);
        let names = program.catalog("{ awsAccounts { nodes { identifier name } } }").await;
        let named = json!({ "identifier": shop, "name": "shop" });
        assert!(names["awsAccounts"]["nodes"].as_array().unwrap().contains(&named), "{names}");
        let seen = way.seen();
        let mut assumptions =
            seen.iter().filter(|seen| seen.field("Action").as_deref() == Some("AssumeRole")).peekable();
        assert!(assumptions.peek().is_some());
        assert!(assumptions.all(|seen| seen.field("ExternalId").as_ref() == Some(&proof)));

        // An account whose role refuses takes nothing with it, and holds nobody up.
        way.refuse(true);
        let bucket = format!("b{account}-new");
        company.create_bucket(REGION, &bucket).await;
        expected.insert((account.to_owned(), bucket));
        let partial = run(&program).await;
        assert_eq!(partial["status"], "FAILED", "{partial}");
        for kind in partial["kinds"].as_array().unwrap() {
            assert_eq!((&kind["status"], &kind["deleted"]), (&json!("FAILED"), &json!(0)), "{partial}");
            let error = kind["error"]["message"].as_str().unwrap();
            assert!(error.starts_with(&format!("account {shop}: ")), "{error}");
        }
        assert_eq!(buckets(&program).await, expected);
        way.refuse(false);
        assert_eq!(run(&program).await["status"], "SUCCEEDED");
        assert_eq!(buckets(&program).await, expected);
        program.stop().await;
        database.remove().await;
    }
}
