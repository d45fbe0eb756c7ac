//! A resync of a large cluster by the built program: the stand-in for an API server is in this process.

use std::time::{Duration, Instant};

use portolan_ingestor_kubernetes::testing::{Cluster, objects};
use portolan_schema::{Error, Result};
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::new_tenant;
use crate::process;
use crate::served::Served;
use crate::table::{name, row};

const PODS: usize = 100_000;
/// Between two looks at a run and at the memory of the server.
const GLANCE: Duration = Duration::from_millis(50);

pub async fn measure(engine: Engine) -> Result<()> {
    let cluster = Cluster::start().await;
    cluster.fill(objects::shop());
    cluster.fill((0..PODS).map(|number| {
        let pod = objects::pod("shop", &format!("web-5d9c7b-{number:06}"), "n1");
        objects::owned(pod, "apps/v1", "ReplicaSet", "web-5d9c7b")
    }));
    cluster.compact();
    let database = TestDatabase::new(engine).await;
    let tenant = new_tenant(&database.store, "kubernetes").await?;
    let mut served = Served::start(&database.config, &["--outbound-allow", "127.0.0.0/8"]).await?;
    served.sign_in(&tenant).await?;
    let input = json!({ "identifier": "prod", "ingestor": "kubernetes", "secrets": { "kubeconfig": cluster.kubeconfig() } });
    let create =
        "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code message } } }";
    let made = served.platform(create, &json!({ "i": input })).await?;
    if made["createIntegration"]["errors"] != json!([]) {
        return Err(Error::internal(format!("no integration: {made}")));
    }
    for what in ["first", "unchanged"] {
        let (took, memory) = resync(&served).await?;
        let what = format!("resync of {PODS} Kubernetes pods, {what}, s; resident at most, MiB");
        row(&what, name(engine), &format!("{:.1}; {memory}", took.as_secs_f64()), "", "")?;
    }
    served.stop().await?;
    database.remove().await;
    Ok(())
}

/// Runs once; how long it takes, and the most memory that the server had meanwhile.
async fn resync(served: &Served) -> Result<(Duration, u64)> {
    let began = Instant::now();
    let start = "mutation { startResync(integration: \"prod\") { run { id } } }";
    let id = served.platform(start, &Value::Null).await?["startResync"]["run"]["id"].clone();
    let mut memory = 0;
    loop {
        let ask =
            "query($r: ID!) { resyncRun(id: $r) { status kinds { kind seen failed error { message } } } }";
        let run = served.platform(ask, &json!({ "r": id })).await?["resyncRun"].clone();
        memory = memory.max(process::resident(served.id())?);
        match run["status"].as_str() {
            Some("QUEUED" | "RUNNING") => tokio::time::sleep(GLANCE).await,
            Some("SUCCEEDED") => return Ok((began.elapsed(), memory)),
            _ => return Err(Error::internal(format!("a resync ended with {run}"))),
        }
    }
}
