//! Random filters for a model: every kind of condition on every kind of field, nested.

use portolan_schema::filter::{Comparison, Direction, Quantifier, TextMatch};
use portolan_schema::property::Column;
use portolan_schema::{BlueprintModel, CatalogModel, Field, Filter, Instant, Meta, Scalar};

use crate::tape::Tape;
use crate::world::{dates, numbers, texts};

const COMPARISONS: [Comparison; 5] = [
    Comparison::Equal,
    Comparison::Less,
    Comparison::LessOrEqual,
    Comparison::Greater,
    Comparison::GreaterOrEqual,
];
const MATCHES: [TextMatch; 4] =
    [TextMatch::Contains, TextMatch::StartsWith, TextMatch::EndsWith, TextMatch::Equals];
const QUANTIFIERS: [Quantifier; 3] = [Quantifier::Some, Quantifier::None, Quantifier::Every];

/// A filter that nests at most `depth` deep.
pub fn filter(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel, depth: usize) -> Filter {
    if depth == 0 {
        return condition(tape, blueprint);
    }
    match tape.below(10) {
        0..3 => condition(tape, blueprint),
        3 => Filter::All(some(tape, model, blueprint, depth)),
        4 => Filter::Any(some(tape, model, blueprint, depth)),
        5 => Filter::Not(Box::new(filter(tape, model, blueprint, depth - 1))),
        6 => related_identifiers(tape, blueprint).unwrap_or_else(Filter::always),
        _ => related(tape, model, blueprint, depth).unwrap_or_else(Filter::never),
    }
}

/// Each comparison of each type's fields with each of its values.
pub fn every_comparison(blueprint: &BlueprintModel) -> Vec<Filter> {
    let property = |name: &str| Field::Property(blueprint.property(name).unwrap().no);
    let text = |text: String| Scalar::Text(text);
    let number = |number: serde_json::Value| Scalar::Number(number.as_f64().unwrap());
    let date = |date: &str| Scalar::Instant(Instant::parse(date).unwrap());
    let all: [(Vec<Field>, Vec<Scalar>); 3] = [
        (
            vec![property("text"), property("texts"), Field::Meta(Meta::Title)],
            texts().into_iter().map(text).collect(),
        ),
        (vec![property("number"), property("numbers")], numbers().into_iter().map(number).collect()),
        (vec![property("at"), property("dates")], dates().into_iter().map(date).collect()),
    ];
    let mut filters = Vec::new();
    for (fields, values) in all {
        for field in fields {
            for value in &values {
                for comparison in COMPARISONS {
                    filters.push(Filter::Compare { field, comparison, value: value.clone() });
                }
                let Scalar::Text(value) = value else { continue };
                for matching in MATCHES {
                    for fold in [false, true] {
                        filters.push(Filter::Text { field, matching, value: value.clone(), fold });
                    }
                }
            }
            filters.push(Filter::In { field, values: values.clone() });
        }
    }
    filters
}

fn some(tape: &mut Tape, model: &CatalogModel, blueprint: &BlueprintModel, depth: usize) -> Vec<Filter> {
    (0..tape.below(4)).map(|_| filter(tape, model, blueprint, depth - 1)).collect()
}

fn related(
    tape: &mut Tape,
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    depth: usize,
) -> Option<Filter> {
    let forward =
        blueprint.relations.iter().map(|relation| (relation.no, Direction::Forward, relation.target));
    let backward =
        blueprint.inverses.iter().map(|inverse| (inverse.relation, Direction::Backward, inverse.source));
    let all: Vec<_> = forward.chain(backward).collect();
    if all.is_empty() {
        return None;
    }
    let (relation, direction, other) = *tape.pick(&all);
    let other = model.by_no(other)?;
    let inner = if tape.once_in(5) { Filter::always() } else { filter(tape, model, other, depth - 1) };
    let quantifier = *tape.pick(&QUANTIFIERS);
    Some(Filter::Related { relation, direction, quantifier, filter: Box::new(inner) })
}

fn related_identifiers(tape: &mut Tape, blueprint: &BlueprintModel) -> Option<Filter> {
    if blueprint.relations.is_empty() {
        return None;
    }
    let relation = tape.pick(&blueprint.relations).no;
    let identifiers = (0..tape.below(4)).map(|_| identifier(tape)).collect();
    Some(Filter::RelatedIdentifiers { relation, identifiers })
}

pub fn identifier(tape: &mut Tape) -> String {
    (*tape.pick(&["0", "1", "ghost", "0-Ä", "1-AB", "2"])).to_owned()
}

/// A condition on a field of the entity itself; now and then with a value that is not of the field's type.
fn condition(tape: &mut Tape, blueprint: &BlueprintModel) -> Filter {
    let fields: Vec<(Field, Option<Column>)> = blueprint
        .properties
        .iter()
        .map(|property| (Field::Property(property.no), property.property.column()))
        .chain(Meta::ALL.iter().map(|(meta, _)| {
            let column = if meta.is_instant() { Column::Instant } else { Column::Text };
            (Field::Meta(*meta), Some(column))
        }))
        .collect();
    let (field, column) = *tape.pick(&fields);
    let column = if tape.once_in(12) { Column::Text } else { column.unwrap_or(Column::Text) };
    match tape.below(8) {
        0 => Filter::IsNull { field },
        1 => Filter::IsEmpty { field },
        2 if column != Column::Boolean && tape.once_in(2) => {
            Filter::Range { field, from: scalar(tape, field, column), to: scalar(tape, field, column) }
        }
        2 => Filter::In { field, values: (0..tape.below(4)).map(|_| scalar(tape, field, column)).collect() },
        3 | 4 if column == Column::Text => Filter::Text {
            field,
            matching: *tape.pick(&MATCHES),
            value: operand(tape, field),
            fold: tape.once_in(2),
        },
        _ => Filter::Compare {
            field,
            comparison: *tape.pick(&COMPARISONS),
            value: scalar(tape, field, column),
        },
    }
}

pub fn operand(tape: &mut Tape, field: Field) -> String {
    match field {
        Field::Meta(Meta::Identifier) => identifier(tape),
        Field::Meta(Meta::Team) => (*tape.pick(&["red", "Blue", "blue", "b", "BLUE"])).to_owned(),
        Field::Meta(Meta::Icon) => (*tape.pick(&["Box", "box", "o", ""])).to_owned(),
        Field::Meta(Meta::CreatedBy | Meta::UpdatedBy) => {
            (*tape.pick(&["Ana", "a", "É", "é", "A"])).to_owned()
        }
        Field::Meta(Meta::Datasource) => (*tape.pick(&["port/x", "Port", "port/", "X"])).to_owned(),
        Field::Meta(Meta::Blueprint) => (*tape.pick(&["a", "b", "A", ""])).to_owned(),
        _ => {
            let texts = texts();
            let text = tape.pick(&texts);
            if tape.once_in(3) { text.to_uppercase() } else { text.clone() }
        }
    }
}

fn scalar(tape: &mut Tape, field: Field, column: Column) -> Scalar {
    match column {
        Column::Text => Scalar::Text(operand(tape, field)),
        Column::Number => Scalar::Number(tape.pick(&numbers()).as_f64().unwrap_or(0.0)),
        Column::Boolean => Scalar::Boolean(tape.once_in(2)),
        Column::Instant if matches!(field, Field::Meta(_)) => {
            Scalar::Instant(Instant(i64::try_from(tape.below(6)).unwrap() - 2))
        }
        Column::Instant => Scalar::Instant(Instant::parse(tape.pick::<&str>(&dates())).unwrap()),
    }
}
