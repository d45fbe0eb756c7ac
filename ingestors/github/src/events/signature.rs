//! Whether a delivery is GitHub's own: it signs the body with the secret that was entered for the webhook.

use aws_lc_rs::hmac;
use portolan_ingestor_contract::{Delivery, Settings};
use portolan_schema::{Code, Pointer, Problem, Problems};

use crate::settings::{Config, Keys};

const SIGNATURE: &str = "x-hub-signature-256";

/// Checks the signature, in a time that does not depend on how much of it is right.
///
/// # Errors
/// `UNAUTHENTICATED` where it is missing or wrong, or the settings have no secret; `INVALID_VALUE` for what cannot be a
/// delivery of GitHub's.
pub(crate) fn check(settings: &Settings, delivery: &Delivery) -> Result<(), Problems> {
    let refused = |message: &str| Err(Problem::new(Code::Unauthenticated, Pointer::root(), message).into());
    if !delivery.headers.contains_key(super::EVENT) {
        let message = "this is no delivery of GitHub's: it has no X-GitHub-Event";
        return Err(Problem::new(Code::InvalidValue, Pointer::root(), message).into());
    }
    let (_, keys) = settings.parse::<Config, Keys>()?;
    let Some(secret) = keys.webhook_secret() else {
        return refused("the integration has no webhookSecret, so that no delivery can be checked");
    };
    let given = delivery.headers.get(SIGNATURE).and_then(|value| value.to_str().ok());
    let Some(signature) = given.and_then(|text| bytes(text.strip_prefix("sha256=")?)) else {
        return refused("the delivery is not signed: GitHub signs where the webhook has a secret");
    };
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret.as_bytes());
    match hmac::verify(&key, &delivery.body, &signature) {
        Ok(()) => Ok(()),
        Err(_) => refused("the delivery's signature is wrong: the webhook has another secret"),
    }
}

/// What hexadecimal digits stand for.
fn bytes(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|sign| Some(sign.to_digit(16)? as u8)).collect::<Option<_>>()?;
    digits.len().is_multiple_of(2).then(|| digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use chrono::Utc;
    use http::{HeaderMap, HeaderValue};
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn refused(headers: &[(&'static str, &str)], body: &str, secret: Option<&str>) -> Option<Code> {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, HeaderValue::try_from(*value).unwrap());
        }
        let body = Bytes::from(body.to_owned());
        let delivery = Delivery { received_at: Utc::now(), headers: map, query: Vec::new(), body };
        let settings = Settings::new(json!({}), json!({ "token": "t", "webhookSecret": secret }));
        check(&settings, &delivery).err().map(|problems| problems.0[0].code)
    }

    /// The example of GitHub's own documentation ("Validating webhook deliveries").
    #[test]
    fn signatures_are_checked() {
        let (secret, body) = ("It's a Secret to Everybody", "Hello, World!");
        let digest = "757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";
        let signed = format!("sha256={digest}");
        let event = ("x-github-event", "push");
        let with = |signature: &str| refused(&[event, (SIGNATURE, signature)], body, Some(secret));
        assert_eq!(with(&signed), None);
        let no = Some(Code::Unauthenticated);
        for wrong in [
            "",
            digest,
            "sha256=",
            "sha256=7",
            "sha256=zz",
            &signed[..signed.len() - 2],
            &signed.replace("757", "756"),
        ] {
            assert_eq!(with(wrong), no, "{wrong}");
        }
        assert_eq!(refused(&[event, (SIGNATURE, &signed)], "Hello, World", Some(secret)), no);
        assert_eq!(refused(&[event, (SIGNATURE, &signed)], body, Some("another")), no);
        assert_eq!(refused(&[event, (SIGNATURE, &signed)], body, Some("")), no);
        assert_eq!(refused(&[event, (SIGNATURE, &signed)], body, None), no);
        assert_eq!(refused(&[event], body, Some(secret)), no);
        assert_eq!(refused(&[(SIGNATURE, &signed)], body, Some(secret)), Some(Code::InvalidValue));
    }
}
