//! Answers of the Query protocol as the JSON that AWS's command line prints.
//!
//! Which elements are numbers, booleans and lists, and which are called otherwise in JSON, comes from a table of names
//! ([`Fields`]) taken from AWS's API reference. Nothing is guessed from a value: `"0123"` stays a text.

use quick_xml::Reader;
use quick_xml::events::Event;
use serde_json::{Map, Value};

/// Deepest nesting that is read.
const MAX_DEPTH: usize = 40;

/// What a service's elements are. An entry is an element's name, or `parent/name` where the name alone is ambiguous;
/// the parent of what stands inside a list's item is the list.
pub(crate) struct Fields {
    pub integers: &'static [&'static str],
    pub booleans: &'static [&'static str],
    pub lists: &'static [&'static str],
    pub structures: &'static [&'static str],
    /// `<entry><key/><value/></entry>…`: an object in JSON.
    pub maps: &'static [&'static str],
    /// Name on the wire, name in JSON.
    pub renamed: &'static [(&'static str, &'static str)],
    /// Whether names get a capital first letter in JSON, as in EC2.
    pub capitalise: bool,
}

impl Fields {
    fn has(list: &[&str], parent: &str, name: &str) -> bool {
        list.iter().any(|entry| match entry.split_once('/') {
            Some((above, below)) => above == parent && below == name,
            None => *entry == name,
        })
    }

    fn json_name(&self, parent: &str, name: &str) -> String {
        let exact = |wanted: &str| self.renamed.iter().find(|(wire, _)| *wire == wanted);
        if let Some((_, json)) = exact(&format!("{parent}/{name}")).or_else(|| exact(name)) {
            return (*json).to_owned();
        }
        let mut letters = name.chars();
        match letters.next() {
            Some(first) if self.capitalise => first.to_uppercase().chain(letters).collect(),
            _ => name.to_owned(),
        }
    }

    fn scalar(&self, parent: &str, name: &str, text: String) -> Value {
        if Self::has(self.integers, parent, name)
            && let Ok(number) = text.trim().parse::<i64>()
        {
            return number.into();
        }
        if Self::has(self.booleans, parent, name)
            && let Ok(flag) = text.trim().parse::<bool>()
        {
            return flag.into();
        }
        // Line breaks between tags are no content.
        Value::String(if text.trim().is_empty() { String::new() } else { text })
    }
}

/// Text that is not well-formed XML, or nested too deeply. Quotes nothing of the text.
#[derive(Debug, thiserror::Error)]
#[error("the answer is not well-formed XML: {0}")]
pub(crate) struct NotXml(String);

impl From<quick_xml::Error> for NotXml {
    fn from(error: quick_xml::Error) -> Self {
        // The parser's own sentence may repeat what it read.
        Self(
            match error {
                quick_xml::Error::Io(_) => "it cannot be read",
                quick_xml::Error::Syntax(_) => "it ends in the middle of a tag",
                quick_xml::Error::IllFormed(_) => "its tags do not match",
                quick_xml::Error::Encoding(_) => "it is not UTF-8",
                _ => "it is malformed",
            }
            .to_owned(),
        )
    }
}

/// An element being read.
struct Open {
    name: String,
    text: String,
    children: Vec<(String, Value)>,
}

/// Reads a document; the root element's content is the result.
///
/// # Errors
/// Where it is not well-formed or ends early.
pub(crate) fn to_json(body: &[u8], fields: &Fields) -> Result<Value, NotXml> {
    let mut reader = Reader::from_reader(body);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<Open> = Vec::new();
    let mut buffer = Vec::new();
    loop {
        match reader.read_event_into(&mut buffer)? {
            Event::Start(start) => {
                if open.len() >= MAX_DEPTH {
                    return Err(NotXml("it is nested too deeply".to_owned()));
                }
                let name = String::from_utf8_lossy(start.local_name().as_ref()).into_owned();
                open.push(Open { name, text: String::new(), children: Vec::new() });
            }
            Event::End(_) => {
                let Some(element) = open.pop() else { break };
                let parent = holder(&open);
                let value = close(&element, parent, fields);
                match open.last_mut() {
                    Some(outer) => outer.children.push((element.name, value)),
                    None => return Ok(value),
                }
            }
            Event::Eof => break,
            event => {
                if let Some(element) = open.last_mut() {
                    read_text(&event, &mut element.text)?;
                }
            }
        }
        buffer.clear();
    }
    Err(NotXml("it ends early".to_owned()))
}

/// The text of the first element called `name`, wherever it is.
pub(crate) fn first_text(body: &[u8], name: &str) -> Option<String> {
    let mut reader = Reader::from_reader(body);
    let mut buffer = Vec::new();
    let mut found: Option<String> = None;
    loop {
        match reader.read_event_into(&mut buffer).ok()? {
            Event::Start(start) if start.local_name().as_ref() == name.as_bytes() => {
                found = Some(String::new())
            }
            Event::End(end) if end.local_name().as_ref() == name.as_bytes() => return found,
            Event::Eof => return None,
            event => {
                if let Some(text) = &mut found {
                    read_text(&event, text).ok()?;
                }
            }
        }
        buffer.clear();
    }
}

fn read_text(event: &Event<'_>, into: &mut String) -> Result<(), NotXml> {
    let broken = |what: &str| NotXml(what.to_owned());
    match event {
        Event::Text(text) => {
            into.push_str(&text.xml10_content().map_err(|_| broken("a text is not UTF-8"))?);
        }
        Event::CData(data) => {
            into.push_str(&data.xml10_content().map_err(|_| broken("a text is not UTF-8"))?)
        }
        Event::GeneralRef(reference) => match reference.resolve_char_ref()? {
            Some(letter) => into.push(letter),
            None => {
                let name = String::from_utf8_lossy(reference.as_ref()).into_owned();
                let text = quick_xml::escape::resolve_predefined_entity(&name)
                    .ok_or_else(|| broken("it has an entity that is not predefined"))?;
                into.push_str(text);
            }
        },
        _ => {}
    }
    Ok(())
}

fn is_item(name: &str) -> bool {
    matches!(name, "item" | "member")
}

/// The name that decides what a child means: an item's meaning is its list's.
fn holder(open: &[Open]) -> &str {
    open.iter().rev().map(|element| element.name.as_str()).find(|name| !is_item(name)).unwrap_or_default()
}

fn close(element: &Open, parent: &str, fields: &Fields) -> Value {
    let name = element.name.as_str();
    if Fields::has(fields.maps, parent, name) {
        let part = |entry: &Value, key: &str| Some(entry.get(key)?.as_str()?.to_owned());
        let entries = element.children.iter().filter_map(|(_, entry)| {
            Some((part(entry, "key")?, Value::String(part(entry, "value").unwrap_or_default())))
        });
        return Value::Object(entries.collect());
    }
    let items_only = !element.children.is_empty() && element.children.iter().all(|(name, _)| is_item(name));
    if Fields::has(fields.lists, parent, name) || items_only {
        return Value::Array(element.children.iter().map(|(_, value)| value.clone()).collect());
    }
    if element.children.is_empty() && !Fields::has(fields.structures, parent, name) {
        return fields.scalar(parent, name, element.text.clone());
    }
    let own = if is_item(name) { parent } else { name };
    let mut object = Map::new();
    for (child, value) in &element.children {
        object.insert(fields.json_name(own, child), value.clone());
    }
    Value::Object(object)
}
