//! Which names a blueprint owns as a whole, and which no blueprint may have (api.md 2, names 2 and 5).

use super::words::{lower_first, upper_first};

/// Types that every schema has or may have.
pub const RESERVED_TYPES: &[&str] = &[
    "Query",
    "Mutation",
    "Subscription",
    "PageInfo",
    "Node",
    "Int",
    "Float",
    "String",
    "Boolean",
    "ID",
    "JSON",
    "DateTime",
    "URL",
    "EmailAddress",
];

/// Root fields that are not made of blueprints; reserved also where a later version adds them.
pub const RESERVED_ROOTS: &[&str] = &["node", "entity", "entityChanged", "modelChanged", "search"];

/// Fields that every entity has or will have, and the words of filters.
pub const RESERVED_FIELDS: &[&str] = &[
    "id",
    "identifier",
    "title",
    "icon",
    "blueprint",
    "team",
    "createdAt",
    "updatedAt",
    "createdBy",
    "updatedBy",
    "revision",
    "source",
    "properties",
    "relations",
    "computed",
    "history",
    "relatedTo",
    "origins",
    "and",
    "or",
    "not",
];

/// What follows a blueprint's type name in the names of its other types.
pub const TYPE_SUFFIXES: &[&str] = &[
    "",
    "Filter",
    "ToOneFilter",
    "ToManyFilter",
    "Order",
    "OrderField",
    "Connection",
    "Edge",
    "Aggregate",
    "AggregateKey",
    "AggregateNumbers",
    "GroupBy",
    "GroupField",
    "GroupDate",
    "DateField",
    "Input",
    "CreateInput",
    "UpdateInput",
    "Payload",
    "DeletePayload",
    "BulkPayload",
    "Change",
];

/// A type made of one of a blueprint's enums: `ServiceTier` for the field `tier`.
pub fn enum_type(type_name: &str, field: &str) -> String {
    format!("{type_name}{}Enum", upper_first(field))
}

/// Types built in beside blueprints begin with `Entity`, filters of scalars end in `Operators`. A name with `_` inside
/// (`Entity_2`) is never built in.
pub fn is_reserved_type(name: &str) -> bool {
    let plain = !name.trim_start_matches('_').contains('_');
    RESERVED_TYPES.contains(&name)
        || name.starts_with("__")
        || (plain && (name.starts_with("Entity") || name.ends_with("Operators")))
}

/// All type names of the blueprint with this type.
pub fn type_names(type_name: &str) -> impl Iterator<Item = String> {
    TYPE_SUFFIXES.iter().map(move |suffix| format!("{type_name}{suffix}"))
}

/// The names of a blueprint's root fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootFields {
    /// `service`: one entity; also the field of payloads that holds it.
    pub one: String,
    /// `services`.
    pub list: String,
    /// `servicesAggregate`.
    pub aggregate: String,
    /// `createService`.
    pub create: String,
    pub update: String,
    pub upsert: String,
    pub delete: String,
    /// `bulkUpsertServices`.
    pub bulk_upsert: String,
    /// `serviceChanged`.
    pub changed: String,
}

impl RootFields {
    pub fn new(type_name: &str, plural: &str) -> Self {
        let one = lower_first(type_name);
        Self {
            list: plural.to_owned(),
            aggregate: format!("{plural}Aggregate"),
            create: format!("create{}", upper_first(type_name)),
            update: format!("update{}", upper_first(type_name)),
            upsert: format!("upsert{}", upper_first(type_name)),
            delete: format!("delete{}", upper_first(type_name)),
            bulk_upsert: format!("bulkUpsert{}", upper_first(plural)),
            changed: format!("{one}Changed"),
            one,
        }
    }

    pub fn all(&self) -> [&str; 9] {
        [
            &self.one,
            &self.list,
            &self.aggregate,
            &self.create,
            &self.update,
            &self.upsert,
            &self.delete,
            &self.bulk_upsert,
            &self.changed,
        ]
    }
}
