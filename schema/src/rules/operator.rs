//! The operators of the wire format.

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Contains,
    ContainsAny,
    BeginsWith,
    EndsWith,
    In,
    IsEmpty,
    IsExpired,
    Between,
    RelatedTo,
    MatchAny,
}

/// Every operator, its meaning, and whether it is that meaning's negation.
const OPERATORS: &[(&str, Operator, bool)] = &[
    ("=", Operator::Equal, false),
    ("!=", Operator::Equal, true),
    (">", Operator::Greater, false),
    (">=", Operator::GreaterOrEqual, false),
    ("<", Operator::Less, false),
    ("<=", Operator::LessOrEqual, false),
    ("contains", Operator::Contains, false),
    ("doesNotContains", Operator::Contains, true),
    ("doesNotContain", Operator::Contains, true),
    ("containsAny", Operator::ContainsAny, false),
    ("beginsWith", Operator::BeginsWith, false),
    ("doesNotBeginsWith", Operator::BeginsWith, true),
    ("endsWith", Operator::EndsWith, false),
    ("doesNotEndsWith", Operator::EndsWith, true),
    ("in", Operator::In, false),
    ("notIn", Operator::In, true),
    ("isEmpty", Operator::IsEmpty, false),
    ("isNotEmpty", Operator::IsEmpty, true),
    ("isExpired", Operator::IsExpired, false),
    ("isNotExpired", Operator::IsExpired, true),
    ("between", Operator::Between, false),
    ("notBetween", Operator::Between, true),
    ("relatedTo", Operator::RelatedTo, false),
    ("matchAny", Operator::MatchAny, false),
];

impl Operator {
    /// The meaning of an operator's name, and whether it is negated.
    pub(super) fn parse(name: &str) -> Option<(Self, bool)> {
        let found = OPERATORS.iter().find(|(known, ..)| *known == name);
        found.map(|(_, operator, negated)| (*operator, *negated))
    }

    /// Whether its operand is a list of alternatives.
    pub(super) fn takes_list(self) -> bool {
        matches!(self, Self::In | Self::ContainsAny | Self::RelatedTo | Self::MatchAny)
    }

    /// Whether there is nothing to compare with.
    pub(super) fn is_unary(self) -> bool {
        matches!(self, Self::IsEmpty | Self::IsExpired)
    }
}
