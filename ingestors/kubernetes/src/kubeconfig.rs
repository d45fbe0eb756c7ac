//! Kubeconfigs: which cluster and credentials a context means. What would run a program, read a file or leave the cluster's
//! certificate unchecked is refused, at its place.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use portolan_ingestor_contract::{Tls, yaml};
use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::Value;

use crate::settings::{self, Access};

/// Keys of a user that are not used, and why.
const USER: &[(&str, &str)] = &[
    ("exec", "exec plugins are programs, which are not run; give a token or a client certificate"),
    ("auth-provider", "auth providers are not used; give a token or a client certificate"),
    ("tokenFile", "files are not read; put the token itself here as \"token\""),
    ("username", "clusters no longer take passwords; give a token or a client certificate"),
    ("password", "clusters no longer take passwords; give a token or a client certificate"),
    ("as", "nobody is impersonated; give the credentials of whom it should be"),
    ("as-uid", "nobody is impersonated; give the credentials of whom it should be"),
    ("as-groups", "nobody is impersonated; give the credentials of whom it should be"),
    ("as-user-extra", "nobody is impersonated; give the credentials of whom it should be"),
];
/// The same of a cluster.
const CLUSTER: &[(&str, &str)] = &[
    ("insecure-skip-tls-verify", "certificates are always checked; give certificate-authority-data"),
    ("proxy-url", "a proxy of one's own is not used"),
    ("tls-server-name", "another name than the address's is not checked for"),
];
/// Files, and where their content belongs.
const FILES: &[(&str, &str)] = &[
    ("certificate-authority", "certificate-authority-data"),
    ("client-certificate", "client-certificate-data"),
    ("client-key", "client-key-data"),
];

/// Reads the cluster and user of a context, or of the current one. Others in the document need not be usable.
///
/// # Errors
/// All that is wrong, with paths below `at` into the document. No message repeats a value.
pub(crate) fn read(text: &str, context: Option<&str>, at: &Pointer) -> Result<Access, Problems> {
    let mut documents = yaml::documents(text)
        .map_err(|error| Problem::new(Code::InvalidValue, at.clone(), format!("the kubeconfig {error}")))?;
    if documents.len() > 1 {
        let message = "a kubeconfig is one document of YAML";
        return Err(Problem::new(Code::InvalidValue, at.clone(), message).into());
    }
    let document = documents.pop().unwrap_or_default();
    if !document.is_object() {
        return Err(Problem::new(Code::WrongType, at.clone(), "a kubeconfig is an object").into());
    }
    let current = document["current-context"].as_str().filter(|name| !name.is_empty());
    let Some(context) = context.or(current) else {
        let message = "the kubeconfig has no current context; name one in the settings";
        return Err(Problem::new(Code::Required, at.key("current-context"), message).into());
    };
    let (chosen, place) = entry(&document, "contexts", "context", context, at).map_err(|mut problem| {
        if Some(context) != current {
            problem.path = Pointer::root().key("config").key("context");
        }
        problem
    })?;
    let mut problems = Problems::default();
    let mut named = |key: &str, list: &str| match chosen[key].as_str() {
        Some(name) => match entry(&document, list, key, name, at) {
            Ok(found) => Some((name.to_owned(), found)),
            Err(problem) => {
                problems.0.push(problem);
                None
            }
        },
        None => {
            problems.add(Code::Required, place.key(key), format!("the context names no {key}"));
            None
        }
    };
    let (cluster, user) = (named("cluster", "clusters"), named("user", "users"));
    let (Some((name, (cluster, at_cluster))), Some((_, (user, at_user)))) = (cluster, user) else {
        return Err(problems);
    };
    refuse(cluster, &at_cluster, CLUSTER, &mut problems);
    refuse(user, &at_user, USER, &mut problems);
    let authorities = data(cluster, "certificate-authority-data", &at_cluster, &mut problems);
    if let Some(pem) = &authorities {
        let at = at_cluster.key("certificate-authority-data");
        problems.extend(settings::check_certificate(pem, &at).err());
    }
    let server = match cluster["server"].as_str() {
        Some(text) => settings::address(text, &at_cluster.key("server")).map_err(|p| problems.0.push(p)).ok(),
        None => {
            problems.add(Code::Required, at_cluster.key("server"), "the cluster has no address");
            None
        }
    };
    let token = user["token"].as_str().map(str::trim).filter(|token| !token.is_empty());
    if let Some(token) = token {
        problems.extend(settings::check_token(token, &at_user.key("token")).err());
    }
    let identity = identity(user, &at_user, &mut problems);
    if token.is_none() && identity.is_none() && problems.is_empty() {
        let message = "the user has neither a token nor a client certificate";
        problems.add(Code::Required, at_user.clone(), message);
    }
    match server {
        Some(server) if problems.is_empty() => Ok(Access {
            name: Some(name),
            server,
            token: token.map(Into::into),
            tls: Tls { authorities, identity: identity.map(Into::into) },
        }),
        _ => Err(problems),
    }
}

/// The entry of a list by its name, and its place.
fn entry<'d>(
    document: &'d Value,
    list: &str,
    key: &str,
    name: &str,
    at: &Pointer,
) -> Result<(&'d Value, Pointer), Problem> {
    let entries = document[list].as_array().map(Vec::as_slice).unwrap_or_default();
    // As kubectl: of two with one name the first counts.
    match entries.iter().position(|entry| entry["name"] == name) {
        Some(index) => Ok((&entries[index][key], at.key(list).index(index).key(key))),
        None => {
            let message = format!("the kubeconfig has no {key} of the name that is asked for");
            Err(Problem::new(Code::NotFound, at.key(list), message))
        }
    }
}

fn is_set(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        _ => true,
    }
}

fn refuse(holder: &Value, at: &Pointer, keys: &[(&str, &str)], problems: &mut Problems) {
    for (key, why) in keys {
        if is_set(&holder[*key]) {
            problems.add(Code::NotSupported, at.key(key), *why);
        }
    }
    for (key, instead) in FILES {
        // kubectl, too, prefers what is in the document.
        if is_set(&holder[*key]) && !is_set(&holder[*instead]) {
            let message = format!("files are not read; put what is in it here as \"{instead}\", in Base64");
            problems.add(Code::NotSupported, at.key(key), message);
        }
    }
}

/// A text in Base64.
fn data(holder: &Value, key: &str, at: &Pointer, problems: &mut Problems) -> Option<String> {
    let value = &holder[key];
    if !is_set(value) {
        return None;
    }
    let decoded = value.as_str().and_then(|text| {
        let plain: String = text.chars().filter(|c| !c.is_whitespace()).collect();
        String::from_utf8(STANDARD.decode(plain).ok()?).ok()
    });
    if decoded.is_none() {
        problems.add(Code::InvalidValue, at.key(key), "this is PEM in Base64");
    }
    decoded
}

/// The client certificate with its key.
fn identity(user: &Value, at: &Pointer, problems: &mut Problems) -> Option<String> {
    let certificate = data(user, "client-certificate-data", at, problems);
    let key = data(user, "client-key-data", at, problems);
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            problems
                .extend(settings::check_certificate(&certificate, &at.key("client-certificate-data")).err());
            if !key.contains("PRIVATE KEY-----") {
                problems.add(
                    Code::InvalidValue,
                    at.key("client-key-data"),
                    "a private key is PEM, in Base64",
                );
            }
            Some(format!("{}\n{}\n", certificate.trim_end(), key.trim_end()))
        }
        (None, None) => None,
        // What could not be read was told.
        _ if !problems.is_empty() => None,
        (Some(_), None) => {
            problems.add(Code::Required, at.key("client-key-data"), "a client certificate needs its key");
            None
        }
        (None, Some(_)) => {
            problems.add(Code::Required, at.key("client-certificate-data"), "a key needs its certificate");
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;
    use serde_json::json;

    use super::*;

    const PEM: &str = "-----BEGIN CERTIFICATE-----\nMA==\n-----END CERTIFICATE-----\n";
    const KEY: &str = "-----BEGIN EC PRIVATE KEY-----\nMA==\n-----END EC PRIVATE KEY-----\n";

    fn document(cluster: Value, user: Value) -> Value {
        json!({ "apiVersion": "v1", "kind": "Config", "current-context": "here",
            "contexts": [{ "name": "there", "context": { "cluster": "far", "user": "other" } },
                { "name": "here", "context": { "cluster": "near", "user": "me", "namespace": "shop" } }],
            "clusters": [{ "name": "near", "cluster": cluster }],
            "users": [{ "name": "other", "user": { "exec": { "command": "sh" } } }, { "name": "me", "user": user }] })
    }

    #[track_caller]
    fn check(document: &Value, context: Option<&str>, expected: &[&str]) {
        let at = Pointer::root().key("secrets").key("kubeconfig");
        let found = match read(&document.to_string(), context, &at) {
            Ok(_) => Vec::new(),
            Err(problems) => problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect::<Vec<_>>(),
        };
        let expected: Vec<String> = expected.iter().map(|e| e.replace('~', "/secrets/kubeconfig")).collect();
        assert_eq!(found, expected, "{document}");
    }

    #[test]
    fn tokens_and_certificates_are_read() {
        let cluster =
            json!({ "server": "https://10.0.0.1:6443", "certificate-authority-data": STANDARD.encode(PEM) });
        let user = json!({ "client-certificate-data": STANDARD.encode(PEM), "client-key-data": STANDARD.encode(KEY),
            "token": " t ", "client-key": "/also/a/file" });
        let access = read(&document(cluster, user).to_string(), None, &Pointer::root()).ok().unwrap();
        assert_eq!(access.name.as_deref(), Some("near"));
        assert_eq!(access.server.as_str(), "https://10.0.0.1:6443/");
        assert_eq!(access.token.unwrap().expose_secret(), "t");
        assert_eq!(access.tls.authorities.as_deref(), Some(PEM));
        assert_eq!(access.tls.identity.unwrap().expose_secret(), format!("{PEM}{KEY}"));
    }

    #[test]
    fn what_is_not_used_is_refused_at_its_place() {
        let near = || json!({ "server": "https://a" });
        let me = || json!({ "token": "t" });
        check(&document(near(), me()), None, &[]);
        check(&document(near(), me()), Some("nowhere"), &["NOT_FOUND /config/context"]);
        check(&document(near(), me()), Some("there"), &["NOT_FOUND ~/clusters"]);
        for (key, value) in [
            ("exec", json!({ "command": "aws" })),
            ("auth-provider", json!({ "name": "gcp" })),
            ("tokenFile", json!("/run/token")),
            ("client-certificate", json!("c.pem")),
            ("client-key", json!("k.pem")),
            ("username", json!("root")),
            ("as", json!("admin")),
        ] {
            let mut user = me();
            user[key] = value;
            check(&document(near(), user), None, &[&format!("NOT_SUPPORTED ~/users/1/user/{key}")]);
        }
        for (key, value) in [
            ("certificate-authority", json!("ca.pem")),
            ("insecure-skip-tls-verify", json!(true)),
            ("proxy-url", json!("socks5://a")),
            ("tls-server-name", json!("b")),
        ] {
            let mut cluster = near();
            cluster[key] = value;
            check(&document(cluster, me()), None, &[&format!("NOT_SUPPORTED ~/clusters/0/cluster/{key}")]);
        }
        let mut harmless = near();
        harmless["insecure-skip-tls-verify"] = json!(false);
        check(&document(harmless, me()), None, &[]);
    }

    #[test]
    fn what_is_wrong_is_told_at_once() {
        let both = json!({ "client-certificate-data": "?", "client-key-data": STANDARD.encode("no key") });
        check(
            &document(json!({ "certificate-authority-data": STANDARD.encode("x") }), both),
            None,
            &[
                "INVALID_VALUE ~/clusters/0/cluster/certificate-authority-data",
                "REQUIRED ~/clusters/0/cluster/server",
                "INVALID_VALUE ~/users/1/user/client-certificate-data",
            ],
        );
        let near = || json!({ "server": "https://a" });
        check(&document(near(), json!({})), None, &["REQUIRED ~/users/1/user"]);
        let half = json!({ "client-certificate-data": STANDARD.encode(PEM) });
        check(&document(near(), half), None, &["REQUIRED ~/users/1/user/client-key-data"]);
        check(&document(near(), json!({ "token": "a\nb" })), None, &["INVALID_VALUE ~/users/1/user/token"]);
        check(&json!({ "contexts": [] }), None, &["REQUIRED ~/current-context"]);
        check(&json!("hunter2-hunter2"), None, &["WRONG_TYPE ~"]);
        let at = Pointer::root();
        for (text, expected) in [
            ("a: 1\n---\nb: 2".to_owned(), "one document"),
            (format!("a: &a [{}]\nb: [{}]", "x, ".repeat(1_000), "*a, ".repeat(1_000)), "aliases"),
        ] {
            let problems = read(&text, None, &at).err().unwrap();
            assert!(problems.to_string().contains(expected), "{problems}");
        }
        let problems = read("a: [hunter2-hunter2", None, &at).err().unwrap();
        assert!(!problems.to_string().contains("hunter2"), "{problems}");
    }
}
