//! What a migration makes of entities that are there already.

use portolan_migrations::{Migrator, MigratorTrait};
use portolan_schema::words::words;
use sea_orm::{ConnectionTrait, Database, DatabaseConnection, DbBackend, Statement};
use uuid::Uuid;

use super::{POSTGRES_URL, database_url, execute, server};
use crate::row::column;

/// The migrations before the one that made prefix search.
fn before_search() -> u32 {
    let names = Migrator::migrations();
    let at = names.iter().position(|migration| migration.name() == "m0100_search").unwrap();
    u32::try_from(at).unwrap()
}

async fn check(connection: &DatabaseConnection) {
    Migrator::up(connection, Some(before_search())).await.unwrap();
    let names = |tenant: i64, id: i64| {
        let title = (id % 3 > 0).then(|| format!("Entity {id} of tenant {tenant}"));
        (format!("Entity-{id}"), title)
    };
    for tenant in [3_i64, 4] {
        execute(connection, &format!("INSERT INTO tenants (tenant_id, slug, title, status, created_at) VALUES ({tenant}, 't{tenant}', 't', 'active', 0)")).await.unwrap();
        let rows = (1..=1_500).map(|id| {
            let (identifier, title) = names(tenant, id);
            let title = title.map_or("NULL".to_owned(), |title| format!("'{title}'"));
            format!(
                "({tenant}, {}, {}, '{identifier}', {title}, '[]', '{{}}', '', 1, 1, 0, '', 0, '')",
                tenant * 10_000 + id,
                id % 2
            )
        });
        let rows = rows.collect::<Vec<_>>().join(", ");
        let see = match connection.get_database_backend() {
            DbBackend::Postgres => format!("SELECT set_config('app.tenant', '{tenant}', true);"),
            _ => String::new(),
        };
        execute(connection, &format!("{see} INSERT INTO entities (tenant_id, entity_id, blueprint_no, identifier, title, team, properties, hash, revision, seq, created_at, created_by, updated_at, updated_by) VALUES {rows}")).await.unwrap();
    }
    Migrator::up(connection, None).await.unwrap();
    let mut found: Vec<(i64, i64, i32, i32, String)> = Vec::new();
    for tenant in [3_i64, 4] {
        if connection.get_database_backend() == DbBackend::Postgres {
            execute(connection, &format!("SELECT set_config('app.tenant', '{tenant}', false)"))
                .await
                .unwrap();
        }
        let all = format!(
            "SELECT tenant_id, entity_id, blueprint_no, kind, word FROM entity_words WHERE tenant_id = {tenant}"
        );
        let rows = connection
            .query_all_raw(Statement::from_string(connection.get_database_backend(), all))
            .await
            .unwrap();
        found.extend(rows.iter().map(|row| {
            let number = |at| column::<i32>(row, at).unwrap();
            (column(row, 0).unwrap(), column(row, 1).unwrap(), number(2), number(3), column(row, 4).unwrap())
        }));
    }
    found.sort();
    let mut expected = Vec::new();
    for tenant in [3_i64, 4] {
        for id in 1..=1_500 {
            let (identifier, title) = names(tenant, id);
            let words = words(&identifier, title.as_deref()).into_iter();
            let blueprint = i32::try_from(id % 2).unwrap();
            expected.extend(
                words.map(|(kind, word)| (tenant, tenant * 10_000 + id, blueprint, kind.number(), word)),
            );
        }
    }
    expected.sort();
    assert_eq!(found, expected);
}

#[tokio::test]
async fn entities_that_are_there_are_found_after_an_upgrade_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("upgrade.db");
    let connection = Database::connect(format!("sqlite://{}?mode=rwc", file.display())).await.unwrap();
    check(&connection).await;
    connection.close().await.unwrap();
}

#[tokio::test]
async fn entities_that_are_there_are_found_after_an_upgrade_on_postgresql() {
    let url = std::env::var(POSTGRES_URL).expect("run `make test`, or a command under infra/test/with-peers");
    let name = format!("portolan_upgrade_{}", Uuid::new_v4().simple());
    let owner = server(&url).await.unwrap();
    execute(&owner, &format!("CREATE DATABASE {name}")).await.unwrap();
    let connection = server(&database_url(&url, &name).unwrap()).await.unwrap();
    check(&connection).await;
    connection.close().await.unwrap();
    execute(&owner, &format!("DROP DATABASE {name} WITH (FORCE)")).await.unwrap();
    owner.close().await.unwrap();
}
