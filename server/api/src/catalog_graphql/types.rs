//! The types of a schema: objects, filters, orders, inputs.

use std::collections::HashSet;

use async_graphql::dynamic::{
    Enum, EnumItem, Field, FieldFuture, InputObject, InputValue, Interface, InterfaceField, Object, Scalar,
    SchemaBuilder, TypeRef,
};

use super::describe::describe;
use super::fields::{BuiltIn, EntityFields, Index, Member, RelationField};
use super::value_shape::Leaf;
use super::{aggregate, bulk, graph, history, origins, resolve};

/// Adds everything that does not depend on blueprints.
pub fn add_built_in(mut builder: SchemaBuilder) -> SchemaBuilder {
    for (name, description) in [
        ("JSON", "Any JSON value."),
        (
            "DateTime",
            "A point in time, RFC 3339. Operands of filters may also be told from the time of the question: \
             `{relative: \"last7Days\"}`.",
        ),
        ("URL", "An absolute URL."),
        ("EmailAddress", "An e-mail address."),
    ] {
        builder = builder.register(Scalar::new(name).description(description));
    }
    let boolean = || TypeRef::named_nn(TypeRef::BOOLEAN);
    let page = Object::new("PageInfo")
        .field(Field::new("hasNextPage", boolean(), |ctx| resolve::page_info(ctx, "hasNextPage")))
        .field(Field::new("hasPreviousPage", boolean(), |ctx| resolve::page_info(ctx, "hasPreviousPage")))
        .field(Field::new("startCursor", TypeRef::named(TypeRef::STRING), |ctx| {
            resolve::page_info(ctx, "startCursor")
        }))
        .field(Field::new("endCursor", TypeRef::named(TypeRef::STRING), |ctx| {
            resolve::page_info(ctx, "endCursor")
        }));
    let problem = Object::new("EntityProblem")
        .description(
            "A mistake in the input: a stable code, a sentence, and the JSON Pointer of the bad value.",
        )
        .field(Field::new("code", TypeRef::named_nn(TypeRef::STRING), |ctx| resolve::problem(ctx, "code")))
        .field(Field::new("message", TypeRef::named_nn(TypeRef::STRING), |ctx| {
            resolve::problem(ctx, "message")
        }))
        .field(Field::new("path", TypeRef::named_nn(TypeRef::STRING), |ctx| resolve::problem(ctx, "path")));
    let direction = Enum::new("EntityOrderDirection").item("ASC").item("DESC");
    let mut entity = Interface::new("Entity").description("What all entities have.");
    for (built_in, name) in BuiltIn::ALL {
        entity = entity.field(InterfaceField::new(*name, built_in_type(*built_in)));
    }
    entity = entity.field(graph::interface_field()).field(history::interface_field());
    let node = Interface::new("Node").field(InterfaceField::new("id", TypeRef::named_nn(TypeRef::ID)));
    builder = builder.register(page).register(problem).register(direction).register(entity).register(node);
    builder = builder.register(aggregate::interval()).register(bulk::on_error());
    for leaf in [Leaf::Text, Leaf::Number, Leaf::Boolean, Leaf::DateTime] {
        let word = operators_word(&leaf);
        builder = builder.register(operators(&word, &leaf)).register(list_operators(&word, &leaf));
    }
    builder
}

fn built_in_type(built_in: BuiltIn) -> TypeRef {
    match built_in {
        BuiltIn::Id => TypeRef::named_nn(TypeRef::ID),
        BuiltIn::Identifier | BuiltIn::Blueprint | BuiltIn::CreatedBy | BuiltIn::UpdatedBy => {
            TypeRef::named_nn(TypeRef::STRING)
        }
        BuiltIn::Title | BuiltIn::Icon | BuiltIn::Source => TypeRef::named(TypeRef::STRING),
        BuiltIn::Team => TypeRef::named_nn_list_nn(TypeRef::STRING),
        BuiltIn::CreatedAt | BuiltIn::UpdatedAt => TypeRef::named_nn("DateTime"),
        BuiltIn::Revision => TypeRef::named_nn(TypeRef::INT),
        BuiltIn::Properties | BuiltIn::Relations | BuiltIn::Computed => TypeRef::named_nn("JSON"),
    }
}

/// `String` for everything that compares as text.
fn operators_word(leaf: &Leaf) -> String {
    match leaf {
        Leaf::Enum(names) => names.type_name.clone(),
        Leaf::Number => "Float".into(),
        Leaf::Boolean => "Boolean".into(),
        Leaf::DateTime => "DateTime".into(),
        _ => "String".into(),
    }
}

fn operators(word: &str, leaf: &Leaf) -> InputObject {
    let mut input = InputObject::new(format!("{word}Operators"));
    let mut add = |names: &[&str], type_ref: TypeRef| {
        let taken = std::mem::replace(&mut input, InputObject::new(""));
        input = names.iter().fold(taken, |input, name| input.field(InputValue::new(*name, type_ref.clone())));
    };
    add(&["eq", "ne"], TypeRef::named(word));
    if !matches!(leaf, Leaf::Boolean) {
        add(&["in", "notIn"], TypeRef::named_nn_list(word));
    }
    if matches!(leaf, Leaf::Number | Leaf::DateTime) {
        add(&["gt", "gte", "lt", "lte"], TypeRef::named(word));
        add(&["between"], TypeRef::named_nn_list(word));
    }
    if matches!(leaf, Leaf::Text) {
        add(&["contains", "startsWith", "endsWith", "icontains", "istartsWith", "ieq"], TypeRef::named(word));
    }
    add(&["isNull"], TypeRef::named(TypeRef::BOOLEAN));
    input
}

fn list_operators(word: &str, _leaf: &Leaf) -> InputObject {
    InputObject::new(format!("{word}ListOperators"))
        .field(InputValue::new("has", TypeRef::named(word)))
        .field(InputValue::new("hasAny", TypeRef::named_nn_list(word)))
        .field(InputValue::new("hasAll", TypeRef::named_nn_list(word)))
        .field(InputValue::new("isEmpty", TypeRef::named(TypeRef::BOOLEAN)))
        .field(InputValue::new("isNull", TypeRef::named(TypeRef::BOOLEAN)))
}

/// Adds the types of one blueprint.
pub fn add_entity(mut builder: SchemaBuilder, index: &Index, fields: &EntityFields) -> SchemaBuilder {
    let mut enums = HashSet::new();
    for names in fields.enums().filter(|names| enums.insert(names.type_name.clone())) {
        let mut found = Enum::new(&names.type_name);
        for (name, value) in &names.by_name {
            let original = value.as_str().unwrap_or_default();
            found = found.item(EnumItem::new(name).description(describe("Value", original, None, None)));
        }
        let leaf = Leaf::Enum(names.clone());
        builder = builder
            .register(found)
            .register(operators(&names.type_name, &leaf))
            .register(list_operators(&names.type_name, &leaf));
    }
    let name = &fields.type_name;
    let mut order_field = Enum::new(format!("{name}OrderField"));
    for (shouted, field) in &fields.order_names {
        if !fields.keys[field].list {
            order_field = order_field.item(EnumItem::new(shouted));
        }
    }
    let order = InputObject::new(format!("{name}Order"))
        .field(InputValue::new("field", TypeRef::named_nn(format!("{name}OrderField"))))
        .field(InputValue::new("direction", TypeRef::named("EntityOrderDirection")));
    let to_one = InputObject::new(format!("{name}ToOneFilter"))
        .field(InputValue::new("is", TypeRef::named(format!("{name}Filter"))))
        .field(InputValue::new("isNull", TypeRef::named(TypeRef::BOOLEAN)));
    let mut to_many = InputObject::new(format!("{name}ToManyFilter"));
    for quantifier in ["some", "none", "every"] {
        to_many = to_many.field(InputValue::new(quantifier, TypeRef::named(format!("{name}Filter"))));
    }
    builder
        .register(order_field)
        .register(order)
        .register(to_one)
        .register(to_many)
        .register(filter(index, fields))
        .register(object(index, fields))
        .register(connection(fields))
        .register(edge(fields))
}

fn filter(index: &Index, fields: &EntityFields) -> InputObject {
    let own = format!("{}Filter", fields.type_name);
    let mut input = InputObject::new(&own)
        .field(InputValue::new("and", TypeRef::named_nn_list(&own)))
        .field(InputValue::new("or", TypeRef::named_nn_list(&own)))
        .field(InputValue::new("not", TypeRef::named(&own)));
    for key in fields.keys.values() {
        let list = if key.list { "List" } else { "" };
        let operators = format!("{}{list}Operators", operators_word(&key.leaf));
        input = input.field(InputValue::new(&key.name, TypeRef::named(operators)));
    }
    for (name, relation) in fields.relations() {
        let Some(other) = index.get(relation.other) else { continue };
        let kind = if relation.many { "ToManyFilter" } else { "ToOneFilter" };
        input = input.field(InputValue::new(name, TypeRef::named(format!("{}{kind}", other.type_name))));
    }
    input
}

fn object(index: &Index, fields: &EntityFields) -> Object {
    let title = Some(fields.title.as_str());
    let mut object = Object::new(&fields.type_name)
        .description(describe("Blueprint", &fields.identifier, title, fields.description.as_deref()))
        .implement("Node")
        .implement("Entity")
        .field(history::field())
        .field(graph::field());
    // A property that had the name before this field was made keeps it.
    if !fields.members.contains_key("origins") {
        object = object.field(origins::field());
    }
    for (name, member) in &fields.members {
        let field = match member {
            Member::BuiltIn(built_in) => {
                let built_in = *built_in;
                let blueprint = fields.identifier.clone();
                Field::new(name, built_in_type(built_in), move |ctx| {
                    FieldFuture::from_value(resolve::built_in(&ctx, built_in, &blueprint))
                })
            }
            Member::Property(property) => {
                let leaf = property.shape.leaf.type_name();
                let type_ref =
                    if property.shape.list { TypeRef::named_list(leaf) } else { TypeRef::named(leaf) };
                let text = describe(
                    "Property",
                    &property.identifier,
                    property.title.as_deref(),
                    property.description.as_deref(),
                );
                let property = property.clone();
                Field::new(name, type_ref, move |ctx| {
                    FieldFuture::from_value(resolve::property(&ctx, &property))
                })
                .description(text)
            }
            Member::Relation(relation) => match index.get(relation.other) {
                Some(other) => relation_field(name, relation, other),
                None => continue,
            },
        };
        object = object.field(field);
    }
    object
}

fn relation_field(name: &str, relation: &RelationField, other: &EntityFields) -> Field {
    let text = describe("Relation", &relation.identifier, None, None);
    if relation.many {
        let type_ref = TypeRef::named_nn(format!("{}Connection", other.type_name));
        list_arguments(Field::new(name, type_ref, resolve::related_many), other).description(text)
    } else {
        Field::new(name, TypeRef::named(&other.type_name), resolve::related_one).description(text)
    }
}

/// The arguments of a list of `fields`.
pub fn list_arguments(field: Field, fields: &EntityFields) -> Field {
    let name = &fields.type_name;
    let mut field = field
        .argument(InputValue::new("where", TypeRef::named(format!("{name}Filter"))))
        .argument(InputValue::new("orderBy", TypeRef::named_nn_list(format!("{name}Order"))));
    for (argument, type_ref) in [
        ("first", TypeRef::INT),
        ("after", TypeRef::STRING),
        ("last", TypeRef::INT),
        ("before", TypeRef::STRING),
        ("offset", TypeRef::INT),
    ] {
        field = field.argument(InputValue::new(argument, TypeRef::named(type_ref)));
    }
    field
}

fn connection(fields: &EntityFields) -> Object {
    let name = &fields.type_name;
    Object::new(format!("{name}Connection"))
        .field(Field::new("totalCount", TypeRef::named_nn(TypeRef::INT), resolve::total_count))
        .field(Field::new("pageInfo", TypeRef::named_nn("PageInfo"), resolve::same))
        .field(Field::new("edges", TypeRef::named_nn_list_nn(format!("{name}Edge")), resolve::nodes))
        .field(Field::new("nodes", TypeRef::named_nn_list_nn(name), resolve::nodes))
}

fn edge(fields: &EntityFields) -> Object {
    Object::new(format!("{}Edge", fields.type_name))
        .field(Field::new("cursor", TypeRef::named_nn(TypeRef::STRING), resolve::cursor))
        .field(Field::new("node", TypeRef::named_nn(&fields.type_name), resolve::same_node))
}

/// The input of creating (`required` values non-null) or of changing an entity.
pub fn input(index: &Index, fields: &EntityFields, name: String, creates: bool) -> InputObject {
    let identifier = if creates { TypeRef::named(TypeRef::ID) } else { TypeRef::named_nn(TypeRef::ID) };
    let mut input = InputObject::new(name)
        .field(InputValue::new("identifier", identifier))
        .field(InputValue::new("title", TypeRef::named(TypeRef::STRING)))
        .field(InputValue::new("icon", TypeRef::named(TypeRef::STRING)))
        .field(InputValue::new("team", TypeRef::named_nn_list(TypeRef::STRING)));
    for (name, property) in fields.own_properties() {
        let leaf = property.shape.leaf.type_name();
        let type_ref = match (property.shape.list, creates && property.required) {
            (false, false) => TypeRef::named(leaf),
            (false, true) => TypeRef::named_nn(leaf),
            (true, false) => TypeRef::named_list(leaf),
            (true, true) => TypeRef::named_list_nn(leaf),
        };
        input = input.field(InputValue::new(name, type_ref));
    }
    for (name, relation) in super::mutations::own_relations(fields) {
        if index.get(relation.other).is_none() {
            continue;
        }
        let type_ref = match (relation.many, creates && relation.required) {
            (false, false) => TypeRef::named(TypeRef::ID),
            (false, true) => TypeRef::named_nn(TypeRef::ID),
            (true, false) => TypeRef::named_nn_list(TypeRef::ID),
            (true, true) => TypeRef::named_nn_list_nn(TypeRef::ID),
        };
        input = input.field(InputValue::new(name, type_ref));
    }
    input
}
