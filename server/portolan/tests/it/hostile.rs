//! Sources that mean harm, for every ingestor that the program has: addresses that lead inwards, and answers without an end.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::program::Program;
use crate::resync::{ended, start_of};

/// More than any answer may have.
const HUGE: usize = 200 << 20;

/// The configuration and secrets of each ingestor for a source at an address; a new ingestor needs a line.
fn settings(ingestor: &str, address: &str) -> (Value, Value) {
    match ingestor {
        "aws" => (
            json!({ "regions": ["us-east-1"], "endpointUrl": address }),
            json!({ "accessKeyId": "AKIAIOSFODNN7EXAMPLE", "secretAccessKey": "a-secret-of-the-tests" }),
        ),
        "github" => (json!({ "baseUrl": address }), json!({ "token": "ghp_aTokenOfTheTests" })),
        "kubernetes" => {
            (json!({ "cluster": "c" }), json!({ "server": address, "token": "a-token-of-the-tests" }))
        }
        "http" => (json!({ "url": format!("{address}/items") }), json!({})),
        "files" => (json!({ "source": format!("{address}/a.json"), "format": "json" }), json!({})),
        other => panic!("no settings for {other}"),
    }
}

/// Every ingestor that asks somebody at an address of the user's.
async fn ingestors(program: &Program) -> Vec<String> {
    let found = program.platform("{ ingestors { name } }", json!({})).await;
    let names =
        found["ingestors"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned());
    // Nothing is asked there: others send.
    names.filter(|name| name != "webhook").collect()
}

async fn check(program: &Program, ingestor: &str, address: &str) -> Value {
    let (config, secrets) = settings(ingestor, address);
    let query =
        "mutation($i: CheckInput!) { checkIntegration(input: $i) { problems { code path message } } }";
    let input = json!({ "ingestor": ingestor, "config": config, "secrets": secrets });
    program.platform(query, json!({ "i": input })).await["checkIntegration"]["problems"].clone()
}

/// Serves every connection; answers the address and how many there were.
async fn listen<F, T>(serve: F) -> (String, Arc<AtomicUsize>)
where
    F: Fn(TcpStream) -> T + Send + Sync + 'static,
    T: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(serve(stream));
        }
    });
    (address, count)
}

async fn say(mut stream: TcpStream, head: String) -> TcpStream {
    drop(stream.read(&mut [0; 16 << 10]).await);
    drop(stream.write_all(head.as_bytes()).await);
    stream
}

#[tokio::test]
async fn addresses_that_lead_inwards_are_refused() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let mut program = Program::start(&database).await;
    let (inside, asked) = listen(|stream| async { drop(say(stream, String::new()).await) }).await;
    let port = inside.rsplit(':').next().unwrap().to_owned();

    // With loopback allowed: a redirect leads nowhere, neither to another address nor to metadata.
    for target in [format!("{inside}/"), "http://169.254.169.254/latest/meta-data/".to_owned()] {
        let head = format!(
            "HTTP/1.1 302 Found\r\nlocation: {target}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
        );
        let (moved, _) = listen(move |stream| {
            let head = head.clone();
            async move { drop(say(stream, head).await) }
        })
        .await;
        for ingestor in ingestors(&program).await {
            let errors = check(&program, &ingestor, &moved).await;
            assert_eq!(errors[0]["code"], "UPSTREAM_FAILED", "{ingestor} to {target}: {errors}");
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "a redirect was followed");

    // As an operator starts it: nothing but public addresses, whatever they are called.
    program.kill().await;
    program.restart(|argument| argument != "--outbound-allow" && argument != "127.0.0.0/8").await;
    let mut addresses: Vec<String> =
        ["127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "2130706433"]
            .map(|host| format!("http://{host}:{port}"))
            .into();
    addresses.extend(["http://169.254.169.254", "http://10.0.0.1", "http://[fd00:ec2::254]"].map(Into::into));
    for ingestor in ingestors(&program).await {
        for address in &addresses {
            let errors = check(&program, &ingestor, address).await;
            let found = (&errors[0]["code"], errors.as_array().unwrap().len());
            assert_eq!(found, (&json!("ADDRESS_REFUSED"), 1), "{ingestor} at {address}: {errors}");
        }
    }
    assert_eq!(asked.load(Ordering::SeqCst), 0, "an address that is not allowed was asked");
    program.stop().await;
    database.remove().await;
}

/// As a list whose first item has no end.
async fn endless(stream: TcpStream) {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {HUGE}\r\n\r\n[{{\"id\": \""
    );
    let mut stream = say(stream, head).await;
    let block = vec![b'x'; 1 << 20];
    while stream.write_all(&block).await.is_ok() {}
}

#[tokio::test]
async fn an_answer_of_200_mebibytes_is_given_up() {
    let database = TestDatabase::new(Engine::Sqlite).await;
    let program = Program::start(&database).await;
    let (address, _) = listen(endless).await;
    for ingestor in ingestors(&program).await {
        let errors = check(&program, &ingestor, &address).await;
        assert_eq!(errors[0]["code"], "UPSTREAM_FAILED", "{ingestor}: {errors}");
        let message = errors[0]["message"].as_str().unwrap();
        assert!(message.contains("is larger than 33554432 bytes"), "{ingestor}: {message}");
    }

    // And in a run: what is in the catalog stays.
    let items = json!([{ "id": "a" }, { "id": "b" }]).to_string();
    let head =
        format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{items}", items.len());
    let huge = Arc::new(AtomicUsize::new(0));
    let is_huge = Arc::clone(&huge);
    let (address, _) = listen(move |stream| {
        let (head, is_huge) = (head.clone(), is_huge.load(Ordering::SeqCst) > 0);
        async move { if is_huge { endless(stream).await } else { drop(say(stream, head).await) } }
    })
    .await;
    for ingestor in ["http", "files"] {
        huge.store(0, Ordering::SeqCst);
        let (config, secrets) = settings(ingestor, &address);
        let query =
            "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code message } } }";
        let input =
            json!({ "identifier": ingestor, "ingestor": ingestor, "config": config, "secrets": secrets });
        let made = program.platform(query, json!({ "i": input })).await;
        assert_eq!(made["createIntegration"]["errors"], json!([]), "{made}");
        let run = ended(&program, &start_of(&program, ingestor, false).await).await;
        assert_eq!((&run["status"], &run["kinds"][0]["created"]), (&json!("SUCCEEDED"), &json!(2)), "{run}");
        huge.store(1, Ordering::SeqCst);
        let run = ended(&program, &start_of(&program, ingestor, false).await).await;
        assert_eq!((&run["status"], &run["kinds"][0]["deleted"]), (&json!("FAILED"), &json!(0)), "{run}");
        assert!(run.to_string().contains("is larger than 33554432 bytes"), "{run}");
    }
    let left = "{ httpItems { totalCount } jsonItems { totalCount } }";
    let expected = json!({ "httpItems": { "totalCount": 2 }, "jsonItems": { "totalCount": 2 } });
    assert_eq!(program.catalog(left).await, expected);
    program.stop().await;
    database.remove().await;
}
