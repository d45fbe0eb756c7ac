//! jaq, without what reaches out of an expression.

use jaq_core::data::JustLut;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Filter, Vars, unwrap_valr};
use jaq_json::Val;
use portolan_schema::Code;
use portolan_schema::mapping::{Jq, JqProblem};
use serde::Deserialize;
use serde_json::Value;

/// Natives that read the process, its input or end it.
const DENIED: &[&str] =
    &["env", "input", "inputs", "debug", "stderr", "halt", "halt_error", "input_line_number"];
/// Longest message of an error, in characters: an error may hold the whole input.
const MAX_MESSAGE: usize = 300;

pub(crate) struct Engine;

impl Jq for Engine {
    type Filter = Filter<JustLut<Val>>;

    fn compile(&self, expression: &str) -> Result<Self::Filter, JqProblem> {
        let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let defs = defs.filter(|def| !DENIED.contains(&def.name));
        let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
        let funs = funs.filter(|(name, ..)| !DENIED.contains(name));
        let arena = Arena::default();
        let wrong = |what: &str| JqProblem::new(Code::InvalidJq, format!("the expression {what}"));
        let modules = Loader::new(defs)
            .load(&arena, File { code: expression, path: () })
            .map_err(|_| wrong("is not well-formed jq"))?;
        Compiler::default().with_funs(funs).compile(modules).map_err(|errors| {
            let names: Vec<&str> =
                errors.iter().flat_map(|(_, errors)| errors.iter().map(|(name, _)| *name)).take(5).collect();
            wrong(&format!("uses what is not defined: {}", names.join(", ")))
        })
    }

    fn first(&self, filter: &Self::Filter, input: &Value) -> Result<Option<Value>, JqProblem> {
        let failed = |message: String| {
            JqProblem::new(Code::JqFailed, message.chars().take(MAX_MESSAGE).collect::<String>())
        };
        let input = Val::deserialize(input).map_err(|error| failed(error.to_string()))?;
        let context = Ctx::<JustLut<Val>>::new(&filter.lut, Vars::new([]));
        match filter.id.run((context, input)).map(unwrap_valr).next() {
            None => Ok(None),
            Some(Ok(value)) => {
                // jaq prints values that JSON does not have (NaN, bytes); those fail here.
                serde_json::from_str(&value.to_string()).map(Some).map_err(|error| failed(error.to_string()))
            }
            Some(Err(error)) => Err(failed(error.to_string())),
        }
    }
}
