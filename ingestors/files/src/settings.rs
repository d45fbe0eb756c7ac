//! The settings of an integration of files.

use glob::Pattern;
use http::{HeaderName, HeaderValue};
use portolan_aws_signature::Credentials;
use portolan_ingestor_contract::{
    Context, FileError, Header, PlainPath, Settings, check_headers, is_address,
};
use portolan_schema::{Code, Pointer, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use crate::format::Format;

const DEFAULT_REGION: &str = "us-east-1";

/// What to read, and from where.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Config {
    /// The absolute path of a directory or file on the server, where the operator allows it; the http or https address of a
    /// file; or `s3://bucket/key` for an object and `s3://bucket/prefix/` for all objects below a prefix.
    #[schemars(length(min = 1, max = 2000))]
    source: String,
    /// What the files are: `terraform` (states of version 4), `backstage` (catalog-info.yaml), `csv`, `json` (a list or an
    /// object) or `ndjson` (an object a line).
    format: Format,
    /// Which files of a directory or prefix are read, as patterns such as `services/**/*.csv`. Default: those that the format
    /// is usually named by.
    #[serde(default)]
    #[schemars(length(min = 1, max = 20))]
    patterns: Option<Vec<String>>,
    /// The character between the fields of `csv`: a comma by default.
    #[serde(default)]
    delimiter: Option<String>,
    /// Where the items are in a document of `json`: a plain path such as `.data.items`. Default: the document itself.
    #[serde(default)]
    items: Option<String>,
    /// The region of the bucket: us-east-1 by default.
    #[serde(default)]
    #[schemars(regex(pattern = r"^[a-z]{2,3}(-[a-z]+)+-[0-9]{1,2}$"))]
    region: Option<String>,
    /// Address of something else that speaks as S3 does, such as `http://localhost:9000`.
    #[serde(default)]
    #[schemars(url)]
    endpoint_url: Option<String>,
}

/// What the source knows us by.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Keys {
    /// Sent with every request to an http or https address, such as `Authorization`.
    #[serde(default)]
    #[schemars(length(max = 20))]
    headers: Vec<Header>,
    /// For S3: such as `AKIA…`, or `ASIA…` for a temporary key. Without one, the bucket has to be public.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    access_key_id: Option<SecretString>,
    /// The secret that came with the key.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    secret_access_key: Option<SecretString>,
    /// Only for temporary keys.
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    session_token: Option<SecretString>,
}

/// Everything a run needs, checked.
pub(crate) struct Wanted {
    pub place: Origin,
    pub format: Format,
    pub patterns: Vec<Pattern>,
    /// Of CSV.
    pub delimiter: u8,
    /// Of JSON.
    pub items: PlainPath,
}

/// Where the files are.
pub(crate) enum Origin {
    /// An absolute path.
    Local(String),
    Web {
        url: Url,
        headers: Vec<(HeaderName, HeaderValue)>,
    },
    Bucket(Bucket),
}

/// Objects of S3.
#[derive(Clone)]
pub(crate) struct Bucket {
    pub name: String,
    /// Of one object; or a prefix, which is empty or ends with `/`.
    pub key: String,
    pub region: String,
    pub endpoint: Option<Url>,
    pub credentials: Option<Credentials>,
}

impl Bucket {
    /// Whether `key` is a prefix.
    pub fn is_prefix(&self) -> bool {
        self.key.is_empty() || self.key.ends_with('/')
    }
}

/// Parses and checks everything that can be checked without asking.
pub(crate) fn parse(settings: &Settings, context: &Context) -> Result<Wanted, Problems> {
    let (config, keys) = settings.parse::<Config, Keys>()?;
    let (at, at_keys) = (Pointer::root().key("config"), Pointer::root().key("secrets"));
    let mut problems = Problems::default();
    let headers = check_headers(&keys.headers, &at_keys.key("headers"), &mut problems);
    let place = origin(&config.source, &at.key("source"), context, &mut problems);
    let delimiter = delimiter(config.delimiter.as_deref(), &at.key("delimiter"), &mut problems);
    let items = config.items.as_deref().unwrap_or(".");
    let items = PlainPath::check(items, &at.key("items"), &mut problems);
    let patterns = patterns(&config, &at.key("patterns"), &mut problems);
    let credentials = credentials(&keys, &at_keys, &mut problems);
    let endpoint = config.endpoint_url.as_deref().and_then(|text| Url::parse(text).ok());
    if config.endpoint_url.is_some()
        && !endpoint.as_ref().is_some_and(|url| is_address(url) && url.query().is_none())
    {
        let message = "an endpoint is an http or https address without user, query and fragment";
        problems.add(Code::InvalidValue, at.key("endpointUrl"), message);
    }
    let Some(mut place) = place else { return Err(problems) };
    let is = |wanted: bool, given: bool, key: &str, message: &str, problems: &mut Problems| {
        if given && !wanted {
            problems.add(Code::InvalidValue, at.key(key), message);
        }
    };
    let (csv, json) = (config.format == Format::Csv, config.format == Format::Json);
    is(csv, config.delimiter.is_some(), "delimiter", "is only for the format csv", &mut problems);
    is(json, config.items.is_some(), "items", "is only for the format json", &mut problems);
    let s3 = matches!(place, Origin::Bucket(_));
    is(s3, config.region.is_some(), "region", "is only for sources in S3", &mut problems);
    is(s3, config.endpoint_url.is_some(), "endpointUrl", "is only for sources in S3", &mut problems);
    let one = match &place {
        Origin::Local(_) => false,
        Origin::Web { .. } => true,
        Origin::Bucket(bucket) => !bucket.is_prefix(),
    };
    let message = "are only for directories and prefixes; the source is one file";
    is(!one, config.patterns.is_some(), "patterns", message, &mut problems);
    if !s3 && credentials.is_some() {
        let message = "is only for sources in S3";
        problems.add(Code::InvalidValue, at_keys.key("accessKeyId"), message);
    }
    match &mut place {
        Origin::Web { headers: own, .. } => *own = headers,
        _ if !keys.headers.is_empty() => {
            let message = "are only for sources at an http or https address";
            problems.add(Code::InvalidValue, at_keys.key("headers"), message);
        }
        Origin::Bucket(bucket) => {
            bucket.region = config.region.clone().unwrap_or_else(|| DEFAULT_REGION.to_owned());
            bucket.endpoint = endpoint;
            bucket.credentials = credentials;
        }
        Origin::Local(_) => {}
    }
    match (patterns, delimiter, items) {
        (Some(patterns), Some(delimiter), Some(items)) if problems.is_empty() => {
            Ok(Wanted { place, format: config.format, patterns, delimiter, items })
        }
        _ => Err(problems),
    }
}

fn origin(source: &str, at: &Pointer, context: &Context, problems: &mut Problems) -> Option<Origin> {
    let source = source.trim();
    let mut wrong = |code, message: &str| {
        problems.add(code, at.clone(), message);
        None
    };
    if let Some(rest) = source.strip_prefix("s3://") {
        let (name, key) = rest.split_once('/').unwrap_or((rest, ""));
        if !is_bucket(name) {
            return wrong(
                Code::InvalidValue,
                "names no bucket; write s3://bucket/key or s3://bucket/prefix/",
            );
        }
        if !key.is_empty() && !is_key(key.trim_end_matches('/')) {
            return wrong(
                Code::InvalidValue,
                "has a key with an empty part, or with \".\" or \"..\" for one",
            );
        }
        let (name, key) = (name.to_owned(), key.to_owned());
        let region = DEFAULT_REGION.to_owned();
        return Some(Origin::Bucket(Bucket { name, key, region, endpoint: None, credentials: None }));
    }
    let path = source.strip_prefix("file://").unwrap_or(source);
    if path.starts_with('/') {
        return match context.files.allows(path) {
            Ok(()) => Some(Origin::Local(path.to_owned())),
            Err(error @ FileError::Refused { .. }) => wrong(Code::AddressRefused, &error.to_string()),
            Err(error) => wrong(Code::InvalidValue, &error.to_string()),
        };
    }
    match Url::parse(source).ok().filter(is_address) {
        Some(url) => Some(Origin::Web { url, headers: Vec::new() }),
        None => wrong(
            Code::InvalidValue,
            "is no absolute path, no http or https address without user and fragment, and no s3://bucket/…",
        ),
    }
}

/// What S3 allows for names of buckets.
fn is_bucket(name: &str) -> bool {
    (3..=63).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-_".contains(&byte))
        && name.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// Whether a key can be asked for by its path: addresses have no parts that lead nowhere or upwards.
pub(crate) fn is_key(key: &str) -> bool {
    key.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn delimiter(text: Option<&str>, at: &Pointer, problems: &mut Problems) -> Option<u8> {
    match text.map_or(b",".as_slice(), str::as_bytes) {
        &[one] if one.is_ascii() && !one.is_ascii_alphanumeric() && !b"\"\r\n\0".contains(&one) => Some(one),
        _ => {
            let message = "is not one character such as \";\", \"|\" or a tab";
            problems.add(Code::InvalidValue, at.clone(), message);
            None
        }
    }
}

fn patterns(config: &Config, at: &Pointer, problems: &mut Problems) -> Option<Vec<Pattern>> {
    let usual = config.format.usual_names();
    let Some(texts) = &config.patterns else {
        return Some(usual.iter().filter_map(|text| Pattern::new(text).ok()).collect());
    };
    let mut patterns = Vec::new();
    for (index, text) in texts.iter().enumerate() {
        match Pattern::new(text) {
            Ok(pattern) => patterns.push(pattern),
            Err(error) => problems.add(
                Code::InvalidPattern,
                at.index(index),
                format!("is no pattern such as \"**/*.csv\": {}", error.msg),
            ),
        }
    }
    (patterns.len() == texts.len()).then_some(patterns)
}

fn credentials(keys: &Keys, at: &Pointer, problems: &mut Problems) -> Option<Credentials> {
    let text = |key: &Option<SecretString>| {
        let text = key.as_ref().map(|key| key.expose_secret().trim().to_owned());
        text.filter(|text| !text.is_empty())
    };
    let token = text(&keys.session_token);
    match (text(&keys.access_key_id), text(&keys.secret_access_key)) {
        (Some(id), Some(secret)) => return Some(Credentials::new(id, secret, token, None, "settings")),
        (Some(_), None) => {
            problems.add(Code::Required, at.key("secretAccessKey"), "an access key id needs its secret");
        }
        (None, Some(_)) => {
            problems.add(Code::Required, at.key("accessKeyId"), "a secret access key needs its id");
        }
        (None, None) if token.is_some() => {
            problems.add(Code::Required, at.key("accessKeyId"), "a session token needs its access key");
        }
        (None, None) => {}
    }
    None
}
