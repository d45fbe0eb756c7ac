//! The first steps of a new tenant: a model to begin with, and a sample to look at.

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::program::Program;

const APPLY: &str =
    "mutation($name: ID!, $dryRun: Boolean!) { applyStarterModel(name: $name, dryRun: $dryRun) {
    created unchanged conflicts pages errors { code message path } } }";

async fn begun(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let program = Program::start(&database).await;
    let answer = program.platform("{ starterModels { name yaml blueprints } }", json!({})).await;
    let models = answer["starterModels"].as_array().unwrap().clone();
    for name in ["service-catalog", "aws", "github", "kubernetes", "backstage"] {
        assert!(models.iter().any(|model| model["name"] == name), "{name}");
    }
    for model in &models {
        let count = model["blueprints"].as_array().unwrap().len();
        let apply = async |dry_run: bool| -> Value {
            let variables = json!({"name": model["name"], "dryRun": dry_run});
            program.platform(APPLY, variables).await["applyStarterModel"].clone()
        };
        let plan = apply(true).await;
        let done = apply(false).await;
        assert_eq!(done["created"].as_array().map(Vec::len), Some(count), "{done}");
        assert_eq!(
            (&plan["created"], &plan["errors"], &done["errors"]),
            (&done["created"], &json!([]), &json!([]))
        );
        // A page each, in a folder.
        assert_eq!(done["pages"].as_array().map(Vec::len), Some(count + 1), "{done}");
        // The documents say the same.
        let file = program.directory().join("model.yaml");
        std::fs::write(&file, model["yaml"].as_str().unwrap()).unwrap();
        let applied = program.run(&["apply", &file.display().to_string()]).await;
        let said = String::from_utf8_lossy(&applied.stdout).into_owned();
        assert!(
            applied.status.success() && said.contains(&format!("{count} blueprints")),
            "{said} {applied:?}"
        );
        assert_eq!(apply(false).await["unchanged"].as_array().map(Vec::len), Some(count));
    }

    let before = program.platform("{ blueprints { identifier } pages { identifier } }", json!({})).await;
    let query = "mutation { loadSampleWorkspace { sample { loaded blueprints entities } errors { code message path } } }";
    let loaded = program.platform(query, json!({})).await["loadSampleWorkspace"].clone();
    assert_eq!((&loaded["errors"], &loaded["sample"]["loaded"]), (&json!([]), &json!(true)), "{loaded}");
    let answer = program
        .catalog("{ sampleServices(first: 1) { totalCount nodes { createdBy team owner { title } } } }")
        .await;
    let services = &answer["sampleServices"];
    assert_eq!(
        (&services["totalCount"], &services["nodes"][0]["createdBy"]),
        (&json!(40), &json!("system:sample"))
    );
    assert!(
        services["nodes"][0]["team"] == json!([]) && services["nodes"][0]["owner"].is_object(),
        "{services}"
    );
    let overview =
        program.platform("{ page(identifier: \"sample-overview\") { dashboard parent } }", json!({})).await;
    assert_eq!(overview["page"]["parent"], "sample-workspace");
    assert!(overview["page"]["dashboard"]["widgets"].as_array().unwrap().len() > 8, "{overview}");
    let query =
        "mutation { removeSampleWorkspace { sample { loaded entities } errors { code message path } } }";
    let removed = program.platform(query, json!({})).await["removeSampleWorkspace"].clone();
    assert_eq!(removed, json!({"sample": {"loaded": false, "entities": 0}, "errors": []}));
    let after = program.platform("{ blueprints { identifier } pages { identifier } }", json!({})).await;
    assert_eq!(after, before);
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn a_tenant_begins_on_sqlite() {
    begun(Engine::Sqlite).await;
}

#[tokio::test]
async fn a_tenant_begins_on_postgres() {
    begun(Engine::Postgres).await;
}
