//! The settings of a Kubernetes integration.

use portolan_ingestor_contract::{Settings, Tls, is_address};
use portolan_schema::identifier::{self, Kind};
use portolan_schema::{Code, Pointer, Problem, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::kinds::KindName;
use crate::kubeconfig;

/// What to read, and from which cluster.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// Name of the cluster in the catalog: part of the identifiers of everything in it, so that it should stay. Without it,
    /// the name that the kubeconfig has for the cluster.
    #[serde(default)]
    #[schemars(length(min = 1, max = 100))]
    pub cluster: Option<String>,
    /// The context of the kubeconfig to use; without it, its current context.
    #[serde(default)]
    #[schemars(length(min = 1, max = 1000))]
    pub context: Option<String>,
    /// Namespaces to read; all where it is empty. With it, rights in these namespaces suffice for what lives in namespaces.
    #[serde(default)]
    #[schemars(length(max = 500), inner(regex(pattern = r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")))]
    pub namespaces: Vec<String>,
    /// Of the mapping's kinds those to read; all where it is empty. The others are treated as if the cluster had none.
    #[serde(default)]
    #[schemars(length(max = 500), inner(length(min = 1, max = 500)))]
    pub kinds: Vec<String>,
    /// Whether the cluster is followed between runs, from the first run on that reads it: what happens there is in the catalog
    /// within a moment. Needs the right to watch what is read.
    #[serde(default)]
    pub follow: bool,
}

/// How the cluster is reached: a kubeconfig, or address and token.
#[derive(Debug, Default, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keys {
    /// A kubeconfig (YAML or JSON) that holds its certificates, keys and tokens itself: files, exec plugins and auth providers
    /// are not used.
    #[serde(default)]
    #[schemars(with = "Option<String>", length(max = 1_048_576))]
    pub kubeconfig: Option<SecretString>,
    /// Address of the API server, such as `https://10.0.0.1:6443`, where there is no kubeconfig.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub server: Option<SecretString>,
    /// Token of a service account.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub token: Option<SecretString>,
    /// Certificate of the authority that signed the API server's (PEM), where it is none of the usual ones.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    pub ca_certificate: Option<SecretString>,
}

/// Where a cluster is and how it knows us.
#[derive(Clone)]
pub(crate) struct Access {
    /// Name of the cluster where the settings have none.
    pub name: Option<String>,
    pub server: Url,
    pub token: Option<SecretString>,
    pub tls: Tls,
}

/// Settings that can be used.
pub(crate) struct Target {
    pub config: Config,
    /// The cluster's name.
    pub cluster: String,
    pub access: Access,
}

impl Config {
    /// Whether a kind of the mapping is to be read.
    pub fn reads(&self, kind: &str) -> bool {
        self.kinds.is_empty() || self.kinds.iter().any(|wanted| wanted == kind)
    }
}

impl Access {
    /// The settings with each secret by itself, so that one is also known where it is part of a kubeconfig, and a key where
    /// its lines are told apart.
    pub fn secrets(&self, settings: &Settings) -> Settings {
        let mut all = vec![settings.secrets.expose()];
        all.extend(self.token.iter().map(|token| token.expose_secret().into()));
        let pem = self.tls.identity.iter().flat_map(|pem| pem.expose_secret().lines());
        all.extend(pem.filter(|line| !line.starts_with("-----")).map(Into::into));
        Settings::new(settings.config.clone(), all.into())
    }
}

/// Parses and checks everything that can be checked without the cluster.
pub(crate) fn parse(settings: &Settings) -> Result<Target, Problems> {
    let (config, keys) = settings.parse::<Config, Keys>()?;
    let mut problems = Problems::default();
    check_config(&config, &mut problems);
    let access = match access(&config, &keys) {
        Ok(access) => access,
        Err(found) => {
            problems.extend(found);
            return Err(problems);
        }
    };
    let at = Pointer::root().key("config").key("cluster");
    let cluster = match (&config.cluster, &access.name) {
        (Some(name), _) => {
            problems.extend(identifier::check(Kind::Entity, name, &at).err());
            name.clone()
        }
        (None, Some(name)) if identifier::check(Kind::Entity, name, &at).is_ok() => name.clone(),
        (None, Some(_)) => {
            let message =
                "the kubeconfig's name of the cluster cannot be part of an identifier; give another";
            problems.add(Code::Required, at, message);
            String::new()
        }
        (None, None) => {
            problems.add(Code::Required, at, "the cluster needs a name where there is no kubeconfig");
            String::new()
        }
    };
    problems.into_result(Target { config, cluster, access })
}

fn check_config(config: &Config, problems: &mut Problems) {
    let at = Pointer::root().key("config");
    for (key, list) in [("namespaces", &config.namespaces), ("kinds", &config.kinds)] {
        for (index, name) in list.iter().enumerate() {
            if list[..index].contains(name) {
                problems.add(Code::InvalidValue, at.key(key).index(index), format!("{name} is listed twice"));
            }
        }
    }
    for (index, name) in config.kinds.iter().enumerate() {
        if KindName::parse(name).is_none() {
            let message =
                "a kind is a plural (pods, deployments.apps) or has its version (apps/v1/deployments)";
            problems.add(Code::InvalidValue, at.key("kinds").index(index), message);
        }
    }
}

fn access(config: &Config, keys: &Keys) -> Result<Access, Problems> {
    let at = Pointer::root().key("secrets");
    let mut problems = Problems::default();
    let given = |key: &Option<SecretString>| {
        key.as_ref().map(|key| key.expose_secret().trim().to_owned()).filter(|text| !text.is_empty())
    };
    let (server, token, authority) = (given(&keys.server), given(&keys.token), given(&keys.ca_certificate));
    if let Some(text) = given(&keys.kubeconfig) {
        for (name, value) in [("server", &server), ("token", &token), ("caCertificate", &authority)] {
            if value.is_some() {
                problems.add(
                    Code::InvalidValue,
                    at.key(name),
                    "the kubeconfig says this; give one of the two",
                );
            }
        }
        let access = kubeconfig::read(&text, config.context.as_deref(), &at.key("kubeconfig"));
        problems.extend(access.as_ref().err().cloned().unwrap_or_default());
        return match access {
            Ok(access) => problems.into_result(access),
            Err(_) => Err(problems),
        };
    }
    if config.context.is_some() {
        let message = "a context is one of a kubeconfig, and there is none";
        problems.add(Code::InvalidValue, Pointer::root().key("config").key("context"), message);
    }
    if server.is_none() && token.is_none() {
        problems.add(Code::Required, at.key("kubeconfig"), "a kubeconfig is needed, or server and token");
        return Err(problems);
    }
    let url = match server {
        Some(text) => address(&text, &at.key("server")).map_err(|problem| problems.0.push(problem)).ok(),
        None => {
            problems.add(Code::Required, at.key("server"), "a token needs the address of its API server");
            None
        }
    };
    match &token {
        Some(token) => problems.extend(check_token(token, &at.key("token")).err()),
        None => problems.add(Code::Required, at.key("token"), "an API server needs a token"),
    }
    if let Some(pem) = &authority {
        problems.extend(check_certificate(pem, &at.key("caCertificate")).err());
    }
    let tls = Tls { authorities: authority, identity: None };
    match url {
        Some(server) if problems.is_empty() => {
            Ok(Access { name: None, server, token: token.map(Into::into), tls })
        }
        _ => Err(problems),
    }
}

/// An API server's address; it may have a path, as proxies give it.
pub(crate) fn address(text: &str, at: &Pointer) -> Result<Url, Problem> {
    let plain = |url: &Url| is_address(url) && url.query().is_none();
    let message = "an API server is an http or https address without user, query and fragment";
    let wrong = || Problem::new(Code::InvalidValue, at.clone(), message);
    Url::parse(text).ok().filter(plain).ok_or_else(wrong)
}

/// A token can stand in a header.
pub(crate) fn check_token(token: &str, at: &Pointer) -> Result<(), Problem> {
    if token.chars().all(|c| c.is_ascii_graphic()) {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidValue, at.clone(), "a token is one word of letters, digits and signs"))
}

/// A certificate is PEM; whether it can be used is seen when it is.
pub(crate) fn check_certificate(pem: &str, at: &Pointer) -> Result<(), Problem> {
    if pem.contains("-----BEGIN CERTIFICATE-----") && pem.contains("-----END CERTIFICATE-----") {
        return Ok(());
    }
    Err(Problem::new(Code::InvalidValue, at.clone(), "a certificate is PEM (-----BEGIN CERTIFICATE-----)"))
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

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";

    #[test]
    fn settings_are_checked_as_a_whole() {
        let keys = || json!({ "server": "https://10.0.0.1:6443/k8s", "token": "t" });
        check(json!({ "cluster": "prod" }), keys(), &[]);
        check(
            json!({ "cluster": "prod", "namespaces": ["a", "b"], "kinds": ["pods", "apps/v1/deployments"] }),
            json!({ "server": "http://a", "token": "t", "caCertificate": PEM }),
            &[],
        );
        check(json!({}), keys(), &["REQUIRED /config/cluster"]);
        check(
            json!({ "cluster": "a b", "context": "x", "namespaces": ["a", "a"], "kinds": ["Pod"] }),
            json!({ "server": "ftp://a", "token": "a b", "caCertificate": "MA==" }),
            &[
                "INVALID_VALUE /config/namespaces/1",
                "INVALID_VALUE /config/kinds/0",
                "INVALID_VALUE /config/context",
                "INVALID_VALUE /secrets/server",
                "INVALID_VALUE /secrets/token",
                "INVALID_VALUE /secrets/caCertificate",
            ],
        );
        check(json!({ "cluster": "a b" }), keys(), &["INVALID_IDENTIFIER /config/cluster"]);
        check(
            json!({ "namespaces": ["../secrets", "UPPER"] }),
            keys(),
            &["INVALID_VALUE /config/namespaces/0", "INVALID_VALUE /config/namespaces/1"],
        );
    }

    #[test]
    fn a_cluster_is_reached_in_one_way() {
        let named = || json!({ "cluster": "c" });
        check(named(), json!({}), &["REQUIRED /secrets/kubeconfig"]);
        check(named(), json!({ "server": "https://a" }), &["REQUIRED /secrets/token"]);
        check(named(), json!({ "token": "t" }), &["REQUIRED /secrets/server"]);
        let kubeconfig = "{current-context: x, contexts: [{name: x, context: {cluster: k, user: u}}], \
            clusters: [{name: k, cluster: {server: 'https://a'}}], users: [{name: u, user: {token: t}}]}";
        check(json!({}), json!({ "kubeconfig": kubeconfig }), &[]);
        check(
            named(),
            json!({ "kubeconfig": kubeconfig, "server": "https://a", "token": "t" }),
            &["INVALID_VALUE /secrets/server", "INVALID_VALUE /secrets/token"],
        );
        let odd = kubeconfig.replace("k,", "'a b',").replace("name: k", "name: 'a b'");
        check(json!({}), json!({ "kubeconfig": odd }), &["REQUIRED /config/cluster"]);
        check(named(), json!({ "kubeconfig": odd }), &[]);
    }
}
