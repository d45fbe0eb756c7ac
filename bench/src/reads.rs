//! GraphQL requests to the built program, beside the same SQL by hand: processor time for each, and how long they take.

use portolan_schema::Result;
use portolan_store::testing::TestDatabase;

use crate::by_hand;
use crate::catalog::Bench;
use crate::served::Served;
use crate::table::{micros, name, row};

const COUNT: usize = 1_500;
const FIELDS: &str = "identifier title tier language environment owner region issues score live";

/// A request and what somebody would write for it.
struct Question {
    what: &'static str,
    query: String,
    hand: Vec<String>,
    count: usize,
}

async fn questions(bench: &Bench) -> Result<Vec<Question>> {
    Ok(vec![
        Question {
            what: "list of 20, filter, sorted by another property, one relation, 10 fields",
            query: format!(
                "{{ services(first: 20, where: {{tier: {{eq: \"gold\"}}}}, orderBy: [{{field: SCORE, direction: DESC}}]) {{
                     nodes {{ {FIELDS} system {{ title }} }} }} }}"
            ),
            hand: by_hand::list(bench).await?,
            count: COUNT,
        },
        Question {
            what: "one by identifier, 10 fields",
            query: format!("{{ service(identifier: \"service-4711\") {{ {FIELDS} }} }}"),
            hand: by_hand::one(bench, "service-4711").await?,
            count: COUNT,
        },
        Question {
            what: "rare filter (1 in 1,000), sorted, 20",
            query: format!(
                "{{ services(first: 20, where: {{owner: {{eq: \"rare\"}}}}, orderBy: [{{field: SCORE, direction: DESC}}]) {{
                     nodes {{ {FIELDS} }} }} }}"
            ),
            hand: by_hand::rare(bench).await?,
            count: COUNT / 5,
        },
        Question {
            what: "group by tier over all",
            query: "{ servicesAggregate(groupBy: [{field: TIER}]) { key { tier } count } }".to_owned(),
            hand: by_hand::groups(bench).await?,
            count: 10,
        },
    ])
}

/// Of what is there while services mirror the rank of their system.
pub async fn measure_computed(
    bench: &Bench,
    database: &TestDatabase,
    served: &Served,
    size: usize,
) -> Result<()> {
    let question = Question {
        what: "list of 20, sorted by a mirror",
        query: format!(
            "{{ services(first: 20, orderBy: [{{field: RANK, direction: DESC}}]) {{ nodes {{ {FIELDS} rank }} }} }}"
        ),
        hand: by_hand::ranked(bench).await?,
        count: COUNT,
    };
    ask(vec![question], database, served, size).await
}

pub async fn measure(bench: &Bench, database: &TestDatabase, served: &Served, size: usize) -> Result<()> {
    ask(questions(bench).await?, database, served, size).await
}

async fn ask(questions: Vec<Question>, database: &TestDatabase, served: &Served, size: usize) -> Result<()> {
    let engine = name(database.engine);
    let connection = by_hand::connect(&database.config).await?;
    for Question { what, query, hand, count } in questions {
        let (cpu, wall) = by_hand::cost(&connection, &hand, u32::try_from(count).unwrap_or(1)).await?;
        let one = served.load(&query, 1, count).await?;
        let many = served.load(&query, 16, count).await?;
        let what = format!("{what}; {size} services");
        row(
            &format!("{what}: processor µs a request"),
            engine,
            &format!("{:.0}", micros(one.cpu)),
            &format!("{:.0}", micros(cpu)),
            &format!("{:.1} ×", micros(one.cpu) / micros(cpu).max(1.0)),
        )?;
        row(
            &format!("{what}: p50 / p99 µs, 1 and 16 connections"),
            engine,
            &format!(
                "{:.0} / {:.0}, {:.0} / {:.0}",
                micros(one.median),
                micros(one.percentile_99),
                micros(many.median),
                micros(many.percentile_99)
            ),
            &format!("{:.0}", micros(wall)),
            "",
        )?;
    }
    drop(connection.close().await);
    Ok(())
}
