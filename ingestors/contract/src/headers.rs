//! Request headers that a user chooses, as a part of an ingestor's secret settings.

use http::{HeaderName, HeaderValue};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::Settings;

/// Headers that belong to the connection, not to the user.
const OURS: [&str; 5] = ["host", "content-length", "connection", "transfer-encoding", "te"];

/// One header.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Header {
    /// Such as `Authorization`.
    name: String,
    /// Such as `Bearer …`, with the word before it.
    #[schemars(with = "String")]
    value: SecretString,
}

/// Headers as they are sent, or what is wrong with them. `at` is where the list stands.
pub fn check_headers(
    headers: &[Header],
    at: &Pointer,
    problems: &mut Problems,
) -> Vec<(HeaderName, HeaderValue)> {
    let mut checked: Vec<(HeaderName, HeaderValue)> = Vec::new();
    for (index, header) in headers.iter().enumerate() {
        let at = at.index(index);
        let name = HeaderName::try_from(header.name.trim()).ok();
        let name = name.filter(|name| !OURS.contains(&name.as_str()));
        if name.is_none() {
            problems.add(Code::InvalidValue, at.key("name"), "is no name of a header that may be set");
        }
        if name.as_ref().is_some_and(|name| checked.iter().any(|(other, _)| other == name)) {
            problems.add(Code::InvalidValue, at.key("name"), "is the name of a header before it");
        }
        let value = HeaderValue::try_from(header.value.expose_secret().trim()).ok();
        if value.is_none() {
            problems.add(Code::InvalidValue, at.key("value"), "holds characters that no header can have");
        }
        if let (Some(name), Some(mut value)) = (name, value) {
            value.set_sensitive(true);
            checked.push((name, value));
        }
    }
    checked
}

/// Settings whose secrets are also the words of each header, for [`crate::Discreet`]: a source that explains quotes the
/// token without `Bearer`.
pub fn with_words(settings: &Settings, headers: &[(HeaderName, HeaderValue)]) -> Settings {
    let texts = headers.iter().filter_map(|(_, value)| value.to_str().ok());
    let words: Vec<Value> =
        texts.flat_map(|text| text.split([' ', ',', '=', '"'])).map(Value::from).collect();
    Settings::new(json!({}), json!([settings.secrets.expose(), words]))
}
