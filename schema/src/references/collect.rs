//! The references in one blueprint's definition.

use serde_json::{Map, Value};

use super::{Definitions, Part, Place, Reference, ReferenceKind, calculations, queries};
use crate::{Blueprint, ComputedKind, ComputedProperty, Pointer};

/// Every place in the definition that names a part of this or another blueprint.
pub fn references(definitions: &Definitions<'_>, holder: &Blueprint) -> Vec<Reference> {
    let mut found = Collector { definitions, holder, found: Vec::new() };
    found.relations();
    for computed in holder.computed.values() {
        match &computed.kind {
            ComputedKind::Mirror { path } => found.mirror(computed, path),
            ComputedKind::Calculation { expression, .. } => found.calculation(computed, expression),
            ComputedKind::Aggregation(aggregation) => found.aggregation(computed, aggregation),
        }
    }
    found.ownership("ownership");
    found.ownership("teamInheritance");
    found.required();
    found.graphql();
    found.found
}

struct Collector<'a> {
    definitions: &'a Definitions<'a>,
    holder: &'a Blueprint,
    found: Vec<Reference>,
}

impl Collector<'_> {
    fn add(&mut self, kind: ReferenceKind, identifier: &str, path: Pointer, place: Place, to: Part) {
        let (holder, identifier) = (self.holder.identifier.clone(), identifier.to_owned());
        self.found.push(Reference { kind, holder, identifier, path, place, to });
    }

    fn relations(&mut self) {
        for (name, relation) in &self.holder.relations {
            let path = Pointer::root().key("relations").key(name).key("target");
            let to = Part::Blueprint(relation.target.clone());
            self.add(ReferenceKind::Relation, name, path, Place::Text, to);
        }
    }

    fn mirror(&mut self, computed: &ComputedProperty, segments: &[String]) {
        let Some((last, relations)) = segments.split_last() else { return };
        let path = computed.path().key("path");
        let name = &computed.identifier;
        let end = self.path_text(ReferenceKind::Mirror, name, &path, relations);
        if let Some(to) = end.and_then(|end| self.definitions.member(&end, last)) {
            self.add(ReferenceKind::Mirror, name, path, Place::Segment(relations.len()), to);
        }
    }

    /// Relations between the dots of a text. Answers the blueprint at their end.
    fn path_text(
        &mut self,
        kind: ReferenceKind,
        name: &str,
        path: &Pointer,
        relations: &[String],
    ) -> Option<String> {
        let start = &self.holder.identifier;
        let (parts, end) = self.definitions.follow(start, relations.iter().map(String::as_str));
        for (at, to) in parts.into_iter().enumerate() {
            self.add(kind, name, path.clone(), Place::Segment(at), to);
        }
        end.map(|end| end.identifier.clone())
    }

    fn calculation(&mut self, computed: &ComputedProperty, expression: &str) {
        let path = computed.path().key("calculation");
        let holder = self.holder;
        let named = holder.properties.keys().chain(holder.computed.keys()).map(|name| (name, true));
        let named = named.chain(holder.relations.keys().map(|name| (name, false)));
        for (name, is_property) in named.filter(|(name, _)| **name != computed.identifier) {
            let (mentioned, to) = if is_property {
                (calculations::mentions_property(expression, name), Part::property(&holder.identifier, name))
            } else {
                (calculations::mentions_relation(expression, name), Part::relation(&holder.identifier, name))
            };
            if mentioned {
                let identifier = &computed.identifier;
                self.add(ReferenceKind::Calculation, identifier, path.clone(), Place::Mention, to);
            }
        }
        for identifier in self.definitions.0.keys() {
            if calculations::mentions_blueprint(expression, identifier) {
                let to = Part::Blueprint((*identifier).to_owned());
                let name = &computed.identifier;
                self.add(ReferenceKind::Calculation, name, path.clone(), Place::Mention, to);
            }
        }
    }

    fn aggregation(&mut self, computed: &ComputedProperty, aggregation: &crate::computed::Aggregation) {
        let (name, path) = (&computed.identifier, computed.path());
        let target = aggregation.target.as_str();
        let kind = ReferenceKind::Aggregation;
        self.add(kind, name, path.key("target"), Place::Text, Part::Blueprint(target.to_owned()));
        let spec = path.key("calculationSpec");
        let measure = aggregation.rate().and_then(|(_, measure)| measure);
        for (key, member) in [("property", aggregation.property()), ("measureTimeBy", measure)] {
            if let Some(to) = member.and_then(|member| self.definitions.member(target, member)) {
                self.add(kind, name, spec.key(key), Place::Text, to);
            }
        }
        if let Some(filter) = &aggregation.path {
            let at = path.key("pathFilter").index(0);
            if let Some(from) = &filter.from {
                self.add(kind, name, at.key("fromBlueprint"), Place::Text, Part::Blueprint(from.clone()));
            }
            let start = filter.from.as_deref().unwrap_or(&self.holder.identifier);
            let relations = filter.relations.iter().map(String::as_str);
            let (parts, _) = self.definitions.follow(start, relations);
            for (index, to) in parts.into_iter().enumerate() {
                self.add(kind, name, at.key("path").index(index), Place::Text, to);
            }
        }
        if let Some(query) = computed.definition.get("query") {
            let mut found = Vec::new();
            queries::collect(self.definitions, target, query, &path.key("query"), &mut found);
            for (path, to) in found {
                self.add(ReferenceKind::Query, name, path, Place::Text, to);
            }
        }
    }

    fn ownership(&mut self, key: &str) {
        let text = self.holder.definition.get(key).and_then(|object| object.get("path"));
        let Some(text) = text.and_then(Value::as_str) else { return };
        let relations: Vec<String> = text.split('.').map(str::to_owned).collect();
        let path = Pointer::root().key(key).key("path");
        self.path_text(ReferenceKind::Ownership, key, &path, &relations);
    }

    fn required(&mut self) {
        let names = self.holder.definition.get("schema").and_then(|schema| schema.get("required"));
        let path = Pointer::root().key("schema").key("required");
        for (index, name) in names.and_then(Value::as_array).into_iter().flatten().enumerate() {
            let Some(name) = name.as_str() else { continue };
            let to = Part::property(&self.holder.identifier, name);
            self.add(ReferenceKind::Required, "required", path.index(index), Place::Text, to);
        }
    }

    /// Names that the author chose. Those of backward relations have keys `<blueprint>.<relation>`, which name two parts.
    fn graphql(&mut self) {
        let Some(wishes) = &self.holder.graphql else { return };
        let entries = |key: &str| -> Vec<String> {
            let entries = wishes.get(key).and_then(Value::as_object);
            entries.into_iter().flat_map(Map::keys).cloned().collect()
        };
        let path = Pointer::root().key("graphql");
        let kind = ReferenceKind::GraphqlName;
        for name in entries("fields") {
            if let Some(to) = self.definitions.member(&self.holder.identifier, &name) {
                self.add(kind, &name, path.key("fields").key(&name), Place::Key, to);
            }
        }
        for key in entries("inverses") {
            // Identifiers of relations hold no dots.
            let Some((blueprint, relation)) = key.rsplit_once('.') else { continue };
            for to in [Part::Blueprint(blueprint.to_owned()), Part::relation(blueprint, relation)] {
                self.add(kind, &key, path.key("inverses").key(&key), Place::Key, to);
            }
        }
    }
}
