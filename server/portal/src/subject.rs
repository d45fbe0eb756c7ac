//! What a view or widget is about: a blueprint, and what can be done with its properties.

use std::sync::Arc;

use portolan_schema::filter::Meta;
use portolan_schema::property::Column;
use portolan_schema::rules::{self, Unknown};
use portolan_schema::{BlueprintModel, CatalogModel, Code, Pointer, Problems, Property};
use serde_json::Value;

/// A blueprint of a model.
#[derive(Clone, Copy)]
pub(crate) struct Subject<'m> {
    model: &'m CatalogModel,
    blueprint: &'m BlueprintModel,
}

impl<'m> Subject<'m> {
    /// None, and a problem, where there is no such blueprint.
    pub(crate) fn find(
        model: &'m CatalogModel,
        identifier: &str,
        path: &Pointer,
        problems: &mut Problems,
    ) -> Option<Self> {
        let found = model.get(identifier).map(Arc::as_ref);
        if found.is_none() {
            let message = format!("the blueprint \"{identifier}\" was not found");
            problems.add(Code::NotFound, path.clone(), message);
        }
        found.map(|blueprint| Self { model, blueprint })
    }

    /// Rules find entities of the blueprint.
    pub(crate) fn check_rules(&self, rules: &Value, path: &Pointer, problems: &mut Problems) {
        let resolved = rules::parse(rules, path)
            .and_then(|group| group.resolve(self.model, self.blueprint, Unknown::Refuse));
        if let Err(found) = resolved {
            problems.extend(found);
        }
    }

    /// A column shows a property, a meta-property such as `$title`, or a relation.
    pub(crate) fn check_column(&self, name: &str, path: &Pointer, problems: &mut Problems) {
        if self.blueprint.relation(name).is_none() {
            self.known(name, path, problems);
        }
    }

    /// Lists can be ordered by it.
    pub(crate) fn check_order(&self, name: &str, path: &Pointer, problems: &mut Problems) {
        let fits = match self.known(name, path, problems) {
            Some(Known::Meta(meta)) => !matches!(meta, Meta::Team | Meta::Blueprint),
            Some(Known::Property(property)) => property.column().is_some(),
            None => return,
        };
        if !fits {
            problems.add(
                Code::InvalidOperator,
                path.clone(),
                format!("lists cannot be ordered by \"{name}\""),
            );
        }
    }

    /// Entities can be grouped by it.
    pub(crate) fn check_group(&self, name: &str, path: &Pointer, problems: &mut Problems) {
        let fits = match self.known(name, path, problems) {
            Some(Known::Meta(meta)) => meta != Meta::Blueprint,
            Some(Known::Property(property)) => property.column().is_some(),
            None => return,
        };
        if !fits {
            let message = format!("entities cannot be grouped by \"{name}\"");
            problems.add(Code::InvalidOperator, path.clone(), message);
        }
    }

    /// A single number that functions can be made of.
    pub(crate) fn check_number(&self, name: &str, path: &Pointer, problems: &mut Problems) {
        let fits = match self.known(name, path, problems) {
            Some(Known::Property(property)) => {
                property.column() == Some(Column::Number) && !property.value_type.is_list()
            }
            Some(Known::Meta(_)) => false,
            None => return,
        };
        if !fits {
            problems.add(Code::InvalidOperator, path.clone(), format!("\"{name}\" is not a number property"));
        }
    }

    /// A date.
    pub(crate) fn check_date(&self, name: &str, path: &Pointer, problems: &mut Problems) {
        let fits = match self.known(name, path, problems) {
            Some(Known::Meta(meta)) => meta.is_instant(),
            Some(Known::Property(property)) => property.column() == Some(Column::Instant),
            None => return,
        };
        if !fits {
            problems.add(Code::InvalidOperator, path.clone(), format!("\"{name}\" is not a date"));
        }
    }

    fn known(&self, name: &str, path: &Pointer, problems: &mut Problems) -> Option<Known<'m>> {
        let meta = Meta::parse(name).map(Known::Meta);
        let found =
            meta.or_else(|| self.blueprint.property(name).map(|found| Known::Property(&found.property)));
        if found.is_none() {
            let message =
                format!("the blueprint \"{}\" has no property \"{name}\"", self.blueprint.identifier());
            problems.add(Code::UnknownProperty, path.clone(), message);
        }
        found
    }
}

enum Known<'m> {
    Meta(Meta),
    Property(&'m Property),
}
