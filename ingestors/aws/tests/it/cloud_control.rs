//! Any type of AWS's registry by the Cloud Control API. The emulator has none: a registry of ours answers as AWS's
//! reference of `ListResources` and `GetResource` says.

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Peer, Recorder, Run, Seen};
use portolan_ingestor_contract::{Context, IngestError, Ingestor, KindRequest, Level, Settings};
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::answers;
use crate::peer::{self, Moto, REGIONS};

pub const GROUPS: &str = "AWS::Logs::LogGroup";
pub const ZONES: &str = "AWS::Route53::HostedZone";
const STAGES: &str = "AWS::ApiGateway::Stage";
/// A type that only the first region has.
const RARE: &str = "AWS::AppRunner::Service";
/// Resources a page, unless asked otherwise.
const USUAL_PAGE: usize = 20;

/// The resources of a type in a region.
fn resources(kind: &str, region: &str) -> Option<Vec<(String, Value)>> {
    let group = |number: usize| {
        let name = format!("/shop/{number}");
        let properties = json!({
            "LogGroupName": name, "RetentionInDays": 7,
            "Arn": format!("arn:aws:logs:{region}:111111111111:log-group:{name}:*"),
            "Tags": [{ "Key": "team", "Value": "orders" }],
        });
        (name, properties)
    };
    match kind {
        GROUPS if region == REGIONS[0] => Some((0..7).map(group).collect()),
        GROUPS => Some(vec![group(7)]),
        // Each region lists all of them.
        ZONES => Some(vec![("Z1".to_owned(), json!({ "Id": "Z1", "Name": "example.com." }))]),
        STAGES => Some(vec![("api|prod".to_owned(), json!({ "RestApiId": "api", "StageName": "prod" }))]),
        RARE if region == REGIONS[0] => {
            let variables = json!([{ "Name": "TOKEN", "Value": "hunter2-hunter2" }]);
            Some(vec![("web".to_owned(), json!({ "ServiceName": "web", "EnvironmentVariables": variables }))])
        }
        _ => None,
    }
}

fn say(body: &Value) -> Answer {
    Answer::new(200, "application/x-amz-json-1.0", body.to_string())
}

fn refuse(code: &str, message: &str) -> Answer {
    answers::error("cloudcontrolapi", 400, code, message)
}

/// The registry's answer.
fn registry(seen: &Seen) -> Answer {
    let asked: Value = serde_json::from_slice(&seen.body).unwrap();
    let kind = asked["TypeName"].as_str().unwrap();
    let Some(all) = resources(kind, &answers::region(seen)) else {
        let message = format!("Resource type {kind} could not be found");
        return refuse("TypeNotFoundException", &message);
    };
    let resource = |(identifier, properties): &(String, Value)| json!({ "Identifier": identifier, "Properties": properties.to_string() });
    match answers::action(seen).as_str() {
        "ListResources" => {
            if kind == STAGES && asked["ResourceModel"] != json!(r#"{"RestApiId":"api"}"#) {
                let message =
                    "Missing or invalid ResourceModel property in AWS::ApiGateway::Stage list handler";
                return refuse("InvalidRequestException", message);
            }
            let most = asked["MaxResults"].as_u64().map_or(USUAL_PAGE, |most| usize::try_from(most).unwrap());
            assert!((1..=100).contains(&most), "Cloud Control refuses pages of {most}");
            let from = asked["NextToken"].as_str().map_or(0, |token| token["page+".len()..].parse().unwrap());
            let to = all.len().min(from + most);
            // Most lists tell identifiers only.
            let listed =
                all[from..to].iter().map(|(identifier, _)| resource(&(identifier.clone(), json!({}))));
            let mut body = json!({ "TypeName": kind, "ResourceDescriptions": listed.collect::<Vec<_>>() });
            if to < all.len() {
                body["NextToken"] = format!("page+{to}").into();
            }
            say(&body)
        }
        "GetResource" => {
            match all.iter().find(|(identifier, _)| asked["Identifier"] == identifier.as_str()) {
                Some(found) => say(&json!({ "TypeName": kind, "ResourceDescription": resource(found) })),
                None => refuse("ResourceNotFoundException", "It is not there."),
            }
        }
        other => panic!("Cloud Control has no {other}"),
    }
}

/// The emulator with a registry beside it.
pub struct Registry(pub Moto);

impl Peer for Registry {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        self.0.ingestor()
    }

    fn address(&self) -> String {
        self.0.address()
    }

    fn settings(&self, address: &str) -> Settings {
        self.0.settings(address)
    }

    fn strange_settings(&self, address: &str) -> Settings {
        self.0.strange_settings(address)
    }

    fn holds(&self, kind: &str) -> usize {
        if kind == GROUPS { 8 } else { self.0.holds(kind) }
    }

    fn pages(&self, kind: &str) -> bool {
        kind == GROUPS || self.0.pages(kind)
    }

    fn small_page(&self) -> u32 {
        2
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        match (answers::action(seen).as_str(), answers::parameter(seen, "TypeName").as_deref()) {
            ("ListResources", Some(GROUPS)) => Some(GROUPS),
            _ => self.0.lists(seen),
        }
    }

    fn says(&self, failure: Failure, seen: &Seen, message: &str) -> Vec<Answer> {
        self.0.says(failure, seen, message)
    }

    fn stands_in(&self, seen: &Seen) -> Option<Answer> {
        let is_ours = answers::service(seen) == "cloudcontrolapi";
        is_ours.then(|| registry(seen)).or_else(|| self.0.stands_in(seen))
    }

    fn asks_for(&self, seen: &Seen) -> String {
        self.0.asks_for(seen)
    }

    fn amends(&self, seen: &Seen, answer: Answer) -> Answer {
        self.0.amends(seen, answer)
    }
}

async fn bench(plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static) -> Bench {
    let moto = peer::shared().await;
    // A silent source is given up soon, so that what comes after is seen.
    Bench::patient(Arc::new(Registry((*moto).clone())), Duration::from_secs(2), plan).await
}

async fn read(bench: &Bench, kinds: &[&str]) -> Run {
    let context = Context { page_size: Some(2), ..bench.context() };
    bench.collect_with(&bench.settings(), kinds, &context, &Recorder::default()).await
}

/// Deals so with the requests for one action.
fn on(
    action: &'static str,
    deed: impl Fn(&Seen) -> Deed + Send + Sync,
) -> impl Fn(&Seen) -> Deed + Send + Sync {
    move |seen| if answers::action(seen) == action { deed(seen) } else { Deed::Pass }
}

#[tokio::test]
async fn resources_are_read_with_all_their_properties() {
    let bench = bench(|_| Deed::Pass).await;
    let record = read(&bench, &[GROUPS, ZONES, RARE]).await.well();
    assert_eq!(bench.lists(GROUPS), 5, "four pages of one region, one of the other");
    let groups = record.values(GROUPS);
    assert_eq!(groups.len(), 8);
    let group = groups.iter().find(|item| item["Identifier"] == "/shop/3").unwrap();
    let mut expected = json!({
        "TypeName": GROUPS, "Identifier": "/shop/3",
        "Properties": resources(GROUPS, REGIONS[0]).unwrap()[3].1,
        "__Arn": format!("arn:aws:logs:{}:111111111111:log-group:/shop/3:*", REGIONS[0]),
        "__Region": REGIONS[0], "__Tags": { "team": "orders" }, "__ConsoleUrl": null, "__Partition": "aws",
    });
    expected["__AccountId"] = group["__AccountId"].clone();
    assert_eq!(*group, expected);

    // What belongs to no region is read once.
    let zones = record.values(ZONES);
    assert_eq!(zones.len(), 1);
    assert_eq!((&zones[0]["__Region"], &zones[0]["__Arn"]), (&Value::Null, &Value::Null));
    // What one region does not know, the other may have.
    let services = record.values(RARE);
    assert_eq!(services.len(), 1);
    let variables = &services[0]["Properties"]["EnvironmentVariables"];
    assert_eq!(*variables, json!([{ "Name": "TOKEN", "Value": null }]));
}

#[tokio::test]
async fn a_type_that_no_region_knows_fails() {
    let bench = bench(|_| Deed::Pass).await;
    let run = read(&bench, &["AWS::Shop::Basket", GROUPS]).await;
    let error = &run.record.failed["AWS::Shop::Basket"];
    assert_eq!(error.code, Code::UpstreamFailed);
    assert!(error.message.contains("(TypeNotFoundException): Resource type AWS::Shop::Basket"), "{error}");
    assert!(run.record.done.contains(GROUPS));
    // A misspelt name is none of AWS's types.
    let run = read(&bench, &["AWS::Logs"]).await;
    assert_eq!(run.record.failed["AWS::Logs"].code, Code::InvalidMapping);
}

#[tokio::test]
async fn a_list_may_need_a_model() {
    let bench = bench(|_| Deed::Pass).await;
    let collect = async |selector: Value| {
        let mut request = KindRequest::new(STAGES);
        request.selector = selector.as_object().unwrap().clone();
        let sink = Recorder::default();
        let result = bench.ingestor().collect(&bench.settings(), &[request], &bench.context(), &sink).await;
        assert!(result.is_ok(), "{result:?}");
        sink.record()
    };
    let record = collect(json!({ "resourceModel": { "RestApiId": "api" } })).await;
    assert_eq!(record.items[STAGES].len(), REGIONS.len());
    let failed = collect(json!({})).await.failed.remove(STAGES).unwrap();
    assert!(failed.message.contains("Missing or invalid ResourceModel"), "{failed}");
    let failed = collect(json!({ "resourceModel": "api" })).await.failed.remove(STAGES).unwrap();
    assert_eq!(failed.code, Code::InvalidMapping, "{failed}");
}

#[tokio::test]
async fn faults_that_pass_change_nothing() {
    let clean = read(&bench(|_| Deed::Pass).await, &[GROUPS]).await.well();
    let example =
        |status: u16, code: &str| Deed::Say(answers::error("cloudcontrolapi", status, code, "later"));
    let faults = [
        example(400, "ThrottlingException"),
        example(502, "HandlerInternalFailureException"),
        example(502, "ServiceInternalErrorException"),
        Deed::Say(Answer::new(429, "text/plain", "").with("retry-after", "0")),
        Deed::Say(Answer::new(500, "text/html", "<h1>Oops</h1>")),
        Deed::Cut,
        Deed::Reset,
        Deed::Truncate,
        Deed::TruncateChunks,
    ];
    for fault in faults {
        let (known, deed) = (Mutex::new(HashSet::new()), fault.clone());
        let first = move |seen: &Seen| {
            let is_ours = answers::service(seen) == "cloudcontrolapi";
            if is_ours && known.lock().unwrap().insert(seen.question()) { deed.clone() } else { Deed::Pass }
        };
        let bench = bench(first).await;
        let record = read(&bench, &[GROUPS]).await.well();
        record.assert_same(&clean, format!("{fault:?}"));
        assert_eq!(record.log, Vec::new(), "{fault:?}");
    }
    // A list that is silent once.
    let silent = Mutex::new(true);
    let once = on("ListResources", move |_| {
        if std::mem::take(&mut *silent.lock().unwrap()) { Deed::Hang } else { Deed::Pass }
    });
    read(&bench(once).await, &[GROUPS]).await.well().assert_same(&clean, "silent once");
}

#[tokio::test]
async fn what_does_not_pass_fails_the_kind() {
    let clean = read(&bench(|_| Deed::Pass).await, &[GROUPS]).await.well();
    let example = |status: u16, code: &str| Deed::Say(answers::error("cloudcontrolapi", status, code, "no"));
    let not_authorized =
        "User: arn:aws:iam::111111111111:user/portolan is not authorized to perform: logs:DescribeLogGroups";
    let downstream = refuse("GeneralServiceException", not_authorized);
    let cases = [
        (example(400, "AccessDeniedException"), Code::UpstreamForbidden),
        (Deed::Say(downstream), Code::UpstreamForbidden),
        (example(400, "ExpiredTokenException"), Code::UpstreamUnauthorized),
        (example(400, "InvalidCredentialsException"), Code::UpstreamUnauthorized),
        (example(400, "ThrottlingException"), Code::UpstreamThrottled),
        (example(400, "UnsupportedActionException"), Code::UpstreamFailed),
        (example(400, "InvalidRequestException"), Code::UpstreamFailed),
        (example(502, "HandlerFailureException"), Code::UpstreamFailed),
        (Deed::Say(say(&json!({}))), Code::UpstreamFailed),
        (Deed::Say(say(&json!({ "ResourceDescriptions": [{}] }))), Code::UpstreamFailed),
        (Deed::Say(say(&json!({ "ResourceDescriptions": [], "NextToken": "page+2" }))), Code::UpstreamFailed),
        (Deed::Say(Answer::new(200, "text/html", "<h1>Welcome</h1>")), Code::UpstreamFailed),
        (Deed::Cut, Code::UpstreamUnreachable),
        (Deed::Truncate, Code::UpstreamUnreachable),
    ];
    for (fault, code) in cases {
        // From the second page on, in the first region.
        let deed = fault.clone();
        let late = on("ListResources", move |seen| {
            if answers::parameter(seen, "NextToken").is_some() { deed.clone() } else { Deed::Pass }
        });
        let bench = bench(late).await;
        let run = read(&bench, &[GROUPS, "account"]).await;
        let Some(error) = run.record.failed.get(GROUPS) else { panic!("{fault:?}: {run:?}") };
        assert_eq!(error.code, code, "{fault:?}: {error}");
        let found = run.record.values(GROUPS);
        assert!(
            !found.is_empty() && found.iter().all(|item| clean.values(GROUPS).contains(item)),
            "{fault:?}"
        );
        assert!(run.record.done.contains("account"), "{fault:?}");
    }
}

#[tokio::test]
async fn a_resource_that_cannot_be_read_has_what_its_list_tells() {
    let clean = read(&bench(|_| Deed::Pass).await, &[GROUPS]).await.well();
    let last = |answer: Answer| {
        on("GetResource", move |seen: &Seen| match answers::parameter(seen, "Identifier").as_deref() {
            Some("/shop/6") => Deed::Say(answer.clone()),
            _ => Deed::Pass,
        })
    };
    let warned = BTreeMap::from([
        ("UnsupportedActionException", (8, 0)),
        ("AccessDeniedException", (8, 1)),
        ("ResourceNotFoundException", (7, 0)),
    ]);
    for (code, (items, lines)) in warned {
        let record = read(&bench(last(refuse(code, "no"))).await, &[GROUPS]).await.well();
        let found = record.values(GROUPS);
        assert_eq!((found.len(), record.log.len()), (items, lines), "{code}: {:?}", record.log);
        let bare = found.iter().find(|item| item["Identifier"] == "/shop/6");
        assert!(bare.is_none_or(|item| item["Properties"] == json!({})), "{code}: {bare:?}");
        assert_eq!(found.iter().filter(|item| clean.values(GROUPS).contains(item)).count(), 7, "{code}");
        for line in &record.log {
            assert_eq!((line.level, line.item.as_deref()), (Level::Warning, Some("/shop/6")));
            assert!(line.message.contains("cloudformation:GetResource"), "{line:?}");
        }
    }
    let torn = json!({ "ResourceDescription": { "Identifier": "/shop/6", "Properties": "{\"a\":" } });
    for answer in [refuse("GeneralServiceException", "no"), say(&json!({})), say(&torn)] {
        let run = read(&bench(last(answer.clone())).await, &[GROUPS]).await;
        assert_eq!(run.record.failed[GROUPS].code, Code::UpstreamFailed, "{answer:?}");
    }
}

#[tokio::test]
async fn a_cancelled_run_stops_at_once() {
    let bench = bench(on("GetResource", |_| Deed::Hang)).await;
    let context = bench.context();
    let requests = [KindRequest::new(GROUPS)];
    let (settings, sink, ingestor) = (bench.settings(), Recorder::default(), bench.ingestor());
    let collect = ingestor.collect(&settings, &requests, &context, &sink);
    let cancel = async {
        while !bench.proxy.seen().iter().any(|seen| answers::action(seen) == "GetResource") {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        context.cancellation.cancel();
    };
    let (result, ()) = tokio::join!(collect, cancel);
    assert!(matches!(result, Err(IngestError::Cancelled)), "{result:?}");
    assert!(sink.record().done.is_empty());
}
