//! Random choices from a list of numbers, so that a failing case shrinks by itself: a shorter or smaller tape makes
//! simpler things. An exhausted tape chooses the first of everything.

use proptest::prelude::*;

pub struct Tape {
    choices: std::vec::IntoIter<u16>,
}

impl Tape {
    pub fn strategy(length: usize) -> impl Strategy<Value = Vec<u16>> {
        proptest::collection::vec(any::<u16>(), length / 2..length)
    }

    pub fn new(choices: Vec<u16>) -> Self {
        Self { choices: choices.into_iter() }
    }

    /// A number below `count`.
    pub fn below(&mut self, count: usize) -> usize {
        usize::from(self.choices.next().unwrap_or(0)) % count.max(1)
    }

    /// True once in `times`.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == times - 1
    }

    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> &'a T {
        &from[self.below(from.len())]
    }
}
