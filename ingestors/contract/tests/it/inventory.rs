//! Reads the hosts of an inventory: a small HTTP API with a token and pages.

use async_trait::async_trait;
use bytes::Bytes;
use portolan_ingestor_contract::{
    Context, Descriptor, Discreet, Http, IngestError, Ingestor, KindDescription, KindRequest, Live, Retrying,
    Settings, Sink, SourceError, judge, read_kind, schema_of, send,
};
use portolan_schema::{Code, Problems};
use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::{Map, Value};
use url::Url;

/// The settings form is made of these structs and their comments.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Config {
    /// Address of the inventory, such as `https://inventory.example.com`.
    #[schemars(with = "String", url)]
    url: Url,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Keys {
    /// A token that may read hosts.
    #[schemars(with = "String")]
    token: SecretString,
}

const HOST: KindDescription =
    KindDescription { name: "host", title: "Hosts", description: "A host.", permissions: &["hosts:read"] };

pub struct Inventory(Descriptor);

impl Default for Inventory {
    fn default() -> Self {
        let mut shipped: Value = serde_norway::from_str(include_str!("inventory.yaml")).unwrap_or_default();
        Self(Descriptor {
            name: "inventory",
            title: "Inventory",
            kinds: vec![HOST],
            permissions: vec!["a token"],
            config_schema: schema_of::<Config>(),
            secrets_schema: schema_of::<Keys>(),
            default_mapping: shipped["mapping"].take(),
            default_blueprints: shipped["blueprints"].as_array().cloned().unwrap_or_default(),
            live: Live::default(),
        })
    }
}

#[async_trait]
impl Ingestor for Inventory {
    fn descriptor(&self) -> &Descriptor {
        &self.0
    }

    fn validate(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        Source::open(settings, context).map(drop)
    }

    async fn check(&self, settings: &Settings, context: &Context) -> Result<(), Problems> {
        let source = Source::open(settings, context)?;
        context.check_unless_cancelled("the inventory", async { Ok(source.greet().await?) }).await
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        context: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        let source = Source::open(settings, context)?;
        let work = async {
            source.greet().await?;
            for request in kinds {
                read_kind(sink, &request.kind, source.read(request, sink)).await?;
            }
            Ok(())
        };
        context.unless_cancelled(work).await
    }
}

/// One tenant's inventory, for as long as a call lasts.
struct Source {
    http: Retrying,
    url: Url,
    token: SecretString,
    size: u32,
}

#[derive(Deserialize)]
struct Page {
    hosts: Vec<Map<String, Value>>,
    next: Option<String>,
}

impl Source {
    fn open(settings: &Settings, context: &Context) -> Result<Self, Problems> {
        let (Config { url }, Keys { token }) = settings.parse()?;
        let context = Discreet::wrap(context, settings, &["authorization"]);
        let http = Retrying::new(context.http, context.retry, context.clock, judge);
        Ok(Self { http, url, token, size: context.page_size.unwrap_or(100).clamp(1, 100) })
    }

    async fn get<T: DeserializeOwned>(&self, path: &str, query: &[(&str, &str)]) -> Result<T, SourceError> {
        let mut url = self.url.clone();
        url.set_path(path);
        url.query_pairs_mut().extend_pairs(query);
        let token = format!("Bearer {}", self.token.expose_secret());
        let request = http::Request::get(url.as_str()).header("authorization", token).body(Bytes::new());
        let request = request.map_err(|_| SourceError::failed("the token cannot be sent"))?;
        let answer = self.http.send(request).await.map_err(|e| SourceError::from_http("inventory", &e))?;
        if answer.status() != 200 {
            return Err(SourceError::from_answer(path, &answer));
        }
        serde_json::from_slice(answer.body())
            .map_err(|_| SourceError::failed(format!("{path} makes no sense")))
    }

    /// Address and token are good: what fails from now on is the kind's fault, not the run's.
    async fn greet(&self) -> Result<(), SourceError> {
        let me: Map<String, Value> = self.get("/me", &[]).await?;
        if me.contains_key("name") { Ok(()) } else { Err(SourceError::failed("/me has no name")) }
    }

    async fn read(&self, request: &KindRequest, sink: &dyn Sink) -> Result<(), IngestError> {
        if request.kind != HOST.name {
            return Err(SourceError::new(Code::InvalidMapping, format!("no kind {}", request.kind)).into());
        }
        let (size, from) = (self.size.to_string(), request.checkpoint.as_ref().and_then(Value::as_str));
        let mut place = from.unwrap_or_default().to_owned();
        loop {
            let page: Page = self.get("/hosts", &[("limit", &size), ("after", &place)]).await?;
            send(sink, HOST.name, page.hosts.into_iter().map(Value::from).collect()).await?;
            match page.next {
                None => return Ok(()),
                Some(next) if next == place => return Err(SourceError::failed("there is no end").into()),
                Some(next) => place = next,
            }
            sink.checkpoint(HOST.name, &place.as_str().into()).await?;
        }
    }
}
