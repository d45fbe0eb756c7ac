//! How AWS says no, in the protocol of each service, and what moto leaves out of its yes.

use portolan_ingestor_contract::conformance::{Answer, Failure, Seen};
use serde_json::{Value, json};

/// The services of the JSON protocol.
macro_rules! json_service {
    () => {
        "dynamodb" | "sqs" | "ecs" | "organizations" | "cloudcontrolapi"
    };
}

/// The service a request was signed for.
pub fn service(seen: &Seen) -> String {
    scope(seen, 3)
}

/// The region a request was signed for.
pub fn region(seen: &Seen) -> String {
    scope(seen, 2)
}

/// The access key a request was signed with.
pub fn key(seen: &Seen) -> String {
    scope(seen, 0)
}

/// The action of a request: a field of Query services, a header of JSON ones, what a path means to the others; empty for
/// S3.
pub fn action(seen: &Seen) -> String {
    if let Some((_, action)) = seen.header("x-amz-target").rsplit_once('.') {
        return action.to_owned();
    }
    let path = seen.target.split('?').next().unwrap_or_default();
    let parts: Vec<&str> = path.trim_matches('/').split('/').collect();
    let action = match (service(seen).as_str(), parts.as_slice()) {
        ("lambda", [_, "functions"]) => "ListFunctions",
        ("lambda", [_, "tags", _]) => "ListTags",
        ("eks", ["clusters"]) => "ListClusters",
        ("eks", ["clusters", _]) => "DescribeCluster",
        ("eks", ["clusters", _, "node-groups"]) => "ListNodegroups",
        ("eks", ["clusters", _, "node-groups", _]) => "DescribeNodegroup",
        _ => return seen.field("Action").unwrap_or_default(),
    };
    action.to_owned()
}

/// A parameter of a request, wherever its protocol puts it.
pub fn parameter(seen: &Seen, name: &str) -> Option<String> {
    match serde_json::from_slice::<Value>(&seen.body) {
        Ok(body) => {
            body.get(name).map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        }
        Err(_) => seen.field(name),
    }
}

/// `AWS4-HMAC-SHA256 Credential=KEY/DATE/REGION/SERVICE/aws4_request, …`.
fn scope(seen: &Seen, part: usize) -> String {
    let credential = seen.header("authorization").split_once("Credential=").map_or("", |(_, rest)| rest);
    credential.split(['/', ',']).nth(part).unwrap_or_default().to_owned()
}

/// An error in a service's own form.
pub fn error(service: &str, status: u16, code: &str, message: &str) -> Answer {
    match service {
        "lambda" | "eks" => {
            Answer::new(status, "application/json", json!({ "message": message }).to_string()).with(
                "x-amzn-errortype",
                format!("{code}:http://internal.amazon.com/coral/com.amazon.coral.service/"),
            )
        }
        json_service!() => json_error(status, code, message),
        "ec2" => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response><Errors><Error><Code>{code}</Code><Message>{message}</Message></Error></Errors><RequestID>r</RequestID></Response>"
            );
            Answer::new(status, "text/xml;charset=UTF-8", body)
        }
        "s3" => {
            let body = format!(
                "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code><Message>{message}</Message><RequestId>r</RequestId><HostId>h</HostId></Error>"
            );
            Answer::new(status, "application/xml", body)
        }
        _ => {
            let body = format!(
                "<ErrorResponse xmlns=\"https://{service}.amazonaws.com/doc/x/\">\n<Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>\n<RequestId>r</RequestId></ErrorResponse>"
            );
            Answer::new(status, "text/xml", body)
        }
    }
}

/// The same as the older JSON services say it: in the body.
fn json_error(status: u16, code: &str, message: &str) -> Answer {
    let body = json!({ "__type": format!("com.amazon.coral.service#{code}"), "Message": message });
    Answer::new(status, "application/x-amz-json-1.1", body.to_string())
}

/// Every form in which a service says so.
pub fn failure(failure: Failure, seen: &Seen, message: &str) -> Vec<Answer> {
    let service = service(seen);
    let say = |status, code| error(&service, status, code, message);
    match (failure, service.as_str()) {
        (Failure::Refused, "ec2") => vec![say(401, "AuthFailure")],
        (Failure::Refused, "s3") => vec![say(403, "InvalidAccessKeyId"), say(403, "SignatureDoesNotMatch")],
        (Failure::Refused, "lambda" | "eks") => {
            vec![say(403, "UnrecognizedClientException"), say(403, "InvalidSignatureException")]
        }
        (Failure::Refused, json_service!()) => vec![
            say(400, "UnrecognizedClientException"),
            say(403, "InvalidClientTokenId"),
            say(400, "InvalidSignatureException"),
        ],
        (Failure::Refused, _) => vec![say(403, "InvalidClientTokenId"), say(403, "SignatureDoesNotMatch")],

        (Failure::Expired, "ec2") => vec![say(400, "RequestExpired"), say(400, "ExpiredToken")],
        (Failure::Expired, "s3") => vec![say(400, "ExpiredToken"), say(403, "RequestTimeTooSkewed")],
        (Failure::Expired, "lambda" | "eks") => {
            let body = json!({ "__type": "ExpiredTokenException", "message": message });
            vec![say(403, "ExpiredTokenException"), Answer::new(403, "application/json", body.to_string())]
        }
        (Failure::Expired, json_service!()) => {
            vec![say(400, "ExpiredTokenException"), say(403, "ExpiredToken")]
        }
        (Failure::Expired, _) => vec![say(403, "ExpiredToken")],

        (Failure::Denied, "ec2") => vec![say(403, "UnauthorizedOperation")],
        (Failure::Denied, "lambda" | "eks") => vec![
            say(403, "AccessDeniedException"),
            json_error(400, "AccessDeniedException", message),
            // What moto sends for a JSON service, and CloudFront's page before some endpoints.
            error("s3", 403, "AccessDenied", message),
        ],
        (Failure::Denied, json_service!()) => vec![
            say(400, "AccessDeniedException"),
            say(403, "AccessDenied"),
            error("s3", 403, "AccessDenied", message),
        ],
        (Failure::Denied, "sns") => vec![say(403, "AuthorizationError"), say(403, "AccessDenied")],
        (Failure::Denied, _) => vec![say(403, "AccessDenied")],

        (Failure::Busy, "ec2") => vec![
            say(503, "RequestLimitExceeded"),
            say(400, "RequestLimitExceeded"),
            say(503, "EC2ThrottledException"),
            say(503, "Unavailable"),
        ],
        (Failure::Busy, "s3") => {
            vec![say(503, "SlowDown"), say(503, "ServiceUnavailable"), say(500, "InternalError")]
        }
        (Failure::Busy, "lambda" | "eks") => vec![
            say(429, "TooManyRequestsException").with("retry-after", "0"),
            json_error(400, "ThrottlingException", message),
            say(400, "ThrottledException"),
            say(500, "ServiceException"),
        ],
        (Failure::Busy, "dynamodb") => vec![
            say(400, "ThrottlingException"),
            say(400, "ProvisionedThroughputExceededException"),
            say(400, "RequestLimitExceeded"),
            say(500, "InternalServerError"),
        ],
        (Failure::Busy, "ecs" | "organizations" | "cloudcontrolapi") => vec![
            say(400, "ThrottlingException"),
            say(400, "TooManyRequestsException"),
            say(500, "ServerException"),
        ],
        (Failure::Busy, "sqs") => {
            vec![
                say(400, "RequestThrottled"),
                say(400, "ThrottlingException"),
                say(503, "ServiceUnavailable"),
            ]
        }
        (Failure::Busy, "sns") => {
            vec![say(429, "Throttled"), say(400, "Throttling"), say(500, "InternalError")]
        }
        (Failure::Busy, _) => {
            vec![say(400, "Throttling"), say(400, "ThrottlingException"), say(503, "ServiceUnavailable")]
        }
    }
}

/// moto's answer as S3 and Lambda would give it.
pub fn amended(seen: &Seen, answer: Answer) -> Answer {
    if answer.status != 200 {
        return answer;
    }
    let path = seen.target.split('?').next().unwrap_or_default();
    match (service(seen).as_str(), seen.method.as_str()) {
        ("sts", _) => {
            // moto makes up an id each time.
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let id = text.split_once("<UserId>").and_then(|(_, rest)| rest.split_once("</UserId>"));
            let stable = id.map(|(id, _)| text.replace(id, "AROAEXAMPLEEXAMPLE123:tests"));
            Answer { body: stable.unwrap_or(text).into(), ..answer }
        }
        ("rds", _) => {
            // In moto a database can be restored up to this very moment.
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let mut parts = text.split("<LatestRestorableTime>");
            let mut stable = parts.next().unwrap_or_default().to_owned();
            for part in parts {
                let (_, rest) = part.split_once('<').unwrap();
                stable += &format!("<LatestRestorableTime>2026-01-31T12:00:00.000Z<{rest}");
            }
            Answer { body: stable.into(), ..answer }
        }
        ("s3", "GET") if path == "/" => page_of_buckets(seen, answer),
        ("s3", "GET") if seen.field("versioning").is_some() => {
            // moto names the document after the operation; S3's reference calls it VersioningConfiguration.
            let text = String::from_utf8_lossy(&answer.body);
            let text = text.replace("GetBucketVersioningResponse", "VersioningConfiguration");
            Answer { body: text.into(), ..answer }
        }
        ("sqs", _) if action(seen) == "ListQueues" => {
            // moto's addresses are its own, as whoever asks calls it.
            let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
            for url in body["QueueUrls"].as_array_mut().into_iter().flatten() {
                let queue = url.as_str().unwrap().splitn(4, '/').nth(3).unwrap().to_owned();
                *url = format!("https://sqs.{}.amazonaws.com/{queue}", region(seen)).into();
            }
            Answer { body: body.to_string().into(), ..answer }
        }
        ("sns", _) if action(seen) == "ListTopics" => page_of_topics(seen, answer),
        ("lambda", "GET") if path == "/2015-03-31/functions/" => page_of_functions(seen, answer),
        ("ecs", _) => match action(seen).as_str() {
            "ListClusters" => page_of_names(seen, answer, "clusterArns", 100),
            "ListServices" => page_of_names(seen, answer, "serviceArns", 10),
            "ListTaskDefinitionFamilies" => page_of_names(seen, answer, "families", 100),
            _ => answer,
        },
        _ => answer,
    }
}

/// moto was asked for everything, since it gives no tokens.
fn page_of_buckets(seen: &Seen, answer: Answer) -> Answer {
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let (Some((head, rest)), Some(most)) = (text.split_once("<Buckets>"), seen.field("max-buckets")) else {
        return answer;
    };
    let (list, tail) = rest.split_once("</Buckets>").unwrap();
    let buckets: Vec<&str> = list.split_inclusive("</Bucket>").collect();
    let from: usize = seen.field("continuation-token").map_or(0, |token| number(&token));
    let to = buckets.len().min(from + most.parse::<usize>().unwrap());
    let token = match to < buckets.len() {
        true => format!("<ContinuationToken>bucket {to} =</ContinuationToken>"),
        false => String::new(),
    };
    let page = buckets[from..to].concat();
    Answer { body: format!("{head}<Buckets>{page}</Buckets>{token}{tail}").into(), ..answer }
}

/// moto answers with everything.
fn page_of_functions(seen: &Seen, answer: Answer) -> Answer {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let all = body["Functions"].as_array().unwrap().clone();
    let most = seen.field("MaxItems").map_or(50, |most| most.parse::<usize>().unwrap().min(50));
    let from = seen.field("Marker").map_or(0, |marker| number(&marker));
    let to = all.len().min(from + most);
    body["Functions"] = all[from..to].into();
    body["NextMarker"] = if to < all.len() { format!("function/{to}+=").into() } else { Value::Null };
    Answer { body: body.to_string().into(), ..answer }
}

/// moto answers with everything.
fn page_of_names(seen: &Seen, answer: Answer, list: &str, usual: usize) -> Answer {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    let all = body[list].as_array().unwrap().clone();
    let most = parameter(seen, "maxResults").map_or(usual, |most| most.parse::<usize>().unwrap());
    assert!((1..=100).contains(&most), "ECS refuses pages of {most}");
    let from = parameter(seen, "nextToken").map_or(0, |token| number(&token));
    let to = all.len().min(from + most);
    body[list] = all[from..to].into();
    body["nextToken"] = if to < all.len() { format!("{list} {to} =").into() } else { Value::Null };
    Answer { body: body.to_string().into(), ..answer }
}

/// moto's pages have a hundred topics and its tokens are numbers of topics; AWS may send fewer as well.
fn page_of_topics(seen: &Seen, answer: Answer) -> Answer {
    const MOST: usize = 3;
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    let Some((head, rest)) = text.split_once("<Topics>") else { return answer };
    let (list, tail) = rest.split_once("</Topics>").unwrap();
    let topics: Vec<&str> = list.split_inclusive("</member>").filter(|it| it.contains("<member>")).collect();
    if topics.len() <= MOST {
        return answer;
    }
    let from = seen.field("NextToken").map_or(0, |token| number(&token));
    let (page, next) = (topics[..MOST].concat(), from + MOST);
    let body = format!("{head}<Topics>{page}</Topics><NextToken>{next}</NextToken>{tail}");
    Answer { body: body.into(), ..answer }
}

fn number(token: &str) -> usize {
    token.chars().filter(char::is_ascii_digit).collect::<String>().parse().unwrap()
}
