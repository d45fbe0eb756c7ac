//! Where an ingestor's items go: mapped at once, kept until the run is planned.

use std::collections::HashMap;

use async_trait::async_trait;
use portolan_foundation::jq::JqPool;
use portolan_ingestor_contract::{Level, Sink, SourceError};
use portolan_schema::Result;
use portolan_schema::mapping::{MappedEntity, MappingConfig};
use portolan_store::integration::RunKind;
use serde_json::Value;
use tokio::sync::Mutex;

/// One entry of the mapping's resources, with what came of it.
pub(crate) struct Collected {
    pub counts: RunKind,
    /// As JSON, for the workers.
    resource: Value,
    pub entities: Vec<MappedEntity>,
}

/// Collects one run.
pub(crate) struct Collection {
    jq: JqPool,
    /// Resources of each kind, by their place in the mapping.
    kinds: HashMap<String, Vec<usize>>,
    collected: Mutex<Vec<Collected>>,
}

impl Collection {
    pub(crate) fn new(jq: JqPool, mapping: &Value, config: &MappingConfig) -> Self {
        let mut kinds: HashMap<String, Vec<usize>> = HashMap::new();
        let mut collected = Vec::new();
        for (index, resource) in config.resources.iter().enumerate() {
            kinds.entry(resource.kind.clone()).or_default().push(index);
            collected.push(Collected {
                counts: RunKind {
                    kind: resource.kind.clone(),
                    status: "FAILED".into(),
                    ..RunKind::default()
                },
                resource: mapping["resources"][index].clone(),
                entities: Vec::new(),
            });
        }
        Self { jq, kinds, collected: Mutex::new(collected) }
    }

    pub(crate) fn into_collected(self) -> Vec<Collected> {
        self.collected.into_inner()
    }

    async fn mark(&self, kind: &str, status: &str, error: Option<&SourceError>) {
        let mut collected = self.collected.lock().await;
        for index in self.kinds.get(kind).into_iter().flatten() {
            let counts = &mut collected[*index].counts;
            status.clone_into(&mut counts.status);
            counts.error = error.map(|error| (error.code.as_str().to_owned(), error.message.clone()));
        }
    }
}

#[async_trait]
impl Sink for Collection {
    async fn kind_started(&self, kind: &str) -> Result<()> {
        self.mark(kind, "RUNNING", None).await;
        Ok(())
    }

    async fn items(&self, kind: &str, items: Vec<Value>) -> Result<()> {
        for index in self.kinds.get(kind).into_iter().flatten() {
            let resource = self.collected.lock().await[*index].resource.clone();
            let mapped = self.jq.map(&resource, items.clone()).await?;
            let mut collected = self.collected.lock().await;
            let here = &mut collected[*index];
            here.counts.seen += i64::try_from(items.len()).unwrap_or(i64::MAX);
            for one in mapped {
                if one.entities.is_empty() && !one.problems.is_empty() {
                    here.counts.failed += 1;
                    let problem = &one.problems[0];
                    here.counts.error.get_or_insert_with(|| (problem.code.clone(), problem.message.clone()));
                }
                here.counts.mapped += i64::try_from(one.entities.len()).unwrap_or(i64::MAX);
                here.entities.extend(one.entities);
            }
        }
        Ok(())
    }

    async fn kind_done(&self, kind: &str) -> Result<()> {
        let mut collected = self.collected.lock().await;
        for index in self.kinds.get(kind).into_iter().flatten() {
            collected[*index].counts.status = "SUCCEEDED".into();
        }
        Ok(())
    }

    async fn kind_failed(&self, kind: &str, error: &SourceError) -> Result<()> {
        self.mark(kind, "FAILED", Some(error)).await;
        Ok(())
    }

    async fn log(&self, level: Level, kind: Option<&str>, message: &str, item: Option<&str>) -> Result<()> {
        tracing::info!(run.level = level.as_str(), run.kind = kind, run.item = item, "{message}");
        Ok(())
    }
}
