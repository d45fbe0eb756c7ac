//! Filters that depend on when and by whom they are asked, and what is made of them once that is known.

use super::{Comparison, Filter, Scalar};
use crate::{Instant, Moment};

impl Filter {
    /// Whether some condition in it is such.
    pub fn has(&self, such: &impl Fn(&Self) -> bool) -> bool {
        such(self)
            || match self {
                Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.has(such)),
                Self::Not(inner) => inner.has(such),
                Self::Related { filter, .. } | Self::Chain { filter, .. } => filter.has(such),
                _ => false,
            }
    }

    /// Whether it holds or not may change with time alone.
    pub fn follows_clock(&self) -> bool {
        let relative = |value: &Scalar| matches!(value, Scalar::Relative(_));
        self.has(&|filter| match filter {
            Self::Compare { value, .. } => relative(value),
            Self::In { values, .. } => values.iter().any(relative),
            Self::Range { from, to, .. } => relative(from) || relative(to),
            _ => false,
        })
    }

    /// Whether it refers to who asks.
    pub fn is_contextual(&self) -> bool {
        self.has(&|filter| matches!(filter, Self::Contextual(_)))
    }

    /// The same with the time put in.
    #[must_use]
    pub fn at(&self, now: Instant) -> Self {
        let edge = |value: &Scalar, comparison| match value {
            Scalar::Relative(moment) => Scalar::Instant(moment.edge(comparison, now)),
            other => other.clone(),
        };
        let during = |field, moment: Moment| {
            let (from, to) = moment.range(now);
            Self::Range { field, from: Scalar::Instant(from), to: Scalar::Instant(to) }
        };
        let settled = self.rewritten(&mut |filter| {
            Ok::<_, std::convert::Infallible>(match filter {
                Self::Compare { field, comparison: Comparison::Equal, value: Scalar::Relative(moment) } => {
                    Some(during(*field, *moment))
                }
                Self::Compare { field, comparison, value: value @ Scalar::Relative(_) } => {
                    Some(Self::Compare {
                        field: *field,
                        comparison: *comparison,
                        value: edge(value, *comparison),
                    })
                }
                Self::Range { field, from, to } => Some(Self::Range {
                    field: *field,
                    from: edge(from, Comparison::GreaterOrEqual),
                    to: edge(to, Comparison::LessOrEqual),
                }),
                Self::In { field, values } => {
                    let (moments, values): (Vec<_>, Vec<_>) =
                        values.iter().partition(|value| matches!(value, Scalar::Relative(_)));
                    let mut parts =
                        vec![Self::In { field: *field, values: values.into_iter().cloned().collect() }];
                    parts.extend(moments.into_iter().filter_map(|value| match value {
                        Scalar::Relative(moment) => Some(during(*field, *moment)),
                        _ => None,
                    }));
                    (parts.len() > 1).then_some(Self::Any(parts))
                }
                _ => None,
            })
        });
        match settled {
            Ok(settled) => settled,
            Err(never) => match never {},
        }
    }

    /// The same with conditions replaced for which `change` has another; groups and conditions around them stay.
    pub(crate) fn rewritten<E>(
        &self,
        change: &mut impl FnMut(&Self) -> Result<Option<Self>, E>,
    ) -> Result<Self, E> {
        Ok(match self {
            Self::All(parts) => {
                Self::All(parts.iter().map(|part| part.rewritten(change)).collect::<Result<_, _>>()?)
            }
            Self::Any(parts) => {
                Self::Any(parts.iter().map(|part| part.rewritten(change)).collect::<Result<_, _>>()?)
            }
            Self::Not(inner) => inner.rewritten(change)?.negate(),
            Self::Related { relation, direction, quantifier, filter } => Self::Related {
                relation: *relation,
                direction: *direction,
                quantifier: *quantifier,
                filter: Box::new(filter.rewritten(change)?),
            },
            Self::Chain { relations, direction, most, blueprint, filter } => Self::Chain {
                relations: relations.clone(),
                direction: *direction,
                most: *most,
                blueprint: *blueprint,
                filter: Box::new(filter.rewritten(change)?),
            },
            other => change(other)?.unwrap_or_else(|| other.clone()),
        })
    }
}
