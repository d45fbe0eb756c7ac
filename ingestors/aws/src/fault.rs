//! What AWS's errors mean: which are worth another try, and which code and sentence a person sees.

use std::error::Error as StdError;

use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use aws_smithy_types::error::metadata::ProvideErrorMetadata;
use bytes::Bytes;
use portolan_ingestor_contract::{HttpError, Outcome, SourceError};
use portolan_schema::Code;
use serde_json::Value;

use crate::xml;

/// "Slow down", in the words of the various services.
const THROTTLED: &[&str] = &[
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "KMSThrottling",
    "KmsThrottled",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
];

/// The key, its signature or its token is not accepted.
const UNAUTHORIZED: &[&str] = &[
    "AuthFailure",
    "ExpiredToken",
    "ExpiredTokenException",
    "IncompleteSignature",
    "InvalidAccessKeyId",
    "InvalidClientTokenId",
    "InvalidCredentialsException",
    "InvalidSignatureException",
    "InvalidToken",
    "MissingAuthenticationToken",
    "MissingAuthenticationTokenException",
    "RequestExpired",
    "RequestTimeTooSkewed",
    "SignatureDoesNotMatch",
    "TokenRefreshRequired",
    "UnrecognizedClientException",
];

/// The key is known but may not do this.
const FORBIDDEN: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AllAccessDisabled",
    "AuthorizationError",
    "OptInRequired",
    "UnauthorizedAccess",
    "UnauthorizedOperation",
];

/// Sent with status 400 although the fault lies with AWS or the network.
const TRANSIENT: &[&str] = &["RequestTimeout", "RequestTimeoutException", "InternalError", "InternalFailure"];

/// What an error answer says of itself.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Told {
    pub code: Option<String>,
    pub message: Option<String>,
}

/// Reads the error out of an answer, whichever protocol it speaks.
pub(crate) fn told(response: &http::Response<Bytes>) -> Told {
    let header = response.headers().get("x-amzn-errortype").and_then(|value| value.to_str().ok());
    if let Ok(Value::Object(body)) = serde_json::from_slice::<Value>(response.body()) {
        let text =
            |keys: &[&str]| keys.iter().find_map(|key| body.get(*key)?.as_str()).map(ToOwned::to_owned);
        let code = header.map(ToOwned::to_owned).or_else(|| text(&["__type", "code", "Code"]));
        return Told { code: code.map(|code| bare(&code)), message: text(&["message", "Message"]) };
    }
    let code = header.map(bare).or_else(|| xml::first_text(response.body(), "Code"));
    Told { code, message: xml::first_text(response.body(), "Message") }
}

/// `com.amazonaws#ThrottlingException:http://…` without its surroundings.
fn bare(code: &str) -> String {
    let code = code.split(':').next().unwrap_or_default();
    code.rsplit('#').next().unwrap_or_default().to_owned()
}

/// Whether the same request may succeed later.
pub(crate) fn judge(response: &http::Response<Bytes>) -> Outcome {
    match response.status().as_u16() {
        429 | 500 | 502 | 503 | 504 => Outcome::Again,
        400.. => {
            let code = told(response).code.unwrap_or_default();
            let again = THROTTLED.contains(&code.as_str()) || TRANSIENT.contains(&code.as_str());
            if again { Outcome::Again } else { Outcome::Final }
        }
        _ => Outcome::Final,
    }
}

fn classify(status: u16, code: &str) -> Code {
    match (status, code) {
        (_, code) if THROTTLED.contains(&code) => Code::UpstreamThrottled,
        (_, code) if UNAUTHORIZED.contains(&code) => Code::UpstreamUnauthorized,
        (_, code) if FORBIDDEN.contains(&code) => Code::UpstreamForbidden,
        (429, _) => Code::UpstreamThrottled,
        (401, _) => Code::UpstreamUnauthorized,
        (403, _) => Code::UpstreamForbidden,
        _ => Code::UpstreamFailed,
    }
}

/// The error for an answer to `call` (such as `ec2:DescribeInstances in eu-west-1`).
pub(crate) fn from_answer(call: &str, status: u16, told: &Told) -> SourceError {
    let code = told.code.as_deref().unwrap_or_default();
    let name = match code {
        "" => format!("status {status}"),
        code => code.to_owned(),
    };
    let kind = classify(status, code);
    let sentence = match kind {
        // AWS repeats the signed headers here, a session token among them.
        Code::UpstreamUnauthorized => {
            let hint = hint(code, told.message.as_deref().unwrap_or_default());
            return SourceError::new(kind, format!("AWS refused the credentials for {call} ({name}){hint}"));
        }
        Code::UpstreamForbidden => format!("the credentials may not call {call} ({name})"),
        Code::UpstreamThrottled => format!("AWS keeps asking to slow down calls of {call} ({name})"),
        _ => format!("{call} failed ({name})"),
    };
    match &told.message {
        Some(message) if !message.trim().is_empty() => {
            SourceError::new(kind, format!("{sentence}: {message}"))
        }
        _ => SourceError::new(kind, sentence),
    }
}

/// What to do about refused credentials, where AWS's words allow a guess.
fn hint(code: &str, message: &str) -> &'static str {
    match code {
        "ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired" => {
            ": the session token has expired"
        }
        "RequestExpired" | "RequestTimeTooSkewed" => ": the clock of this server differs from AWS's",
        "SignatureDoesNotMatch" | "InvalidSignatureException"
            if message.contains("expired") || message.contains("not yet current") =>
        {
            ": the clock of this server differs from AWS's"
        }
        "SignatureDoesNotMatch" | "InvalidSignatureException" => ": the secret access key is not this key's",
        "InvalidAccessKeyId" | "InvalidClientTokenId" | "UnrecognizedClientException" | "AuthFailure" => {
            ": the access key does not exist or is not active here"
        }
        _ => "",
    }
}

/// The error for a failed call of the SDK.
pub(crate) fn from_sdk<E>(call: &str, target: &str, error: &SdkError<E, HttpResponse>) -> SourceError
where
    E: ProvideErrorMetadata + StdError + 'static,
{
    match error {
        // The SDK's word for a success that it cannot read.
        SdkError::ServiceError(service) if service.raw().status().is_success() => {
            SourceError::failed(format!("the answer to {call} cannot be read"))
        }
        SdkError::ServiceError(service) => {
            let told = Told {
                code: service.err().code().map(ToOwned::to_owned),
                message: service.err().message().map(ToOwned::to_owned),
            };
            from_answer(call, service.raw().status().as_u16(), &told)
        }
        // An error whose body is not what AWS sends, or a success that cannot be read.
        SdkError::ResponseError(answer) => match answer.raw().status().as_u16() {
            status if status >= 400 => from_answer(call, status, &Told::default()),
            _ => SourceError::failed(format!("the answer to {call} cannot be read")),
        },
        other => from_chain(call, target, other),
    }
}

/// No answer came: looks for what our own client or our own credentials said.
fn from_chain(call: &str, target: &str, error: &(dyn StdError + 'static)) -> SourceError {
    let mut cause = Some(error);
    while let Some(this) = cause {
        if let Some(error) = this.downcast_ref::<HttpError>() {
            return SourceError::from_http(target, error);
        }
        if let Some(error) = this.downcast_ref::<SourceError>() {
            return error.clone();
        }
        cause = this.source();
    }
    SourceError::failed(format!("{call} could not be sent"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(status: u16, header: Option<&str>, body: &str) -> http::Response<Bytes> {
        let mut builder = http::Response::builder().status(status);
        if let Some(header) = header {
            builder = builder.header("x-amzn-errortype", header);
        }
        builder.body(Bytes::copy_from_slice(body.as_bytes())).expect("a valid answer")
    }

    #[test]
    fn errors_of_every_protocol_are_understood() {
        use Code::{UpstreamFailed, UpstreamForbidden, UpstreamThrottled, UpstreamUnauthorized};
        let ec2 = |code: &str| {
            format!(
                "<?xml version=\"1.0\"?><Response><Errors><Error><Code>{code}</Code><Message>m &amp; n</Message></Error></Errors><RequestID>r</RequestID></Response>"
            )
        };
        let query = |code: &str| {
            format!(
                "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error></ErrorResponse>"
            )
        };
        let cases = [
            (answer(503, None, &ec2("RequestLimitExceeded")), Outcome::Again, UpstreamThrottled),
            (answer(401, None, &ec2("AuthFailure")), Outcome::Final, UpstreamUnauthorized),
            (answer(403, None, &ec2("UnauthorizedOperation")), Outcome::Final, UpstreamForbidden),
            (answer(400, None, &query("Throttling")), Outcome::Again, UpstreamThrottled),
            (answer(403, None, &query("InvalidClientTokenId")), Outcome::Final, UpstreamUnauthorized),
            (answer(403, None, &query("ExpiredToken")), Outcome::Final, UpstreamUnauthorized),
            (answer(503, None, "<Error><Code>SlowDown</Code></Error>"), Outcome::Again, UpstreamThrottled),
            (
                answer(429, Some("TooManyRequestsException:http://x/"), "{}"),
                Outcome::Again,
                UpstreamThrottled,
            ),
            (
                answer(403, None, r#"{"__type":"a.b#AccessDeniedException"}"#),
                Outcome::Final,
                UpstreamForbidden,
            ),
            (
                answer(400, None, r#"{"__type":"com.amazonaws.dynamodb.v20120810#ThrottlingException"}"#),
                Outcome::Again,
                UpstreamThrottled,
            ),
            (
                answer(400, None, r#"{"__type":"com.amazonaws.sqs#RequestThrottled"}"#),
                Outcome::Again,
                UpstreamThrottled,
            ),
            (answer(400, None, &query("Throttled")), Outcome::Again, UpstreamThrottled),
            (answer(403, None, &query("AuthorizationError")), Outcome::Final, UpstreamForbidden),
            (answer(500, None, "<!doctype html><title>500</title>"), Outcome::Again, UpstreamFailed),
            (answer(404, None, ""), Outcome::Final, UpstreamFailed),
        ];
        for (response, outcome, code) in cases {
            assert_eq!(judge(&response), outcome, "{response:?}");
            let error = from_answer("ec2:X", response.status().as_u16(), &told(&response));
            assert_eq!(error.code, code, "{response:?}");
        }
        assert_eq!(told(&answer(400, None, &ec2("A"))).message.as_deref(), Some("m & n"));
    }

    #[test]
    fn a_refused_signature_is_not_quoted() {
        let told = Told {
            code: Some("SignatureDoesNotMatch".to_owned()),
            message: Some("The Canonical String should have been x-amz-security-token:abc".to_owned()),
        };
        let error = from_answer("sts:GetCallerIdentity", 403, &told);
        assert!(!error.message.contains("abc"), "{error}");
    }
}
