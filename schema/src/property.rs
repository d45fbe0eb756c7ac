//! A blueprint's property: its value type and format, and the JSON it was defined by, kept losslessly.

use serde_json::{Map, Value};

use crate::{Code, Pointer, Problems, identifier};

/// Longest title of a property or relation, in characters.
pub const MAX_TITLE: usize = 100;

/// Formats of a string property (port-api.md 1.2). Each decides how a value is checked and shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StringFormat {
    DateTime,
    Url,
    Email,
    IdnEmail,
    Ipv4,
    Ipv6,
    Markdown,
    Yaml,
    User,
    Team,
    Blueprints,
    Timer,
    Proto,
}

impl StringFormat {
    /// Every format with its name on the wire.
    pub const ALL: &'static [(StringFormat, &'static str)] = &[
        (Self::DateTime, "date-time"),
        (Self::Url, "url"),
        (Self::Email, "email"),
        (Self::IdnEmail, "idn-email"),
        (Self::Ipv4, "ipv4"),
        (Self::Ipv6, "ipv6"),
        (Self::Markdown, "markdown"),
        (Self::Yaml, "yaml"),
        (Self::User, "user"),
        (Self::Team, "team"),
        (Self::Blueprints, "blueprints"),
        (Self::Timer, "timer"),
        (Self::Proto, "proto"),
    ];

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, text)| *text == name).map(|(format, _)| *format)
    }

    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, text)| text)
    }

    /// Whether values are instants, compared as points in time.
    pub fn is_instant(self) -> bool {
        matches!(self, Self::DateTime | Self::Timer)
    }

    /// Whether values are documents, which are never indexed for filters.
    pub fn is_document(self) -> bool {
        matches!(self, Self::Markdown | Self::Yaml | Self::Proto)
    }
}

/// The type of a property's values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ValueType {
    String(Option<StringFormat>),
    Number,
    Boolean,
    /// Free JSON objects, among them `labeled-url` and API specifications.
    Object,
    /// A list; the item type where the definition names one.
    Array(Option<Box<ValueType>>),
}

/// How a single value (a scalar or a list's item) is stored for filters and sorting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Text,
    Number,
    Boolean,
    Instant,
}

impl ValueType {
    /// The type's name in JSON Schema.
    pub fn json_type(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Object => "object",
            Self::Array(_) => "array",
        }
    }

    /// Whether values are lists.
    pub fn is_list(&self) -> bool {
        matches!(self, Self::Array(_))
    }

    /// The column for filters, or none for documents, objects and untyped lists.
    pub fn column(&self) -> Option<Column> {
        match self {
            Self::String(Some(format)) if format.is_document() => None,
            Self::String(Some(format)) if format.is_instant() => Some(Column::Instant),
            Self::String(_) => Some(Column::Text),
            Self::Number => Some(Column::Number),
            Self::Boolean => Some(Column::Boolean),
            Self::Object | Self::Array(None) => None,
            Self::Array(Some(item)) if item.is_list() => None,
            Self::Array(Some(item)) => item.column(),
        }
    }
}

/// One property of a blueprint.
#[derive(Debug, Clone, PartialEq)]
pub struct Property {
    pub identifier: String,
    pub title: Option<String>,
    pub description: Option<String>,
    pub value_type: ValueType,
    /// The values of `enum` (of the property, or of a list's items), in the order given.
    pub enumeration: Option<Vec<Value>>,
    /// Given to an entity that is created without a value.
    pub default: Option<Value>,
    /// False where the definition says `"indexed": false`: no filters or sorting by it.
    pub indexed: bool,
    /// The definition as it was given, unknown keywords included.
    pub definition: Map<String, Value>,
}

impl Property {
    /// Whether values get value rows and can be filtered and sorted by in SQL.
    pub fn column(&self) -> Option<Column> {
        if self.indexed { self.value_type.column() } else { None }
    }

    /// Reads one entry of `schema.properties`.
    ///
    /// # Errors
    /// All problems, with paths below `path`.
    pub fn parse(identifier: &str, definition: &Value, path: &Pointer) -> Result<Self, Problems> {
        let mut problems = Problems::default();
        if let Err(problem) = identifier::check(identifier::Kind::Property, identifier, path) {
            problems.0.push(problem);
        }
        let Some(object) = definition.as_object() else {
            problems.add(Code::WrongType, path.clone(), "a property is an object");
            return Err(problems);
        };
        let title = text(object, "title", MAX_TITLE, path, &mut problems);
        let description = text(object, "description", usize::MAX, path, &mut problems);
        let value_type = parse_type(object, path, &mut problems);
        let enumeration = parse_enum(object, value_type.as_ref(), path, &mut problems);
        let indexed = match object.get("indexed") {
            None => true,
            Some(Value::Bool(flag)) => *flag,
            Some(_) => {
                problems.add(Code::WrongType, path.key("indexed"), "\"indexed\" is true or false");
                true
            }
        };
        let Some(value_type) = value_type else { return Err(problems) };
        problems.into_result(Self {
            identifier: identifier.to_owned(),
            title,
            description,
            value_type,
            enumeration,
            default: object.get("default").filter(|value| !value.is_null()).cloned(),
            indexed,
            definition: object.clone(),
        })
    }
}

pub(crate) fn parse_type(
    object: &Map<String, Value>,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<ValueType> {
    let name = match object.get("type") {
        Some(Value::String(name)) => name.as_str(),
        Some(_) => {
            problems.add(Code::WrongType, path.key("type"), "\"type\" is a string");
            return None;
        }
        None => {
            problems.add(Code::Required, path.key("type"), "a property needs a \"type\"");
            return None;
        }
    };
    let format = match object.get("format") {
        None | Some(Value::Null) => None,
        Some(Value::String(format)) => Some(format.as_str()),
        Some(_) => {
            problems.add(Code::WrongType, path.key("format"), "\"format\" is a string");
            None
        }
    };
    let unknown_format = |problems: &mut Problems, format: &str| {
        let message = format!("\"{format}\" is not a format of type \"{name}\"");
        problems.add(Code::UnknownPropertyType, path.key("format"), message);
    };
    match name {
        "string" => {
            let Some(format) = format else { return Some(ValueType::String(None)) };
            let known = StringFormat::parse(format);
            if known.is_none() {
                unknown_format(problems, format);
            }
            Some(ValueType::String(known))
        }
        "object" => {
            if let Some(format) = format.filter(|format| *format != "labeled-url") {
                unknown_format(problems, format);
            }
            Some(ValueType::Object)
        }
        "number" | "boolean" => {
            if let Some(format) = format {
                unknown_format(problems, format);
            }
            Some(if name == "number" { ValueType::Number } else { ValueType::Boolean })
        }
        "array" => match object.get("items") {
            None | Some(Value::Null) => Some(ValueType::Array(None)),
            Some(Value::Object(items)) if items.is_empty() => Some(ValueType::Array(None)),
            Some(Value::Object(items)) => {
                let item = parse_type(items, &path.key("items"), problems)?;
                Some(ValueType::Array(Some(Box::new(item))))
            }
            Some(_) => {
                problems.add(Code::WrongType, path.key("items"), "\"items\" is an object");
                None
            }
        },
        other => {
            let message = format!("\"{other}\" is not a type; use string, number, boolean, object or array");
            problems.add(Code::UnknownPropertyType, path.key("type"), message);
            None
        }
    }
}

pub(crate) fn parse_enum(
    object: &Map<String, Value>,
    value_type: Option<&ValueType>,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<Vec<Value>> {
    let (holder, at, item_type) = match value_type {
        Some(ValueType::Array(Some(item))) => {
            (object.get("items").and_then(Value::as_object)?, path.key("items"), Some(item.as_ref()))
        }
        other => (object, path.clone(), other),
    };
    match holder.get("enum")? {
        Value::Array(values) if values.is_empty() => {
            problems.add(Code::InvalidValue, at.key("enum"), "an \"enum\" needs at least one value");
            None
        }
        Value::Array(values) => {
            for (index, value) in values.iter().enumerate() {
                let fits = match item_type {
                    Some(ValueType::String(_)) => value.is_string(),
                    Some(ValueType::Number) => value.is_number(),
                    Some(ValueType::Boolean) => value.is_boolean(),
                    _ => true,
                };
                if !fits {
                    let message = "the value does not have the property's type";
                    problems.add(Code::WrongType, at.key("enum").index(index), message);
                }
            }
            Some(values.clone())
        }
        _ => {
            problems.add(Code::WrongType, at.key("enum"), "\"enum\" is a list");
            None
        }
    }
}

/// Reads an optional text of bounded length; null counts as absent.
pub(crate) fn text(
    object: &Map<String, Value>,
    key: &str,
    max: usize,
    path: &Pointer,
    problems: &mut Problems,
) -> Option<String> {
    match object.get(key) {
        None | Some(Value::Null) => None,
        Some(Value::String(text)) => {
            let length = text.chars().count();
            if length > max {
                let message = format!("\"{key}\" has {length} characters; at most {max} are allowed");
                problems.add(Code::TooLong, path.key(key), message);
            }
            if text.contains('\0') {
                problems.add(Code::NulCharacter, path.key(key), "a text may not hold a NUL character");
            }
            Some(text.clone())
        }
        Some(_) => {
            problems.add(Code::WrongType, path.key(key), format!("\"{key}\" is a string"));
            None
        }
    }
}
