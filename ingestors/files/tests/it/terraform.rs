//! States of Terraform: what becomes an item, and what nobody sees.

use portolan_schema::Code;
use serde_json::{Value, json};

use crate::shelf::Shelf;

const SHOP: &str = include_str!("../fixtures/shop.tfstate");
const KINDS: [&str; 3] = ["terraform-state", "terraform-resource", "terraform-output"];
const LINEAGE: &str = "7d0c1a3e-6a4f-0c58-2b5e-9c1f4d7b8e21";

fn config() -> Value {
    json!({ "format": "terraform" })
}

#[tokio::test]
async fn every_instance_is_an_item() {
    let shelf = Shelf::of(&[("live/shop.tfstate", SHOP)]);
    shelf.check(config()).await.unwrap();
    let record = shelf.collect(config(), &KINDS).await;
    assert!(record.failed.is_empty(), "{:?}", record.failed);
    let resources = record.values("terraform-resource");
    let one = |address: &str| {
        let found: Vec<&Value> = resources.iter().filter(|item| item["address"] == address).collect();
        assert!(!found.is_empty(), "{address}");
        found[0].clone()
    };
    assert_eq!(resources.len(), 9);
    let subnet = one("module.network[0].aws_subnet.private[1]");
    let expected = json!({
        "address": "module.network[0].aws_subnet.private[1]",
        "module": "module.network[0]", "mode": "managed", "type": "aws_subnet", "name": "private", "index": 1,
        "provider": "module.network.provider[\"registry.terraform.io/hashicorp/aws\"].west",
        "status": null, "deposed": null,
        "attributes": {"arn": "arn:aws:ec2:eu-west-1:210987654321:subnet/subnet-0bbb", "cidr_block": "10.20.16.0/20", "id": "subnet-0bbb"},
        "dependencies": ["module.network.aws_vpc.main"],
        "__Id": format!("{LINEAGE}/module.network:0.aws_subnet.private:1"),
        "__Provider": "hashicorp/aws",
        "__DependsOn": [format!("{LINEAGE}/module.network:0.aws_vpc.main")],
        "__State": {"lineage": LINEAGE, "serial": 41, "terraform_version": "1.9.5", "__Id": LINEAGE},
        "__File": "live/shop.tfstate",
    });
    assert_eq!(subnet, expected);
    let bucket = one("aws_s3_bucket.invoices[\"us\"]");
    assert_eq!(
        (&bucket["index"], &bucket["status"], &bucket["module"]),
        (&json!("us"), &json!("tainted"), &Value::Null)
    );
    assert_eq!(bucket["__Id"], format!("{LINEAGE}/aws_s3_bucket.invoices:us"));
    assert_eq!(one("data.aws_caller_identity.current")["mode"], "data");
    let databases: Vec<&Value> = resources.iter().filter(|item| item["type"] == "aws_db_instance").collect();
    assert_eq!(databases.len(), 2, "the deposed one beside the present one");
    let present = databases.iter().find(|item| item["deposed"].is_null()).unwrap();
    let old = databases.iter().find(|item| item["deposed"] == "a1b2c3d4").unwrap();
    assert_eq!(old["__Id"], format!("{}+a1b2c3d4", present["__Id"].as_str().unwrap()));
    assert_eq!(present["__DependsOn"].as_array().unwrap().len(), 4, "each instance of what it depends on");

    let state = &record.values("terraform-state")[0];
    assert_eq!(
        (&state["resources"], &state["serial"], &state["version"]),
        (&json!(9), &json!(41), &json!(4))
    );
    assert_eq!(state["outputs"], json!(["bucket_names", "database_url", "vpc_id"]));
    let outputs = record.values("terraform-output");
    let value = |name: &str| outputs.iter().find(|item| item["name"] == name).unwrap()["value"].clone();
    assert_eq!(value("bucket_names"), json!(["shop-invoices-eu", "shop-invoices-us"]));
    assert_eq!((value("vpc_id"), value("database_url")), (json!("vpc-0a1b2c3d4e5f60718"), Value::Null));
}

#[tokio::test]
async fn sensitive_values_are_nowhere() {
    assert_eq!(SHOP.matches("hunter2").count(), 6);
    let shelf = Shelf::of(&[("shop.tfstate", SHOP)]);
    let record = shelf.collect(config(), &KINDS).await;
    assert!(!format!("{record:?}").contains("hunter2"), "{record:?}");
    let databases = record.values("terraform-resource");
    let database = databases.iter().find(|item| item["attributes"]["address"] == "orders.internal").unwrap();
    let attributes = &database["attributes"];
    assert_eq!(attributes["parameters"], json!([{ "name": "log" }, { "name": "ssl", "value": "1" }]));
    assert_eq!((attributes.get("password"), attributes.get("username")), (None, None));
}

#[tokio::test]
async fn what_is_no_state_of_version_4_is_told() {
    for (text, expected) in [
        (
            r#"{"version": 3, "modules": []}"#,
            "is a Terraform state of version 3; version 4 is read; run terraform 0.12",
        ),
        (r#"{"version": 5}"#, "is a Terraform state of version 5; version 4 is read"),
        (r#"{"encrypted_data": "x", "encryption_version": "v0"}"#, "is an encrypted state"),
        ("{}", "is no Terraform state: it has no version"),
        ("[]", "is no Terraform state: it is no JSON object"),
        ("", "is no Terraform state: it is no JSON object"),
        (&SHOP[..900], "is no Terraform state: it is no JSON object"),
        (r#"{"version": 4}"#, "says that it is a Terraform state of version 4, and is none"),
        (
            r#"{"version": 4, "resources": [{"mode": "managed"}]}"#,
            "has a resource that is not as Terraform writes it",
        ),
        (
            r#"{"version": 4, "resources": [], "outputs": {"a": {"sensitive": "hunter2"}}}"#,
            "has an output that is not as Terraform writes it",
        ),
    ] {
        let shelf = Shelf::of(&[("a.tfstate", text), ("b.tfstate", SHOP)]);
        let record = shelf.collect(config(), &KINDS).await;
        for kind in KINDS {
            let error = &record.failed[kind];
            assert_eq!(error.code, Code::UpstreamFailed, "{text}");
            assert!(
                error.message.contains(expected) && !error.message.contains("hunter2"),
                "{text}: {error}"
            );
            assert!(
                record.items[kind].iter().any(|item| item.contains("b.tfstate")),
                "{kind} of the other file"
            );
        }
    }
    let large = Shelf::of(&[]);
    large.put("a.tfstate", vec![b' '; (32 << 20) + 1]);
    let problems = large.check(config()).await.unwrap_err();
    assert!(problems.to_string().contains("at most 33554432 are read"), "{problems}");
}
