//! Documents outside of the model that name its parts, each by a whole text: what the portal keeps.

use serde_json::Value;

use super::Part;
use crate::Pointer;

/// A place in a document whose text is the identifier of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub path: Pointer,
    pub to: Part,
}

/// Puts a part's new identifier where a document names it. Answers whether anything has changed.
pub fn rename_named(document: &mut Value, named: &[Named], part: &Part, to: &str) -> bool {
    let mut changed = false;
    for one in named.iter().filter(|one| one.to == *part) {
        if let Some(text @ Value::String(_)) = document.pointer_mut(one.path.as_str()) {
            *text = to.into();
            changed = true;
        }
    }
    changed
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Blueprint;
    use crate::references::Definitions;

    #[test]
    fn rules_follow_renames() {
        let parse = |value| Blueprint::parse(&value).expect("a definition");
        let blueprints = [
            parse(
                json!({"identifier": "service", "title": "S", "schema": {"properties": {"tier": {"type": "string"}}},
                "relations": {"system": {"target": "system"}}}),
            ),
            parse(
                json!({"identifier": "system", "title": "S", "schema": {"properties": {"tier": {"type": "string"}}}}),
            ),
        ];
        let definitions = Definitions::new(&blueprints);
        let before = json!({"query": {"combinator": "and", "rules": [
            {"property": "tier", "operator": "=", "value": "tier"},
            {"property": "$title", "operator": "=", "value": "service"},
            {"combinator": "or", "rules": [
                {"property": {"path": ["system"]}, "operator": "matchAny", "value": {}},
                {"operator": "relatedTo", "blueprint": "system", "value": "a"}]},
            {"property": "gone", "operator": "isEmpty"}]}});
        let path = Pointer::root().key("query");
        let named = definitions.named_in_query("service", &before["query"], &path);
        for (part, to, places) in [
            (Part::property("service", "tier"), "level", vec!["/query/rules/0/property"]),
            (Part::property("system", "tier"), "level", vec![]),
            (Part::relation("service", "system"), "area", vec!["/query/rules/2/rules/0/property/path/0"]),
            (Part::Blueprint("system".into()), "area", vec!["/query/rules/2/rules/1/blueprint"]),
            (Part::Blueprint("service".into()), "app", vec![]),
        ] {
            let mut after = before.clone();
            assert_eq!(rename_named(&mut after, &named, &part, to), !places.is_empty(), "{part:?}");
            let mut expected = before.clone();
            for place in places {
                *expected.pointer_mut(place).expect(place) = to.into();
            }
            assert_eq!(after, expected, "{part:?}");
        }
    }
}
