//! The rule language of the REST edge (port-api.md 2.5): JSON to [`crate::Filter`], and a filter's value in memory.
