//! Queries that ask for too much, at both APIs: refused before they run, with the bound and what the query has.

use portolan_store::testing::on_each_engine;
use serde_json::{Value, json};

use crate::graphql::filled;

/// What a query is refused with: code, maximum and actual (null where there is no figure).
type Refusal = (&'static str, Value, Value);

fn hostile() -> Vec<(String, Refusal)> {
    let aliases = |field: &str| (0..1_001).map(|at| format!("a{at}: {field} ")).collect::<String>();
    let deep = (0..12).fold("identifier".to_owned(), |inner, _| {
        format!("system {{ services(first: 1) {{ nodes {{ {inner} }} }} }}")
    });
    let mut bomb = "query { ...f0 } ".to_owned();
    for number in 0..30 {
        bomb.push_str(&format!("fragment f{number} on Query {{ ...f{0} ...f{0} }} ", number + 1));
    }
    bomb.push_str("fragment f30 on Query { __typename }");
    let wide = format!("{{ services(first: 500) {{ nodes {{ {} }} }} }}", "identifier ".repeat(4_001));
    let introspection = (0..4).fold("name".to_owned(), |inner, _| format!("type {{ fields {{ {inner} }} }}"));
    let introspection = format!("{{ __schema {{ types {{ fields {{ {introspection} }} }} }} }}");
    vec![
        (format!("{{ {} }}", aliases("modelRevision")), ("TOO_MANY_ALIASES", json!(1_000), json!(1_001))),
        (format!("{{ services {{ nodes {{ {deep} }} }} }}"), ("QUERY_TOO_DEEP", json!(12), json!(13))),
        (
            "{ services(first: 500) { nodes { deployments(first: 500) { nodes { identifier } } } } }".into(),
            ("QUERY_TOO_COSTLY", json!(20_000), json!(250_500)),
        ),
        (
            // The default of a variable counts as if it were written in its place.
            "query($n: Int = 500) { services(first: $n) { nodes { deployments(last: $n) { nodes { identifier } } } } }".into(),
            ("QUERY_TOO_COSTLY", json!(20_000), json!(250_500)),
        ),
        ("{ services(first: 501) { nodes { identifier } } }".into(), ("QUERY_TOO_COSTLY", json!(500), json!(501))),
        ("{ services { nodes { deployments(last: 9000) { nodes { id } } } } }".into(), ("QUERY_TOO_COSTLY", json!(500), json!(9_000))),
        (
            (0..21).map(|at| format!("a{at}: servicesAggregate(groupBy: [{{field: TIER}}]) {{ count }} ")).fold("{ ".to_owned(), |all, one| all + &one) + "}",
            ("QUERY_TOO_COSTLY", json!(20_000), json!(21_000)),
        ),
        (bomb, ("QUERY_TOO_COSTLY", json!(50_000), json!(50_001))),
        (wide, ("QUERY_TOO_COSTLY", json!(2_000_000), Value::Null)),
        (introspection, ("QUERY_TOO_COSTLY", json!(10_000_000), Value::Null)),
        ("{".repeat(50_000), ("QUERY_TOO_DEEP", json!(64), json!(50_000))),
        (format!("{{ services(where: {}1{}) {{ totalCount }} }}", "{and: [".repeat(10_000), "]}".repeat(10_000)), ("QUERY_TOO_DEEP", json!(64), json!(20_002))),
        ("query { ...f } fragment f on Query { ...f }".into(), ("INVALID_QUERY", Value::Null, Value::Null)),
    ]
}

#[tokio::test]
async fn hostile_queries_are_refused_before_they_run() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for (query, (code, maximum, actual)) in hostile() {
            let before = server.store.transactions();
            let answer = server.graphql(&query).await;
            let shown: String = query.chars().take(80).collect();
            let extensions = &answer["errors"][0]["extensions"];
            assert_eq!(
                (&extensions["code"], &extensions["maximum"]),
                (&json!(code), &maximum),
                "{shown}: {answer}"
            );
            assert!(actual.is_null() || extensions["actual"] == actual, "{shown}: {answer}");
            assert!(
                maximum.is_null() || extensions["actual"].as_u64() > maximum.as_u64(),
                "{shown}: {answer}"
            );
            assert!(extensions["requestId"].is_string() && answer["extensions"]["cost"] == 0, "{answer}");
            // Who asks; nothing for the query itself.
            assert_eq!(server.store.transactions() - before, 1, "{shown}");
        }
        let answer = server.graphql("{ services { nodes { identifier } } }").await;
        assert_eq!(answer["data"]["services"]["nodes"].as_array().unwrap().len(), 6);
        assert_eq!(answer["extensions"]["cost"], 50);
    })
    .await;
}

#[tokio::test]
async fn queries_that_do_not_fit_the_schema_are_refused() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        for query in [
            "{ services(where: {identifier: {eq: \"' OR 1=1 --\"}}) { nope } }",
            "{ services(where: {tier: {eq: \"gold'--\"}}) { nodes { identifier } } }",
            "{ services(where: {openIssues: {gt: NaN}}) { nodes { identifier } } }",
            "{ services(where: {since: {gt: \"soon\"}}) { nodes { identifier } } }",
            "{ services(first: 1, last: 1) { nodes { identifier } } }",
            "{ services(first: -1) { nodes { identifier } } }",
            "{ a } }",
            "",
            "mutation { upsertService(input: {identifier: \"x\", nope: 1}) { created } }",
        ] {
            let answer = server.graphql(query).await;
            assert_eq!(answer["errors"][0]["extensions"]["code"], "INVALID_QUERY", "{query}: {answer}");
        }
        // An injection is a text like any other.
        let text = "'; DROP TABLE entities; --";
        let query = "query($t: String) { services(where: {title: {eq: $t}}) { totalCount } }";
        let answer = server.graphql_as(&server.viewer, query, json!({"t": text})).await;
        assert_eq!(answer["data"]["services"]["totalCount"], 0, "{answer}");
        let query = "{ services(where: {system: {is: {services: {some: {system: {is: {services: {some: {}}}}}}}}}) { totalCount } }";
        let answer = server.graphql(query).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["maximum"], &extensions["actual"]), (&json!("QUERY_TOO_DEEP"), &json!(3), &json!(4)));
        let many = json!({"ids": (0..6_000).map(|at| at.to_string()).collect::<Vec<_>>()});
        let query = "query($ids: [String!]) { services(where: {identifier: {in: $ids}}) { totalCount } }";
        let answer = server.graphql_as(&server.viewer, query, many).await;
        let extensions = &answer["errors"][0]["extensions"];
        assert_eq!((&extensions["code"], &extensions["maximum"]), (&json!("TOO_MANY_ITEMS"), &json!(5_000)), "{answer}");
        assert_eq!(server.graphql("{ services { totalCount } }").await["data"]["services"]["totalCount"], 6);
    })
    .await;
}

#[tokio::test]
async fn introspection_is_whole_and_exempt_from_the_depth_bound() {
    on_each_engine(|store| async move {
        let server = filled(store).await;
        let of_type = (0..9).fold("name".to_owned(), |inner, _| format!("kind name ofType {{ {inner} }}"));
        let query = format!(
            "query {{ __schema {{ queryType {{ name }} mutationType {{ name }} types {{ kind name description
               fields(includeDeprecated: true) {{ name args {{ name defaultValue type {{ {of_type} }} }} type {{ {of_type} }} isDeprecated }}
               inputFields {{ name type {{ {of_type} }} defaultValue }} interfaces {{ {of_type} }}
               enumValues(includeDeprecated: true) {{ name }} possibleTypes {{ {of_type} }} }}
               directives {{ name locations args {{ name type {{ {of_type} }} }} }} }} }}"
        );
        for answer in [server.graphql(&query).await, server.platform(&query).await] {
            assert!(answer["errors"].is_null(), "{answer}");
            assert!(answer["data"]["__schema"]["types"].as_array().unwrap().len() > 20);
        }
        // A skipped field costs nothing; a default decides about it as a value does.
        let query = "query($more: Boolean = false) { services(first: 500) { nodes { deployments(first: 500) @include(if: $more) { nodes { id } } } } }";
        let answer = server.graphql(query).await;
        assert!(answer["errors"].is_null() && answer["extensions"]["cost"] == 500, "{answer}");
        let query = "query($more: Boolean = true) { service(identifier: \"a\") { title @include(if: $more) } }";
        assert_eq!(server.graphql(query).await["data"]["service"]["title"], "Service a");
    })
    .await;
}
