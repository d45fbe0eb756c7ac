//! What a mapping would make of raw items, before it is saved.

use portolan_catalog::{Change, EntityWrite, MAX_CHANGES, OpContext, Role, WriteOptions};
use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Error, Pointer, Result};
use serde_json::Value;

use crate::Integrations;
use crate::place::{self, Place};
use crate::run::mode;

/// Most samples of one preview.
const MAX_SAMPLES: usize = 50;

/// What came of one sample.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Preview {
    /// `{blueprint, identifier, title, …}` as `/v1` takes them.
    pub entities: Vec<Value>,
    pub errors: Vec<PreviewError>,
}

/// An expression that failed, or whose result does not fit the blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct PreviewError {
    /// JSON Pointer in the mapping.
    pub path: String,
    /// The expression there; empty where there is none.
    pub expression: String,
    pub message: String,
}

impl Integrations {
    /// Needs Admin. Maps samples of a kind (without any: those that are recorded) by a mapping (without one: the
    /// integration's), and tries the entities on the catalog. Changes nothing.
    ///
    /// # Errors
    /// `NOT_FOUND`; problems of the mapping, with paths below `/mapping`; `TOO_MANY_ITEMS`.
    pub async fn preview(
        &self,
        ctx: &OpContext,
        identifier: &str,
        kind: &str,
        mapping: Option<Value>,
        samples: Option<Vec<Value>>,
    ) -> Result<Vec<Preview>> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        let mapping = mapping.unwrap_or(integration.mapping);
        let path = Pointer::root().key("mapping");
        let config = MappingConfig::parse(&mapping, &path)?;
        let samples = match samples {
            Some(samples) => samples,
            None => self.0.store.read(ctx.tenant()).await?.payloads(integration.id, kind).await?,
        };
        if samples.len() > MAX_SAMPLES {
            let message = format!("{} samples; at most {MAX_SAMPLES} are taken", samples.len());
            return Err(Error::at(Code::TooManyItems, Pointer::root().key("samples"), message));
        }
        let resources: Vec<usize> =
            (0..config.resources.len()).filter(|index| config.resources[*index].kind == kind).collect();
        if resources.is_empty() {
            let message = format!("the mapping has no resource of the kind \"{kind}\"");
            return Err(Error::at(Code::InvalidValue, Pointer::root().key("kind"), message));
        }
        let mut previews = vec![Preview::default(); samples.len()];
        let mut made: Vec<(usize, usize, String, Value)> = Vec::new();
        for resource in resources {
            let mapped = self.0.jq.map(&mapping["resources"][resource], samples.clone()).await?;
            for (sample, mapped) in mapped.into_iter().enumerate() {
                for problem in mapped.problems {
                    let place = place::of_expression(&mapping, resource, &problem.path);
                    previews[sample].errors.push(error(place, &problem.message));
                }
                made.extend(
                    mapped
                        .entities
                        .into_iter()
                        .map(|entity| (sample, resource, entity.blueprint, entity.body)),
                );
            }
        }
        if made.len() > MAX_CHANGES {
            let message =
                format!("the samples make {} entities; at most {MAX_CHANGES} are shown", made.len());
            return Err(Error::at(Code::TooManyItems, Pointer::root().key("samples"), message));
        }
        self.try_entities(ctx, &mapping, &config, &made, &mut previews).await?;
        for (sample, _, blueprint, mut body) in made {
            if let Value::Object(fields) = &mut body {
                fields.shift_insert(0, "blueprint".into(), Value::from(blueprint));
            }
            previews[sample].entities.push(body);
        }
        Ok(previews)
    }

    /// Needs Admin. Raw items of a kind that the last run which read it recorded, masked.
    ///
    /// # Errors
    /// `NOT_FOUND`.
    pub async fn recorded_samples(
        &self,
        ctx: &OpContext,
        identifier: &str,
        kind: &str,
    ) -> Result<Vec<Value>> {
        ctx.require(Role::Admin)?;
        let integration = self.find(ctx, identifier).await?;
        self.0.store.read(ctx.tenant()).await?.payloads(integration.id, kind).await
    }

    async fn try_entities(
        &self,
        ctx: &OpContext,
        mapping: &Value,
        config: &MappingConfig,
        made: &[(usize, usize, String, Value)],
        previews: &mut [Preview],
    ) -> Result<()> {
        let mode = mode(config);
        let mut changes = Vec::new();
        let mut tried = Vec::new();
        let mut note = |(sample, resource, blueprint, _): &(usize, usize, String, Value),
                        error_of: &Error| {
            for problem in error_of.public() {
                let place = place::of_entity(mapping, *resource, blueprint, problem.path.as_str());
                previews[*sample].errors.push(error(place, &problem.message));
            }
        };
        for one in made {
            match EntityWrite::from_json(&one.2, &one.3) {
                Ok(write) => {
                    changes.push(Change::Write(mode, Box::new(write)));
                    tried.push(one);
                }
                Err(problems) => note(one, &problems.into()),
            }
        }
        // What other items would make is not known here, so no target is said to be missing.
        let options = WriteOptions { dry_run: true, create_missing: true, ..WriteOptions::default() };
        let results = self.0.catalog.write(ctx, changes, &options).await?;
        for (one, result) in tried.into_iter().zip(results) {
            if let Err(problem) = result {
                note(one, &problem);
            }
        }
        Ok(())
    }
}

fn error(place: Place, message: &str) -> PreviewError {
    PreviewError { path: place.path, expression: place.expression, message: message.to_owned() }
}
