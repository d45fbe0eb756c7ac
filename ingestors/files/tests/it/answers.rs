//! How S3 and web servers say no.

use portolan_ingestor_contract::conformance::{Answer, Failure, Seen};
use serde_json::json;

/// The access key a request was signed with: `AWS4-HMAC-SHA256 Credential=KEY/…`.
pub fn key(seen: &Seen) -> String {
    let credential = seen.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split('/').next().unwrap_or_default().to_owned()
}

fn error(status: u16, code: &str, message: &str) -> Answer {
    let body = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>r</RequestId><HostId>h</HostId></Error>"
    );
    Answer::new(status, "application/xml", body)
}

pub fn s3(failure: Failure, message: &str) -> Vec<Answer> {
    let say = |status, code| error(status, code, message);
    match failure {
        Failure::Refused => vec![say(403, "InvalidAccessKeyId"), say(403, "SignatureDoesNotMatch")],
        Failure::Expired => vec![say(400, "ExpiredToken"), say(403, "RequestTimeTooSkewed")],
        Failure::Denied => vec![say(403, "AccessDenied")],
        Failure::Busy => vec![
            say(503, "SlowDown"),
            say(503, "ServiceUnavailable"),
            say(429, "SlowDown").with("retry-after", "0"),
            say(400, "SlowDown"),
        ],
    }
}

pub fn web(failure: Failure, message: &str) -> Vec<Answer> {
    let body = json!({ "message": message }).to_string();
    let say = |status| Answer::new(status, "application/json", body.clone());
    match failure {
        Failure::Refused | Failure::Expired => vec![say(401)],
        Failure::Denied => vec![say(403)],
        Failure::Busy => {
            vec![say(429).with("retry-after", "0"), say(403).with("retry-after", "0"), say(503), say(429)]
        }
    }
}
