//! What pages, dashboards and views name of the model.

use portolan_schema::Pointer;
use portolan_schema::references::{Definitions, Named, Part};
use serde_json::Value;

/// Collects the places of one document.
struct Collector<'d> {
    definitions: &'d Definitions<'d>,
    found: Vec<Named>,
}

/// What a view's specification names, of entities of `blueprint`.
pub(crate) fn in_view(definitions: &Definitions<'_>, blueprint: &str, spec: &Value) -> Vec<Named> {
    let mut collector = Collector { definitions, found: Vec::new() };
    let root = Pointer::root();
    collector.rules(blueprint, &spec["rules"], &root.key("rules"));
    collector.members(blueprint, spec, &root);
    collector.found
}

/// What a page's specification names: its blueprint, and what its page filters ask for.
pub(crate) fn in_page(definitions: &Definitions<'_>, spec: &Value) -> Vec<Named> {
    let mut collector = Collector { definitions, found: Vec::new() };
    collector.blueprint(spec, &Pointer::root());
    let filters = spec["filters"].as_array();
    for (index, filter) in filters.into_iter().flatten().enumerate() {
        collector.query(filter, &Pointer::root().key("filters").index(index));
    }
    collector.found
}

/// What the widgets of a page's specification name, by the identifier of the widget. Paths begin in the specification.
pub(crate) fn in_widgets(definitions: &Definitions<'_>, spec: &Value) -> Vec<(String, Vec<Named>)> {
    let widgets = spec["widgets"].as_array().into_iter().flatten().enumerate();
    widgets
        .map(|(index, widget)| {
            let mut collector = Collector { definitions, found: Vec::new() };
            collector.query(widget, &Pointer::root().key("widgets").index(index));
            (widget["identifier"].as_str().unwrap_or_default().to_owned(), collector.found)
        })
        .collect()
}

impl Collector<'_> {
    fn add(&mut self, path: Pointer, to: Option<Part>) {
        self.found.extend(to.map(|to| Named { path, to }));
    }

    /// Something with a `blueprint`, and what it asks of it.
    fn query(&mut self, object: &Value, path: &Pointer) {
        self.blueprint(object, path);
        for (index, name) in texts(&object["blueprints"]) {
            self.add(path.key("blueprints").index(index), Some(Part::Blueprint(name.to_owned())));
        }
        let Some(blueprint) = object["blueprint"].as_str() else { return };
        self.rules(blueprint, &object["rules"], &path.key("rules"));
        self.members(blueprint, object, path);
        for key in ["property", "date"] {
            self.member(blueprint, &object[key], path.key(key));
        }
        self.member(blueprint, &object["range"]["property"], path.key("range").key("property"));
    }

    fn blueprint(&mut self, object: &Value, path: &Pointer) {
        let to = object["blueprint"].as_str().map(|name| Part::Blueprint(name.to_owned()));
        self.add(path.key("blueprint"), to);
    }

    fn rules(&mut self, blueprint: &str, rules: &Value, path: &Pointer) {
        self.found.extend(self.definitions.named_in_query(blueprint, rules, path));
    }

    /// Order, groups and columns.
    fn members(&mut self, blueprint: &str, object: &Value, path: &Pointer) {
        for (index, item) in object["orderBy"].as_array().into_iter().flatten().enumerate() {
            self.member(blueprint, &item["property"], path.key("orderBy").index(index).key("property"));
        }
        for (index, item) in object["columns"].as_array().into_iter().flatten().enumerate() {
            let at = path.key("columns").index(index);
            match item {
                Value::String(_) => self.member(blueprint, item, at),
                _ => self.member(blueprint, &item["property"], at.key("property")),
            }
        }
        for (index, item) in object["groupBy"].as_array().into_iter().flatten().enumerate() {
            self.member(blueprint, item, path.key("groupBy").index(index));
        }
    }

    fn member(&mut self, blueprint: &str, name: &Value, path: Pointer) {
        let to = name.as_str().and_then(|name| self.definitions.member(blueprint, name));
        self.add(path, to);
    }
}

fn texts(list: &Value) -> impl Iterator<Item = (usize, &str)> {
    let items = list.as_array().into_iter().flatten().enumerate();
    items.filter_map(|(index, item)| Some((index, item.as_str()?)))
}
