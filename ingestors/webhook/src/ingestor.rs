//! The ingestor itself.

use async_trait::async_trait;
use portolan_ingestor_contract::{
    Context, Delivery, Descriptor, Event, IngestError, Ingestor, KindDescription, KindRequest, Live,
    Settings, Sink, SourceError, schema_of,
};
use portolan_schema::{Code, Pointer, Problem, Problems};
use serde_json::json;

use crate::item::item;
use crate::settings::{self, Config, Secrets};
use crate::signature::is_right;

const EVENT: KindDescription = KindDescription {
    name: "event",
    title: "Events",
    description: "A request to the hook, as {body, headers, queryParams}. What the mapping makes of it is made or changed.",
    permissions: &[],
};
const DELETION: KindDescription = KindDescription {
    name: "deletion",
    title: "Deletions",
    description: "The same request once more, as {body, headers, queryParams}. What the mapping makes of it is deleted.",
    permissions: &[],
};

/// Takes what is sent to it.
pub struct Webhook {
    descriptor: Descriptor,
}

impl Webhook {
    pub fn new() -> Self {
        let descriptor = Descriptor {
            name: "webhook",
            title: "Webhook",
            kinds: vec![EVENT, DELETION],
            permissions: Vec::new(),
            config_schema: schema_of::<Config>(),
            secrets_schema: schema_of::<Secrets>(),
            // What an event is about, only its receiver knows.
            default_mapping: json!({"resources": []}),
            default_blueprints: Vec::new(),
            live: Live { deliveries: true, ..Live::default() },
        };
        Self { descriptor }
    }
}

impl Default for Webhook {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Ingestor for Webhook {
    fn descriptor(&self) -> &Descriptor {
        &self.descriptor
    }

    fn has_source(&self) -> bool {
        false
    }

    fn validate(&self, settings: &Settings, _: &Context) -> Result<(), Problems> {
        settings::parse(settings).map(drop)
    }

    async fn check(&self, settings: &Settings, _: &Context) -> Result<(), Problems> {
        settings::parse(settings).map(drop)
    }

    async fn collect(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        _: &Context,
        sink: &dyn Sink,
    ) -> Result<(), IngestError> {
        settings::parse(settings)?;
        let error = SourceError::new(Code::NotSupported, "a webhook has nothing to read between its events");
        for request in kinds {
            sink.kind_started(&request.kind).await?;
            sink.kind_failed(&request.kind, &error).await?;
        }
        Ok(())
    }

    fn authenticate(&self, settings: &Settings, delivery: &Delivery) -> Result<(), Problems> {
        let (Config { signature, .. }, secret) = settings::parse(settings)?;
        if !is_right(&signature, &secret, delivery) {
            let message = format!("the signature in the header {} is missing or wrong", signature.header);
            return Err(Problem::new(Code::Unauthenticated, Pointer::root(), message).into());
        }
        item(delivery, &signature.header).map(drop).map_err(|error| {
            let message = format!("the body is not JSON: {error}");
            Problem::new(Code::MalformedJson, Pointer::root(), message).into()
        })
    }

    fn delivery_key(&self, settings: &Settings, delivery: &Delivery) -> Option<String> {
        let (config, _) = settings::parse(settings).ok()?;
        let value = delivery.headers.get(config.delivery_id_header?)?.to_str().ok()?;
        (!value.is_empty()).then(|| value.to_owned())
    }

    async fn events(
        &self,
        settings: &Settings,
        kinds: &[KindRequest],
        delivery: &Delivery,
        _: &Context,
    ) -> Result<Vec<Event>, IngestError> {
        let (Config { signature, .. }, _) = settings::parse(settings)?;
        let item = item(delivery, &signature.header)
            .map_err(|error| SourceError::failed(format!("the body is not JSON: {error}")))?;
        let asks = |kind: &KindDescription| kinds.iter().any(|request| request.kind == kind.name);
        let mut events = Vec::new();
        if asks(&EVENT) {
            events.push(Event::Present { kind: EVENT.name.to_owned(), item: item.clone() });
        }
        if asks(&DELETION) {
            events.push(Event::Gone { kind: DELETION.name.to_owned(), item });
        }
        Ok(events)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use bytes::Bytes;
    use http::{HeaderMap, HeaderValue};
    use portolan_ingestor_contract::{Http, HttpError};
    use serde_json::Value;

    use super::*;

    struct NoHttp;

    #[async_trait]
    impl Http for NoHttp {
        async fn send(&self, _: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
            Err(HttpError::Timeout)
        }
    }

    fn context() -> Context {
        Context::new(Arc::new(NoHttp))
    }

    fn delivery(headers: &[(&'static str, &'static str)], body: &'static str) -> Delivery {
        let mut all = HeaderMap::new();
        for (name, value) in headers {
            all.append(*name, HeaderValue::from_static(value));
        }
        let query = vec![("a".to_owned(), "1".to_owned()), ("a".to_owned(), "2".to_owned())];
        Delivery { received_at: chrono::DateTime::UNIX_EPOCH, headers: all, query, body: body.into() }
    }

    fn signed(algorithm: &str, prefix: Value) -> Settings {
        let config =
            json!({"signature": {"header": "X-Signature", "algorithm": algorithm, "prefix": prefix}});
        Settings::new(config, json!({"signingSecret": "It's a Secret to Everybody"}))
    }

    #[test]
    fn settings_are_checked_as_a_whole() {
        for (config, secrets, expected) in [
            (
                json!({"signature": {"header": "x", "algorithm": "sha1", "prefix": null}}),
                json!({"signingSecret": "s"}),
                &[][..],
            ),
            (json!({}), json!({}), &["REQUIRED /config/signature", "REQUIRED /secrets/signingSecret"]),
            (
                json!({"signature": {"header": "x", "algorithm": "sha1"}}),
                json!({"signingSecret": ""}),
                &["REQUIRED /secrets/signingSecret"],
            ),
            (
                json!({"signature": {"header": "x y", "algorithm": "plain"}}),
                json!({"signingSecret": "s"}),
                &["INVALID_VALUE /config/signature/header"],
            ),
            (
                json!({"signature": {"header": "x", "algorithm": "plain"}, "deliveryIdHeader": "x y"}),
                json!({"signingSecret": "s"}),
                &["INVALID_VALUE /config/deliveryIdHeader"],
            ),
            (
                json!({"signature": {"header": "x", "algorithm": "md5"}, "signing": 1}),
                json!({"signingSecret": "s"}),
                &["INVALID_VALUE /config/signature/algorithm", "UNKNOWN_FIELD /config/signing"],
            ),
        ] {
            let settings = Settings::new(config, secrets);
            let found = match Webhook::new().validate(&settings, &context()) {
                Ok(()) => Vec::new(),
                Err(problems) => problems.0.iter().map(|p| format!("{} {}", p.code, p.path)).collect(),
            };
            assert_eq!(found, expected, "{settings:?}");
        }
    }

    /// The digests are those of `openssl dgst -hmac`; the first one is GitHub's published example.
    #[test]
    fn signatures_are_those_of_the_secret() {
        const SHA256: &str = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let with = |value: &'static str| delivery(&[("x-signature", value)], "Hello, World!");
        let right = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        for (settings, sent, expected) in [
            // The signature is right, so the body is looked at.
            (signed("sha256", json!("sha256=")), with(right), Code::MalformedJson),
            (signed("sha256", Value::Null), with(SHA256), Code::MalformedJson),
            (signed("sha256", Value::Null), with(right), Code::Unauthenticated),
            (signed("sha256", json!("sha256=")), with(SHA256), Code::Unauthenticated),
            (signed("sha1", Value::Null), with(SHA256), Code::Unauthenticated),
            (signed("plain", Value::Null), with("It's a Secret to Everybody"), Code::MalformedJson),
            (signed("plain", Value::Null), with("It's a Secret to"), Code::Unauthenticated),
            (signed("plain", Value::Null), delivery(&[], "{}"), Code::Unauthenticated),
            (
                signed("sha256", Value::Null),
                delivery(&[("x-signature", SHA256), ("x-signature", SHA256)], "Hello, World!"),
                Code::Unauthenticated,
            ),
            (
                signed("sha256", Value::Null),
                delivery(&[("x-signature", SHA256)], "Hello"),
                Code::Unauthenticated,
            ),
            (signed("sha256", Value::Null), with("75710"), Code::Unauthenticated),
        ] {
            let problems = Webhook::new().authenticate(&settings, &sent).unwrap_err();
            assert_eq!(problems.0[0].code, expected, "{sent:?}");
        }
        let plain = delivery(&[("x-signature", "It's a Secret to Everybody")], "{}");
        Webhook::new().authenticate(&signed("plain", Value::Null), &plain).unwrap();
    }

    #[test]
    fn the_number_of_a_request_is_where_the_settings_say() {
        let mut settings = signed("plain", Value::Null);
        let sent = delivery(&[("x-request-id", "7f3a"), ("x-empty", "")], "{}");
        assert_eq!(Webhook::new().delivery_key(&settings, &sent), None);
        for (header, expected) in [("X-Request-Id", Some("7f3a")), ("X-Empty", None), ("X-Other", None)] {
            settings.config["deliveryIdHeader"] = header.into();
            assert_eq!(Webhook::new().delivery_key(&settings, &sent).as_deref(), expected, "{header}");
        }
    }

    #[tokio::test]
    async fn an_item_is_the_request_without_its_secrets() {
        let headers =
            [("x-signature", "s"), ("authorization", "Basic x"), ("cookie", "c"), ("x-a", "1"), ("x-a", "2")];
        let sent = delivery(&headers, r#"{"id": 7}"#);
        let kinds = [KindRequest::new("deletion"), KindRequest::new("event"), KindRequest::new("other")];
        let item = json!({"body": {"id": 7}, "headers": {"x-a": "1, 2"}, "queryParams": {"a": "2"}});
        let settings = signed("plain", Value::Null);
        let events = Webhook::new().events(&settings, &kinds, &sent, &context()).await.unwrap();
        assert_eq!(
            events,
            [
                Event::Present { kind: "event".into(), item: item.clone() },
                Event::Gone { kind: "deletion".into(), item },
            ]
        );
        let events = Webhook::new().events(&settings, &[], &sent, &context()).await.unwrap();
        assert_eq!(events, []);
    }
}
