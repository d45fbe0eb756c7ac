//! The registry of public error codes: the one place that says which codes exist, their class and HTTP status.
//!
//! `docs/errors.md` is generated from [`Code::ALL`] and a test keeps the two equal. A code, once released, is never
//! renamed or reused.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Who has to act on an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// The request is wrong and will stay wrong.
    Input,
    /// The caller is not known or may not do this.
    Rights,
    /// The request is fine but the present state forbids it.
    State,
    /// A bound set by the operator was exceeded.
    Limit,
    /// Something outside of Portolan failed.
    Upstream,
    /// Portolan failed.
    Fault,
}

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $class:ident, $status:literal;)+) => {
        /// A stable, public error code.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[doc = $doc])+ $variant,)+ }

        impl Code {
            /// Every code, in the order of `docs/errors.md`.
            pub const ALL: &'static [Code] = &[$(Code::$variant,)+];

            /// The code as clients see it.
            pub const fn as_str(self) -> &'static str {
                match self { $(Code::$variant => $text,)+ }
            }

            /// Who has to act.
            pub const fn class(self) -> Class {
                match self { $(Code::$variant => Class::$class,)+ }
            }

            /// The HTTP status where the error decides the status of an answer.
            pub const fn status(self) -> u16 {
                match self { $(Code::$variant => $status,)+ }
            }

            /// One sentence for `docs/errors.md`.
            pub const fn explanation(self) -> &'static str {
                match self { $(Code::$variant => concat!($($doc),+),)+ }
            }
        }
    };
}

codes! {
    /// The body is not well-formed JSON, or not valid UTF-8.
    MalformedJson = "MALFORMED_JSON", Input, 400;
    /// The request has a wrong shape: an argument is missing, unknown or of the wrong type.
    BadRequest = "BAD_REQUEST", Input, 422;
    /// A field is not known at this place.
    UnknownField = "UNKNOWN_FIELD", Input, 422;
    /// A value is of the wrong JSON type.
    WrongType = "WRONG_TYPE", Input, 422;
    /// A required value is missing or null.
    Required = "REQUIRED", Input, 422;
    /// A value breaks a rule of its JSON Schema (pattern, range, enum, format, length).
    InvalidValue = "INVALID_VALUE", Input, 422;
    /// An identifier has characters or a length that are not allowed.
    InvalidIdentifier = "INVALID_IDENTIFIER", Input, 422;
    /// A text is longer than allowed.
    TooLong = "TOO_LONG", Input, 422;
    /// A text holds a NUL character, which cannot be stored.
    NulCharacter = "NUL_CHARACTER", Input, 422;
    /// JSON is nested deeper than allowed.
    TooDeep = "TOO_DEEP", Input, 422;
    /// A pattern (regular expression) cannot be compiled.
    InvalidPattern = "INVALID_PATTERN", Input, 422;
    /// A schema refers to another document, which is not allowed.
    RemoteReference = "REMOTE_REFERENCE", Input, 422;
    /// A property type or format is not known.
    UnknownPropertyType = "UNKNOWN_PROPERTY_TYPE", Input, 422;
    /// The type of a stored property cannot be changed.
    PropertyTypeChanged = "PROPERTY_TYPE_CHANGED", Input, 422;
    /// Two names of one blueprint are the same.
    DuplicateName = "DUPLICATE_NAME", Input, 422;
    /// A name cannot be used in GraphQL or is taken.
    InvalidGraphqlName = "INVALID_GRAPHQL_NAME", Input, 422;
    /// A property or relation does not exist in the blueprint.
    UnknownProperty = "UNKNOWN_PROPERTY", Input, 422;
    /// An operator is not known or does not fit the type of its operand.
    InvalidOperator = "INVALID_OPERATOR", Input, 422;
    /// The feature exists in the wire format but this server does not offer it.
    NotSupported = "NOT_SUPPORTED", Input, 422;
    /// A relation's target blueprint does not exist.
    TargetBlueprintNotFound = "TARGET_BLUEPRINT_NOT_FOUND", Input, 422;
    /// A path of relations leads nowhere, or not to where it should.
    InvalidPath = "INVALID_PATH", Input, 422;
    /// More than one way leads between two blueprints, and none is named.
    AmbiguousPath = "AMBIGUOUS_PATH", Input, 422;
    /// Computed values would follow from themselves.
    CyclicComputation = "CYCLIC_COMPUTATION", Input, 422;
    /// A relation points at an entity that does not exist.
    RelationTargetNotFound = "RELATION_TARGET_NOT_FOUND", Input, 404;
    /// A cursor was not made by this server or belongs to another query.
    InvalidCursor = "INVALID_CURSOR", Input, 422;
    /// A jq expression cannot be compiled.
    InvalidJq = "INVALID_JQ", Input, 422;
    /// A jq expression failed on this input.
    JqFailed = "JQ_FAILED", Input, 422;
    /// A jq expression took too long or too much memory and was stopped.
    JqLimit = "JQ_LIMIT", Limit, 422;
    /// A mapping is wrong.
    InvalidMapping = "INVALID_MAPPING", Input, 422;
    /// A GraphQL query cannot be parsed or does not fit the schema.
    InvalidQuery = "INVALID_QUERY", Input, 400;
    /// The token is missing, malformed, forged, expired or revoked.
    Unauthenticated = "UNAUTHENTICATED", Rights, 401;
    /// The caller may not do this.
    Forbidden = "FORBIDDEN", Rights, 403;
    /// The proof that a change comes from the portal's own pages is missing or wrong: the header X-CSRF-Token.
    CsrfTokenInvalid = "CSRF_TOKEN_INVALID", Rights, 403;
    /// There is no such thing, or the caller may not know of it.
    NotFound = "NOT_FOUND", State, 404;
    /// The method is not offered at this address.
    MethodNotAllowed = "METHOD_NOT_ALLOWED", Input, 405;
    /// Something with this identifier exists already.
    AlreadyExists = "ALREADY_EXISTS", State, 409;
    /// The revision asked for is not the present one: somebody else changed it.
    Conflict = "CONFLICT", State, 409;
    /// Nothing of the batch was written, because another item of it failed.
    Aborted = "ABORTED", State, 409;
    /// It is in use by something else, which is named.
    InUse = "IN_USE", State, 409;
    /// It belongs to a system blueprint or is kept by Portolan itself, and cannot be changed or removed here.
    Protected = "PROTECTED", State, 409;
    /// The last admin of a tenant cannot be removed or get another role.
    LastAdmin = "LAST_ADMIN", State, 409;
    /// An entity cannot be deleted because others require it.
    HasDependents = "HAS_DEPENDENTS", State, 409;
    /// A resync of this integration is already open.
    RunInProgress = "RUN_IN_PROGRESS", State, 409;
    /// The run is not in a state that allows this.
    WrongRunState = "WRONG_RUN_STATE", State, 409;
    /// An earlier request with this Idempotency-Key is still being worked on; try again when it has ended.
    StreamInProgress = "STREAM_IN_PROGRESS", State, 409;
    /// The Idempotency-Key was used for another body or with other parameters.
    IdempotencyKeyReused = "IDEMPOTENCY_KEY_REUSED", Input, 422;
    /// The Content-Encoding of the body is not one that this address takes.
    UnsupportedEncoding = "UNSUPPORTED_ENCODING", Input, 415;
    /// The request body is larger than allowed.
    BodyTooLarge = "BODY_TOO_LARGE", Limit, 413;
    /// The query is nested deeper than allowed.
    QueryTooDeep = "QUERY_TOO_DEEP", Limit, 422;
    /// The query would return more rows than allowed.
    QueryTooCostly = "QUERY_TOO_COSTLY", Limit, 422;
    /// The query has more aliases than allowed.
    TooManyAliases = "TOO_MANY_ALIASES", Limit, 422;
    /// The list is longer than allowed.
    TooManyItems = "TOO_MANY_ITEMS", Limit, 422;
    /// The tenant has as many entities as the operator allows.
    EntityLimitReached = "ENTITY_LIMIT_REACHED", Limit, 422;
    /// The request took longer than allowed and was stopped.
    Timeout = "TIMEOUT", Limit, 503;
    /// Too many requests; wait for the seconds in Retry-After.
    RateLimited = "RATE_LIMITED", Limit, 429;
    /// An outgoing address is not allowed by the operator.
    AddressRefused = "ADDRESS_REFUSED", Rights, 422;
    /// The source refused the credentials.
    UpstreamUnauthorized = "UPSTREAM_UNAUTHORIZED", Upstream, 422;
    /// The source knows the credentials but refuses this call.
    UpstreamForbidden = "UPSTREAM_FORBIDDEN", Upstream, 422;
    /// The source cannot be reached.
    UpstreamUnreachable = "UPSTREAM_UNREACHABLE", Upstream, 422;
    /// The source asks to slow down, and went on doing so.
    UpstreamThrottled = "UPSTREAM_THROTTLED", Upstream, 422;
    /// The source gave an answer that is an error or makes no sense.
    UpstreamFailed = "UPSTREAM_FAILED", Upstream, 422;
    /// The run would delete more than its guard allows and waits for a person.
    DeletionGuard = "DELETION_GUARD", State, 409;
    /// The database has no room left: nothing can be written until the operator makes some. Reads go on.
    StorageFull = "STORAGE_FULL", Fault, 507;
    /// The server is busy or its database is away; try again.
    Unavailable = "UNAVAILABLE", Fault, 503;
    /// Portolan failed; the log has the request id.
    Internal = "INTERNAL", Fault, 500;
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Code {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().copied().find(|code| code.as_str() == text);
        found.ok_or_else(|| serde::de::Error::custom("not an error code"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `docs/errors.md`, as it has to be.
    fn page() -> String {
        let mut page = "# Error codes\n\nEvery error has one of these codes. They are never renamed or reused. The status is the one of a \
                        REST answer that the error decides; in GraphQL the code is in `errors { code }` or `extensions.code`.\n\n\
                        | code | who has to act | status | meaning |\n|---|---|---|---|\n"
            .to_owned();
        for code in Code::ALL {
            let class = match code.class() {
                Class::Input | Class::Limit => "the caller",
                Class::Rights => "the caller, or an administrator",
                Class::State => "the caller, once the state allows it",
                Class::Upstream => "whoever runs the source",
                Class::Fault => "the operator",
            };
            let text = code.explanation().trim();
            page.push_str(&format!("| `{code}` | {class} | {} | {text} |\n", code.status()));
        }
        page
    }

    #[test]
    fn the_documented_codes_are_all_codes() {
        let documented = include_str!("../../docs/errors.md");
        assert!(documented == page(), "docs/errors.md is stale; it should be:\n{}", page());
    }
}
