//! Calculations are tried before they are stored: an expression that does not compile would give nothing but nulls.

use portolan_schema::{Blueprint, Code, ComputedKind, Error, Pointer, Problem, Problems, Result};
use serde_json::json;

use super::Computing;

impl Computing {
    /// # Errors
    /// `INVALID_JQ` at each expression that does not compile, `JQ_LIMIT` where it never ends even on an empty entity.
    /// Paths begin in the definition, after `outer`.
    pub(crate) async fn check(&self, blueprint: &Blueprint, outer: &Pointer) -> Result<()> {
        let mut problems = Problems::default();
        for computed in blueprint.computed.values() {
            let ComputedKind::Calculation { expression, .. } = &computed.kind else { continue };
            let path = outer.join(&computed.path()).key("calculation");
            let Some(jq) = &self.jq else {
                problems.add(Code::NotSupported, path, "this server evaluates no calculations");
                continue;
            };
            let empty = json!({"identifier": "", "properties": {}, "relations": {}, "team": []});
            match jq.evaluate(expression, &empty).await {
                Err(Error::Problems(found)) => problems.extend(
                    found
                        .into_iter()
                        .filter(|problem| problem.code != Code::JqFailed)
                        .map(|problem| Problem { path: path.clone(), ..problem }),
                ),
                Err(fault) => return Err(fault),
                Ok(_) => {}
            }
        }
        Ok(problems.into_result(())?)
    }
}
