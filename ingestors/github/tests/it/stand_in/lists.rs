//! Lists: chosen, ordered, cut into pages and linked as GitHub does.

use serde_json::{Map, Value, json};

use super::Said;
use super::data::Data;

/// Keys that are the stand-in's own.
const OWN: &str = "stand-in-";
/// Lists that are under a key of the answer.
const WRAPPED: [(&str, &str); 4] = [
    ("/actions/workflows", "workflows"),
    ("/actions/runs", "workflow_runs"),
    ("/environments", "environments"),
    ("/installation/repositories", "repositories"),
];

/// The page of a list that a request asks for; none where there is no such list.
pub fn list(data: &Data, path: &str, query: &[(String, String)], origin: &str) -> Option<Said> {
    let items = data.lists.get(path)?;
    let parameter = |name: &str| query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
    let mut chosen: Vec<&Value> = items.iter().filter(|item| fits(item, path, &parameter)).collect();
    if let Some(sort) = parameter("sort") {
        let key = match sort {
            "full_name" => "full_name",
            "updated" => "updated_at",
            _ => "created_at",
        };
        chosen.sort_by_key(|item| item[key].as_str().unwrap_or_default().to_owned());
        if parameter("direction").unwrap_or(if sort == "full_name" { "asc" } else { "desc" }) == "desc" {
            chosen.reverse();
        }
    }
    let size: usize = parameter("per_page").map_or(30, |size| size.parse().unwrap()).clamp(1, 100);
    let page: usize = parameter("page").map_or(1, |page| page.parse().unwrap());
    let pages = chosen.len().div_ceil(size).max(1);
    let shown: Vec<Value> =
        chosen.iter().skip((page - 1) * size).take(size).map(|item| public(item)).collect();
    let wrapped = WRAPPED.iter().find(|(end, _)| path.ends_with(end));
    let body = match wrapped {
        Some((_, key)) => json!({ "total_count": chosen.len(), *key: shown }),
        None => shown.into(),
    };
    let said = Said::new(200, body);
    // GitHub's description promises no such header for environments.
    if pages == 1 || path.ends_with("/environments") {
        return Some(said);
    }
    let link = |page: usize, rel: &str| {
        let mut serializer = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in query.iter().filter(|(name, _)| name != "page") {
            serializer.append_pair(name, value);
        }
        let query = serializer.append_pair("page", &page.to_string()).finish();
        format!("<{origin}{}?{query}>; rel=\"{rel}\"", data.numbered(path))
    };
    let mut links = Vec::new();
    if page > 1 {
        links.extend([link(page - 1, "prev"), link(1, "first")]);
    }
    if page < pages {
        links.extend([link(page + 1, "next"), link(pages, "last")]);
    }
    Some(said.with("link", links.join(", ")))
}

fn fits<'a>(item: &Value, path: &str, parameter: &impl Fn(&str) -> Option<&'a str>) -> bool {
    let states = path.ends_with("/pulls") || path.ends_with("/issues");
    let state = parameter("state").unwrap_or("open");
    let role = parameter("role").filter(|_| path.ends_with("/members") && !path.contains("/teams/"));
    let created = parameter("created").and_then(|text| text.strip_prefix(">="));
    (!states || state == "all" || item["state"] == state)
        && role.is_none_or(|role| role == "all" || item["stand-in-role"] == role)
        && created.is_none_or(|since| item["created_at"].as_str().unwrap_or_default() >= since)
        && parameter("branch").is_none_or(|branch| item["head_branch"] == branch)
}

fn public(item: &Value) -> Value {
    let object = item.as_object().unwrap();
    let shown = object.iter().filter(|(key, _)| !key.starts_with(OWN));
    Value::Object(shown.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>())
}
