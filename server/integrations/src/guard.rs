//! The guard: what a run may delete unasked.

use portolan_schema::mapping::MappingConfig;
use portolan_schema::{Code, Pointer, Problems};
use portolan_store::integration::Blocked;
use serde_json::{Value, json};

const SHARE: f64 = 0.5;
const AT_LEAST: u64 = 10;

/// Reads `{share: 0…1, atLeast: n}`; what is missing has its default.
pub(crate) fn parse(wanted: Option<&Value>, problems: &mut Problems) -> Value {
    let path = Pointer::root().key("guard");
    let Some(wanted) = wanted.filter(|wanted| !wanted.is_null()) else {
        return json!({"share": SHARE, "atLeast": AT_LEAST});
    };
    if !wanted.is_object() {
        problems.add(Code::WrongType, path.clone(), "the guard is {share, atLeast}");
    }
    for key in wanted.as_object().into_iter().flat_map(|wanted| wanted.keys()) {
        if !matches!(key.as_str(), "share" | "atLeast") {
            problems.add(Code::UnknownField, path.key(key), "the guard has \"share\" and \"atLeast\"");
        }
    }
    let part = |key: &str| Some(&wanted[key]).filter(|value| !value.is_null());
    let share = part("share").map_or(SHARE, |share| {
        share.as_f64().filter(|share| (0.0..=1.0).contains(share)).unwrap_or_else(|| {
            problems.add(Code::InvalidValue, path.key("share"), "the share is a number from 0 to 1");
            SHARE
        })
    });
    let at_least = part("atLeast").map_or(AT_LEAST, |least| {
        least.as_u64().unwrap_or_else(|| {
            problems.add(Code::InvalidValue, path.key("atLeast"), "\"atLeast\" is a whole number from 0");
            AT_LEAST
        })
    });
    json!({"share": share, "atLeast": at_least})
}

/// What a blueprint would lose.
pub(crate) struct Loss<'a> {
    pub blueprint: &'a str,
    pub deletions: u64,
    /// How many of its entities belong to the integration.
    pub owned: u64,
}

/// Whether a blueprint would lose too much at once: more than the share and more than `atLeast`. Of several, the largest
/// loss is told.
pub(crate) fn trips(guard: &Value, config: &MappingConfig, losses: &[Loss<'_>]) -> Option<Blocked> {
    let threshold = config.deletion_threshold.or_else(|| guard["share"].as_f64()).unwrap_or(SHARE);
    let at_least = guard["atLeast"].as_u64().unwrap_or(AT_LEAST);
    let share = |loss: &Loss<'_>| {
        #[expect(clippy::cast_precision_loss, reason = "a share needs no more than 52 bits")]
        let share = loss.deletions as f64 / loss.owned.max(1) as f64;
        share.min(1.0)
    };
    let tripped = losses.iter().filter(|loss| loss.deletions > at_least && share(loss) > threshold);
    let largest = tripped.max_by_key(|loss| loss.deletions)?;
    let Loss { blueprint, deletions, owned } = largest;
    Some(Blocked {
        reason: format!("{deletions} of {owned} entities of \"{blueprint}\" would be deleted"),
        deletions: *deletions,
        share: share(largest),
        threshold,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn guards_are_read() {
        for (wanted, expected) in [
            (json!(null), Ok(json!({"share": 0.5, "atLeast": 10}))),
            (json!({"share": 0}), Ok(json!({"share": 0.0, "atLeast": 10}))),
            (json!({"atLeast": 0, "share": null}), Ok(json!({"share": 0.5, "atLeast": 0}))),
            (json!(3), Err("/guard")),
            (json!({"share": 2}), Err("/guard/share")),
            (json!({"atLeast": -1}), Err("/guard/atLeast")),
            (json!({"atleast": 1}), Err("/guard/atleast")),
        ] {
            let mut problems = Problems::default();
            let guard = parse(Some(&wanted), &mut problems);
            match expected {
                Ok(expected) => assert_eq!((guard, problems.0.len()), (expected, 0)),
                Err(path) => assert_eq!(problems.0[0].path.as_str(), path),
            }
        }
    }

    #[test]
    fn a_loss_trips_by_share_and_number() {
        let threshold = |threshold: Value| {
            let mapping = json!({"resources": [], "entityDeletionThreshold": threshold});
            MappingConfig::parse(&mapping, &Pointer::root()).unwrap()
        };
        let guard = json!({"share": 0.5, "atLeast": 10});
        for (deletions, owned, share, expected) in [
            (10, 10, json!(null), false),
            (11, 22, json!(null), false),
            (11, 21, json!(null), true),
            (11, 11, json!(1), false),
            (11, 1_000, json!(0), true),
            (10, 1_000, json!(0), false),
        ] {
            let losses = [
                Loss { blueprint: "a", deletions: 0, owned: 100 },
                Loss { blueprint: "b", deletions, owned },
            ];
            let tripped = trips(&guard, &threshold(share), &losses);
            assert_eq!(tripped.is_some(), expected, "{deletions} of {owned}");
        }
        let losses = [
            Loss { blueprint: "a", deletions: 20, owned: 20 },
            Loss { blueprint: "b", deletions: 30, owned: 40 },
        ];
        let blocked = trips(&guard, &threshold(json!(null)), &losses).unwrap();
        assert_eq!(blocked.reason, "30 of 40 entities of \"b\" would be deleted");
        assert_eq!((blocked.deletions, blocked.share, blocked.threshold), (30, 0.75, 0.5));
    }
}
