//! The document as a page: one file, no script, nothing loaded.

use serde_json::Value;

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#1c2330;\
    background:#fff}h2{margin-top:2.5rem}code,pre{font:14px/1.45 ui-monospace,monospace}pre{background:#f3f5f8;padding:.8rem;\
    overflow:auto;border-radius:6px}details{border:1px solid #d9dee7;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}\
    summary{cursor:pointer}summary b{display:inline-block;min-width:4.5rem;text-transform:uppercase;color:#175cd3}\
    table{border-collapse:collapse;margin:.5rem 0}td,th{border:1px solid #d9dee7;padding:.25rem .6rem;text-align:left;\
    vertical-align:top}.quiet{color:#5b6577}@media(prefers-color-scheme:dark){body{background:#12161d;color:#e4e8ef}\
    pre{background:#1b212b}details,td,th{border-color:#343d4c}summary b{color:#84adff}a{color:#84adff}.quiet{color:#9aa5b8}}";

pub(super) fn render(document: &Value) -> String {
    let mut page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" \
         content=\"width=device-width,initial-scale=1\"><title>Portolan API</title><style>{STYLE}</style></head><body>\
         <h1>Portolan API <span class=\"quiet\">{}</span></h1><p>{}</p><p>The same for machines: \
         <a href=\"/api/openapi.json\">openapi.json</a>.</p>",
        text(&document["info"]["version"]),
        marked(&document["info"]["description"])
    );
    for tag in items(&document["tags"]) {
        page.push_str(&format!("<h2>{}</h2><p>{}</p>", text(&tag["name"]), marked(&tag["description"])));
        for (path, methods) in members(&document["paths"]) {
            for (method, operation) in members(methods) {
                if operation["tags"][0] == tag["name"] {
                    page.push_str(&self::operation(path, method, operation));
                }
            }
        }
    }
    page.push_str("<h2>Refusals</h2><table><tr><th>name</th><th>when</th></tr>");
    for (name, response) in members(&document["components"]["responses"]) {
        let row = format!("<tr><td>{}</td><td>{}</td></tr>", escape(name), marked(&response["description"]));
        page.push_str(&row);
    }
    page.push_str("</table><h2>Schemas</h2>");
    for (name, schema) in members(&document["components"]["schemas"]) {
        let name = escape(name);
        page.push_str(&format!(
            "<details id=\"schema-{name}\"><summary><code>{name}</code></summary><pre>{}</pre></details>",
            linked(schema)
        ));
    }
    page.push_str("</body></html>\n");
    page
}

fn operation(path: &str, method: &str, operation: &Value) -> String {
    let mut html = format!(
        "<details id=\"{}\"><summary><b>{}</b> <code>{}</code> <span class=\"quiet\">{}</span></summary><p>{}</p>",
        text(&operation["operationId"]),
        escape(method),
        escape(path),
        marked(&operation["summary"]),
        marked(&operation["description"])
    );
    if operation["security"] == serde_json::json!([]) {
        html.push_str("<p>Needs no token.</p>");
    }
    let parameters = items(&operation["parameters"]);
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>parameter</th><th>in</th><th></th></tr>");
        for parameter in parameters {
            html.push_str(&format!(
                "<tr><td><code>{}</code></td><td>{}</td><td>{}</td></tr>",
                text(&parameter["name"]),
                text(&parameter["in"]),
                marked(&parameter["description"])
            ));
        }
        html.push_str("</table>");
    }
    for (media, content) in members(&operation["requestBody"]["content"]) {
        html.push_str(&format!(
            "<p>Body, <code>{}</code>:</p><pre>{}</pre>",
            escape(media),
            linked(&content["schema"])
        ));
    }
    html.push_str("<table><tr><th>status</th><th></th><th>body</th></tr>");
    for (status, response) in members(&operation["responses"]) {
        let refusal = response["$ref"].as_str().and_then(|target| target.rsplit('/').next());
        let body: String =
            members(&response["content"]).map(|(_, content)| linked(&content["schema"])).collect();
        let (meaning, body) = match refusal {
            Some(name) => (escape(name), "<a href=\"#schema-Refusal\">Refusal</a>".to_owned()),
            None => (marked(&response["description"]), body),
        };
        html.push_str(&format!("<tr><td>{}</td><td>{meaning}</td><td>{body}</td></tr>", escape(status)));
    }
    html.push_str("</table></details>");
    html
}

/// A schema as text, its references as links.
fn linked(schema: &Value) -> String {
    if let Some(name) = schema["$ref"].as_str().and_then(|target| target.rsplit('/').next()) {
        let name = escape(name);
        return format!("<a href=\"#schema-{name}\">{name}</a>");
    }
    let plain = escape(&format!("{schema:#}"));
    let mut parts = plain.split("&quot;#/components/schemas/");
    let mut html = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (name, rest) = part.split_once("&quot;").unwrap_or((part, ""));
        html.push_str(&format!("<a href=\"#schema-{name}\">{name}</a>{rest}"));
    }
    html
}

fn items(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    escape(value.as_str().unwrap_or_default())
}

/// Text with `code` in backquotes.
fn marked(value: &Value) -> String {
    let plain = text(value);
    plain
        .split('`')
        .enumerate()
        .map(|(at, part)| if at % 2 == 1 { format!("<code>{part}</code>") } else { part.to_owned() })
        .collect()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
