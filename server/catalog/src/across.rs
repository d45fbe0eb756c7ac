//! Functions over everything that rules match, whatever its blueprint.

use portolan_schema::computed::{AggregationFunction, Period};
use portolan_schema::rules::{Group as Rules, Unknown};
use portolan_schema::{
    BlueprintModel, CatalogModel, Code, Error, Field, Filter, Instant, Meta, Pointer, Result,
};
use portolan_store::OpContext;
use portolan_store::query::{AggregateQuery, EntityQuery, Function, GroupBy, NodeQuery, Order, Page};
use serde_json::Value;

use crate::Catalog;
use crate::computed::number;

/// Most values that are counted one by one.
pub const MAX_VALUES: usize = 1_000;

/// A blueprint that has what is asked for, and what the rules are there.
struct Part<'a> {
    blueprint: &'a BlueprintModel,
    filter: Filter,
    /// Of the property that is aggregated.
    field: Option<Field>,
}

impl Part<'_> {
    /// Only entities that have a value.
    fn with(&self, field: Field) -> Filter {
        Filter::All(vec![self.filter.clone(), Filter::IsNull { field }.negate()])
    }
}

impl Catalog {
    /// A function over the entities that match. Blueprints without the property, or where it is no number, have no part in it.
    ///
    /// # Errors
    /// `UNKNOWN_PROPERTY` and `INVALID_OPERATOR` where no blueprint has such a number; `NOT_SUPPORTED` for a median over
    /// several blueprints.
    pub async fn aggregate_across(
        &self,
        ctx: &OpContext,
        rules: &Rules,
        function: &AggregationFunction,
        now: Instant,
    ) -> Result<Value> {
        let model = self.model(ctx).await?;
        let property = match function {
            AggregationFunction::Count | AggregationFunction::Rate { .. } => None,
            AggregationFunction::Sum(name)
            | AggregationFunction::Minimum(name)
            | AggregationFunction::Maximum(name)
            | AggregationFunction::Median(name)
            | AggregationFunction::Mean(name)
            | AggregationFunction::SumRate { property: name, .. } => Some(name.as_str()),
        };
        let parts = parts(&model, rules, property)?;
        let value = match function {
            AggregationFunction::Count => return Ok(self.count_parts(ctx, &model, &parts).await?.into()),
            AggregationFunction::Rate { per, measure } => {
                let count = self.count_parts(ctx, &model, &parts).await?;
                #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
                let count = count as f64;
                Some(self.rate(ctx, &model, &parts, count, (*per, measure.as_deref()), now).await?)
            }
            AggregationFunction::SumRate { per, measure, .. } => {
                let sum = self.sums(ctx, &model, &parts).await?.into_iter().sum();
                Some(self.rate(ctx, &model, &parts, sum, (*per, measure.as_deref()), now).await?)
            }
            AggregationFunction::Sum(_) => Some(self.sums(ctx, &model, &parts).await?.into_iter().sum()),
            AggregationFunction::Minimum(_) => {
                let found = self.numbers(ctx, &model, &parts, Function::Minimum).await?;
                found.into_iter().flatten().reduce(f64::min)
            }
            AggregationFunction::Maximum(_) => {
                let found = self.numbers(ctx, &model, &parts, Function::Maximum).await?;
                found.into_iter().flatten().reduce(f64::max)
            }
            AggregationFunction::Mean(_) => self.mean(ctx, &model, &parts).await?,
            AggregationFunction::Median(_) => {
                let found = self.numbers(ctx, &model, &parts, Function::Median).await?;
                let mut found = found.into_iter().flatten();
                let first = found.next();
                if found.next().is_some() {
                    let message = "a median is of one blueprint; let the query name it by \"$blueprint\"";
                    return Err(Error::at(Code::NotSupported, Pointer::root().key("query"), message));
                }
                first
            }
        };
        Ok(value.filter(|value| value.is_finite()).map_or(Value::Null, number))
    }

    /// The values of a property and how many entities have each, most frequent first, null among them. At most
    /// [`MAX_VALUES`].
    ///
    /// # Errors
    /// `UNKNOWN_PROPERTY` where no blueprint has it; `INVALID_OPERATOR` where it cannot be grouped by.
    pub async fn count_values_across(
        &self,
        ctx: &OpContext,
        rules: &Rules,
        property: &str,
    ) -> Result<Vec<(Value, u64)>> {
        let model = self.model(ctx).await?;
        let mut counts: Vec<(Value, u64)> = Vec::new();
        for part in parts(&model, rules, Some(property))? {
            if part.field == Some(Field::Meta(Meta::Blueprint)) {
                let count = self.count(ctx, &model, part.blueprint.no(), &part.filter).await?;
                counts.extend((count > 0).then(|| (part.blueprint.identifier().into(), count)));
                continue;
            }
            let query = AggregateQuery {
                blueprint: part.blueprint.no(),
                filter: part.filter.clone(),
                group_by: part.field.map(GroupBy::Field).into_iter().collect(),
                functions: Vec::new(),
                limit: MAX_VALUES,
            };
            for mut group in self.aggregate(ctx, &model, &query).await? {
                let value = group.key.pop().unwrap_or_default();
                match counts.iter_mut().find(|(known, _)| *known == value) {
                    Some((_, count)) => *count += group.count,
                    None => counts.push((value, group.count)),
                }
            }
        }
        counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.to_string().cmp(&b.0.to_string())));
        counts.truncate(MAX_VALUES);
        Ok(counts)
    }

    /// How many entities there are in all parts.
    async fn count_parts(&self, ctx: &OpContext, model: &CatalogModel, parts: &[Part<'_>]) -> Result<u64> {
        let mut count = 0;
        for part in parts {
            count += self.count(ctx, model, part.blueprint.no(), &part.filter).await?;
        }
        Ok(count)
    }

    /// A function's value in each part that has numbers.
    async fn numbers(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        parts: &[Part<'_>],
        function: Function,
    ) -> Result<Vec<Option<f64>>> {
        let mut found = Vec::new();
        let mut refused = None;
        for part in parts {
            let Some(field) = part.field else { continue };
            let query = AggregateQuery {
                blueprint: part.blueprint.no(),
                filter: part.filter.clone(),
                group_by: Vec::new(),
                functions: vec![(function, field)],
                limit: 1,
            };
            match self.aggregate(ctx, model, &query).await {
                Ok(groups) => found.push(groups.into_iter().next().and_then(|group| *group.values.first()?)),
                // There it is something else.
                Err(error) if error.code() == Code::InvalidOperator => {
                    found.push(None);
                    refused.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        match refused {
            Some(error) if found.iter().all(Option::is_none) => Err(error),
            _ => Ok(found),
        }
    }

    async fn sums(&self, ctx: &OpContext, model: &CatalogModel, parts: &[Part<'_>]) -> Result<Vec<f64>> {
        Ok(self.numbers(ctx, model, parts, Function::Sum).await?.into_iter().flatten().collect())
    }

    async fn mean(&self, ctx: &OpContext, model: &CatalogModel, parts: &[Part<'_>]) -> Result<Option<f64>> {
        let sums = self.numbers(ctx, model, parts, Function::Sum).await?;
        let (mut sum, mut count) = (0.0, 0);
        for (part, found) in parts.iter().zip(sums) {
            if let (Some(found), Some(field)) = (found, part.field) {
                sum += found;
                count += self.count(ctx, model, part.blueprint.no(), &part.with(field)).await?;
            }
        }
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let mean = sum / count as f64;
        Ok(Some(mean).filter(|_| count > 0))
    }

    /// A sum by the periods since the earliest date, as computed aggregations have it: a period that has begun counts whole.
    async fn rate(
        &self,
        ctx: &OpContext,
        model: &CatalogModel,
        parts: &[Part<'_>],
        sum: f64,
        (per, measure): (Period, Option<&str>),
        now: Instant,
    ) -> Result<f64> {
        let mut earliest: Option<Instant> = None;
        for part in parts {
            let Some(field) = date(part.blueprint, measure.unwrap_or("$createdAt")) else { continue };
            let query = EntityQuery {
                blueprint: part.blueprint.no(),
                filter: part.with(field),
                order: vec![Order { field, descending: false }],
                page: Page { limit: 1, ..Page::default() },
                count: false,
                nodes: NodeQuery::default(),
            };
            let page = self.list(ctx, model, &query).await?;
            let first = page.nodes.first().and_then(|node| match field {
                Field::Meta(Meta::UpdatedAt) => Some(node.entity.updated_at),
                Field::Meta(_) => Some(node.entity.created_at),
                Field::Property(_) => {
                    let name = measure.unwrap_or_default();
                    node.entity.state.properties.get(name)?.as_str().and_then(Instant::parse)
                }
            });
            earliest = earliest.into_iter().chain(first).min();
        }
        let Some(earliest) = earliest else { return Ok(0.0) };
        let periods = (now.0 - earliest.0).max(0) / per.micros() + 1;
        #[expect(clippy::cast_precision_loss, reason = "periods are far below 2^53")]
        let periods = periods as f64;
        Ok(sum / periods)
    }
}

/// The field of a date; None where the blueprint has no such date.
fn date(blueprint: &BlueprintModel, name: &str) -> Option<Field> {
    match Meta::parse(name) {
        Some(meta) => Some(Field::Meta(meta)).filter(|_| meta.is_instant()),
        None => blueprint.property(name).map(|property| Field::Property(property.no)),
    }
}

/// The blueprints that rules may match something of, those with the property where one is named.
fn parts<'a>(model: &'a CatalogModel, rules: &Rules, property: Option<&str>) -> Result<Vec<Part<'a>>> {
    let mut parts = Vec::new();
    for blueprint in model.blueprints() {
        let filter = rules.resolve(model, blueprint, Unknown::TreatAsAbsent)?;
        if filter.is_never() {
            continue;
        }
        let field = property.map(|name| {
            let meta = Meta::parse(name).map(Field::Meta);
            meta.or_else(|| blueprint.property(name).map(|property| Field::Property(property.no)))
        });
        match field {
            None => parts.push(Part { blueprint, filter, field: None }),
            Some(Some(field)) => parts.push(Part { blueprint, filter, field: Some(field) }),
            Some(None) => {}
        }
    }
    match property {
        Some(name) if parts.is_empty() => {
            let message = format!("no blueprint that the query may match has a property \"{name}\"");
            Err(Error::at(Code::UnknownProperty, Pointer::root().key("property"), message))
        }
        _ => Ok(parts),
    }
}
