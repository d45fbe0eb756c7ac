//! What the stand-in answers to a request.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::resources::{self, Served};
use super::select::Selector;
use super::state::State;
use super::{TOKEN, discovery};

/// A request, as far as it matters.
pub(super) struct Request {
    pub method: String,
    pub path: String,
    pub query: HashMap<String, String>,
    pub authorization: String,
    pub accept: String,
}

impl Request {
    fn get(&self, key: &str) -> &str {
        self.query.get(key).map(String::as_str).unwrap_or_default()
    }

    fn wants(&self, kind: &str) -> bool {
        self.accept
            .split(',')
            .any(|form| form.contains(&format!("as={kind};")) || form.ends_with(&format!("as={kind}")))
    }
}

pub(super) enum Reply {
    Whole { status: u16, content_type: &'static str, retry_after: Option<u32>, body: Value },
    Watch(Watching),
}

/// A watch that may begin.
pub(super) struct Watching {
    pub resource: &'static Served,
    pub namespace: Option<String>,
    pub selector: Selector,
    pub from: u64,
    pub bookmarks: bool,
    pub slim: bool,
    pub seconds: Option<u64>,
    /// Objects that are shown as added first.
    pub first: Vec<Arc<Value>>,
}

const JSON: &str = "application/json";

fn whole(body: Value) -> Reply {
    Reply::Whole { status: 200, content_type: JSON, retry_after: None, body }
}

/// What an API server says of a failure.
pub(super) fn status(code: u16, reason: &str, message: &str) -> Value {
    json!({ "kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
        "reason": reason, "code": code })
}

fn failure(code: u16, reason: &str, message: &str) -> Reply {
    let retry_after = (code == 429).then_some(1);
    Reply::Whole { status: code, content_type: JSON, retry_after, body: status(code, reason, message) }
}

fn not_found() -> Reply {
    failure(404, "NotFound", "the server could not find the requested resource")
}

pub(super) fn too_old(asked: u64, now: u64) -> Value {
    status(410, "Expired", &format!("too old resource version: {asked} ({now})"))
}

pub(super) fn answer(state: &mut State, request: &Request) -> Reply {
    if state.busy > 0 {
        state.busy -= 1;
        return failure(
            429,
            "TooManyRequests",
            "the server has received too many requests and has asked us to try again later",
        );
    }
    let known = state.open || request.authorization == format!("Bearer {TOKEN}");
    if state.refuses || !known {
        return failure(401, "Unauthorized", "Unauthorized");
    }
    if request.method != "GET" {
        return failure(
            405,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        );
    }
    let path = request.path.trim_end_matches('/');
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts.as_slice() {
        ["version"] => whole(discovery::version()),
        ["api" | "apis"] => groups(state, request, path == "/api"),
        ["api", version] => found("", version),
        ["apis", group, version] => found(group, version),
        ["api", version, rest @ ..] => objects(state, request, "", version, rest),
        ["apis", group, version, rest @ ..] => objects(state, request, group, version, rest),
        _ => not_found(),
    }
}

fn groups(state: &State, request: &Request, core: bool) -> Reply {
    if !state.plain && request.wants("APIGroupDiscoveryList") {
        let (content_type, version) = match request.accept.contains("v=v2;") {
            true => ("application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList", "v2"),
            false => ("application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList", "v2beta1"),
        };
        let body = discovery::aggregated(core, version);
        return Reply::Whole { status: 200, content_type, retry_after: None, body };
    }
    whole(if core { discovery::core_versions() } else { discovery::groups() })
}

fn found(group: &str, version: &str) -> Reply {
    discovery::resources(group, version).map_or_else(not_found, whole)
}

fn objects(state: &mut State, request: &Request, group: &str, version: &str, rest: &[&str]) -> Reply {
    let decoded = |text: &str| percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned();
    let (namespace, plural, name) = match rest {
        ["namespaces", namespace, plural] => (Some(decoded(namespace)), *plural, None),
        ["namespaces", namespace, plural, name] => (Some(decoded(namespace)), *plural, Some(decoded(name))),
        [plural] => (None, *plural, None),
        [plural, name] => (None, *plural, Some(decoded(name))),
        _ => return not_found(),
    };
    let Some(resource) = resources::find(group, version, plural) else { return not_found() };
    if namespace.is_some() && !resource.namespaced {
        return not_found();
    }
    let verb = match (&name, request.get("watch")) {
        (Some(_), _) => "get",
        (None, "true" | "1") => "watch",
        (None, _) => "list",
    };
    if state.allowed.as_ref().is_some_and(|allowed| !allowed.contains(&format!("{verb} {}", resource.name())))
    {
        let place = match &namespace {
            Some(namespace) => format!("in the namespace \"{namespace}\""),
            None => "at the cluster scope".to_owned(),
        };
        let message = format!(
            "{0} is forbidden: User \"system:serviceaccount:portolan:portolan\" cannot {verb} resource \"{0}\" in API group \
             \"{group}\" {place}",
            resource.plural
        );
        return failure(403, "Forbidden", &message);
    }
    if let Some(name) = name {
        let slim = request.wants("PartialObjectMetadata");
        return match state.get(resource, namespace.as_deref().unwrap_or_default(), &name) {
            Some(object) if slim => whole(slimmed(&object)),
            Some(object) => whole((*object).clone()),
            None => failure(404, "NotFound", &format!("{} \"{name}\" not found", resource.name())),
        };
    }
    let selector = match Selector::parse(request.get("labelSelector"), request.get("fieldSelector")) {
        Ok(selector) => selector,
        Err(message) => return failure(400, "BadRequest", &message),
    };
    match verb {
        "watch" => watch(state, request, resource, namespace, selector),
        _ => list(state, request, resource, namespace.as_deref(), &selector),
    }
}

/// An object of which only the metadata is asked for.
pub(super) fn slimmed(object: &Value) -> Value {
    json!({ "kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": object["metadata"] })
}

/// A page of a list, all pages of which show one state.
fn list(
    state: &mut State,
    request: &Request,
    resource: &'static Served,
    namespace: Option<&str>,
    selector: &Selector,
) -> Reply {
    let Ok(limit) = request.get("limit").parse::<usize>().or_else(|_| match request.get("limit") {
        "" => Ok(0),
        _ => Err(()),
    }) else {
        return failure(400, "BadRequest", "limit is not a number");
    };
    let limit = if limit == 0 { usize::MAX } else { limit };
    let (mut snapshot, mut start) = (None, 0);
    let (items, revision) = match request.get("continue") {
        "" => {
            let mut items = state.list(resource, namespace);
            items.retain(|object| selector.matches(object));
            (Arc::new(items), state.revision)
        }
        token => {
            let Some((id, from)) = place(token) else {
                return failure(400, "BadRequest", "continue key is not valid");
            };
            let Some(kept) = state.snapshots.get(&id) else {
                let message = "The provided continue parameter is too old to display a consistent list result. You can start \
                    a new list without the continue parameter, or use the continue token in this response to retrieve the \
                    remainder of the results.";
                return failure(410, "Expired", message);
            };
            (snapshot, start) = (Some(id), from);
            (Arc::clone(&kept.items), kept.revision)
        }
    };
    let end = items.len().min(start.saturating_add(limit));
    let mut metadata = json!({ "resourceVersion": revision.to_string() });
    if end < items.len() {
        let id = snapshot.unwrap_or_else(|| state.keep(Arc::clone(&items)));
        metadata["continue"] = token(id, end).into();
        metadata["remainingItemCount"] = (items.len() - end).into();
    }
    let slim = request.wants("PartialObjectMetadataList");
    let shown = items[start..end].iter().map(|object| match slim {
        true => json!({ "metadata": object["metadata"] }),
        false => listed(resource, object),
    });
    let shown: Vec<Value> = shown.collect();
    let (kind, version) = match slim {
        true => ("PartialObjectMetadataList".to_owned(), "meta.k8s.io/v1".to_owned()),
        false => (format!("{}List", resource.kind), resource.api_version()),
    };
    whole(json!({ "kind": kind, "apiVersion": version, "metadata": metadata, "items": shown }))
}

/// Lists leave out what each of their objects is, except of somebody's own resources.
fn listed(resource: &Served, object: &Value) -> Value {
    let mut object = object.clone();
    if resource.group != "example.com"
        && let Some(entries) = object.as_object_mut()
    {
        entries.shift_remove("apiVersion");
        entries.shift_remove("kind");
    }
    object
}

fn token(snapshot: u64, start: usize) -> String {
    URL_SAFE_NO_PAD.encode(json!({ "v": "meta.k8s.io/v1", "rv": snapshot, "start": start }).to_string())
}

fn place(token: &str) -> Option<(u64, usize)> {
    let place: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(token).ok()?).ok()?;
    Some((place["rv"].as_u64()?, usize::try_from(place["start"].as_u64()?).ok()?))
}

fn watch(
    state: &mut State,
    request: &Request,
    resource: &'static Served,
    namespace: Option<String>,
    selector: Selector,
) -> Reply {
    let asked = request.get("resourceVersion");
    let Ok(from) = (if asked.is_empty() { Ok(0) } else { asked.parse::<u64>() }) else {
        return failure(
            400,
            "BadRequest",
            &format!("strconv.ParseUint: parsing \"{asked}\": invalid syntax"),
        );
    };
    // From nowhere in particular: everything there is, then what happens.
    let (first, from) = match from {
        0 => {
            let mut first = state.list(resource, namespace.as_deref());
            first.retain(|object| selector.matches(object));
            (first, state.revision)
        }
        from => (Vec::new(), from),
    };
    state.watches += 1;
    Reply::Watch(Watching {
        resource,
        namespace,
        selector,
        from,
        bookmarks: request.get("allowWatchBookmarks") == "true",
        slim: request.wants("PartialObjectMetadata"),
        seconds: request.get("timeoutSeconds").parse().ok(),
        first,
    })
}
