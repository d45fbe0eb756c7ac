//! Integrations from documents: made where they are missing, changed where they differ.

use portolan_catalog::{OpContext, Role};
use portolan_schema::{Code, Error, Pointer, Problem, Problems, Result};
use serde_json::{Map, Value};

use crate::{IntegrationChange, Integrations, NewIntegration};

/// What came of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DocumentKind {
    Created,
    Updated,
    Unchanged,
}

/// A document that was applied, or would be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AppliedIntegration {
    pub identifier: String,
    pub kind: DocumentKind,
}

impl NewIntegration {
    /// Reads a document with the fields of `createIntegration`'s input.
    ///
    /// # Errors
    /// All problems of its shape.
    pub fn from_json(document: &Value) -> Result<Self, Problems> {
        let root = Pointer::root();
        let mut problems = Problems::default();
        let mut wanted = Self::default();
        let empty = Map::new();
        let object = document.as_object().unwrap_or_else(|| {
            problems.add(Code::WrongType, root.clone(), "an integration is an object");
            &empty
        });
        for (key, value) in object {
            let text = |problems: &mut Problems| {
                value.as_str().map(str::to_owned).unwrap_or_else(|| {
                    problems.add(Code::WrongType, root.key(key), format!("\"{key}\" is a string"));
                    String::new()
                })
            };
            let part = Some(value.clone()).filter(|value| !value.is_null());
            match key.as_str() {
                "identifier" => wanted.identifier = text(&mut problems),
                "ingestor" => wanted.ingestor = text(&mut problems),
                "config" => wanted.config = value.clone(),
                "secrets" => wanted.secrets = value.clone(),
                "mapping" => wanted.mapping = part,
                "schedule" => wanted.schedule = part.is_some().then(|| text(&mut problems)),
                "guard" => wanted.guard = part,
                _ => {
                    let message = format!("\"{key}\" is not a field of an integration");
                    problems.add(Code::UnknownField, root.key(key), message);
                }
            }
        }
        for (key, text) in [("identifier", &wanted.identifier), ("ingestor", &wanted.ingestor)] {
            if text.is_empty() && !problems.0.iter().any(|problem| problem.path == root.key(key)) {
                problems.add(Code::Required, root.key(key), format!("an integration needs its \"{key}\""));
            }
        }
        problems.into_result(wanted)
    }
}

impl Integrations {
    /// Reads and checks documents; nothing is written. Needs Admin where there are any.
    ///
    /// # Errors
    /// All problems, with paths `/n/…`.
    pub fn read_documents(&self, ctx: &OpContext, documents: &[Value]) -> Result<Vec<NewIntegration>> {
        if !documents.is_empty() {
            ctx.require(Role::Admin)?;
        }
        let mut problems = Problems::default();
        let mut read: Vec<NewIntegration> = Vec::with_capacity(documents.len());
        for (index, document) in documents.iter().enumerate() {
            let outer = Pointer::root().index(index);
            let wanted = NewIntegration::from_json(document)
                .map_err(Error::from)
                .and_then(|wanted| self.checked(ctx, &wanted).map(|_| wanted));
            match wanted {
                Ok(wanted) if read.iter().any(|other| other.identifier == wanted.identifier) => {
                    let message = format!("\"{}\" is in the set twice", wanted.identifier);
                    problems.0.push(Problem::new(Code::DuplicateName, outer.key("identifier"), message));
                }
                Ok(wanted) => read.push(wanted),
                Err(Error::Problems(found)) => {
                    problems.extend(found.into_iter().map(|problem| problem.under(&outer)));
                }
                Err(fault) => return Err(fault),
            }
        }
        problems.into_result(read).map_err(Error::from)
    }

    /// Blueprints that the default mappings among these fill.
    pub fn default_blueprints(&self, wanted: &[NewIntegration]) -> Result<Vec<Value>> {
        let mut blueprints: Vec<Value> = Vec::new();
        for one in wanted.iter().filter(|one| one.mapping.is_none()) {
            for blueprint in self.ingestor(&one.ingestor)?.defaults(&one.config).blueprints {
                if !blueprints.contains(&blueprint) {
                    blueprints.push(blueprint);
                }
            }
        }
        Ok(blueprints)
    }

    /// Makes the integrations what the documents say: what a document leaves out has its default, except secrets, which
    /// stay. Needs Admin where there are any.
    ///
    /// # Errors
    /// The problems of the first document that cannot be applied, with paths `/n/…`; those before it are applied.
    pub async fn apply(
        &self,
        ctx: &OpContext,
        wanted: &[NewIntegration],
        dry_run: bool,
    ) -> Result<Vec<AppliedIntegration>> {
        let mut applied = Vec::with_capacity(wanted.len());
        for (index, one) in wanted.iter().enumerate() {
            let kind = self.apply_one(ctx, one, dry_run).await.map_err(|error| match error {
                Error::Problems(problems) => {
                    let outer = Pointer::root().index(index);
                    Error::Problems(Problems(
                        problems.into_iter().map(|problem| problem.under(&outer)).collect(),
                    ))
                }
                fault => fault,
            })?;
            applied.push(AppliedIntegration { identifier: one.identifier.clone(), kind });
        }
        Ok(applied)
    }

    async fn apply_one(
        &self,
        ctx: &OpContext,
        wanted: &NewIntegration,
        dry_run: bool,
    ) -> Result<DocumentKind> {
        ctx.require(Role::Admin)?;
        let present = self.0.store.read(ctx.tenant()).await?.integration(&wanted.identifier).await?;
        let Some(present) = present else {
            if !dry_run {
                self.create(ctx, wanted).await?;
            }
            return Ok(DocumentKind::Created);
        };
        if present.ingestor != wanted.ingestor {
            let message =
                format!("the ingestor of \"{}\" is {} and stays so", present.identifier, present.ingestor);
            return Err(Error::at(Code::InvalidValue, Pointer::root().key("ingestor"), message));
        }
        let would_be = self.checked(ctx, wanted)?;
        let secrets = Some(wanted.secrets.clone()).filter(|secrets| !secrets.is_null());
        let same_secrets = match &secrets {
            Some(secrets) => self.settings(ctx, &present)?.secrets.expose() == *secrets,
            None => true,
        };
        let same = would_be.config == present.config
            && would_be.mapping == present.mapping
            && would_be.schedule == present.schedule
            && would_be.guard == present.guard;
        if same && same_secrets {
            return Ok(DocumentKind::Unchanged);
        }
        if !dry_run {
            let change = IntegrationChange {
                identifier: None,
                config: Some(wanted.config.clone()),
                secrets,
                mapping: Some(wanted.mapping.clone()),
                schedule: Some(wanted.schedule.clone()),
                guard: Some(wanted.guard.clone()),
            };
            self.update(ctx, &wanted.identifier, &change).await?;
        }
        Ok(DocumentKind::Updated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn documents_are_read() {
        let good = json!({"identifier": "a", "ingestor": "aws", "config": {"x": 1}, "mapping": null});
        let wanted = NewIntegration::from_json(&good).unwrap();
        assert_eq!((wanted.identifier.as_str(), wanted.mapping), ("a", None));
        for (document, expected) in [
            (json!([]), "WRONG_TYPE; REQUIRED /identifier; REQUIRED /ingestor"),
            (json!({"identifier": 1, "ingestor": "aws"}), "WRONG_TYPE /identifier"),
            (json!({"identifier": "a", "ingestor": "aws", "every": "hour"}), "UNKNOWN_FIELD /every"),
            (json!({"identifier": "a", "ingestor": "aws", "schedule": 15}), "WRONG_TYPE /schedule"),
        ] {
            let problems = NewIntegration::from_json(&document).unwrap_err();
            let found: Vec<_> = problems
                .0
                .iter()
                .map(|problem| format!("{} {}", problem.code, problem.path).trim().to_owned())
                .collect();
            assert_eq!(found.join("; "), expected);
        }
    }
}
