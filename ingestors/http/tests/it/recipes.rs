//! The recipes of the documentation, against answers in the shape that each API documents.

use portolan_ingestor_contract::Settings;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Recorder, Seen};
use serde_json::{Value, json};

use crate::peer;

const PAGE: &str = include_str!("../../../../docs/ingestors/http.md");
/// Items of each list: three pages of a hundred.
const ITEMS: usize = 203;

/// The configuration under a heading.
fn recipe(heading: &str) -> Value {
    let (_, after) = PAGE.split_once(&format!("### {heading}\n")).unwrap();
    let (_, block) = after.split_once("```yaml\n").unwrap();
    serde_norway::from_str(block.split_once("```").unwrap().0).unwrap()
}

/// Some items from a place on.
fn items(from: usize, size: usize) -> Vec<Value> {
    (from..ITEMS.min(from + size)).map(|id| json!({"id": id})).collect()
}

fn number(seen: &Seen, name: &str) -> usize {
    seen.field(name).unwrap_or_else(|| panic!("{name} is missing in {}", seen.target)).parse().unwrap()
}

/// `key` has the items from an offset on, as PagerDuty lists everything.
fn pagerduty(seen: &Seen, key: &str) -> Value {
    let (offset, limit) = (number(seen, "offset"), number(seen, "limit"));
    json!({key: items(offset, limit), "offset": offset, "limit": limit, "total": null, "more": offset + limit < ITEMS})
}

fn answer(seen: &Seen) -> Value {
    match seen.target.split('?').next().unwrap() {
        "/rest/api/3/myself" => json!({"accountId": "5b10"}),
        "/rest/api/3/project/search" => {
            let (start, most) = (number(seen, "startAt"), number(seen, "maxResults"));
            let values = items(start, most);
            json!({"startAt": start, "maxResults": most, "total": ITEMS, "isLast": start + most >= ITEMS, "values": values})
        }
        "/rest/api/3/search/jql" => {
            assert_eq!(seen.field("jql").as_deref(), Some("updated >= -30d"));
            let from = seen.field("nextPageToken").map_or(0, |token| token.parse().unwrap());
            let to = from + number(seen, "maxResults");
            match to < ITEMS {
                true => {
                    json!({"issues": items(from, to - from), "nextPageToken": to.to_string(), "isLast": false})
                }
                false => json!({"issues": items(from, to - from), "isLast": true}),
            }
        }
        "/abilities" => json!({"abilities": ["teams"]}),
        "/services" => pagerduty(seen, "services"),
        "/teams" => pagerduty(seen, "teams"),
        "/api/v1/validate" => json!({"valid": true}),
        "/api/v1/monitor" => {
            let size = number(seen, "page_size");
            items(number(seen, "page") * size, size).into()
        }
        "/api/v2/services/definitions" => {
            let size = number(seen, "page[size]");
            json!({"data": items(number(seen, "page[number]") * size, size)})
        }
        other => panic!("no recipe asks for {other}"),
    }
}

#[tokio::test]
async fn every_recipe_reads_its_lists_to_the_end() {
    for (heading, origin, kinds) in [
        ("Jira Cloud", "https://your-domain.atlassian.net", ["item", "issue"]),
        ("PagerDuty", "https://api.pagerduty.com", ["item", "team"]),
        ("Datadog", "https://api.datadoghq.com", ["item", "service-definition"]),
    ] {
        let mut config = recipe(heading);
        let says = |seen: &Seen| {
            assert_eq!(seen.header("x-key"), "a-key-of-the-tests");
            Deed::Say(Answer::new(200, "application/json", answer(seen).to_string()))
        };
        let bench = Bench::with(peer::link().await, says).await;
        let secrets = json!({"headers": [{"name": "X-Key", "value": "a-key-of-the-tests"}]});
        let public = Settings::new(config.clone(), secrets.clone());
        bench.ingestor().validate(&public, &bench.context()).unwrap_or_else(|e| panic!("{heading}: {e}"));
        let rest = config["url"].as_str().unwrap().strip_prefix(origin).unwrap();
        config["url"] = format!("{}{rest}", bench.proxy.address).into();
        let settings = Settings::new(config, secrets);
        bench
            .ingestor()
            .check(&settings, &bench.context())
            .await
            .unwrap_or_else(|e| panic!("{heading}: {e}"));
        let sink = Recorder::default();
        let record = bench.collect_with(&settings, &kinds, &bench.context(), &sink).await.well();
        for kind in kinds {
            assert_eq!(record.items[kind].len(), ITEMS, "{heading}: {kind}");
        }
    }
}
