//! Conditions that an index answers by itself, as statements that select ids: where a list can begin that need not walk
//! its order.

use portolan_schema::filter::{Comparison, Direction, Quantifier, TextMatch};
use portolan_schema::{
    BlueprintModel, BlueprintNo, CatalogModel, Field, Filter, Meta, PropertyNo, RelationNo, Result, Scalar,
};

use super::chain::Chain;
use super::columns::{column_name, meta_column, value_column};
use super::compare::SHORT;
use super::related::ends;
use super::{FilterWriter, Subject};
use crate::sql::Sql;
use crate::value_rows::team_no;

/// A way to the entities that meet one conjunct of a filter.
#[derive(Debug, Clone)]
pub(crate) struct Driver<'f> {
    /// Which conjunct.
    pub conjunct: usize,
    /// Whether the ids are exactly those that meet it; else some do not, and it has to be asked again.
    pub exact: bool,
    /// Whether an id may come more than once.
    pub repeats: bool,
    /// Most ids, where that is known without looking.
    pub at_most: Option<usize>,
    /// Lower is likely to have fewer ids; a guess for when none is measured.
    rank: u8,
    way: Way<'f>,
}

#[derive(Debug, Clone)]
enum Way<'f> {
    /// A range of an index of value rows.
    Values { blueprint: BlueprintNo, property: PropertyNo, filter: &'f Filter },
    /// A range of an index of entity rows.
    Rows { blueprint: BlueprintNo, column: &'static str, filter: &'f Filter },
    /// Edges from the entities at the other end.
    Edges { relation: RelationNo, direction: Direction, other: Box<Driver<'f>> },
    /// Edges to entities of these identifiers, or that wait for them.
    Identified { relation: RelationNo, target: BlueprintNo, identifiers: &'f [String] },
    /// Entities of the blueprint that a chain of relations leads from.
    Chained { blueprint: BlueprintNo, chain: Chain<'f> },
}

/// The drivers among a filter's conjuncts, likely better ones first.
pub(crate) fn drivers<'f>(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    conjuncts: &[&'f Filter],
) -> Vec<Driver<'f>> {
    let found = conjuncts.iter().enumerate();
    let mut found: Vec<Driver<'f>> =
        found.filter_map(|(at, filter)| driver(model, blueprint, at, filter)).collect();
    found.sort_by_key(|driver| driver.rank);
    found
}

fn driver<'f>(
    model: &CatalogModel,
    blueprint: &BlueprintModel,
    conjunct: usize,
    filter: &'f Filter,
) -> Option<Driver<'f>> {
    match filter {
        Filter::Compare { .. } | Filter::In { .. } | Filter::Range { .. } | Filter::Text { .. } => {
            let (column, rank, at_most) = range(filter)?;
            let (repeats, way) = match filter.field()? {
                Field::Meta(meta @ (Meta::Identifier | Meta::Title | Meta::CreatedAt | Meta::UpdatedAt)) => {
                    if (column == "instant_value") != meta.is_instant() {
                        return None;
                    }
                    let column = meta_column(Field::Meta(meta)).ok()?;
                    (false, Way::Rows { blueprint: blueprint.no(), column, filter })
                }
                Field::Meta(Meta::Team) if column == "text_value" => {
                    (true, Way::Values { blueprint: blueprint.no(), property: team_no(blueprint), filter })
                }
                Field::Meta(_) => return None,
                Field::Property(no) => {
                    let property = &blueprint.property_by_no(no)?.property;
                    if property.column().map(column_name) != Some(column) {
                        return None;
                    }
                    let way = Way::Values { blueprint: blueprint.no(), property: no, filter };
                    (property.value_type.is_list(), way)
                }
            };
            let unique = matches!(way, Way::Rows { column: "identifier", .. });
            let at_most = at_most.filter(|_| unique);
            Some(Driver { conjunct, exact: true, repeats, at_most, rank: if unique { 0 } else { rank }, way })
        }
        Filter::Related { relation, direction, quantifier: Quantifier::Some, filter } => {
            let (holder, found) = model.relation(*relation)?;
            let other = match direction {
                Direction::Forward => model.by_no(found.target)?,
                Direction::Backward => holder,
            };
            let other = drivers(model, other, &filter.conjuncts()).into_iter().next()?;
            let repeats = other.repeats || found.relation.many || *direction == Direction::Backward;
            let way = Way::Edges { relation: *relation, direction: *direction, other: Box::new(other) };
            Some(Driver { conjunct, exact: false, repeats, at_most: None, rank: 5, way })
        }
        Filter::RelatedIdentifiers { relation, identifiers } => {
            let (_, found) = model.relation(*relation)?;
            let way = Way::Identified { relation: *relation, target: found.target, identifiers };
            Some(Driver { conjunct, exact: true, repeats: true, at_most: None, rank: 1, way })
        }
        Filter::Chain { relations, direction, most, blueprint: end, filter } => {
            let relations = relations.as_deref();
            let chain = Chain { relations, direction: *direction, most: *most, blueprint: *end, filter };
            let way = Way::Chained { blueprint: blueprint.no(), chain };
            let repeats = most.is_some();
            Some(Driver { conjunct, exact: true, repeats, at_most: None, rank: 5, way })
        }
        _ => None,
    }
}

/// The value column, the rank and the most rows (where each is unique) of a condition that is a range of an index.
fn range(filter: &Filter) -> Option<(&'static str, u8, Option<usize>)> {
    let usual = |value: &Scalar| match value {
        Scalar::Text(text) => text.len() < SHORT,
        _ => true,
    };
    match filter {
        Filter::Compare { comparison, value, .. } if usual(value) => {
            let equal = *comparison == Comparison::Equal;
            Some((value_column(value), if equal { 1 } else { 4 }, equal.then_some(1)))
        }
        Filter::In { values, .. } if values.iter().all(usual) => {
            let column = value_column(values.first()?);
            let same = values.iter().all(|value| value_column(value) == column);
            same.then_some((column, 2, Some(values.len())))
        }
        Filter::Range { from, to, .. }
            if usual(from) && usual(to) && value_column(from) == value_column(to) =>
        {
            Some((value_column(from), 4, None))
        }
        Filter::Text { matching: TextMatch::StartsWith, value, fold: false, .. }
            if !value.is_empty() && value.len() < SHORT =>
        {
            Some(("text_value", 3, None))
        }
        _ => None,
    }
}

impl Driver<'_> {
    /// Whether it is a range of the same index that a list ordered by this column of `entities` walks.
    pub(crate) fn is_of_column(&self, name: &str) -> bool {
        matches!(self.way, Way::Rows { column, .. } if column == name)
    }

    /// Whether it is a range of the value rows of this property.
    pub(crate) fn is_of_property(&self, no: PropertyNo) -> bool {
        matches!(self.way, Way::Values { property, .. } if property == no)
    }

    /// The drivers on the way to this one, this one last; each has to be few for the whole to be.
    pub(crate) fn levels(&self) -> Vec<&Self> {
        let mut levels = match &self.way {
            Way::Edges { other, .. } => other.levels(),
            _ => Vec::new(),
        };
        levels.push(self);
        levels
    }
}

impl<'a> FilterWriter<'a> {
    /// Appends a `SELECT` of the driver's ids as `id`, without repetitions.
    pub(crate) fn push_distinct_ids(&mut self, sql: &mut Sql, driver: &Driver<'_>) -> Result<()> {
        if driver.repeats {
            sql.push("SELECT DISTINCT id FROM (");
            self.push_ids(sql, driver, None)?;
            sql.push(") i");
            return Ok(());
        }
        self.push_ids(sql, driver, None)
    }

    /// Appends a `SELECT` of the driver's ids as `id`; `limit` bounds the ids at the other ends of its edges.
    pub(crate) fn push_ids(
        &mut self,
        sql: &mut Sql,
        driver: &Driver<'_>,
        limit: Option<usize>,
    ) -> Result<()> {
        match &driver.way {
            Way::Values { blueprint, property, filter } => {
                let row = self.alias("d");
                sql.push("SELECT ").push(&row).push(".entity_id AS id FROM entity_values ").push(&row);
                sql.push(" WHERE ").push(&row).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&row).push(".blueprint_no = ").bind(blueprint.0);
                sql.push(" AND ").push(&row).push(".property_no = ").bind(property.0);
                sql.push(" AND ");
                self.push_range(sql, filter, |column| format!("{row}.{column}"));
            }
            Way::Rows { blueprint, column, filter } => {
                let row = self.alias("d");
                sql.push("SELECT ").push(&row).push(".entity_id AS id FROM entities ").push(&row);
                sql.push(" WHERE ").push(&row).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&row).push(".blueprint_no = ").bind(blueprint.0).push(" AND ");
                self.push_range(sql, filter, |_| format!("{row}.{column}"));
            }
            Way::Edges { relation, direction, other } => {
                let (ids, edge) = (self.alias("h"), self.alias("r"));
                let (mine, theirs) = ends(*direction);
                sql.push("SELECT ").push(&edge).push(".").push(mine).push(" AS id FROM (");
                self.push_ids(sql, other, limit)?;
                if let Some(limit) = limit {
                    sql.push(&format!(" LIMIT {limit}"));
                }
                sql.push(") ").push(&ids).push(" CROSS JOIN relations ").push(&edge);
                sql.push(" WHERE ").push(&edge).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&edge).push(".").push(theirs).push(" = ").push(&ids).push(".id AND ");
                sql.push(&edge).push(".relation_no = ").bind(relation.0);
                sql.push(" AND +").push(&edge).push(".target_id IS NOT NULL");
            }
            Way::Identified { relation, target, identifiers } => {
                let (row, edge) = (self.alias("d"), self.alias("r"));
                sql.push("SELECT ").push(&edge).push(".source_id AS id FROM entities ").push(&row);
                sql.push(" CROSS JOIN relations ").push(&edge);
                sql.push(" WHERE ").push(&row).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&row).push(".blueprint_no = ").bind(target.0);
                sql.push(" AND ").push(&row).push(".identifier IN (");
                sql.bind_list(identifiers.iter().map(String::as_str));
                sql.push(") AND ").push(&edge).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&edge).push(".target_id = ").push(&row).push(".entity_id AND ");
                sql.push(&edge).push(".relation_no = ").bind(relation.0);
                sql.push(" UNION ALL SELECT source_id FROM relations WHERE tenant_id = ").bind(self.tenant.0);
                sql.push(" AND relation_no = ").bind(relation.0).push(" AND pending IN (");
                sql.bind_list(identifiers.iter().map(String::as_str)).push(")");
            }
            Way::Chained { blueprint, chain } => {
                let (ids, row) = (self.alias("h"), self.alias("d"));
                sql.push("SELECT ").push(&row).push(".entity_id AS id FROM (");
                self.push_chain(sql, chain)?;
                sql.push(") ").push(&ids).push(" CROSS JOIN entities ").push(&row);
                sql.push(" WHERE ").push(&row).push(".tenant_id = ").bind(self.tenant.0);
                sql.push(" AND ").push(&row).push(".entity_id = ").push(&ids).push(".id");
                sql.push(" AND ").push(&row).push(".blueprint_no = ").bind(blueprint.0);
            }
        }
        Ok(())
    }

    /// The condition on the one column that it looks at.
    fn push_range(&self, sql: &mut Sql, filter: &Filter, column: impl Fn(&str) -> String) {
        match filter {
            Filter::Compare { comparison, value, .. } => {
                sql.push(&column(value_column(value))).push(super::columns::operator(*comparison));
                sql.bind(super::columns::bound(value));
            }
            Filter::Range { from, to, .. } => {
                let column = column(value_column(from));
                sql.push(&column).push(" >= ").bind(super::columns::bound(from));
                sql.push(" AND ").push(&column).push(" <= ").bind(super::columns::bound(to));
            }
            Filter::In { values, .. } => {
                let of = values.first().map_or("text_value", value_column);
                sql.push(&column(of)).push(" IN (").bind_list(values.iter().map(super::columns::bound));
                sql.push(")");
            }
            Filter::Text { matching, value, .. } => {
                self.match_whole(sql, &column("text_value"), *matching, value);
            }
            _ => drop(sql.push("1 = 0")),
        }
    }

    /// The entity behind a driver's ids, which are selected as `h.id`.
    pub(crate) fn behind<'b>(blueprint: &'b BlueprintModel) -> Subject<'b> {
        Subject::new("h.id", blueprint)
    }
}
