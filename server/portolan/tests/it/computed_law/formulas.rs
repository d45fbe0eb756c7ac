//! The blueprints of the law, in all the forms that changes of the model give them.

use serde_json::{Value, json};

/// What can be set for the blueprints, and what was renamed.
#[derive(Clone, Copy, Debug)]
pub struct Formulas {
    pub factor: u8,
    pub prod: bool,
    pub inherited: bool,
    /// Properties, a relation and a blueprint have their other names.
    pub renamed: [bool; 4],
}

pub const START: Formulas = Formulas { factor: 2, prod: true, inherited: true, renamed: [false; 4] };

impl Formulas {
    /// The number property of systems.
    pub fn rank(self) -> &'static str {
        ["rank", "grade"][usize::from(self.renamed[0])]
    }

    /// A number property of deployments. One that a calculation reads cannot be renamed.
    pub fn load(self) -> &'static str {
        ["load", "weight"][usize::from(self.renamed[1])]
    }

    /// The relation of services to systems.
    pub fn system(self) -> &'static str {
        ["system", "platform"][usize::from(self.renamed[2])]
    }

    pub fn deployment(self) -> &'static str {
        ["deployment", "release"][usize::from(self.renamed[3])]
    }

    pub fn env(self) -> &'static str {
        if self.prod { "prod" } else { "test" }
    }

    /// The blueprints' identifiers: systems, services, deployments.
    pub fn kinds(self) -> [&'static str; 3] {
        ["system", "service", self.deployment()]
    }

    fn count(self, extra: Value) -> Value {
        let mut aggregation = json!({"target": self.deployment(),
            "calculationSpec": {"calculationBy": "entities", "func": "count"}});
        aggregation.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        aggregation
    }

    fn by(self, func: &str) -> Value {
        let mut spec = json!({"calculationBy": "property", "func": func, "property": self.load()});
        if func == "average" {
            spec["averageOf"] = "total".into();
        }
        json!({"target": self.deployment(), "calculationSpec": spec})
    }

    fn rate(self, by: Value, per: &str, measure: Option<&str>) -> Value {
        let mut spec = by;
        spec["func"] = "average".into();
        spec["averageOf"] = per.into();
        if let Some(measure) = measure {
            spec["measureTimeBy"] = measure.into();
        }
        json!({"target": self.deployment(), "calculationSpec": spec})
    }

    pub fn blueprints(self) -> Vec<Value> {
        let (rank, load, system, deployment) = (self.rank(), self.load(), self.system(), self.deployment());
        let query = |property: &str, operator: &str, value: Value| json!({"combinator": "and", "rules": [{"property": property, "operator": operator, "value": value}]});
        let way = json!([{"path": ["service", system], "fromBlueprint": deployment}]);
        let ownership = match self.inherited {
            true => json!({"type": "Inherited", "path": system}),
            false => json!({"type": "Direct"}),
        };
        let services = |spec: Value, from: Option<&str>| {
            let mut path = json!({"path": ["dependsOn"]});
            if let Some(from) = from {
                path["fromBlueprint"] = from.into();
            }
            json!({"target": "service", "calculationSpec": spec, "pathFilter": [path]})
        };
        let entities = || json!({"calculationBy": "entities", "func": "count"});
        let sum = |property: &str| json!({"calculationBy": "property", "func": "sum", "property": property});
        vec![
            json!({"identifier": "system", "title": "System", "schema": {"properties": {rank: {"type": "number"}}},
                "ownership": {"type": "Direct"},
                "aggregationProperties": {
                    "allDeployments": self.count(json!({})),
                    "prodDeployments": self.count(json!({"pathFilter": way, "query": query("env", "=", self.env().into())})),
                    "heat": {"target": "service", "calculationSpec": sum("twice")}}}),
            json!({"identifier": "service", "title": "Service",
                "schema": {"properties": {"size": {"type": "number"}}},
                "relations": {system: {"target": "system"}, "dependsOn": {"target": "service", "many": true}},
                "ownership": ownership,
                "mirrorProperties": {
                    "systemTitle": {"path": format!("{system}.$title")}, "systemRank": {"path": format!("{system}.{rank}")},
                    "systemHeat": {"path": format!("{system}.heat")},
                    "sizes": {"path": "dependsOn.size"}, "doubles": {"path": "dependsOn.twice"},
                    "deepRanks": {"path": format!("dependsOn.{system}.{rank}")}, "teams": {"path": "dependsOn.$team"}},
                "calculationProperties": {
                    "twice": {"calculation": format!("(.properties.size // 0) * {}", self.factor), "type": "number"},
                    "label": {"calculation": ".identifier + \":\" + (.properties.systemTitle // \"-\")", "type": "string"},
                    "busy": {"calculation": "(.properties.deployments // 0) > 1", "type": "boolean"}},
                "aggregationProperties": {
                    "deployments": self.count(json!({})),
                    "prod": self.count(json!({"query": query("env", "=", self.env().into())})),
                    "owned": self.count(json!({"query": query("$team", "contains", "t1".into())})),
                    "load": self.by("sum"), "least": self.by("min"), "most": self.by("max"),
                    "middle": self.by("median"), "mean": self.by("average"),
                    "needs": services(entities(), None), "neededSize": services(sum("size"), Some("service")),
                    "pace": self.rate(json!({"calculationBy": "entities"}), "month", Some("at")),
                    "born": self.rate(json!({"calculationBy": "entities"}), "hour", None),
                    "loadPace": self.rate(json!({"calculationBy": "property", "property": load}), "day", Some("at"))}}),
            json!({"identifier": deployment, "title": "Deployment",
                "schema": {"properties": {"env": {"type": "string"}, load: {"type": "number"},
                    "at": {"type": "string", "format": "date-time"}}},
                "relations": {"service": {"target": "service"}},
                "ownership": {"type": "Inherited", "path": "service"},
                "mirrorProperties": {"label": {"path": "service.label"}, "rank": {"path": "service.systemRank"}}}),
        ]
    }
}
