//! Files of a directory that the operator allows, through the shipped mappings to entities that are connected.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use portolan_foundation::files::FileRoots;
use portolan_ingestor_contract::conformance::{Recorder, Refusing};
use portolan_ingestor_contract::{
    Context, Descriptor, FileError, Files as _, Ingestor, KindRequest, Listing, Piece, Settings,
};
use portolan_ingestor_files::Files;
use portolan_store::testing::{Engine, TestDatabase};
use serde_json::{Value, json};

use crate::aws_kinds::{mapped, model};
use crate::program::Program;
use crate::resync::{counts, ended, start_of};

const FIXTURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ingestors/files/tests/fixtures");

/// A directory with files of every format.
fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
    for name in ["shop.tfstate", "catalog-info.yaml", "teams.yaml"] {
        write(name, &std::fs::read_to_string(Path::new(FIXTURES).join(name)).unwrap());
    }
    write("hosts.csv", "name,size\nweb 1,7\nweb 2,8\n");
    write("things.json", r#"[{"id": 1, "name": "one"}, {"id": "a b/c"}]"#);
    directory
}

/// The directories that a server would allow.
struct Allowed(FileRoots);

#[async_trait::async_trait]
impl portolan_ingestor_contract::Files for Allowed {
    fn allows(&self, path: &str) -> Result<(), FileError> {
        assert!(self.0.allows(path), "{path}");
        Ok(())
    }

    async fn list(&self, path: &str) -> Result<Listing, FileError> {
        let found = self.0.list(path).await.unwrap();
        Ok(Listing { directory: found.directory.display().to_string(), files: found.files })
    }

    async fn read(&self, directory: &str, path: &str, from: u64, most: usize) -> Result<Piece, FileError> {
        let found = self.0.read(directory, path, from, most).await.unwrap();
        Ok(Piece { bytes: found.bytes, size: found.size, version: found.version })
    }
}

#[tokio::test]
async fn the_shipped_mappings_make_valid_entities_of_every_kind() {
    let directory = directory();
    let source = directory.path().to_str().unwrap();
    let ingestor = Files::new();
    let allowed = Arc::new(Allowed(FileRoots::parse(source).unwrap()));
    assert!(allowed.allows(source).is_ok());
    let context = Context { files: allowed, ..Context::new(Arc::new(Refusing)) };
    for (format, expected) in [
        ("terraform", &[("terraformOutput", 3), ("terraformResource", 7), ("terraformState", 1)][..]),
        (
            "backstage",
            &[
                ("backstageApi", 1),
                ("backstageComponent", 1),
                ("backstageDomain", 1),
                ("backstageGroup", 1),
                ("backstageLocation", 1),
                ("backstageResource", 1),
                ("backstageSystem", 1),
                ("backstageTemplate", 1),
                ("backstageUser", 1),
            ],
        ),
        ("csv", &[("csvRow", 2)]),
        ("json", &[("jsonItem", 2)]),
    ] {
        let config = json!({ "source": source, "format": format });
        let defaults = ingestor.defaults(&config);
        let resources = defaults.mapping["resources"].as_array().unwrap();
        let kinds: Vec<&str> = resources.iter().map(|one| one["kind"].as_str().unwrap()).collect();
        let requests: Vec<KindRequest> = kinds.iter().map(|kind| KindRequest::new(*kind)).collect();
        let sink = Recorder::default();
        ingestor.collect(&Settings::new(config, json!({})), &requests, &context, &sink).await.unwrap();
        let record = sink.record();
        assert!(record.failed.is_empty(), "{:?}", record.failed);
        let items: BTreeMap<String, Vec<Value>> =
            kinds.iter().map(|kind| ((*kind).to_owned(), record.values(kind))).collect();
        let shipped = Descriptor {
            default_mapping: defaults.mapping.clone(),
            default_blueprints: defaults.blueprints,
            ..ingestor.descriptor().clone()
        };
        let entities = mapped(&shipped, &items).await;
        let counted: Vec<(&str, usize)> =
            entities.iter().map(|(name, all)| (name.as_str(), all.len())).collect();
        assert_eq!(counted, expected, "{format}");
        let model = model(&shipped);
        for (name, all) in &entities {
            for entity in all {
                let properties = entity.body["properties"].as_object().unwrap();
                let problems = model.get(name).unwrap().check_properties(properties);
                assert!(problems.is_empty(), "{name}: {problems}");
            }
        }
        let identifiers = |name: &str| -> Vec<&str> {
            entities[name].iter().map(|one| one.body["identifier"].as_str().unwrap()).collect()
        };
        match format {
            "csv" => assert_eq!(identifiers("csvRow"), ["web-1", "web-2"]),
            "json" => assert_eq!(identifiers("jsonItem"), ["a-b/c", "1"]),
            _ => {}
        }
    }
}

async fn create(program: &Program, identifier: &str, format: &str, source: &str) -> Value {
    let query =
        "mutation($i: IntegrationInput!) { createIntegration(input: $i) { errors { code path message } } }";
    let config = json!({ "source": source, "format": format });
    let input = json!({ "identifier": identifier, "ingestor": "files", "config": config });
    program.platform(query, json!({ "i": input })).await["createIntegration"]["errors"].clone()
}

async fn files_reach_the_catalog(engine: Engine) {
    let database = TestDatabase::new(engine).await;
    let files = directory();
    let root = files.path().to_str().unwrap();
    let program = Program::start_with(&database, &["--files-roots", root]).await;
    for format in ["terraform", "backstage", "csv", "json"] {
        assert_eq!(create(&program, format, format, root).await, json!([]));
    }
    for (format, kind, expected) in [
        ("terraform", "terraform-resource", [9, 7, 0, 0, 0, 0]),
        ("backstage", "backstage-component", [1, 1, 0, 0, 0, 0]),
        ("csv", "csv-row", [2, 2, 0, 0, 0, 0]),
        ("json", "json-item", [2, 2, 0, 0, 0, 0]),
    ] {
        let run = ended(&program, &start_of(&program, format, false).await).await;
        assert_eq!((&run["status"], &run["error"]), (&json!("SUCCEEDED"), &Value::Null), "{run}");
        assert_eq!(counts(&run, kind), expected, "{run}");
    }
    let query = "{ backstageComponents(where: { identifier: { eq: \"component:default/basket\" } }) { nodes { identifier title tags owner { title members { nodes { title } } }
            system { title domain { title } } dependsOnResources { nodes { type } } } }
        terraformResources(where: { type: { eq: \"aws_db_instance\" } }) { nodes { cloudId state { title serial }
            dependsOn { totalCount } } } }";
    let expected = json!({
        "backstageComponents": { "nodes": [{ "identifier": "component:default/basket", "title": "Basket service", "tags": ["rust", "grpc"],
            "owner": { "title": "Shop floor", "members": { "nodes": [{ "title": "Ada" }] } },
            "system": { "title": "checkout", "domain": { "title": "commerce" } },
            "dependsOnResources": { "nodes": [{ "type": "database" }] } }] },
        "terraformResources": { "nodes": [{ "cloudId": "db-ORDERS", "state": { "title": "shop.tfstate", "serial": 41 },
            "dependsOn": { "totalCount": 4 } }] },
    });
    assert_eq!(program.catalog(query).await, expected);

    // A row that is gone goes; a file that is broken deletes nothing.
    std::fs::write(files.path().join("hosts.csv"), "name,size\nweb 2,9\n").unwrap();
    let run = ended(&program, &start_of(&program, "csv", false).await).await;
    assert_eq!(counts(&run, "csv-row"), [1, 0, 1, 0, 1, 0], "{run}");
    std::fs::write(files.path().join("hosts.csv"), "name,size\n\"web 2\n").unwrap();
    let run = ended(&program, &start_of(&program, "csv", false).await).await;
    assert_eq!((&run["status"], counts(&run, "csv-row")), (&json!("FAILED"), [0, 0, 0, 0, 0, 0]), "{run}");
    assert_eq!(
        program.catalog("{ csvRows { totalCount } }").await,
        json!({ "csvRows": { "totalCount": 1 } })
    );

    // A link that leads out is no file of the directory.
    let outside = tempfile::NamedTempFile::new().unwrap();
    std::os::unix::fs::symlink(outside.path(), files.path().join("away.json")).unwrap();
    let run = ended(&program, &start_of(&program, "json", false).await).await;
    assert_eq!(run["kinds"][0]["error"]["code"], "ADDRESS_REFUSED", "{run}");
    program.stop().await;
    database.remove().await;
}

#[tokio::test]
async fn files_reach_the_catalog_on_sqlite() {
    files_reach_the_catalog(Engine::Sqlite).await;
}

#[tokio::test]
async fn files_reach_the_catalog_on_postgres() {
    files_reach_the_catalog(Engine::Postgres).await;
}

/// Where the operator names no directory, none is read; and none beside those that are named.
#[tokio::test]
async fn other_directories_are_refused_before_anything_is_stored() {
    let files = directory();
    let root = files.path().to_str().unwrap();
    for options in [&[][..], &["--files-roots", root]] {
        let database = TestDatabase::new(Engine::Sqlite).await;
        let program = Program::start_with(&database, options).await;
        for source in ["/etc", "/", &format!("{root}/../"), &format!("{root}x")] {
            let errors = create(&program, "csv", "csv", source).await;
            let found = (&errors[0]["code"], &errors[0]["path"]);
            assert_eq!(found, (&json!("ADDRESS_REFUSED"), &json!("/config/source")), "{source}");
        }
        let stored = program.platform("{ integrations { identifier } }", json!({})).await;
        assert_eq!(stored, json!({ "integrations": [] }));
        program.stop().await;
        database.remove().await;
    }
}
