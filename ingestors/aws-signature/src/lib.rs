//! AWS's signature (version 4) on a request, for the ingestors that ask AWS without its SDK.
//!
//! Signs with what it is given. It knows no account, no address and no clock, and sends nothing.

use std::time::SystemTime;

pub use aws_credential_types::Credentials;
use aws_sigv4::http_request::{
    PayloadChecksumKind, PercentEncodingMode, SignableBody, SignableRequest, SigningSettings,
    UriPathNormalizationMode, sign as signed,
};
use aws_sigv4::sign::v4;
use aws_smithy_runtime_api::client::identity::Identity;
use bytes::Bytes;

/// The request holds what cannot be signed, such as a header that is no text. Quotes nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the request cannot be signed")]
pub struct Unsignable;

/// Adds the headers of the signature. `service` and `region` are those that AWS signs for, such as `s3` and `eu-west-1`.
///
/// The path of the request is encoded once, as it is sent; S3 wants it signed as it stands, all others encoded again.
///
/// # Errors
/// [`Unsignable`].
pub fn sign(
    request: &mut http::Request<Bytes>,
    credentials: Credentials,
    service: &str,
    region: &str,
    now: SystemTime,
) -> Result<(), Unsignable> {
    let identity: Identity = credentials.into();
    let parameters = v4::SigningParams::builder()
        .identity(&identity)
        .region(region)
        .name(service)
        .time(now)
        .settings(settings(service))
        .build()
        .map_err(|_| Unsignable)?
        .into();
    let uri = request.uri().to_string();
    let headers: Vec<(String, String)> = request
        .headers()
        .iter()
        .map(|(name, value)| Ok((name.as_str().to_owned(), value.to_str()?.to_owned())))
        .collect::<Result<_, http::header::ToStrError>>()
        .map_err(|_| Unsignable)?;
    let signable = SignableRequest::new(
        request.method().as_str(),
        &uri,
        headers.iter().map(|(name, value)| (name.as_str(), value.as_str())),
        SignableBody::Bytes(request.body()),
    );
    let signature = signed(signable.map_err(|_| Unsignable)?, &parameters).map_err(|_| Unsignable)?;
    let (instructions, _) = signature.into_parts();
    instructions.apply_to_request_http1x(request);
    Ok(())
}

fn settings(service: &str) -> SigningSettings {
    let mut settings = SigningSettings::default();
    if service == "s3" {
        settings.percent_encoding_mode = PercentEncodingMode::Single;
        settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        settings.uri_path_normalization_mode = UriPathNormalizationMode::Disabled;
    }
    settings
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// Fri, 24 May 2013 00:00:00 GMT, when AWS's examples were sent.
    const THEN: Duration = Duration::from_secs(1_369_353_600);

    fn signature(request: http::request::Builder) -> String {
        let mut request = request.body(Bytes::new()).expect("a request");
        let key = Credentials::new(
            "AKIAIOSFODNN7EXAMPLE",
            "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            None,
            None,
            "example",
        );
        sign(&mut request, key, "s3", "us-east-1", SystemTime::UNIX_EPOCH + THEN).expect("it can be signed");
        let text = request.headers()["authorization"].to_str().expect("a text").to_owned();
        text.split_once("Signature=").expect("a signature").1.to_owned()
    }

    /// The examples of "Authenticating Requests: Using the Authorization Header" in S3's API reference.
    #[test]
    fn s3_requests_are_signed_as_aws_s_examples_are() {
        let at = |rest: &str| http::Request::get(format!("https://examplebucket.s3.amazonaws.com/{rest}"));
        for (request, expected) in [
            (
                at("test.txt").header("range", "bytes=0-9"),
                "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
            ),
            (at("?lifecycle"), "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
            (at("?max-keys=2&prefix=J"), "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
        ] {
            assert_eq!(signature(request), expected);
        }
    }

    #[test]
    fn a_header_that_is_no_text_cannot_be_signed() {
        let mut request = http::Request::get("https://a/").body(Bytes::new()).expect("a request");
        let odd = http::HeaderValue::from_bytes(b"\xff").expect("a header");
        request.headers_mut().insert("x-odd", odd);
        let key = Credentials::new("id", "secret", None, None, "test");
        assert_eq!(sign(&mut request, key, "s3", "eu-west-1", SystemTime::UNIX_EPOCH), Err(Unsignable));
    }
}
