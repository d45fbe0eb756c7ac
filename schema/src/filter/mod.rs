//! The one condition language inside: REST rules and GraphQL filters both become a [`Filter`], which the store compiles
//! to SQL and [`crate::rules::matches`] evaluates in memory.
//!
//! Logic is two-valued: an absent or null value equals nothing, so every comparison with it is false and its `Not` true.

mod open;

use std::cmp::Ordering;
use std::collections::HashMap;

use crate::rules::ContextRule;
use crate::{BlueprintNo, Instant, Moment, PropertyNo, RelationNo};

/// Values that every entity has beside its properties (`$title`, …).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Meta {
    Identifier,
    Title,
    Icon,
    Team,
    Blueprint,
    CreatedAt,
    CreatedBy,
    UpdatedAt,
    UpdatedBy,
    Datasource,
}

impl Meta {
    pub const ALL: &'static [(Meta, &'static str)] = &[
        (Meta::Identifier, "$identifier"),
        (Meta::Title, "$title"),
        (Meta::Icon, "$icon"),
        (Meta::Team, "$team"),
        (Meta::Blueprint, "$blueprint"),
        (Meta::CreatedAt, "$createdAt"),
        (Meta::CreatedBy, "$createdBy"),
        (Meta::UpdatedAt, "$updatedAt"),
        (Meta::UpdatedBy, "$updatedBy"),
        (Meta::Datasource, "$datasource"),
    ];

    /// Reads `$title` and its like.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, text)| *text == name).map(|(meta, _)| *meta)
    }

    /// `$createdAt` and `$updatedAt` compare as instants.
    pub fn is_instant(self) -> bool {
        matches!(self, Self::CreatedAt | Self::UpdatedAt)
    }
}

/// What a condition or an order looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Field {
    Property(PropertyNo),
    Meta(Meta),
}

impl Field {
    /// False for meta values that are instants. What a property holds is the blueprint's to know.
    pub fn is_text(self) -> bool {
        !matches!(self, Self::Meta(meta) if meta.is_instant())
    }

    /// Whether only ASCII letters are folded where case is ignored: the lower-case form of these texts is not stored,
    /// and the engines make it for ASCII alone.
    pub fn folds_ascii_only(self) -> bool {
        matches!(self, Self::Meta(Meta::Icon | Meta::CreatedBy | Meta::UpdatedBy | Meta::Datasource))
    }
}

/// A value to compare with, already of the field's column type.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar {
    Text(String),
    Number(f64),
    Boolean(bool),
    Instant(Instant),
    /// A date told from the time of the question; [`Filter::at`] puts the time in.
    Relative(Moment),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    /// Whether it holds between two values that stand in this order.
    pub fn holds(self, order: Ordering) -> bool {
        match self {
            Self::Equal => order.is_eq(),
            Self::Less => order.is_lt(),
            Self::LessOrEqual => order.is_le(),
            Self::Greater => order.is_gt(),
            Self::GreaterOrEqual => order.is_ge(),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextMatch {
    Contains,
    StartsWith,
    EndsWith,
    Equals,
}

/// Which way a relation is followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the entity that holds the relation to its targets.
    Forward,
    /// From a target to the entities that point at it.
    Backward,
}

/// How many of the related entities must match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Quantifier {
    /// At least one; on a to-one relation this is `is`.
    Some,
    None,
    /// All of them; true where there are none.
    Every,
}

/// A condition on one entity of a known blueprint.
///
/// On a list field (`team`, array properties) a comparison holds where *any* item matches.
#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    /// True where all are; true where empty.
    All(Vec<Filter>),
    /// True where one is; false where empty.
    Any(Vec<Filter>),
    Not(Box<Filter>),
    Compare {
        field: Field,
        comparison: Comparison,
        value: Scalar,
    },
    /// The value (or one of its items) is one of `values`.
    In {
        field: Field,
        values: Vec<Scalar>,
    },
    /// One of the items of a list that has no value rows is one of these, which are texts, numbers and booleans.
    Item {
        field: Field,
        values: Vec<Scalar>,
    },
    /// The value (or one of its items) lies between the two, both included.
    Range {
        field: Field,
        from: Scalar,
        to: Scalar,
    },
    /// A text comparison; `fold` ignores case.
    Text {
        field: Field,
        matching: TextMatch,
        value: String,
        fold: bool,
    },
    /// Absent or null. On a list: absent, null (an empty list is *not* null; see [`Filter::IsEmpty`]).
    IsNull {
        field: Field,
    },
    /// Absent, null, an empty text or an empty list.
    IsEmpty {
        field: Field,
    },
    /// Conditions on related entities. `is` of a to-one relation is [`Quantifier::Some`].
    Related {
        relation: RelationNo,
        direction: Direction,
        quantifier: Quantifier,
        filter: Box<Filter>,
    },
    /// The relation points at an entity with one of these identifiers (whatever its blueprint holds).
    RelatedIdentifiers {
        relation: RelationNo,
        identifiers: Vec<String>,
    },
    /// Relations of these (of all, where None are named), followed once or more, lead to an entity of the blueprint that
    /// matches.
    Chain {
        relations: Option<Vec<RelationNo>>,
        direction: Direction,
        /// How often at most; None for as often as it takes.
        most: Option<u32>,
        blueprint: BlueprintNo,
        filter: Box<Filter>,
    },
    /// A rule that refers to who asks; [`Filter::for_caller`] puts the caller in.
    Contextual(Box<ContextRule>),
}

impl Filter {
    /// Matches everything.
    pub const fn always() -> Self {
        Self::All(Vec::new())
    }

    /// Matches nothing.
    pub const fn never() -> Self {
        Self::Any(Vec::new())
    }

    /// Whether it is plain from its form that nothing matches.
    pub fn is_never(&self) -> bool {
        match self {
            Self::All(parts) => parts.iter().any(Self::is_never),
            Self::Any(parts) => parts.iter().all(Self::is_never),
            Self::Not(inner) => **inner == Self::always(),
            _ => false,
        }
    }

    #[must_use]
    pub fn negate(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub fn equal(field: Field, value: Scalar) -> Self {
        Self::Compare { field, comparison: Comparison::Equal, value }
    }

    /// The field of a condition on the entity itself.
    pub fn field(&self) -> Option<Field> {
        match self {
            Self::Compare { field, .. }
            | Self::In { field, .. }
            | Self::Item { field, .. }
            | Self::Range { field, .. }
            | Self::Text { field, .. }
            | Self::IsNull { field }
            | Self::IsEmpty { field } => Some(*field),
            _ => None,
        }
    }

    /// The conditions that all have to hold: itself, or the parts of (nested) [`Filter::All`].
    pub fn conjuncts(&self) -> Vec<&Self> {
        match self {
            Self::All(parts) => parts.iter().flat_map(Self::conjuncts).collect(),
            other => vec![other],
        }
    }

    /// An equal filter that is easier to answer: groups of one and groups within groups of the same kind are dissolved,
    /// and alternatives on one field become one [`Filter::In`].
    #[must_use]
    pub fn simplified(&self) -> Self {
        match self {
            Self::All(parts) => {
                let parts = parts.iter().map(Self::simplified);
                let parts = parts.flat_map(|part| match part {
                    Self::All(inner) => inner,
                    other => vec![other],
                });
                single(parts.collect(), Self::All)
            }
            Self::Any(parts) => {
                let mut kept = Alternatives::default();
                for part in parts.iter().map(Self::simplified) {
                    match part {
                        Self::Any(inner) => inner.into_iter().for_each(|part| kept.add(part)),
                        other => kept.add(other),
                    }
                }
                single(kept.parts, Self::Any)
            }
            Self::Not(inner) => inner.simplified().negate(),
            Self::Related { relation, direction, quantifier, filter } => Self::Related {
                relation: *relation,
                direction: *direction,
                quantifier: *quantifier,
                filter: Box::new(filter.simplified()),
            },
            Self::Chain { relations, direction, most, blueprint, filter } => Self::Chain {
                relations: relations.clone(),
                direction: *direction,
                most: *most,
                blueprint: *blueprint,
                filter: Box::new(filter.simplified()),
            },
            other => other.clone(),
        }
    }

    /// How deeply conditions nest through relations.
    pub fn relation_depth(&self) -> usize {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().map(Self::relation_depth).max().unwrap_or(0),
            Self::Not(inner) => inner.relation_depth(),
            Self::Related { filter, .. } | Self::Chain { filter, .. } => 1 + filter.relation_depth(),
            _ => 0,
        }
    }
}

fn single(mut parts: Vec<Filter>, group: impl Fn(Vec<Filter>) -> Filter) -> Filter {
    if parts.len() == 1 { parts.remove(0) } else { group(parts) }
}

/// Alternatives, with those on one field gathered.
#[derive(Default)]
struct Alternatives {
    parts: Vec<Filter>,
    /// Which part lists a field's values.
    lists: HashMap<Field, usize>,
}

impl Alternatives {
    fn add(&mut self, part: Filter) {
        let (field, mut values) = match part {
            Filter::Compare { field, comparison: Comparison::Equal, value } => (field, vec![value]),
            Filter::In { field, values } => (field, values),
            other => return self.parts.push(other),
        };
        if let Some(Filter::In { values: known, .. }) =
            self.lists.get(&field).and_then(|at| self.parts.get_mut(*at))
        {
            return known.append(&mut values);
        }
        self.lists.insert(field, self.parts.len());
        self.parts.push(Filter::In { field, values });
    }
}
