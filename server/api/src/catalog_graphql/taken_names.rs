//! Names given out once: a second taker gets `_2`, `_3`, ….

use std::collections::HashSet;

/// The names in use in one place: the schema's types, a root's fields, an enum's values.
#[derive(Debug, Default)]
pub struct TakenNames(HashSet<String>);

impl TakenNames {
    pub fn with(reserved: &[&str]) -> Self {
        Self(reserved.iter().map(|name| (*name).to_owned()).collect())
    }

    /// `wanted` if it is free, else the first free name with a number behind.
    pub fn take(&mut self, wanted: &str) -> String {
        let mut name = wanted.to_owned();
        let mut number = 2;
        while !self.0.insert(name.clone()) {
            name = format!("{wanted}_{number}");
            number += 1;
        }
        name
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_taken_name_gets_a_number() {
        let mut taken = TakenNames::with(&["Query"]);
        let given: Vec<_> = ["Query", "Service", "Service", "Service"].map(|name| taken.take(name)).into();
        assert_eq!(given, ["Query_2", "Service", "Service_2", "Service_3"]);
    }
}
