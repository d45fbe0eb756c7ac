//! From what was collected to changes of the catalog: plan, guard, commit. The plan goes through the catalog's dry run,
//! so that its counts are those of the commit.

use std::collections::{HashMap, HashSet};

use portolan_catalog::{
    Change, Deletion, EntityWrite, Kind, MAX_CHANGES, OpContext, RunOrigin, WriteMode, WriteOptions,
};
use portolan_schema::mapping::{MappedEntity, MappingConfig};
use portolan_schema::{CatalogModel, Result};
use portolan_store::integration::Integration;
use serde_json::{Value, json};

use crate::Integrations;
use crate::collection::Collected;

/// Own entities that the source does not have any more, by the resource whose they are.
pub(crate) struct Deletions(pub Vec<(usize, String, String)>);

impl Integrations {
    /// What would be deleted: own entities that were not seen, of blueprints whose every resource was read to the end.
    pub(crate) async fn deletions(
        &self,
        ctx: &OpContext,
        integration: &Integration,
        config: &MappingConfig,
        model: &CatalogModel,
        collected: &[Collected],
    ) -> Result<(Deletions, HashMap<String, usize>)> {
        let mut resource_of: HashMap<String, usize> = HashMap::new();
        let mut incomplete: HashSet<String> = HashSet::new();
        let mut anything = false;
        let mut seen: HashSet<(&str, &str)> = HashSet::new();
        for (index, here) in collected.iter().enumerate() {
            let mut blueprints: HashSet<String> =
                here.entities.iter().map(|entity| entity.blueprint.clone()).collect();
            for mapping in &config.resources[index].mappings {
                match serde_json::from_str::<String>(&mapping.blueprint) {
                    Ok(literal) => drop(blueprints.insert(literal)),
                    // A resource that failed and may make anything: nothing can be said to be gone.
                    Err(_) if here.counts.status != "SUCCEEDED" => anything = true,
                    Err(_) => {}
                }
            }
            for blueprint in blueprints {
                if here.counts.status != "SUCCEEDED" || here.counts.failed > 0 {
                    incomplete.insert(blueprint.clone());
                }
                resource_of.entry(blueprint).or_insert(index);
            }
            for entity in &here.entities {
                if let Some(identifier) = entity.body["identifier"].as_str() {
                    seen.insert((&entity.blueprint, identifier));
                }
            }
        }
        let owned = self.0.store.read(ctx.tenant()).await?.owned_entities(integration.id).await?;
        let mut have: HashMap<String, usize> = HashMap::new();
        let mut gone = Vec::new();
        for (no, identifier) in owned {
            let Some(blueprint) = model.by_no(no).map(|blueprint| blueprint.identifier().to_owned()) else {
                continue;
            };
            *have.entry(blueprint.clone()).or_default() += 1;
            let Some(resource) = resource_of.get(&blueprint) else { continue };
            if !anything
                && !incomplete.contains(&blueprint)
                && !seen.contains(&(blueprint.as_str(), identifier.as_str()))
            {
                gone.push((*resource, blueprint, identifier));
            }
        }
        Ok((Deletions(gone), have))
    }

    /// Writes (or, with `dry_run`, plans) one resource's entities and counts what came of them.
    pub(crate) async fn write_resource(
        &self,
        ctx: &OpContext,
        origin: RunOrigin,
        config: &MappingConfig,
        here: &mut Collected,
        dry_run: bool,
    ) -> Result<()> {
        let mode = if config.merge { WriteMode::Merge } else { WriteMode::Replace };
        let mut changes = Vec::new();
        let mut errors = Vec::new();
        for MappedEntity { blueprint, body } in &here.entities {
            match EntityWrite::from_json(blueprint, body) {
                Ok(write) => changes.push(Change::Write(mode, Box::new(write))),
                Err(problems) => errors.push(problems.into()),
            }
        }
        let options = WriteOptions {
            dry_run,
            create_missing: config.create_missing,
            run: Some(origin),
            ..WriteOptions::default()
        };
        let mut rest = changes;
        while !rest.is_empty() {
            let later = rest.split_off(rest.len().min(MAX_CHANGES));
            for result in self.0.catalog.write(ctx, rest, &options).await? {
                match result {
                    Ok(outcome) => match outcome.kind {
                        Kind::Created => here.counts.created += 1,
                        Kind::Updated => here.counts.updated += 1,
                        Kind::Unchanged | Kind::Deleted => here.counts.unchanged += 1,
                    },
                    Err(error) => errors.push(error),
                }
            }
            rest = later;
        }
        here.counts.failed += i64::try_from(errors.len()).unwrap_or(i64::MAX);
        if let Some(error) = errors.first() {
            let public = error.public();
            let message = public.0.first().map(ToString::to_string).unwrap_or_default();
            here.counts.error.get_or_insert((error.code().as_str().to_owned(), message));
        }
        Ok(())
    }

    /// Deletes (or plans to delete) what is gone. What others require stays and counts as failed.
    pub(crate) async fn delete_gone(
        &self,
        ctx: &OpContext,
        origin: RunOrigin,
        gone: &Deletions,
        collected: &mut [Collected],
        dry_run: bool,
    ) -> Result<()> {
        let options = WriteOptions { dry_run, run: Some(origin), ..WriteOptions::default() };
        for chunk in gone.0.chunks(MAX_CHANGES) {
            let change = |(_, blueprint, identifier): &(usize, String, String)| {
                Change::Delete(Deletion {
                    blueprint: blueprint.clone(),
                    identifier: identifier.clone(),
                    dependents: false,
                    if_revision: None,
                })
            };
            let results = self.0.catalog.write(ctx, chunk.iter().map(change).collect(), &options).await?;
            for ((resource, ..), result) in chunk.iter().zip(results) {
                let counts = &mut collected[*resource].counts;
                match result {
                    Ok(_) => counts.deleted += 1,
                    Err(_) => counts.failed += 1,
                }
            }
        }
        Ok(())
    }
}

/// Whether a blueprint would lose too much at once.
pub(crate) fn trips(
    integration: &Integration,
    config: &MappingConfig,
    gone: &Deletions,
    have: &HashMap<String, usize>,
) -> Option<Value> {
    let threshold = config.deletion_threshold.or_else(|| integration.guard["share"].as_f64()).unwrap_or(0.5);
    let least = usize::try_from(integration.guard["atLeast"].as_u64().unwrap_or(10)).unwrap_or(usize::MAX);
    let mut losses: HashMap<&str, usize> = HashMap::new();
    for (_, blueprint, _) in &gone.0 {
        *losses.entry(blueprint).or_default() += 1;
    }
    losses.into_iter().find_map(|(blueprint, deletions)| {
        let total = have.get(blueprint).copied().unwrap_or(deletions).max(1);
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = deletions as f64 / total as f64;
        (share > threshold && deletions > least).then(|| {
            json!({"reason": format!("{deletions} of {total} entities of \"{blueprint}\" would be deleted"),
                "deletions": deletions, "share": share, "threshold": threshold})
        })
    })
}
