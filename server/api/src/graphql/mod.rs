//! What both GraphQL APIs share: bounds counted on a query's text before it runs, and how refusals look.

pub(crate) mod arguments;
pub(crate) mod bounds;
pub(crate) mod graphs;
pub(crate) mod history;
pub(crate) mod limits;
pub(crate) mod live;
pub(crate) mod order;
pub(crate) mod origins;
pub(crate) mod parsed;
pub(crate) mod prepared;
pub(crate) mod refusal;
pub(crate) mod selection;
pub(crate) mod variables;
