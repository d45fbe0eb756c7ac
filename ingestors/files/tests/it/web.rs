//! Files of a web server, as the conformance suite wants them; and what is particular to addresses.

use std::sync::Arc;

use axum::Router;
use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use portolan_ingestor_contract::conformance::{Answer, Bench, Deed, Failure, Peer, Recorder, Seen};
use portolan_ingestor_contract::{Ingestor, Settings};
use portolan_ingestor_files::Files;
use portolan_schema::Code;
use serde_json::{Value, json};

use crate::{answers, peer};

const TOKEN: &str = "Bearer good-token-of-the-tests";
const TABLE: &str = "id,name\na,1\nb,2\nc,3\n";

/// A server that knows one token.
pub struct Server {
    ingestor: Arc<Files>,
    address: String,
}

pub async fn backstage() -> Arc<Server> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let routes = Router::new().route("/{*path}", get(file));
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Arc::new(Server { ingestor: Arc::new(Files::new()), address })
}

async fn file(Path(path): Path<String>, headers: HeaderMap) -> Response {
    if headers.get("authorization").is_none_or(|value| value != TOKEN) {
        return (StatusCode::UNAUTHORIZED, "no such token").into_response();
    }
    let text = match path.as_str() {
        "shop/catalog-info.yaml" => {
            let targets: Vec<String> =
                peer::files("backstage").into_iter().map(|(name, _)| format!("./{name}")).collect();
            json!({"apiVersion": "backstage.io/v1alpha1", "kind": "Location", "metadata": {"name": "all"},
                "spec": {"targets": targets}})
            .to_string()
        }
        "state/shop" => include_str!("../fixtures/shop.tfstate").to_owned(),
        "whole/table.csv" | "parts/table.csv" => TABLE.to_owned(),
        other => {
            let name = other.strip_prefix("shop/").unwrap_or_default();
            match peer::files("backstage").into_iter().find(|(found, _)| found == name) {
                Some((_, text)) => text,
                None => return StatusCode::NOT_FOUND.into_response(),
            }
        }
    };
    let range = headers.get(header::RANGE).filter(|_| path.starts_with("parts/"));
    match range.and_then(|range| range.to_str().ok()) {
        Some(range) => {
            let from: usize =
                range.strip_prefix("bytes=").unwrap().split('-').next().unwrap().parse().unwrap();
            // Fewer than are asked for, as a server may.
            let to = text.len().min(from + 7);
            let told = format!("bytes {from}-{}/{}", to - 1, text.len());
            (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, told)], text[from..to].to_owned())
                .into_response()
        }
        None => text.into_response(),
    }
}

impl Server {
    fn settings_for(address: &str, path: &str, format: &str) -> Settings {
        let config = json!({ "source": format!("{address}{path}"), "format": format });
        Settings::new(config, json!({"headers": [{"name": "Authorization", "value": TOKEN}]}))
    }
}

impl Peer for Server {
    fn ingestor(&self) -> Arc<dyn Ingestor> {
        Arc::clone(&self.ingestor) as Arc<dyn Ingestor>
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn settings(&self, address: &str) -> Settings {
        Self::settings_for(address, "/shop/catalog-info.yaml", "backstage")
    }

    fn strange_settings(&self, address: &str) -> Settings {
        let secrets =
            json!({"headers": [{"name": "Authorization", "value": "Bearer strange-token-of-the-tests"}]});
        Settings::new(self.settings(address).config, secrets)
    }

    fn kinds(&self) -> Vec<&'static str> {
        vec!["backstage-component"]
    }

    fn holds(&self, _: &str) -> usize {
        peer::ITEMS
    }

    fn pages(&self, _: &str) -> bool {
        false
    }

    fn is_unpaged(&self) -> bool {
        true
    }

    fn small_page(&self) -> u32 {
        2
    }

    fn lists(&self, seen: &Seen) -> Option<&'static str> {
        seen.target.starts_with("/shop/services/").then_some("backstage-component")
    }

    fn says(&self, failure: Failure, _: &Seen, message: &str) -> Vec<Answer> {
        answers::web(failure, message)
    }
}

/// Reads a kind from a path of the server.
async fn read(
    path: &str,
    format: &str,
    kind: &str,
    plan: impl Fn(&Seen) -> Deed + Send + Sync + 'static,
) -> (Result<Vec<Value>, (Code, String)>, Vec<Seen>) {
    let bench = Bench::with(backstage().await, plan).await;
    let settings = Server::settings_for(&bench.proxy.address, path, format);
    let run = bench.collect_with(&settings, &[kind], &bench.context(), &Recorder::default()).await;
    run.result.unwrap();
    let found = match run.record.failed.get(kind) {
        Some(error) => Err((error.code, error.message.clone())),
        None => Ok(run.record.values(kind)),
    };
    (found, bench.proxy.seen())
}

#[tokio::test]
async fn a_state_of_an_http_backend_is_read() {
    let (found, seen) = read("/state/shop", "terraform", "terraform-resource", |_| Deed::Pass).await;
    assert_eq!((found.unwrap().len(), seen.len()), (9, 1));
    let (found, _) = read("/state/none", "terraform", "terraform-resource", |_| Deed::Pass).await;
    assert_eq!(
        found.unwrap_err(),
        (Code::UpstreamFailed, "GET 127.0.0.1/state/none answered 404 Not Found".into())
    );
}

#[tokio::test]
async fn a_table_is_read_in_the_parts_that_a_server_gives() {
    for (path, requests) in [("/whole/table.csv", 1), ("/parts/table.csv", 3)] {
        let (found, seen) = read(path, "csv", "csv-row", |_| Deed::Pass).await;
        let found = found.unwrap();
        assert_eq!((found.len(), seen.len()), (3, requests), "{path}");
        assert_eq!(
            found[0],
            json!({"id": "a", "name": "1", "__Row": 1, "__Key": "a", "__File": "table.csv"})
        );
    }
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_read_has_failed() {
    let changed = |seen: &Seen| {
        let tag = format!("\"{}\"", usize::from(seen.number > 0));
        let part = |text: &str, range: &str| {
            Answer::new(206, "text/csv", text.to_owned())
                .with("content-range", range)
                .with("etag", tag.clone())
        };
        Deed::Say(if seen.number == 0 { part("id,x\n", "bytes 0-4/9") } else { part("a,b\n", "bytes 5-8/9") })
    };
    let (found, seen) = read("/any.csv", "csv", "csv-row", changed).await;
    assert_eq!(found.unwrap_err(), (Code::UpstreamFailed, "\"any.csv\" changed while it was read".into()));
    assert_eq!(seen.len(), 2);
}

#[tokio::test]
async fn only_what_is_below_the_address_is_asked_for() {
    let location = json!({"apiVersion": "v1", "kind": "Location", "metadata": {"name": "a"}, "spec": {
        "target": "../secret.yaml",
        "targets": ["/etc/passwd", "http://127.0.0.1:1/x.yaml", "//127.0.0.1:1/x.yaml", "./*.yaml", "./services/0/catalog-info.yaml"]}});
    let body = location.to_string();
    let first = move |seen: &Seen| match seen.target.as_str() {
        "/shop/catalog-info.yaml" => Deed::Say(Answer::new(200, "text/yaml", body.clone())),
        _ => Deed::Pass,
    };
    let (found, seen) = read("/shop/catalog-info.yaml", "backstage", "backstage-component", first).await;
    assert_eq!(found.unwrap().len(), 21);
    let asked: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(asked, ["/shop/catalog-info.yaml", "/shop/services/0/catalog-info.yaml"]);
}
