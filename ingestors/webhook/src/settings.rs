//! The settings of a webhook integration.

use http::HeaderName;
use portolan_ingestor_contract::Settings;
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// How requests are told from forged ones.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    pub signature: Signature,
    /// The header with the source's own number of a request, such as `X-Request-Id`: the same number twice is one delivery.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub delivery_id_header: Option<String>,
}

/// Where a request carries its signature, and which kind it is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Signature {
    /// The header, such as `X-Hub-Signature-256`.
    #[schemars(length(min = 1, max = 100))]
    pub header: String,
    pub algorithm: Algorithm,
    /// What stands before the signature, such as `sha256=`.
    #[serde(default)]
    #[schemars(length(max = 100))]
    pub prefix: Option<String>,
}

/// `sha256` and `sha1`: the HMAC of the body, in hexadecimal digits; `plain`: the secret itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Algorithm {
    Sha256,
    Sha1,
    Plain,
}

/// What the source signs with.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Secrets {
    /// The secret that the source was given.
    #[schemars(with = "String")]
    pub signing_secret: SecretString,
}

/// Parses and checks the settings.
pub(crate) fn parse(settings: &Settings) -> Result<(Config, SecretString), Problems> {
    let (config, secrets) = settings.parse::<Config, Secrets>()?;
    let secret = secrets.signing_secret;
    let root = Pointer::root().key("config");
    let mut problems = Problems::default();
    let named = config.delivery_id_header.iter().map(|header| (root.key("deliveryIdHeader"), header));
    let headers =
        std::iter::once((root.key("signature").key("header"), &config.signature.header)).chain(named);
    for (path, header) in headers {
        if header.parse::<HeaderName>().is_err() {
            problems.add(Code::InvalidValue, path, "this is no name of a header");
        }
    }
    if secret.expose_secret().is_empty() {
        let path = Pointer::root().key("secrets").key("signingSecret");
        problems.add(Code::Required, path, "a signature needs the secret that it is made with");
    }
    problems.into_result((config, secret))
}
