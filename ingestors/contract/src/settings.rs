//! An integration's settings: plain configuration and secrets, parsed into the ingestor's own structs.

use portolan_schema::{Pointer, Problems};
use schemars::{JsonSchema, generate::SchemaSettings};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use url::Url;

mod check;

/// What a tenant configured.
#[derive(Debug, Clone)]
pub struct Settings {
    pub config: Value,
    pub secrets: Secrets,
}

impl Default for Settings {
    fn default() -> Self {
        Self { config: json!({}), secrets: Secrets::default() }
    }
}

impl Settings {
    pub fn new(config: Value, secrets: Value) -> Self {
        Self { config, secrets: Secrets::new(&secrets) }
    }

    /// Parses both parts. `C` and `S` carry `#[serde(deny_unknown_fields)]`; secret texts in `S` are
    /// [`SecretString`]s.
    ///
    /// # Errors
    /// All problems of both, with paths below `/config` and `/secrets`. No message repeats a secret.
    pub fn parse<C, S>(&self) -> Result<(C, S), Problems>
    where
        C: DeserializeOwned + JsonSchema,
        S: DeserializeOwned + JsonSchema,
    {
        let config = check::parse::<C>(&self.config, &Pointer::root().key("config"));
        let secrets = check::parse::<S>(&self.secrets.expose(), &Pointer::root().key("secrets"));
        match (config, secrets) {
            (Ok(config), Ok(secrets)) => Ok((config, secrets)),
            (config, secrets) => {
                let mut problems = config.err().unwrap_or_default();
                problems.extend(secrets.err().unwrap_or_default());
                Err(problems)
            }
        }
    }
}

/// Whether requests can be sent to an address as it stands: http or https, with a host, and without a user or a fragment.
pub fn is_address(url: &Url) -> bool {
    matches!(url.scheme(), "http" | "https")
        && url.has_host()
        && url.username().is_empty()
        && url.password().is_none()
        && url.fragment().is_none()
}

/// Secret settings: a JSON document that does not print.
#[derive(Clone)]
pub struct Secrets(SecretString);

impl Secrets {
    pub fn new(value: &Value) -> Self {
        Self(value.to_string().into())
    }

    /// The document. Keep it short-lived.
    pub fn expose(&self) -> Value {
        serde_json::from_str(self.0.expose_secret()).unwrap_or(Value::Null)
    }
}

impl Default for Secrets {
    fn default() -> Self {
        Self::new(&json!({}))
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets(…)")
    }
}

/// The JSON Schema (draft 2020-12) of a settings struct, as [`crate::Descriptor`] shows it and [`Settings::parse`] uses it.
pub fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().into()
}
