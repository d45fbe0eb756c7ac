//! A property's value out of the stored JSON, as an SQL expression.

use portolan_schema::BlueprintModel;
use portolan_schema::model::PropertyModel;
use sea_orm::DbBackend;

/// The JSON of a property's value; SQL's NULL where there is none. `own` and `computed` are expressions of the JSON that
/// holds an entity's own and its computed values.
pub(crate) fn json_value(
    backend: DbBackend,
    blueprint: &BlueprintModel,
    property: &PropertyModel,
    own: &str,
    computed: &str,
) -> String {
    let (json, numbers) = match blueprint.computed_by_no(property.no) {
        Some(_) => (computed, vec![property.no]),
        None => (own, blueprint.stored_under(property).collect()),
    };
    let parts: Vec<String> = numbers
        .iter()
        .map(|no| match backend {
            DbBackend::Postgres => format!("({json}::json -> '{}')", no.0),
            _ => format!("({json} -> '$.\"{}\"')", no.0),
        })
        .collect();
    match parts.as_slice() {
        [one] => one.clone(),
        many => format!("coalesce({})", many.join(", ")),
    }
}

/// The JSON of the computed values of the entity under `alias`: null where there are none.
pub(crate) fn computed_column(alias: &str) -> String {
    format!(
        "(SELECT c.properties FROM computed_values c WHERE c.tenant_id = {alias}.tenant_id AND c.entity_id = {alias}.entity_id)"
    )
}
