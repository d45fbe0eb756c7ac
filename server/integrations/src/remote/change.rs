//! What a client wants kept of its integration, in its own words (port-api.md 5.2).

use portolan_schema::identifier::{self, Kind};
use portolan_schema::{Code, Instant, Pointer, Problems, Result};
use portolan_store::integration::Integration;
use serde_json::{Map, Value};

use super::RemoteState;
use crate::{guard, now};

/// Longest name of a kind of source.
const MAX_TYPE: usize = 100;
/// What the server says of an integration; a client that sends back what it has read changes none of it.
const TOLD: &[&str] = &[
    "_id",
    "id",
    "identifier",
    "installationId",
    "integrationType",
    "createdAt",
    "createdBy",
    "updatedAt",
    "updatedBy",
    "resyncState",
    "logAttributes",
    "metricAttributes",
    "ok",
];

/// What is to change; what is not named stays.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct RemoteChange {
    /// `installationAppType`.
    pub ingestor: Option<String>,
    /// Kept as it is; where it is a mapping, runs of raw items use it.
    pub config: Option<Value>,
    /// `{share, atLeast}`.
    pub guard: Option<Value>,
    /// Everything else that the client says of itself.
    pub attributes: Map<String, Value>,
    /// Whoever polls is to resync.
    pub resync: bool,
    /// Another configuration alone is no reason to.
    pub skip_resync: bool,
}

impl RemoteChange {
    /// Reads the wire's object; the identifier is the caller's to read.
    ///
    /// # Errors
    /// All problems of its shape.
    pub fn from_json(body: &Value) -> Result<Self, Problems> {
        let root = Pointer::root();
        let mut problems = Problems::default();
        let mut change = Self::default();
        let Value::Object(object) = body else {
            problems.add(Code::WrongType, root, "an integration is an object");
            return Err(problems);
        };
        for (key, value) in object {
            match key.as_str() {
                told if TOLD.contains(&told) => {}
                "installationAppType" => match value.as_str() {
                    Some(name) => change.ingestor = checked_type(name, &root.key(key), &mut problems),
                    None => problems.add(Code::WrongType, root.key(key), format!("\"{key}\" is a string")),
                },
                "config" => match value {
                    Value::Object(_) => change.config = Some(value.clone()),
                    Value::Null => change.config = Some(Value::Object(Map::new())),
                    _ => problems.add(Code::WrongType, root.key(key), "\"config\" is an object"),
                },
                "guard" => change.guard = Some(guard::parse(Some(value), &mut problems)),
                _ => drop(change.attributes.insert(key.clone(), value.clone())),
            }
        }
        problems.into_result(change)
    }

    /// What the integration becomes. Its time moves only where something is different, for clients take that for a change
    /// of their configuration.
    pub(super) fn apply(&self, present: Integration, actor: &str) -> Result<Integration> {
        let mut state = RemoteState::of(&present)?;
        let mut changed = present.clone();
        if let Some(ingestor) = &self.ingestor {
            changed.ingestor.clone_from(ingestor);
        }
        if let Some(config) = &self.config {
            changed.mapping = config.clone();
        }
        if let Some(guard) = &self.guard {
            changed.guard = guard.clone();
        }
        for (key, value) in &self.attributes {
            state.attributes.insert(key.clone(), value.clone());
        }
        let is_new = present.id == 0;
        if self.resync || !is_new && !self.skip_resync && changed.mapping != present.mapping {
            state.requested_at = Some(now().0);
        }
        state.store(&mut changed)?;
        if changed != present {
            // Also where two changes come within one tick of the clock.
            changed.updated_at = Instant(now().0.max(present.updated_at.0 + 1));
            changed.updated_by = actor.to_owned();
        }
        Ok(changed)
    }
}

fn checked_type(name: &str, path: &Pointer, problems: &mut Problems) -> Option<String> {
    let fits =
        !name.trim().is_empty() && name.chars().count() <= MAX_TYPE && !name.chars().any(char::is_control);
    if !fits {
        let message =
            format!("the type of an integration has 1 to {MAX_TYPE} characters, none of them for control");
        problems.add(Code::InvalidValue, path.clone(), message);
    }
    fits.then(|| name.to_owned())
}

/// What only a new integration can lack.
pub(super) fn check_new(integration: &Integration) -> Result<(), Problems> {
    let root = Pointer::root();
    let mut problems = Problems::default();
    let path = root.key("installationId");
    if let Err(problem) = identifier::check(Kind::Integration, &integration.identifier, &path) {
        problems.0.push(problem);
    }
    if integration.ingestor.is_empty() {
        let message = "\"installationAppType\" says what kind of source it is";
        problems.add(Code::Required, root.key("installationAppType"), message);
    }
    problems.into_result(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn wishes_are_read() {
        for (body, expected) in [
            (json!({}), Ok("{}")),
            (json!({"version": "1", "updatedAt": "x", "_id": 1, "resyncState": 3}), Ok(r#"{"version":"1"}"#)),
            (
                json!({"changelogDestination": {"type": "KAFKA"}, "odd": null}),
                Ok(r#"{"changelogDestination":{"type":"KAFKA"},"odd":null}"#),
            ),
            (json!([]), Err("WRONG_TYPE ")),
            (
                json!({"config": 3, "installationAppType": null}),
                Err("WRONG_TYPE /config; WRONG_TYPE /installationAppType"),
            ),
            (json!({"installationAppType": "a\nb"}), Err("INVALID_VALUE /installationAppType")),
            (json!({"guard": {"share": 2}}), Err("INVALID_VALUE /guard/share")),
        ] {
            let found = RemoteChange::from_json(&body);
            match expected {
                Ok(attributes) => {
                    assert_eq!(Value::Object(found.unwrap().attributes).to_string(), attributes)
                }
                Err(expected) => {
                    let problems = found.unwrap_err();
                    let found: Vec<_> = problems
                        .0
                        .iter()
                        .map(|problem| format!("{} {}", problem.code, problem.path))
                        .collect();
                    assert_eq!(found.join("; "), expected, "{body}");
                }
            }
        }
    }
}
