//! Keeps secrets that a source quotes out of everything that is made of its answers.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::{Context, Http, HttpError, Pieces, Settings};

/// Shorter texts are not looked for: they would be found in honest words.
const SHORTEST: usize = 8;
const INSTEAD: &[u8] = b"***";
/// Largest error answer to a streamed request, in bytes.
const MAX_EXPLANATION: usize = 64 << 10;

/// An [`Http`] whose error answers (status 400 and above) hold no secret: sources like to explain what they refuse by
/// repeating it, and explanations are shown to people. Other answers pass as they are.
pub struct Discreet {
    inner: Arc<dyn Http>,
    secrets: Vec<SecretString>,
    /// Request headers whose values are secrets as well, such as those of credentials got during the run.
    headers: &'static [&'static str],
}

impl Discreet {
    /// The context with its client made discreet about the settings' secrets and the values of request headers.
    pub fn wrap(context: &Context, settings: &Settings, headers: &'static [&'static str]) -> Context {
        let mut secrets = Vec::new();
        gather(&settings.secrets.expose(), &mut secrets);
        let inner = Arc::clone(&context.http);
        Context { http: Arc::new(Self { inner, secrets, headers }), ..context.clone() }
    }
}

fn gather(value: &Value, into: &mut Vec<SecretString>) {
    match value {
        Value::String(text) => into.push(text.trim().into()),
        Value::Array(items) => items.iter().for_each(|item| gather(item, into)),
        Value::Object(entries) => entries.values().for_each(|entry| gather(entry, into)),
        _ => {}
    }
}

impl Discreet {
    /// What a request's own headers hold of secrets.
    fn sent(&self, request: &http::Request<Bytes>) -> Vec<SecretString> {
        let values = self.headers.iter().flat_map(|name| request.headers().get_all(*name));
        values.filter_map(|value| Some(value.to_str().ok()?.trim().into())).collect()
    }

    fn clean(&self, sent: &[SecretString], body: Bytes) -> Bytes {
        let secrets = self.secrets.iter().chain(sent);
        secrets.fold(body, |body, secret| without(body, secret.expose_secret()))
    }
}

#[async_trait]
impl Http for Discreet {
    async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
        let sent = self.sent(&request);
        let response = self.inner.send(request).await?;
        if response.status().as_u16() < 400 {
            return Ok(response);
        }
        Ok(response.map(|body| self.clean(&sent, body)))
    }

    /// The body of an error answer comes in one piece, of at most 64 KiB.
    async fn stream(&self, request: http::Request<Bytes>) -> Result<http::Response<Pieces>, HttpError> {
        let sent = self.sent(&request);
        let response = self.inner.stream(request).await?;
        if response.status().as_u16() < 400 {
            return Ok(response);
        }
        let (parts, mut pieces) = response.into_parts();
        let mut body = Vec::new();
        while let Some(piece) = pieces.next().await {
            body.extend_from_slice(&piece?);
            if body.len() > MAX_EXPLANATION {
                return Err(HttpError::TooLarge { limit: MAX_EXPLANATION as u64 });
            }
        }
        let piece = self.clean(&sent, body.into());
        Ok(http::Response::from_parts(parts, futures::stream::iter([Ok(piece)]).boxed()))
    }
}

/// The body with every occurrence of a secret replaced.
fn without(body: Bytes, secret: &str) -> Bytes {
    let secret = secret.as_bytes();
    if secret.len() < SHORTEST || body.len() < secret.len() {
        return body;
    }
    let mut clean = Vec::with_capacity(body.len());
    let mut rest = &body[..];
    while let Some(at) = rest.windows(secret.len()).position(|part| part == secret) {
        clean.extend_from_slice(&rest[..at]);
        clean.extend_from_slice(INSTEAD);
        rest = &rest[at + secret.len()..];
    }
    clean.extend_from_slice(rest);
    clean.into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Answers with the request's header and body.
    struct Echo(u16);

    #[async_trait]
    impl Http for Echo {
        async fn send(&self, request: http::Request<Bytes>) -> Result<http::Response<Bytes>, HttpError> {
            let mut text = request.headers()["x-token"].to_str().unwrap().to_owned();
            text.push_str(std::str::from_utf8(request.body()).unwrap());
            Ok(http::Response::builder().status(self.0).body(text.into()).unwrap())
        }
    }

    #[tokio::test]
    async fn error_answers_quote_no_secret() {
        let secrets = json!({"key": "long-secret", "more": [{"pin": "1234"}, " second-secret "], "n": 7});
        let settings = Settings::new(json!({}), secrets);
        let body = "<long-secret, second-secret: long-secretlong-secret 1234 long-secre>";
        for (status, expected) in [
            (403, "***<***, ***: ****** 1234 long-secre>"),
            (200, "from-a-role<long-secret, second-secret: long-secretlong-secret 1234 long-secre>"),
        ] {
            let context = Discreet::wrap(&Context::new(Arc::new(Echo(status))), &settings, &["x-token"]);
            let request = http::Request::get("http://a/").header("x-token", "from-a-role").body(body.into());
            let answer = context.http.send(request.unwrap()).await.unwrap();
            assert_eq!(answer.body(), expected);
        }
    }
}
