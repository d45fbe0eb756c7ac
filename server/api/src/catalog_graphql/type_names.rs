//! The names that one blueprint has in the schema, derived from its type name and plural (api.md 2, names 2).

use super::taken_names::TakenNames;

/// Types that every schema has, so that no blueprint may take their names.
pub const BUILT_IN_TYPES: &[&str] = &[
    "Query",
    "Mutation",
    "Subscription",
    "Node",
    "PageInfo",
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
pub const BUILT_IN_ROOTS: &[&str] = &["node", "entity", "entityChanged", "modelChanged", "search"];

/// All names of one blueprint but those of its enums.
#[derive(Debug, Clone)]
pub struct TypeNames {
    pub object: String,
    pub filter: String,
    pub to_one_filter: String,
    pub to_many_filter: String,
    pub order: String,
    pub order_field: String,
    pub connection: String,
    pub edge: String,
    pub aggregate: String,
    pub aggregate_key: String,
    pub aggregate_numbers: String,
    pub group_by: String,
    pub group_field: String,
    pub group_date: String,
    pub date_field: String,
    pub input: String,
    pub create_input: String,
    pub payload: String,
    pub delete_payload: String,
    /// The field of payloads that holds the entity, and the root field for one: `service`.
    pub single: String,
    pub plural: String,
    pub aggregate_root: String,
    pub create: String,
    pub update: String,
    pub upsert: String,
    pub delete: String,
}

impl TypeNames {
    /// Takes the names of the blueprint whose object type `object` is already taken.
    pub fn take(
        object: String,
        plural: &str,
        types: &mut TakenNames,
        queries: &mut TakenNames,
        mutations: &mut TakenNames,
    ) -> Self {
        let mut of = |suffix: &str| types.take(&format!("{object}{suffix}"));
        let single = lower_first(&object);
        Self {
            filter: of("Filter"),
            to_one_filter: of("ToOneFilter"),
            to_many_filter: of("ToManyFilter"),
            order: of("Order"),
            order_field: of("OrderField"),
            connection: of("Connection"),
            edge: of("Edge"),
            aggregate: of("Aggregate"),
            aggregate_key: of("AggregateKey"),
            aggregate_numbers: of("AggregateNumbers"),
            group_by: of("GroupBy"),
            group_field: of("GroupField"),
            group_date: of("GroupDate"),
            date_field: of("DateField"),
            input: of("Input"),
            create_input: of("CreateInput"),
            payload: of("Payload"),
            delete_payload: of("DeletePayload"),
            single: queries.take(&single),
            plural: queries.take(plural),
            aggregate_root: queries.take(&format!("{plural}Aggregate")),
            create: mutations.take(&format!("create{object}")),
            update: mutations.take(&format!("update{object}")),
            upsert: mutations.take(&format!("upsert{object}")),
            delete: mutations.take(&format!("delete{object}")),
            object,
        }
    }
}

/// `AwsAccount` → `awsAccount`; leading underscores stay.
fn lower_first(name: &str) -> String {
    let mut done = false;
    name.chars()
        .map(|c| {
            if done || c == '_' {
                return c;
            }
            done = true;
            c.to_ascii_lowercase()
        })
        .collect()
}

/// `openIssues` → `OPEN_ISSUES`; leading underscores stay.
pub fn shouting(field: &str) -> String {
    let mut name = String::with_capacity(field.len() + 4);
    let mut previous = '_';
    for c in field.chars() {
        if c.is_ascii_uppercase() && (previous.is_ascii_lowercase() || previous.is_ascii_digit()) {
            name.push('_');
        }
        name.push(c.to_ascii_uppercase());
        previous = c;
    }
    name
}

/// `openIssues` → `OpenIssues`.
pub fn upper_first(field: &str) -> String {
    let mut chars = field.chars();
    chars.next().map_or_else(String::new, |first| first.to_ascii_uppercase().to_string() + chars.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cases_are_converted() {
        for (name, lower, shout) in [
            ("AwsAccount", "awsAccount", "AWS_ACCOUNT"),
            ("_User", "_user", "_USER"),
            ("K8sCluster", "k8sCluster", "K8S_CLUSTER"),
            ("_2Fast", "_2fast", "_2_FAST"),
            ("Fish_2", "fish_2", "FISH_2"),
        ] {
            assert_eq!((lower_first(name).as_str(), shouting(name).as_str()), (lower, shout));
        }
        assert_eq!(shouting("openIssues"), "OPEN_ISSUES");
        assert_eq!(shouting("p95Latency"), "P95_LATENCY");
    }
}
