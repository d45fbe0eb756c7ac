//! What the ingestor of files says of itself, and the blueprints and mappings that ship with it, by format.

use portolan_ingestor_contract::{Defaults, Descriptor, Live, schema_of};
use serde_json::{Value, json};

use crate::format::Format;
use crate::settings::{Config, Keys};

/// What a format ships.
struct Shipped {
    format: Format,
    mapping: &'static str,
    blueprints: &'static [&'static str],
}

/// NDJSON ships what JSON does.
const SHIPPED: [Shipped; 4] = [
    Shipped {
        format: Format::Terraform,
        mapping: include_str!("../defaults/mapping/terraform.yaml"),
        blueprints: &[
            include_str!("../defaults/blueprints/terraform-state.yaml"),
            include_str!("../defaults/blueprints/terraform-resource.yaml"),
            include_str!("../defaults/blueprints/terraform-output.yaml"),
        ],
    },
    Shipped {
        format: Format::Backstage,
        mapping: include_str!("../defaults/mapping/backstage.yaml"),
        blueprints: &[
            include_str!("../defaults/blueprints/backstage-component.yaml"),
            include_str!("../defaults/blueprints/backstage-api.yaml"),
            include_str!("../defaults/blueprints/backstage-resource.yaml"),
            include_str!("../defaults/blueprints/backstage-system.yaml"),
            include_str!("../defaults/blueprints/backstage-domain.yaml"),
            include_str!("../defaults/blueprints/backstage-group.yaml"),
            include_str!("../defaults/blueprints/backstage-user.yaml"),
            include_str!("../defaults/blueprints/backstage-location.yaml"),
            include_str!("../defaults/blueprints/backstage-template.yaml"),
        ],
    },
    Shipped {
        format: Format::Csv,
        mapping: include_str!("../defaults/mapping/csv.yaml"),
        blueprints: &[include_str!("../defaults/blueprints/csv-row.yaml")],
    },
    Shipped {
        format: Format::Json,
        mapping: include_str!("../defaults/mapping/json.yaml"),
        blueprints: &[include_str!("../defaults/blueprints/json-item.yaml")],
    },
];

pub(crate) fn descriptor() -> Descriptor {
    let Defaults { mapping, blueprints } = defaults(None);
    Descriptor {
        name: "files",
        title: "Files",
        kinds: SHIPPED.iter().flat_map(|shipped| shipped.format.kinds()).copied().collect(),
        permissions: vec![
            "a directory: the operator's leave (PORTOLAN_FILES_ROOTS)",
            "an address: GET with the headers of the settings",
            "a bucket: s3:GetObject, and s3:ListBucket for a prefix",
        ],
        config_schema: schema_of::<Config>(),
        secrets_schema: schema_of::<Keys>(),
        default_mapping: mapping,
        default_blueprints: blueprints,
        live: Live::default(),
    }
}

/// What a format ships; without one, everything.
pub(crate) fn defaults(format: Option<Format>) -> Defaults {
    let format = format.map(|format| if format == Format::Ndjson { Format::Json } else { format });
    let meant = || SHIPPED.iter().filter(|shipped| format.is_none_or(|format| format == shipped.format));
    let resources: Vec<Value> = meant()
        .flat_map(|shipped| match read(shipped.mapping)["resources"].take() {
            Value::Array(resources) => resources,
            _ => Vec::new(),
        })
        .collect();
    Defaults {
        mapping: json!({
            "deleteDependentEntities": true, "createMissingRelatedEntities": true, "enableMergeEntity": true,
            "resources": resources,
        }),
        blueprints: meant().flat_map(|shipped| shipped.blueprints).map(|text| read(text)).collect(),
    }
}

/// A file of this crate. That each is well-formed is what the conformance suite checks first.
fn read(text: &str) -> Value {
    serde_norway::from_str(text).unwrap_or_default()
}
