//! What somebody who sees only the entities would compute.

use std::collections::BTreeMap;

use portolan_catalog::Entity;
use portolan_schema::{EntityState, Instant};
use serde_json::{Value, json};

use super::formulas::Formulas;

const HOUR: i64 = 3_600_000_000;

pub struct World {
    pub systems: BTreeMap<String, Entity>,
    pub services: BTreeMap<String, Entity>,
    pub deployments: BTreeMap<String, Entity>,
    pub formulas: Formulas,
    pub now: Instant,
}

fn targets(state: &EntityState, relation: &str) -> Vec<String> {
    let targets = state.relations.get(relation).into_iter();
    targets.flat_map(|targets| targets.identifiers().map(str::to_owned)).collect()
}

fn number(state: &EntityState, property: &str) -> Option<f64> {
    state.properties.get(property).and_then(Value::as_f64)
}

fn at(entity: &Entity) -> Option<Instant> {
    entity.state.properties.get("at").and_then(Value::as_str).and_then(Instant::parse)
}

/// As JSON, whole numbers without a fraction.
fn plain(number: f64) -> Value {
    #[expect(clippy::cast_possible_truncation, reason = "the numbers here are small")]
    if number.fract() == 0.0 { json!(number as i64) } else { json!(number) }
}

#[expect(clippy::cast_precision_loss, reason = "a few entities")]
fn count(of: &[&Entity]) -> f64 {
    of.len() as f64
}

impl World {
    fn system_of(&self, service: &EntityState) -> Option<&EntityState> {
        let name = targets(service, self.formulas.system());
        self.systems.get(name.first()?).map(|system| &system.state)
    }

    fn services_of(&self, system: &str) -> Vec<&EntityState> {
        let of = |state: &&EntityState| {
            targets(state, self.formulas.system()).iter().any(|target| target == system)
        };
        self.services.values().map(|service| &service.state).filter(of).collect()
    }

    fn deployments_of(&self, service: &str) -> Vec<&Entity> {
        let of = |one: &&Entity| targets(&one.state, "service").iter().any(|target| target == service);
        self.deployments.values().filter(of).collect()
    }

    fn is_counted(&self, deployment: &Entity) -> bool {
        deployment.state.properties.get("env") == Some(&json!(self.formulas.env()))
    }

    fn service_team(&self, service: &EntityState) -> Vec<String> {
        if !self.formulas.inherited {
            return service.team.clone();
        }
        self.system_of(service).map(|system| system.team.clone()).unwrap_or_default()
    }

    fn deployment_team(&self, deployment: &EntityState) -> Vec<String> {
        let service = targets(deployment, "service");
        let service = service.first().and_then(|name| self.services.get(name));
        service.map(|service| self.service_team(&service.state)).unwrap_or_default()
    }

    fn label(&self, service: &EntityState) -> String {
        let title = self.system_of(service).and_then(|system| system.title.clone());
        format!("{}:{}", service.identifier, title.unwrap_or_else(|| "-".into()))
    }

    fn twice(&self, service: &EntityState) -> f64 {
        number(service, "size").unwrap_or(0.0) * f64::from(self.formulas.factor)
    }

    fn heat(&self, system: &str) -> f64 {
        self.services_of(system).into_iter().map(|service| self.twice(service)).sum()
    }

    /// A sum, by the periods since the earliest of these dates.
    fn rate(&self, sum: f64, hours: i64, dates: impl Iterator<Item = Instant>) -> Value {
        let Some(earliest) = dates.min() else { return json!(0) };
        let periods = (self.now.0 - earliest.0).max(0) / (hours * HOUR) + 1;
        #[expect(clippy::cast_precision_loss, reason = "a few periods")]
        let periods = periods as f64;
        plain(sum / periods)
    }

    /// All computed values of an entity, with its teams; what is null is absent.
    pub fn expected(&self, kind: usize, name: &str) -> Value {
        let mut expected = match kind {
            0 => self.system(name),
            1 => self.service(&self.services[name].state),
            _ => self.deployment(&self.deployments[name].state),
        };
        if let Some(map) = expected.as_object_mut() {
            map.retain(|_, value| !value.is_null());
        }
        expected
    }

    fn system(&self, name: &str) -> Value {
        let deployments: Vec<&Entity> = self
            .services_of(name)
            .into_iter()
            .flat_map(|service| self.deployments_of(&service.identifier))
            .collect();
        let prod = deployments.iter().filter(|one| self.is_counted(one)).count();
        json!({"allDeployments": deployments.len(), "prodDeployments": prod, "heat": plain(self.heat(name)),
            "$team": self.systems[name].state.team})
    }

    fn service(&self, state: &EntityState) -> Value {
        let rank = self.formulas.rank();
        let system = self.system_of(state);
        let depends = targets(state, "dependsOn");
        let depends: Vec<&EntityState> =
            depends.iter().filter_map(|name| Some(&self.services.get(name)?.state)).collect();
        let sizes: Vec<Value> = depends.iter().filter_map(|other| number(other, "size")).map(plain).collect();
        let doubles: Vec<Value> = depends.iter().map(|other| plain(self.twice(other))).collect();
        let teams: Vec<String> = depends.iter().flat_map(|other| self.service_team(other)).collect();
        let mut seen = Vec::new();
        let mut ranks = Vec::new();
        for other in &depends {
            if let Some(system) = self.system_of(other).filter(|system| !seen.contains(&system.identifier)) {
                seen.push(system.identifier.clone());
                ranks.extend(number(system, rank).map(plain));
            }
        }
        let dependents = self
            .services
            .values()
            .map(|other| &other.state)
            .filter(|other| targets(other, "dependsOn").contains(&state.identifier));
        let needed: f64 = dependents.filter_map(|other| number(other, "size")).sum();
        let deployments = self.deployments_of(&state.identifier);
        let prod = deployments.iter().filter(|one| self.is_counted(one)).count();
        let owned = deployments.iter().filter(|one| self.deployment_team(&one.state).contains(&"t1".into()));
        let mut loads: Vec<f64> =
            deployments.iter().filter_map(|one| number(&one.state, self.formulas.load())).collect();
        loads.sort_by(f64::total_cmp);
        let load: f64 = loads.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a few deployments")]
        let mean = load / loads.len() as f64;
        let half = loads.len() / 2;
        let middle = match loads.len() {
            0 => Value::Null,
            even if even % 2 == 0 => plain(f64::midpoint(loads[half - 1], loads[half])),
            _ => plain(loads[half]),
        };
        let dates = || deployments.iter().filter_map(|one| at(one));
        let births = deployments.iter().map(|one| one.created_at);
        json!({
            "systemTitle": system.and_then(|system| system.title.clone()),
            "systemRank": system.and_then(|system| number(system, rank)).map(plain),
            "systemHeat": system.map(|system| plain(self.heat(&system.identifier))),
            "sizes": sizes, "doubles": doubles, "deepRanks": ranks, "teams": teams,
            "twice": plain(self.twice(state)), "label": self.label(state),
            "busy": deployments.len() > 1, "deployments": deployments.len(), "prod": prod, "owned": owned.count(),
            "load": plain(load),
            "least": loads.first().copied().map(plain), "most": loads.last().copied().map(plain), "middle": middle,
            "mean": (!loads.is_empty()).then(|| plain(mean)),
            "needs": depends.len(), "neededSize": plain(needed),
            "pace": self.rate(count(&deployments), 24 * 30, dates()),
            "born": self.rate(count(&deployments), 1, births),
            "loadPace": self.rate(load, 24, dates()),
            "$team": self.service_team(state),
        })
    }

    fn deployment(&self, state: &EntityState) -> Value {
        let service = targets(state, "service");
        let service = service.first().and_then(|name| self.services.get(name)).map(|service| &service.state);
        let system = service.and_then(|service| self.system_of(service));
        json!({
            "label": service.map(|service| self.label(service)),
            "rank": system.and_then(|system| number(system, self.formulas.rank())).map(plain),
            "$team": self.deployment_team(state),
        })
    }
}
