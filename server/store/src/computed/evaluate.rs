//! What mirrors and aggregations are made of, read for many entities at once.

use std::collections::HashMap;

use portolan_schema::filter::Filter;
use portolan_schema::model::computed::{Function, Hop};
use portolan_schema::{BlueprintModel, CatalogModel, Error, Field, Instant, PropertyNo, Result};

use super::dirty::ends;
use crate::TenantScope;
use crate::aggregate::mean;
use crate::entity::Entity;
use crate::entity_read::{MAX_IN, columns, read};
use crate::filter_sql::{FilterWriter, Subject, meta_column, needs_row};
use crate::row::column;
use crate::sql::Sql;

/// What an aggregation found for one entity.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Aggregate {
    /// Entities that match.
    pub count: u64,
    /// The function of the property, where it has one and any entity has a value.
    pub value: Option<f64>,
    /// The earliest date that a rate is measured by.
    pub earliest: Option<Instant>,
}

impl TenantScope {
    /// The entities at the end of the hops from each holder, without repetition, in the order of the relations.
    pub async fn reached(
        &self,
        model: &CatalogModel,
        hops: &[Hop],
        holders: &[i64],
    ) -> Result<HashMap<i64, Vec<Entity>>> {
        let mut found: HashMap<i64, Vec<Entity>> = HashMap::new();
        let Some(first) = hops.first() else { return Ok(found) };
        for chunk in holders.chunks(MAX_IN) {
            let mut sql = Sql::new("SELECT r0.");
            sql.push(ends(first.direction).0).push(", ").push(&columns("e")).push(" FROM relations r0");
            self.push_walk(&mut sql, hops, chunk, true);
            sql.push(" ORDER BY r0.").push(ends(first.direction).0);
            for (at, hop) in hops.iter().enumerate() {
                sql.push(&format!(", r{at}.ordinal, r{at}.{}", ends(hop.direction).1));
            }
            for row in self.all(sql).await? {
                let entity = read(model, &row, 1)?;
                let here = found.entry(column(&row, 0)?).or_default();
                if here.iter().all(|other| other.id != entity.id) {
                    here.push(entity);
                }
            }
        }
        Ok(found)
    }

    /// The joins and conditions from the holders to the entities at the end, whose rows are `joined` as `e` or not.
    fn push_walk(&self, sql: &mut Sql, hops: &[Hop], holders: &[i64], joined: bool) {
        for at in 1..hops.len() {
            sql.push(&format!(" CROSS JOIN relations r{at}"));
        }
        let last = hops.len() - 1;
        sql.push(if joined { " CROSS JOIN entities e" } else { "" });
        sql.push(" WHERE r0.").push(ends(hops[0].direction).0).push(" IN (");
        sql.bind_list(holders.iter().copied()).push(")");
        for (at, hop) in hops.iter().enumerate() {
            self.push_hop(sql, at, hop);
            if at > 0 {
                let (mine, theirs) = (ends(hop.direction).0, ends(hops[at - 1].direction).1);
                sql.push(&format!(" AND r{at}.{mine} = r{}.{theirs}", at - 1));
            }
        }
        if joined {
            sql.push(" AND e.tenant_id = ").bind(self.tenant().0);
            sql.push(&format!(" AND e.entity_id = r{last}.{}", ends(hops[last].direction).1));
        }
    }

    /// An aggregation for many holders; those for which nothing matches are absent. One statement, two for a median.
    pub async fn aggregate_for(
        &self,
        model: &CatalogModel,
        target: &BlueprintModel,
        hops: &[Hop],
        filter: &Filter,
        function: Function,
        holders: &[i64],
    ) -> Result<HashMap<i64, Aggregate>> {
        let mut found = HashMap::new();
        for chunk in holders.chunks(MAX_IN) {
            self.aggregate_chunk(model, target, hops, filter, function, chunk, &mut found).await?;
        }
        Ok(found)
    }

    #[expect(clippy::too_many_arguments, reason = "one statement's parts")]
    async fn aggregate_chunk(
        &self,
        model: &CatalogModel,
        target: &BlueprintModel,
        hops: &[Hop],
        filter: &Filter,
        function: Function,
        holders: &[i64],
        found: &mut HashMap<i64, Aggregate>,
    ) -> Result<()> {
        let (word, property, measure) = match function {
            Function::Count => ("", None, None),
            Function::Sum(no) => ("sum", Some(no), None),
            Function::Mean(no) => ("mean", Some(no), None),
            Function::Minimum(no) => ("min", Some(no), None),
            Function::Maximum(no) => ("max", Some(no), None),
            Function::Median(no) => ("", Some(no), None),
            Function::Rate { property, measure, .. } => ("sum", property, Some(measure)),
        };
        let mut sql = Sql::new("SELECT holder, count(*), ");
        match property {
            Some(_) if word == "mean" => {
                sql.push(&format!("CAST({} AS double precision)", mean("f.number_value")));
            }
            Some(_) if !word.is_empty() => {
                sql.push(&format!("CAST({word}(f.number_value) AS double precision)"));
            }
            _ => drop(sql.push("CAST(NULL AS double precision)")),
        }
        match measure {
            Some(Field::Property(_)) => drop(sql.push(", min(m.instant_value)")),
            Some(field) => drop(sql.push(&format!(", min(matching.{})", meta_column(field)?))),
            None => drop(sql.push(", CAST(NULL AS bigint)")),
        }
        sql.push(" FROM (");
        let dated = matches!(measure, Some(Field::Meta(_)));
        self.push_matching(&mut sql, model, target, hops, filter, dated, holders)?;
        sql.push(") matching");
        if let Some(no) = property {
            self.push_value_join(&mut sql, "f", target, no);
        }
        if let Some(Field::Property(no)) = measure {
            self.push_value_join(&mut sql, "m", target, no);
        }
        sql.push(" GROUP BY holder");
        for row in self.all(sql).await? {
            let aggregate = Aggregate {
                count: column::<i64>(&row, 1)?.unsigned_abs(),
                value: column(&row, 2)?,
                earliest: column::<Option<i64>>(&row, 3)?.map(Instant),
            };
            found.insert(column(&row, 0)?, aggregate);
        }
        if let Function::Median(no) = function {
            self.medians_for(model, target, hops, filter, no, holders, found).await?;
        }
        Ok(())
    }

    /// (holder, entity) of all that match, each once, as `holder` and `entity_id`; with `dated` also when the entity was
    /// made and changed.
    #[expect(clippy::too_many_arguments, reason = "one statement's parts")]
    fn push_matching<'m>(
        &self,
        sql: &mut Sql,
        model: &'m CatalogModel,
        target: &'m BlueprintModel,
        hops: &[Hop],
        filter: &Filter,
        dated: bool,
        holders: &[i64],
    ) -> Result<()> {
        let Some((first, last)) = hops.first().zip(hops.last()) else {
            return Err(Error::internal("an aggregation has no way to its entities"));
        };
        // An edge of a relation to one is the only one of its source: nothing comes twice.
        let relation = model.relation(first.relation);
        let once = hops.len() == 1 && relation.is_some_and(|(_, found)| !found.relation.many);
        let id = format!("r{}.{}", hops.len() - 1, ends(last.direction).1);
        sql.push(if once { "SELECT r0." } else { "SELECT DISTINCT r0." }).push(ends(first.direction).0);
        sql.push(" AS holder, ").push(&id).push(" AS entity_id");
        sql.push(if dated { ", e.created_at, e.updated_at" } else { "" }).push(" FROM relations r0");
        self.push_walk(sql, hops, holders, dated || needs_row(target, filter));
        if *filter != Filter::always() {
            sql.push(" AND ");
            let subject = Subject::new(&id, target);
            FilterWriter::new(self.backend(), self.tenant(), model).write(sql, &subject, filter)?;
        }
        Ok(())
    }

    fn push_value_join(&self, sql: &mut Sql, alias: &str, target: &BlueprintModel, property: PropertyNo) {
        sql.push(" LEFT JOIN entity_values ").push(alias).push(" ON ").push(alias).push(".tenant_id = ");
        sql.bind(self.tenant().0).push(" AND ").push(alias).push(".blueprint_no = ").bind(target.no().0);
        sql.push(" AND ").push(alias).push(".property_no = ").bind(property.0);
        sql.push(" AND ")
            .push(alias)
            .push(".entity_id = matching.entity_id AND ")
            .push(alias)
            .push(".ordinal = 0");
    }

    #[expect(clippy::too_many_arguments, reason = "one statement's parts")]
    async fn medians_for(
        &self,
        model: &CatalogModel,
        target: &BlueprintModel,
        hops: &[Hop],
        filter: &Filter,
        property: PropertyNo,
        holders: &[i64],
        found: &mut HashMap<i64, Aggregate>,
    ) -> Result<()> {
        let mut sql = Sql::new(
            "SELECT holder, CAST(sum(value) / count(value) AS double precision) FROM (SELECT holder, f.number_value AS value,
               row_number() OVER (PARTITION BY holder ORDER BY f.number_value) AS place,
               count(*) OVER (PARTITION BY holder) AS size FROM (",
        );
        self.push_matching(&mut sql, model, target, hops, filter, false, holders)?;
        sql.push(") matching");
        self.push_value_join(&mut sql, "f", target, property);
        sql.push(
            " WHERE f.number_value IS NOT NULL) placed WHERE place IN ((size + 1) / 2, (size + 2) / 2) GROUP BY holder",
        );
        for row in self.all(sql).await? {
            if let Some(aggregate) = found.get_mut(&column(&row, 0)?) {
                aggregate.value = column(&row, 1)?;
            }
        }
        Ok(())
    }
}
