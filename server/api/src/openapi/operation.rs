//! One operation: a method of a route, what it takes and what it answers.

use serde_json::{Map, Value, json};

use super::parameters::{Parameter, in_path};
use super::schemas::reference;

/// Refusals: status, the name of the response, and when.
pub(super) const ERRORS: &[(u16, &str, &str)] = &[
    (400, "Malformed", "The body or the address cannot be read."),
    (401, "Unauthenticated", "The token is missing, malformed, forged, expired or revoked."),
    (403, "Forbidden", "The caller's role may not do this."),
    (404, "NotFound", "There is no such thing, or it is another tenant's."),
    (409, "Conflict", "The state does not allow it: `details.code` says why."),
    (413, "TooLarge", "The body is larger than this address takes."),
    (415, "UnsupportedMedia", "The body is of a media type or encoding that this address does not take."),
    (422, "Invalid", "A value breaks a rule; `details.errors` has every one, with its place in the body."),
    (429, "TooMany", "Too many requests; wait for the seconds in `Retry-After`."),
    (500, "Failed", "The server failed; its log has the request id."),
    (
        503,
        "Unavailable",
        "The server is busy, its database is away, or the request took too long; try again.",
    ),
];

/// Who may call an operation. Each may do what the ones before it may.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Access {
    /// No token is looked at.
    Open,
    /// Whoever is signed in, by cookie alone.
    Session,
    /// The operator, by a token of their own.
    Operator,
    Viewer,
    Member,
    Admin,
}

struct Answer {
    status: u16,
    meaning: &'static str,
    /// Media type and schema.
    content: Option<(&'static str, Value)>,
}

pub(super) struct Operation {
    pub(super) method: &'static str,
    pub(super) path: &'static str,
    pub(super) id: &'static str,
    pub(super) tag: &'static str,
    summary: &'static str,
    access: Access,
    query: Vec<Parameter>,
    /// Media type and schema.
    body: Option<(&'static str, &'static str)>,
    answers: Vec<Answer>,
    /// Statuses of [`ERRORS`] beyond those that follow from the rest.
    refusals: Vec<u16>,
}

pub(super) const JSON: &str = "application/json";

impl Operation {
    /// For viewers, until told otherwise. `method` in lower case, as OpenAPI has it.
    pub(super) fn new(
        tag: &'static str,
        method: &'static str,
        path: &'static str,
        id: &'static str,
        summary: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            id,
            tag,
            summary,
            access: Access::Viewer,
            query: Vec::new(),
            body: None,
            answers: Vec::new(),
            refusals: Vec::new(),
        }
    }

    pub(super) fn by(self, access: Access) -> Self {
        Self { access, ..self }
    }

    pub(super) fn query(mut self, parameters: impl IntoIterator<Item = Parameter>) -> Self {
        self.query.extend(parameters);
        self
    }

    /// Takes a JSON body of a schema.
    pub(super) fn takes(self, schema: &'static str) -> Self {
        Self { body: Some((JSON, schema)), ..self }
    }

    /// Takes text of a media type.
    pub(super) fn takes_text(self, media: &'static str) -> Self {
        Self { body: Some((media, "Text")), ..self }
    }

    pub(super) fn answers(mut self, status: u16, meaning: &'static str, schema: &'static str) -> Self {
        let content = Some((JSON, reference(schema)));
        self.answers.push(Answer { status, meaning, content });
        self
    }

    pub(super) fn answers_text(mut self, status: u16, meaning: &'static str, media: &'static str) -> Self {
        let content = Some((media, json!({"type": "string"})));
        self.answers.push(Answer { status, meaning, content });
        self
    }

    pub(super) fn answers_nothing(mut self, status: u16, meaning: &'static str) -> Self {
        self.answers.push(Answer { status, meaning, content: None });
        self
    }

    pub(super) fn refuses(mut self, statuses: impl IntoIterator<Item = u16>) -> Self {
        self.refusals.extend(statuses);
        self
    }

    /// The statuses of every refusal, in order.
    fn errors(&self) -> Vec<u16> {
        let mut errors = vec![429, 500, 503];
        errors.extend(&self.refusals);
        if self.access > Access::Open {
            errors.push(401);
        }
        // A cookie without its CSRF token is refused too.
        if self.access >= Access::Viewer {
            errors.push(403);
        }
        if self.path.contains('{') {
            errors.push(404);
        }
        if self.body.is_some() {
            errors.extend([400, 413, 422]);
        }
        errors.sort_unstable();
        errors.dedup();
        errors
    }

    pub(super) fn json(&self) -> Value {
        let mut parameters: Vec<Value> = in_path(self.path);
        parameters.extend(self.query.iter().map(Parameter::json));
        let mut responses = Map::new();
        for Answer { status, meaning, content } in &self.answers {
            let mut response = json!({"description": meaning});
            if let Some((media, schema)) = content {
                response["content"] = json!({*media: {"schema": schema}});
            }
            responses.insert(status.to_string(), response);
        }
        for status in self.errors() {
            let found = ERRORS.iter().find(|(known, ..)| *known == status);
            if let Some((_, name, _)) = found {
                let reference = json!({"$ref": format!("#/components/responses/{name}")});
                responses.insert(status.to_string(), reference);
            }
        }
        let security = match self.access {
            Access::Open => json!([]),
            Access::Session => json!([{"cookie": []}]),
            Access::Operator => json!([{"operator": []}]),
            _ => json!([{"bearer": []}, {"cookie": []}]),
        };
        let mut operation = json!({
            "operationId": self.id, "tags": [self.tag], "summary": self.summary, "security": security,
            "parameters": parameters, "responses": responses,
        });
        if let Some(role) = self.role() {
            operation["description"] = format!("Needs the role {role}.").into();
        }
        if let Some((media, schema)) = self.body {
            operation["requestBody"] =
                json!({"required": true, "content": {media: {"schema": reference(schema)}}});
        }
        operation
    }

    fn role(&self) -> Option<&'static str> {
        match self.access {
            Access::Open | Access::Session | Access::Operator | Access::Viewer => None,
            Access::Member => Some("Member"),
            Access::Admin => Some("Admin"),
        }
    }
}

pub(super) fn security_schemes() -> Value {
    json!({
        "bearer": {
            "type": "http", "scheme": "bearer", "bearerFormat": "JWT",
            "description": "A token of `POST /v1/auth/access_token`.",
        },
        "cookie": {
            "type": "apiKey", "in": "cookie", "name": "portolan_session",
            "description": "The cookie of `POST /api/session`; over https its name begins with `__Host-`.",
        },
        "operator": {
            "type": "http", "scheme": "bearer", "description": "The server's `PORTOLAN_OPERATOR_TOKEN`.",
        },
    })
}
