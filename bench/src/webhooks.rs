//! Signed webhooks sent to the built program over loopback: at a steady pace for a minute, then as fast as it takes them.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use aws_lc_rs::hmac;
use portolan_schema::{Error, Result};
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::new_tenant;
use crate::process;
use crate::served::Served;
use crate::table::{name, per_second, percentile_99, row};

/// Sent in a minute.
const STEADY: usize = 10_000;
const MINUTE: Duration = Duration::from_secs(60);
/// Sent at once; a tenant may have 10,000 waiting.
const BURST: usize = 8_000;
const CLIENTS: usize = 8;
/// Services that the webhooks are about.
const SERVICES: usize = 1_000;
const SECRET: &str = "a secret of the benchmark";
/// Between two looks at what waits.
const GLANCE: Duration = Duration::from_millis(20);

pub async fn measure(engine: Engine) -> Result<()> {
    let database = TestDatabase::new(engine).await;
    let tenant = new_tenant(&database.store, "webhooks").await?;
    let mut served = Served::start(&database.config, &[]).await?;
    served.sign_in(&tenant).await?;
    let hook = Hook { url: integrate(&served).await?, served: &served };
    let (pace, cpu) = (MINUTE / u32::try_from(STEADY).unwrap_or(1), process::cpu(served.id())?);
    let steady = hook.send(0, STEADY, Some(pace)).await?;
    let spent = process::cpu(served.id())?.saturating_sub(cpu);
    let what = format!(
        "{STEADY} webhooks in a minute: accepted/s; 99th percentile of the answer, ms; lag at the end, ms"
    );
    let values = format!(
        "{:.0}; {:.1}; {:.0}",
        per_second(STEADY, steady.accepted),
        percentile_99(steady.answers).as_secs_f64() * 1e3,
        steady.lag.as_secs_f64() * 1e3
    );
    row(&what, name(engine), &values, "", "")?;
    let what = "the same: processor time of the server for each, µs; resident, MiB";
    let each = spent.as_secs_f64() * 1e6 / f64::from(u32::try_from(STEADY).unwrap_or(1));
    row(what, name(engine), &format!("{each:.0}; {}", process::resident(served.id())?), "", "")?;
    let burst = hook.send(STEADY, BURST, None).await?;
    let what = format!("{BURST} webhooks at once, {CLIENTS} clients: accepted/s; accepted and mapped/s");
    let mapped = per_second(BURST, burst.accepted + burst.lag);
    row(&what, name(engine), &format!("{:.0}; {mapped:.0}", per_second(BURST, burst.accepted)), "", "")?;
    hook.check(STEADY + BURST).await?;
    served.stop().await?;
    database.remove().await;
    Ok(())
}

/// A webhook integration; answers the address of its hook.
async fn integrate(served: &Served) -> Result<String> {
    let blueprint = json!({"identifier": "service", "title": "Service", "schema": {"properties": {
        "version": {"type": "number"}, "status": {"type": "string", "enum": ["green", "red"]},
        "commit": {"type": "string"}, "at": {"type": "string", "format": "date-time"}}}});
    let create = "mutation($b: JSON!) { createBlueprint(input: $b) { errors { message } } }";
    served.platform(create, &json!({ "b": blueprint })).await?;
    let mapping = json!({"resources": [{"kind": "event", "selector": {"query": ".body.action == \"deployed\""}, "port": {
        "entity": {"mappings": {"identifier": ".body.service.name", "title": ".body.service.title",
            "blueprint": "\"service\"", "properties": {"version": ".body.deployment.version",
            "status": "if .body.deployment.ok then \"green\" else \"red\" end", "commit": ".body.deployment.commit",
            "at": ".body.deployment.at"}}}}}]});
    let input = json!({"identifier": "ci", "ingestor": "webhook", "mapping": mapping, "secrets": {"signingSecret": SECRET},
        "config": {"signature": {"header": "x-signature", "algorithm": "sha256"}, "deliveryIdHeader": "x-delivery"}});
    let create = "mutation($i: IntegrationInput!) { createIntegration(input: $i) { integration { hookKey } errors { message } } }";
    let made = served.platform(create, &json!({ "i": input })).await?["createIntegration"].clone();
    match made["integration"]["hookKey"].as_str() {
        Some(key) => Ok(format!("{}/api/hooks/{key}", served.url)),
        None => Err(Error::internal(format!("no integration: {made}"))),
    }
}

struct Hook<'a> {
    url: String,
    served: &'a Served,
}

/// What became of webhooks.
struct Sent {
    /// From the first request to the last answer.
    accepted: Duration,
    /// From then until what all of them make was stored.
    lag: Duration,
    answers: Vec<Duration>,
}

impl Hook<'_> {
    /// Sends `count` webhooks, one at each time of the pace, or as fast as they are answered.
    async fn send(&self, first: usize, count: usize, pace: Option<Duration>) -> Result<Sent> {
        let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes());
        let bodies: Vec<(String, String)> =
            (first..first + count).map(|number| signed(&key, number)).collect();
        let next = AtomicUsize::new(0);
        let began = tokio::time::Instant::now();
        let clients = (0..CLIENTS).map(|_| async {
            let mut answers = Vec::new();
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                let Some((body, signature)) = bodies.get(index) else { return Ok::<_, Error>(answers) };
                if let Some(pace) = pace {
                    tokio::time::sleep_until(began + pace * u32::try_from(index).unwrap_or(0)).await;
                }
                let asked = Instant::now();
                let request = self.served.client().post(&self.url).header("x-signature", signature);
                let request = request.header("x-delivery", (first + index).to_string());
                let answer = request.body(body.clone()).send().await.map_err(Error::internal)?;
                answers.push(asked.elapsed());
                if answer.status().as_u16() != 202 {
                    let text = answer.text().await.unwrap_or_default();
                    return Err(Error::internal(format!("a webhook was answered {text}")));
                }
            }
        });
        let mut answers = Vec::new();
        for found in futures::future::join_all(clients).await {
            answers.extend(found?);
        }
        let accepted = began.elapsed();
        let waiting = "{ deliveries(integration: \"ci\", status: WAITING, first: 1) { id } }";
        loop {
            let found = self.served.platform(waiting, &Value::Null).await?;
            if found["deliveries"] == json!([]) {
                return Ok(Sent { accepted, lag: began.elapsed().saturating_sub(accepted), answers });
            }
            tokio::time::sleep(GLANCE).await;
        }
    }

    /// Nothing is lost: each service has the version that was told last.
    async fn check(&self, sent: usize) -> Result<()> {
        let failed = "{ deliveries(integration: \"ci\", status: FAILED, first: 1) { error { message } } }";
        let failed = self.served.platform(failed, &Value::Null).await?;
        let query = format!(
            "{{ services(where: {{ version: {{ gte: {} }} }}, first: 1) {{ totalCount }} }}",
            sent - SERVICES
        );
        let found = self.served.query(&query).await?["data"]["services"]["totalCount"].clone();
        if failed["deliveries"] == json!([]) && found == SERVICES {
            return Ok(());
        }
        Err(Error::internal(format!("{found} of {SERVICES} services have their last version; {failed}")))
    }
}

/// A body of some two kilobytes, and its signature.
fn signed(key: &hmac::Key, number: usize) -> (String, String) {
    let service = number % SERVICES;
    let steps: Vec<Value> = (0..12)
        .map(|step| json!({"name": format!("step {step}"), "conclusion": "success", "seconds": step * 7, "runner": {"os": "linux", "labels": ["x64", "large"]}}))
        .collect();
    let body = json!({"action": "deployed", "service": {"name": format!("service-{service}"), "title": format!("Service {service}")},
        "deployment": {"version": number, "ok": !number.is_multiple_of(7), "commit": format!("{number:040x}"), "at": "2026-03-01T09:07:30Z", "steps": steps}});
    let body = body.to_string();
    let tag = hmac::sign(key, body.as_bytes());
    let signature = tag.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    (body, signature)
}
