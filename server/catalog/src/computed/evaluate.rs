//! The values of one computed property for many entities.

use std::collections::HashMap;

use portolan_foundation::jq::JqPool;
use portolan_schema::model::computed::{ComputedModel, Formula, Function, Hop};
use portolan_schema::{
    BlueprintModel, CatalogModel, Code, Error, Field, Filter, Instant, Meta, Result, Targets, ValueType,
};
use portolan_store::TenantScope;
use portolan_store::computed::{Aggregate, ComputedValues};
use portolan_store::entity::Entity;
use serde_json::{Map, Value, json};

/// A value, or why there is none.
pub(crate) type Computed = std::result::Result<Value, String>;

/// Largest value kept, in bytes of JSON. A bound of ours.
const MAX_VALUE: usize = 64 << 10;

/// What is needed to compute.
pub(crate) struct Evaluation<'a> {
    pub scope: &'a TenantScope,
    pub model: &'a CatalogModel,
    pub jq: Option<&'a JqPool>,
    pub now: Instant,
    /// Values that this pass has found and not stored yet.
    pub fresh: &'a HashMap<i64, ComputedValues>,
}

impl Evaluation<'_> {
    /// The values of `computed` for these entities of `holder`; those that do not exist may be missing.
    ///
    /// # Errors
    /// `JQ_LIMIT` where a calculation was given up.
    pub(crate) async fn values(
        &self,
        holder: &BlueprintModel,
        computed: &ComputedModel,
        entities: &[i64],
    ) -> Result<HashMap<i64, Computed>> {
        match &computed.formula {
            Formula::Mirror { hops, field, list } => self.mirror(hops, *field, *list, entities).await,
            Formula::Aggregation { hops, filter, function } => {
                self.aggregation(hops, filter, *function, entities).await
            }
            Formula::Calculation { expression } => {
                self.calculation(holder, computed, expression, entities).await
            }
        }
    }

    fn computed_of<'e>(&'e self, entity: &'e Entity) -> &'e ComputedValues {
        self.fresh.get(&entity.id).unwrap_or(&entity.computed)
    }

    async fn mirror(
        &self,
        hops: &[Hop],
        field: Field,
        list: bool,
        entities: &[i64],
    ) -> Result<HashMap<i64, Computed>> {
        let mut reached = self.scope.reached(self.model, hops, entities).await?;
        let mut values = HashMap::with_capacity(entities.len());
        for entity in entities {
            let ends = reached.remove(entity).unwrap_or_default();
            let mut shown =
                ends.iter().filter_map(|end| self.field(end, field)).filter(|value| !value.is_null());
            let value = if list && hops.iter().any(|hop| hop.many) {
                let mut all = Vec::new();
                for value in shown {
                    match value {
                        Value::Array(items) => all.extend(items),
                        one => all.push(one),
                    }
                }
                Value::Array(all)
            } else {
                shown.next().unwrap_or(Value::Null)
            };
            values.insert(*entity, bounded(value));
        }
        Ok(values)
    }

    /// What a mirror shows of an entity.
    fn field(&self, entity: &Entity, field: Field) -> Option<Value> {
        let blueprint = self.model.by_no(entity.blueprint)?;
        let state = &entity.state;
        let text = |text: &Option<String>| text.clone().map_or(Value::Null, Value::from);
        Some(match field {
            Field::Property(no) => match blueprint.computed_by_no(no) {
                Some(_) => self.computed_of(entity).get(no)?.clone(),
                None => state.properties.get(&blueprint.property_by_no(no)?.property.identifier)?.clone(),
            },
            Field::Meta(meta) => match meta {
                Meta::Identifier => state.identifier.clone().into(),
                Meta::Title => text(&state.title),
                Meta::Icon => text(&state.icon),
                Meta::Team => match blueprint.owner() {
                    Some(owner) => self.computed_of(entity).get(owner.no())?.clone(),
                    None => state.team.clone().into(),
                },
                Meta::Blueprint => blueprint.identifier().into(),
                Meta::CreatedAt => entity.created_at.to_rfc3339().into(),
                Meta::UpdatedAt => entity.updated_at.to_rfc3339().into(),
                Meta::CreatedBy => entity.created_by.clone().into(),
                Meta::UpdatedBy => entity.updated_by.clone().into(),
                Meta::Datasource => text(&entity.datasource),
            },
        })
    }

    async fn aggregation(
        &self,
        hops: &[Hop],
        filter: &Filter,
        function: Function,
        entities: &[i64],
    ) -> Result<HashMap<i64, Computed>> {
        let target = hops.last().and_then(|hop| self.model.by_no(hop.to));
        let target = target.ok_or_else(|| Error::internal("an aggregation leads nowhere"))?;
        let filter = filter.at(self.now);
        let found = self.scope.aggregate_for(self.model, target, hops, &filter, function, entities).await?;
        Ok(entities
            .iter()
            .map(|entity| {
                let aggregate = found.get(entity).copied().unwrap_or_default();
                (*entity, Ok(aggregated(function, aggregate, self.now)))
            })
            .collect())
    }

    async fn calculation(
        &self,
        holder: &BlueprintModel,
        computed: &ComputedModel,
        expression: &str,
        entities: &[i64],
    ) -> Result<HashMap<i64, Computed>> {
        let jq = self.jq.ok_or_else(|| Error::internal("calculations need jq workers"))?;
        let mut found = self.scope.entities_by_id(self.model, entities).await?;
        let mut borrowed: Vec<&mut Entity> = found.iter_mut().collect();
        self.scope.fill_relations(self.model, &mut borrowed).await?;
        let inputs = found.iter().map(|entity| self.input(holder, entity)).collect();
        let outputs = jq.calculate(expression, inputs).await?;
        let property = &computed.property.property;
        Ok(found
            .iter()
            .zip(outputs)
            .map(|(entity, output)| {
                let value = match output {
                    Ok(value) if fits(&property.value_type, &value) => bounded(value),
                    Ok(_) => Err(format!(
                        "{}: the result is not of type {}",
                        Code::WrongType,
                        property.value_type.json_type()
                    )),
                    Err(problem) => Err(format!("{}: {}", problem.code, problem.message)),
                };
                (entity.id, value)
            })
            .collect())
    }

    /// What an expression sees of an entity (port-api.md 1.6). Other calculations are not part of it.
    fn input(&self, holder: &BlueprintModel, entity: &Entity) -> Value {
        let state = &entity.state;
        let computed = self.computed_of(entity);
        let mut properties: Map<String, Value> = state.properties.clone();
        let readable = holder.computed.iter().filter(|one| !one.is_owner && !one.is_calculation());
        for one in readable {
            if let Some(value) = computed.get(one.no()) {
                properties.insert(one.property.property.identifier.clone(), value.clone());
            }
        }
        let team = match holder.owner() {
            Some(owner) => computed.get(owner.no()).cloned().unwrap_or_else(|| json!([])),
            None => state.team.clone().into(),
        };
        let relations: Map<String, Value> = state
            .relations
            .iter()
            .map(|(name, targets)| {
                let value = match targets {
                    Targets::One(one) => one.clone().map_or(Value::Null, Value::from),
                    Targets::Many(many) => many.clone().into(),
                };
                (name.clone(), value)
            })
            .collect();
        json!({
            "identifier": state.identifier,
            "title": state.title,
            "icon": state.icon,
            "team": team,
            "blueprint": holder.identifier(),
            "properties": properties,
            "relations": relations,
            "scorecards": {},
            "createdAt": entity.created_at.to_rfc3339(),
            "createdBy": entity.created_by,
            "updatedAt": entity.updated_at.to_rfc3339(),
            "updatedBy": entity.updated_by,
        })
    }
}

/// Where nothing matches, counts, sums and rates are 0 and everything else is null.
fn aggregated(function: Function, found: Aggregate, now: Instant) -> Value {
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    let count = found.count as f64;
    let rate = |sum: f64, per: i64| {
        let Some(earliest) = found.earliest else { return 0.0 };
        // A period that has begun counts whole, so that the first entity does not make a rate without bounds.
        let periods = (now.0 - earliest.0).max(0) / per + 1;
        #[expect(clippy::cast_precision_loss, reason = "periods are far below 2^52")]
        let periods = periods as f64;
        sum / periods
    };
    match function {
        Function::Count => found.count.into(),
        Function::Sum(_) => number(found.value.unwrap_or(0.0)),
        Function::Rate { property, per, .. } => {
            let sum = if property.is_some() { found.value.unwrap_or(0.0) } else { count };
            number(rate(sum, per.micros()))
        }
        Function::Minimum(_) | Function::Maximum(_) | Function::Median(_) | Function::Mean(_) => {
            found.value.map_or(Value::Null, number)
        }
    }
}

/// A whole number is written without a fraction, as its author would.
pub(crate) fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        #[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
        return (value as i64).into();
    }
    Value::from(value)
}

fn fits(value_type: &ValueType, value: &Value) -> bool {
    match (value_type, value) {
        (_, Value::Null)
        | (ValueType::String(_), Value::String(_))
        | (ValueType::Number, Value::Number(_))
        | (ValueType::Boolean, Value::Bool(_))
        | (ValueType::Object, Value::Object(_))
        | (ValueType::Array(None), Value::Array(_)) => true,
        (ValueType::Array(Some(item)), Value::Array(items)) => items.iter().all(|value| fits(item, value)),
        _ => false,
    }
}

fn bounded(value: Value) -> Computed {
    if value.to_string().len() > MAX_VALUE || holds_nul(&value) {
        return Err(format!("{}: the value is too large or holds what cannot be stored", Code::TooLong));
    }
    Ok(value)
}

fn holds_nul(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains('\0'),
        Value::Array(items) => items.iter().any(holds_nul),
        Value::Object(entries) => entries.iter().any(|(key, value)| key.contains('\0') || holds_nul(value)),
        _ => false,
    }
}
