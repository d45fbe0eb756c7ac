//! Deleting what a client has made by itself, known by its `User-Agent` (port-api.md 0.6).

use portolan_catalog::{Change, DatasourceQuery, Deletion, MAX_CHANGES, OpContext, WriteOptions};
use portolan_schema::{Code, Error, Pointer, Result};
use portolan_store::integration::Integration;

use crate::Integrations;

/// How the exporters that there are call themselves: what comes before and after their version.
fn agents(integration: &Integration) -> [(String, String); 2] {
    let Integration { ingestor, identifier, .. } = integration;
    [
        (format!("port-ocean/{ingestor}/"), format!("/{identifier}/exporter")),
        ("port-k8s-exporter".to_owned(), format!("(statekey/{identifier})")),
    ]
}

impl Integrations {
    /// Deletes the entities that the integration's client has made. Answers how many.
    ///
    /// # Errors
    /// `HAS_DEPENDENTS` where others require one of them; what nobody requires is deleted.
    pub(super) async fn delete_made(&self, ctx: &OpContext, integration: &Integration) -> Result<u64> {
        let mut deleted = 0;
        for (prefix, suffix) in agents(integration) {
            let query = DatasourceQuery { prefix, suffix, ..DatasourceQuery::default() };
            // What requires another goes before it, so this goes on while something does.
            loop {
                let (done, held) = self.delete_pass(ctx, &query).await?;
                deleted += done;
                match held {
                    None => break,
                    Some(_) if done > 0 => {}
                    Some(error) => return Err(error),
                }
            }
        }
        Ok(deleted)
    }

    /// One pass over the entities of a datasource: how many went, and why the first one that did not.
    async fn delete_pass(&self, ctx: &OpContext, query: &DatasourceQuery) -> Result<(u64, Option<Error>)> {
        let (mut deleted, mut held) = (0, None);
        let mut after = 0;
        loop {
            let model = self.0.catalog.model(ctx).await?;
            let query = DatasourceQuery { after, ..query.clone() };
            let (page, _) = self.0.catalog.of_datasource(ctx, &query, Some(MAX_CHANGES)).await?;
            let Some(last) = page.last() else { return Ok((deleted, held)) };
            after = last.id;
            let deletion = |blueprint: &str, identifier: &str| {
                Change::Delete(Deletion {
                    blueprint: blueprint.to_owned(),
                    identifier: identifier.to_owned(),
                    dependents: false,
                    if_revision: None,
                })
            };
            let changes = page.iter().filter_map(|entity| {
                let blueprint = model.by_no(entity.blueprint)?.identifier();
                Some(deletion(blueprint, &entity.identifier))
            });
            for result in self.0.catalog.write(ctx, changes.collect(), &WriteOptions::default()).await? {
                match result {
                    Ok(outcome) => deleted += u64::try_from(outcome.deleted.len()).unwrap_or(0),
                    Err(error) if error.code() == Code::NotFound => {}
                    Err(error) if error.code() == Code::HasDependents => {
                        let message = error.public().to_string();
                        let path = Pointer::root().key("delete_entities");
                        held = held.or(Some(Error::at(Code::HasDependents, path, message)));
                    }
                    Err(error) => return Err(error),
                }
            }
        }
    }
}
