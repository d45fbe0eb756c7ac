//! The rule language of `/v1` and of the platform API (port-api.md 2.5): an AST, its resolution against a blueprint
//! into a [`Filter`], and an evaluator in memory.

use serde_json::Value;

use crate::{BlueprintModel, CatalogModel, Code, Filter, Pointer, Problem, Problems};

/// What to do with a property that the blueprint does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// `UNKNOWN_PROPERTY` at its path.
    Refuse,
    /// As if no entity had a value there: what a search over many blueprints needs.
    TreatAsAbsent,
}

/// A combinator with its rules, as parsed; not yet bound to a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Group;

/// Reads `{combinator, rules}`; `path` is where it is in the request.
///
/// # Errors
/// All problems.
pub fn parse(_value: &Value, path: &Pointer) -> Result<Group, Problems> {
    Err(Problem::new(Code::NotSupported, path.clone(), "rules are not supported yet").into())
}

impl Group {
    /// Binds the rules to a blueprint.
    ///
    /// # Errors
    /// All problems: unknown properties, operands that do not fit.
    pub fn resolve(
        &self,
        _model: &CatalogModel,
        _blueprint: &BlueprintModel,
        _unknown: Unknown,
    ) -> Result<Filter, Problems> {
        Ok(Filter::always())
    }
}
