//! The settings of an AWS integration.

use portolan_ingestor_contract::{Context, Settings, is_address};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

/// Stands for every region that is enabled for an account, and for every account of an organisation.
const ALL: &str = "*";
/// Where global calls go when the settings name no region.
const DEFAULT_REGION: &str = "us-east-1";

/// What to read, and from where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Regions whose resources are read; `["*"]` for every region enabled for the account. Buckets are always read from all
    /// regions. Signing in and other global calls use the first region (us-east-1 with `*`); name one of its regions for a
    /// partition other than `aws`.
    #[serde(default = "all_regions")]
    #[schemars(
        length(min = 1, max = 100),
        inner(regex(pattern = r"^(\*|[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2})$"))
    )]
    pub regions: Vec<String>,
    /// Address of an emulator or proxy that answers for all of AWS, such as `http://localhost:5000`.
    #[serde(default)]
    #[schemars(url)]
    endpoint_url: Option<String>,
    /// A role to assume with the access key before reading. Its trust policy can demand the external id of your tenant.
    /// With `accounts`, the role that has this path and name in each of them; with `["*"]`, this very role lists them first.
    #[serde(default)]
    #[schemars(regex(pattern = r"^arn:[a-z0-9-]+:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]+$"))]
    pub role_arn: Option<String>,
    /// Numbers of the accounts to read, by a role in each (`roleArn`); `["*"]` for every active account of the
    /// organisation, which the role must be allowed to list. Without any, the account of the role or the key is read.
    #[serde(default)]
    #[schemars(length(max = 500), inner(regex(pattern = r"^(\*|[0-9]{12})$")))]
    pub accounts: Vec<String>,
}

/// An access key. Without one, the server's own identity is used where the operator grants it.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keys {
    /// Such as `AKIA…`, or `ASIA…` for a temporary key.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub access_key_id: Option<SecretString>,
    /// The secret that came with the key.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub secret_access_key: Option<SecretString>,
    /// Only for temporary keys.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub session_token: Option<SecretString>,
}

fn all_regions() -> Vec<String> {
    vec![ALL.to_owned()]
}

impl Config {
    /// Whether every enabled region is meant.
    pub fn wants_all_regions(&self) -> bool {
        self.regions.iter().any(|region| region == ALL)
    }

    /// Whether every account of the organisation is meant.
    pub fn wants_all_accounts(&self) -> bool {
        self.accounts.iter().any(|account| account == ALL)
    }

    /// The role to assume in an account: the one of `roleArn`, moved there.
    pub fn role_in(&self, account: &str) -> Option<String> {
        let mut parts: Vec<&str> = self.role_arn.as_deref()?.splitn(6, ':').collect();
        *parts.get_mut(4)? = account;
        Some(parts.join(":"))
    }

    /// The address that answers for all of AWS, if one was set.
    pub fn endpoint(&self) -> Option<Url> {
        self.endpoint_url.as_deref().and_then(|text| Url::parse(text).ok())
    }

    /// The region for calls that belong to none.
    pub fn home_region(&self) -> &str {
        self.regions.first().map(String::as_str).filter(|region| *region != ALL).unwrap_or(DEFAULT_REGION)
    }
}

/// Parses and checks everything that can be checked without AWS.
pub(crate) fn parse(settings: &Settings, context: &Context) -> Result<(Config, Keys), Problems> {
    let (config, keys) = settings.parse::<Config, Keys>()?;
    let mut problems = Problems::default();
    check_config(&config, &Pointer::root().key("config"), &mut problems);
    check_keys(&config, &keys, context, &mut problems);
    problems.into_result((config, keys))
}

fn check_config(config: &Config, at: &Pointer, problems: &mut Problems) {
    for (index, region) in config.regions.iter().enumerate() {
        let place = || at.key("regions").index(index);
        if region == ALL && config.regions.len() > 1 {
            problems.add(Code::InvalidValue, place(), "\"*\" means every region and stands alone");
        }
        if config.regions[..index].contains(region) {
            problems.add(Code::InvalidValue, place(), format!("the region {region} is listed twice"));
        }
    }
    if config.endpoint_url.is_some()
        && !config.endpoint().is_some_and(|url| is_address(&url) && url.query().is_none())
    {
        let message = "an endpoint is an http or https address without user, query and fragment";
        problems.add(Code::InvalidValue, at.key("endpointUrl"), message);
    }
    for (index, account) in config.accounts.iter().enumerate() {
        let place = || at.key("accounts").index(index);
        if account == ALL && config.accounts.len() > 1 {
            problems.add(Code::InvalidValue, place(), "\"*\" means every account and stands alone");
        }
        if config.accounts[..index].contains(account) {
            problems.add(Code::InvalidValue, place(), format!("the account {account} is listed twice"));
        }
    }
    if !config.accounts.is_empty() && config.role_arn.is_none() {
        let message = "accounts are read by a role in each of them: which?";
        problems.add(Code::Required, at.key("roleArn"), message);
    }
}

fn check_keys(config: &Config, keys: &Keys, context: &Context, problems: &mut Problems) {
    let at = Pointer::root().key("secrets");
    let given =
        |key: &Option<SecretString>| key.as_ref().is_some_and(|key| !key.expose_secret().trim().is_empty());
    match (given(&keys.access_key_id), given(&keys.secret_access_key)) {
        (true, true) => {}
        (true, false) => {
            problems.add(Code::Required, at.key("secretAccessKey"), "an access key id needs its secret");
        }
        (false, true) => {
            problems.add(Code::Required, at.key("accessKeyId"), "a secret access key needs its id");
        }
        (false, false) if !context.ambient_credentials => {
            let message =
                "an access key is needed; this server does not lend its own identity to integrations";
            problems.add(Code::Required, at.key("accessKeyId"), message);
            problems.add(Code::Required, at.key("secretAccessKey"), message);
        }
        // A foreign endpoint would be handed the server's session token.
        (false, false) if config.endpoint_url.is_some() => {
            let message =
                "the server's own identity is not sent to an endpoint of your choice; give an access key";
            problems.add(Code::Required, at.key("accessKeyId"), message);
        }
        (false, false) => {}
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use portolan_ingestor_contract::{Http, HttpError};
    use serde_json::{Value, json};

    use super::*;

    struct NoHttp;

    #[async_trait::async_trait]
    impl Http for NoHttp {
        async fn send(
            &self,
            _: http::Request<bytes::Bytes>,
        ) -> Result<http::Response<bytes::Bytes>, HttpError> {
            Err(HttpError::Timeout)
        }
    }

    #[track_caller]
    fn check(config: Value, secrets: Value, ambient: bool, expected: &[&str]) {
        let mut context = Context::new(Arc::new(NoHttp));
        context.ambient_credentials = ambient;
        let found = match parse(&Settings::new(config, secrets), &context) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect::<Vec<_>>(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn settings_are_checked_as_a_whole() {
        let keys = || json!({ "accessKeyId": "AKIA1", "secretAccessKey": "s" });
        check(json!({}), keys(), false, &[]);
        check(json!({ "regions": ["eu-west-1", "us-gov-east-1"], "roleArn": null }), keys(), false, &[]);
        check(
            json!({ "regions": ["eu-west-1.evil.example/", "eu-west-1", "eu-west-1"], "endpoint": "x" }),
            json!({ "accessKey": "a" }),
            false,
            &[
                "INVALID_VALUE /config/regions/0",
                "UNKNOWN_FIELD /config/endpoint",
                "UNKNOWN_FIELD /secrets/accessKey",
            ],
        );
        check(
            json!({ "regions": ["*", "eu-west-1", "eu-west-1"], "accounts": ["222222222222", "*", "222222222222"] }),
            keys(),
            false,
            &[
                "INVALID_VALUE /config/regions/0",
                "INVALID_VALUE /config/regions/2",
                "INVALID_VALUE /config/accounts/1",
                "INVALID_VALUE /config/accounts/2",
                "REQUIRED /config/roleArn",
            ],
        );
        for bad in ["ftp://a", "http://u:p@a", "http://a?x=1", "http://", "localhost:5000"] {
            check(json!({ "endpointUrl": bad }), keys(), false, &["INVALID_VALUE /config/endpointUrl"]);
        }
        check(json!({ "roleArn": "admin" }), keys(), false, &["INVALID_VALUE /config/roleArn"]);
        let role = "arn:aws-cn:iam::111111111111:role/a/portolan";
        check(json!({ "roleArn": role, "accounts": ["*"] }), keys(), false, &[]);
        check(
            json!({ "roleArn": role, "accounts": ["22222222222", "all"] }),
            keys(),
            false,
            &["INVALID_VALUE /config/accounts/0", "INVALID_VALUE /config/accounts/1"],
        );
    }

    #[test]
    fn the_role_is_the_same_in_every_account() {
        let config = json!({ "roleArn": "arn:aws-cn:iam::111111111111:role/a/portolan", "accounts": ["*"] });
        let config: Config = serde_json::from_value(config).expect("these are settings");
        let role = config.role_in("222222222222");
        assert_eq!(role.as_deref(), Some("arn:aws-cn:iam::222222222222:role/a/portolan"));
    }

    #[test]
    fn keys_come_in_pairs_or_from_the_server() {
        let none = ["REQUIRED /secrets/accessKeyId", "REQUIRED /secrets/secretAccessKey"];
        check(json!({}), json!({}), false, &none);
        check(json!({}), json!({}), true, &[]);
        check(json!({ "endpointUrl": "http://a" }), json!({}), true, &["REQUIRED /secrets/accessKeyId"]);
        check(json!({}), json!({ "accessKeyId": "a" }), true, &["REQUIRED /secrets/secretAccessKey"]);
        check(json!({}), json!({ "secretAccessKey": "a" }), false, &["REQUIRED /secrets/accessKeyId"]);
    }
}
