//! What is in the files that the suite reads: each format in several files, with more items than a batch has.

use serde_json::{Value, json};

/// Items of each kind that the suite reads.
pub const ITEMS: usize = 126;
/// Files that hold them.
const FILES: usize = 6;
const EACH: usize = ITEMS / FILES;

/// Names and texts of the files of a format.
pub fn files(format: &str) -> Vec<(String, String)> {
    (0..FILES).map(|number| file(format, number)).collect()
}

fn file(format: &str, number: usize) -> (String, String) {
    let all = number * EACH..(number + 1) * EACH;
    match format {
        "terraform" => (format!("env {number}/terraform.tfstate"), state(number, all)),
        "backstage" => {
            let entities = all.map(|id| {
                format!("apiVersion: backstage.io/v1alpha1\nkind: Component\nmetadata: {{name: c{id}}}\nspec: {{owner: team-{number}}}\n")
            });
            (format!("services/{number}/catalog-info.yaml"), entities.collect::<Vec<_>>().join("---\n"))
        }
        "csv" => {
            let rows = all.map(|id| format!("{id},\"Item {id}, of ü\"\r\n")).collect::<String>();
            (format!("tables/{number}.csv"), format!("id,name\r\n{rows}"))
        }
        "json" => {
            let items: Vec<Value> = all.map(|id| json!({ "id": id, "name": format!("item {id}") })).collect();
            (format!("{number}.json"), json!({ "data": { "items": items } }).to_string())
        }
        other => panic!("{other}"),
    }
}

fn state(number: usize, all: std::ops::Range<usize>) -> String {
    let instance = |id: usize| json!({ "index_key": format!("q{id}"), "attributes": { "id": id.to_string(), "name": "queue" }, "sensitive_attributes": [] });
    json!({
        "version": 4, "terraform_version": "1.9.5", "serial": 3, "lineage": format!("lineage-{number}"), "outputs": {},
        "resources": [{
            "mode": "managed", "type": "aws_sqs_queue", "name": "main",
            "provider": "provider[\"registry.terraform.io/hashicorp/aws\"]", "instances": all.map(instance).collect::<Vec<_>>(),
        }],
    })
    .to_string()
}
