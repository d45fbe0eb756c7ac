//! The settings of a GitHub integration.

use jsonwebtoken::EncodingKey;
use portolan_ingestor_contract::{Settings, is_address};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// GitHub's own API.
const PUBLIC: &str = "https://api.github.com";
/// GitHub renews the hourly limit after an hour at most.
const LONGEST_WAIT: u32 = 60;

/// What to read, and from where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Address of the REST API: `https://api.github.com` unless given, `https://HOST/api/v3` for a GitHub Enterprise
    /// Server, `https://api.SUBDOMAIN.ghe.com` for GitHub Enterprise Cloud with data residency.
    #[serde(default)]
    #[schemars(url)]
    base_url: Option<String>,
    /// Names of the organizations to read, as in their addresses. Without it: every organization that the token's user is
    /// a member of, or the account that the App is installed on. Fine-grained tokens need it.
    #[serde(default)]
    #[schemars(
        length(max = 100),
        inner(regex(pattern = r"^[A-Za-z0-9](-?[A-Za-z0-9_])*$"), length(max = 100))
    )]
    pub organizations: Vec<String>,
    /// Longest wait, in minutes, for GitHub to renew the hourly limit of requests where it is used up; 0 fails what is
    /// left instead. 60 unless given.
    #[serde(default)]
    #[schemars(range(max = LONGEST_WAIT))]
    max_rate_limit_wait: Option<u32>,
}

/// A token, or a GitHub App's key, and the secret of the webhook.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keys {
    /// A personal access token, classic (`ghp_…`) or fine-grained (`github_pat_…`).
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    token: Option<SecretString>,
    /// The App ID or client ID of a GitHub App, which is used instead of a token.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    app_id: Option<SecretString>,
    /// The number of the App's installation: the end of the address of its settings page.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    installation_id: Option<SecretString>,
    /// A private key of the App: the whole PEM file.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    private_key: Option<SecretString>,
    /// The secret that was entered for the webhook. Without it, GitHub's deliveries are refused.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    webhook_secret: Option<SecretString>,
}

/// How GitHub is asked.
pub(crate) enum Access {
    Token(SecretString),
    App { app: String, installation: u64, key: Box<EncodingKey> },
}

impl Config {
    /// The address of the API, without a slash at its end.
    pub fn base(&self) -> Option<Url> {
        let mut url = Url::parse(self.base_url.as_deref().unwrap_or(PUBLIC)).ok()?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Some(url)
    }

    pub fn longest_wait(&self) -> std::time::Duration {
        let minutes = self.max_rate_limit_wait.unwrap_or(LONGEST_WAIT);
        std::time::Duration::from_secs(60 * u64::from(minutes))
    }

    /// Whether an account is one of those that were named. Without names, every account is.
    pub fn names(&self, login: &str) -> bool {
        let mut names = self.organizations.iter();
        self.organizations.is_empty() || names.any(|name| name.eq_ignore_ascii_case(login))
    }
}

impl Keys {
    /// The webhook's secret, as it was entered, if there is one.
    pub fn webhook_secret(&self) -> Option<&str> {
        self.webhook_secret.as_ref().map(ExposeSecret::expose_secret).filter(|secret| !secret.is_empty())
    }

    /// The number of the installation, if there is one.
    pub fn installation(&self) -> Option<u64> {
        given(&self.installation_id)?.parse().ok()
    }
}

fn given(key: &Option<SecretString>) -> Option<&str> {
    key.as_ref().map(|key| key.expose_secret().trim()).filter(|key| !key.is_empty())
}

/// Parses and checks everything that can be checked without GitHub.
pub(crate) fn parse(settings: &Settings) -> Result<(Config, Keys, Access), Problems> {
    let (config, keys) = settings.parse::<Config, Keys>()?;
    let mut problems = Problems::default();
    check_config(&config, &mut problems);
    let access = access(&keys, &mut problems);
    match access {
        Some(access) => problems.into_result((config, keys, access)),
        None => Err(problems),
    }
}

fn check_config(config: &Config, problems: &mut Problems) {
    let at = Pointer::root().key("config");
    if !config.base().is_some_and(|url| is_address(&url) && url.query().is_none()) {
        let message = "the API's address is an http or https address without user, query and fragment";
        problems.add(Code::InvalidValue, at.key("baseUrl"), message);
    }
    for (index, name) in config.organizations.iter().enumerate() {
        if config.organizations[..index].iter().any(|other| other.eq_ignore_ascii_case(name)) {
            let message = format!("the organization {name} is listed twice");
            problems.add(Code::InvalidValue, at.key("organizations").index(index), message);
        }
    }
}

/// None where there are problems.
fn access(keys: &Keys, problems: &mut Problems) -> Option<Access> {
    let at = Pointer::root().key("secrets");
    let app = [
        ("appId", given(&keys.app_id)),
        ("installationId", given(&keys.installation_id)),
        ("privateKey", given(&keys.private_key)),
    ];
    match (given(&keys.token), app) {
        (Some(token), parts) => {
            let before = problems.0.len();
            for (name, _) in parts.iter().filter(|(_, part)| part.is_some()) {
                let message = "a token and an App exclude each other: give one of them";
                problems.add(Code::InvalidValue, at.key(name), message);
            }
            if !is_sendable(token) {
                let message = "a token has no spaces, line breaks or other signs than printable ones";
                problems.add(Code::InvalidValue, at.key("token"), message);
            }
            (problems.0.len() == before).then(|| Access::Token(token.into()))
        }
        (None, [(_, None), (_, None), (_, None)]) => {
            let message = "a token is needed, or appId, installationId and privateKey of a GitHub App";
            problems.add(Code::Required, at.key("token"), message);
            None
        }
        (None, [(_, Some(app)), (_, Some(installation)), (_, Some(pem))]) => {
            let number = installation.parse::<u64>().ok();
            if number.is_none() {
                let message = "the installation's id is a number";
                problems.add(Code::InvalidValue, at.key("installationId"), message);
            }
            if !is_sendable(app) {
                let message = "the App's id is a number, or the client id that its settings page shows";
                problems.add(Code::InvalidValue, at.key("appId"), message);
            }
            let key = private_key(pem);
            if key.is_none() {
                let message = "the private key is no RSA key in PEM form, as GitHub gives it";
                problems.add(Code::InvalidValue, at.key("privateKey"), message);
            }
            Some(Access::App { app: app.to_owned(), installation: number?, key: Box::new(key?) })
        }
        (None, parts) => {
            for (name, _) in parts.iter().filter(|(_, part)| part.is_none()) {
                let message = "a GitHub App needs appId, installationId and privateKey";
                problems.add(Code::Required, at.key(name), message);
            }
            None
        }
    }
}

/// Whether a text can stand in a header as it is.
fn is_sendable(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}

/// Where a PEM file was put into one line, its line breaks are written `\n`.
fn private_key(pem: &str) -> Option<EncodingKey> {
    EncodingKey::from_rsa_pem(pem.replace("\\n", "\n").as_bytes()).ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[track_caller]
    fn check(config: Value, secrets: Value, expected: &[&str]) {
        let found = match parse(&Settings::new(config, secrets)) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect::<Vec<_>>(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn settings_are_checked_as_a_whole() {
        let token = || json!({ "token": "ghp_1" });
        check(json!({}), token(), &[]);
        check(json!({ "organizations": ["acme", "octo-org"], "maxRateLimitWait": 0 }), token(), &[]);
        check(
            json!({ "organizations": ["acme", "ACME", "a/b"], "baseURL": "x", "maxRateLimitWait": 61 }),
            token(),
            &[
                "INVALID_VALUE /config/organizations/2",
                "INVALID_VALUE /config/maxRateLimitWait",
                "UNKNOWN_FIELD /config/baseURL",
            ],
        );
        check(
            json!({ "organizations": ["acme", "ACME"] }),
            token(),
            &["INVALID_VALUE /config/organizations/1"],
        );
        for bad in ["ftp://a", "http://u:p@a", "http://a?x=1", "http://", "localhost:5000"] {
            check(json!({ "baseUrl": bad }), token(), &["INVALID_VALUE /config/baseUrl"]);
        }
    }

    #[test]
    fn there_is_a_token_or_an_app() {
        check(json!({}), json!({}), &["REQUIRED /secrets/token"]);
        check(json!({}), json!({ "token": "  " }), &["REQUIRED /secrets/token"]);
        check(json!({}), json!({ "token": "a\nb" }), &["INVALID_VALUE /secrets/token"]);
        let both = json!({ "token": "a", "appId": "1" });
        check(json!({}), both, &["INVALID_VALUE /secrets/appId"]);
        let half = json!({ "appId": "1", "webhookSecret": "s" });
        check(json!({}), half, &["REQUIRED /secrets/installationId", "REQUIRED /secrets/privateKey"]);
        let bad = json!({ "appId": "1", "installationId": "x", "privateKey": "-----BEGIN" });
        check(
            json!({}),
            bad,
            &["INVALID_VALUE /secrets/installationId", "INVALID_VALUE /secrets/privateKey"],
        );
    }

    #[test]
    fn addresses_end_without_a_slash() {
        for (given, expected) in [
            (json!({}), "https://api.github.com/"),
            (json!({ "baseUrl": "https://git.example.com/api/v3/" }), "https://git.example.com/api/v3"),
        ] {
            let config: Config = serde_json::from_value(given).unwrap();
            assert_eq!(config.base().unwrap().as_str(), expected);
        }
    }
}
