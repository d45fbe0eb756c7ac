//! A request as the item that mappings see: `{body, headers, queryParams}`.

use portolan_ingestor_contract::Delivery;
use serde_json::{Map, Value, json};

/// May hold secrets, and says nothing of what happened.
const HIDDEN: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Names of headers are in lower case; of a header that came several times the values are joined by commas. `signature` is
/// the header that is left out beside those that may hold secrets. Of a name that the query has twice, the last one counts.
///
/// # Errors
/// Where the body is not JSON.
pub(crate) fn item(delivery: &Delivery, signature: &str) -> Result<Value, serde_json::Error> {
    let body: Value = serde_json::from_slice(&delivery.body)?;
    let mut headers: Map<String, Value> = Map::new();
    for name in delivery.headers.keys() {
        let name = name.as_str();
        if HIDDEN.contains(&name) || signature.eq_ignore_ascii_case(name) {
            continue;
        }
        let values: Vec<_> = delivery
            .headers
            .get_all(name)
            .iter()
            .map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned())
            .collect();
        headers.insert(name.to_owned(), values.join(", ").into());
    }
    let query: Map<String, Value> =
        delivery.query.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
    Ok(json!({"body": body, "headers": headers, "queryParams": query}))
}
