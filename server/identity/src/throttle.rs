//! Slowing down who guesses passwords: delays that grow with each failure.
//!
//! Kept in the process: each server counts for itself, and a restart forgets. Whoever signed in with a browser before
//! is counted by that browser alone, so that failures of others do not keep a person out of the own account.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};

use portolan_foundation::secrets::hash_secret;
use portolan_schema::Instant;

/// The longest delay, in seconds.
const MAX_DELAY: i64 = 300;
/// Failures are forgotten after this time, in seconds.
const MEMORY: i64 = 900;
/// Most subjects that are remembered; beyond, the oldest tenth is forgotten.
const MAX_SUBJECTS: usize = 50_000;
const MICROS: i64 = 1_000_000;

/// Who is counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Subject {
    /// An account, by its e-mail, whether or not there is one.
    Account(String),
    /// A browser that signed in before, by the id in its cookie.
    Browser(String),
    /// A machine credential, by its client id.
    Client(String),
    /// A network address; of IPv6 its /64.
    Address(IpAddr),
    /// Who signs up, by address.
    SignUp(IpAddr),
}

impl Subject {
    /// How many failures cost nothing.
    fn free(&self) -> u32 {
        match self {
            Subject::Account(_) | Subject::Browser(_) => 5,
            Subject::Client(_) | Subject::SignUp(_) => 10,
            Subject::Address(_) => 30,
        }
    }

    fn key(&self) -> [u8; 32] {
        hash_secret(&match self {
            Subject::Account(email) => format!("account {email}"),
            Subject::Browser(id) => format!("browser {id}"),
            Subject::Client(id) => format!("client {id}"),
            Subject::Address(address) => format!("address {}", network(*address)),
            Subject::SignUp(address) => format!("sign-up {}", network(*address)),
        })
    }
}

/// What one subscriber has: the whole address, or the first half of an IPv6 one.
fn network(address: IpAddr) -> u128 {
    match address.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_bits()),
        IpAddr::V6(v6) => v6.to_bits() >> 64 << 64,
    }
}

#[derive(Default)]
pub(crate) struct Throttle(Mutex<HashMap<[u8; 32], State>>);

#[derive(Clone, Copy)]
struct State {
    failures: u32,
    last: Instant,
    until: Instant,
}

impl State {
    fn is_over(&self, at: Instant) -> bool {
        at.0 - self.last.0 > MEMORY * MICROS
    }
}

impl Throttle {
    /// How many seconds these subjects have to wait; None where they may try.
    pub(crate) fn wait(&self, subjects: &[Subject], at: Instant) -> Option<u64> {
        let states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let until = subjects.iter().filter_map(|subject| states.get(&subject.key()));
        let longest = until.map(|state| state.until.0 - at.0).max().unwrap_or(0);
        // Never longer than the longest delay, even where the clock was set back.
        let seconds = (longest + MICROS - 1).div_euclid(MICROS).min(MAX_DELAY);
        u64::try_from(seconds).ok().filter(|seconds| *seconds > 0)
    }

    /// Counts a failure of each.
    pub(crate) fn fail(&self, subjects: &[Subject], at: Instant) {
        let mut states = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for subject in subjects {
            make_room(&mut states, at);
            let fresh = State { failures: 0, last: at, until: at };
            let state = states.entry(subject.key()).or_insert(fresh);
            if state.is_over(at) {
                *state = fresh;
            }
            state.failures = state.failures.saturating_add(1);
            state.last = at;
            let beyond = state.failures.saturating_sub(subject.free());
            let delay = if beyond == 0 { 0 } else { (1_i64 << (beyond - 1).min(20)).min(MAX_DELAY) };
            state.until = Instant(at.0 + delay * MICROS);
        }
    }

    /// Forgets what one did wrong.
    pub(crate) fn forgive(&self, subject: &Subject) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&subject.key());
    }
}

fn make_room(states: &mut HashMap<[u8; 32], State>, at: Instant) {
    if states.len() < MAX_SUBJECTS {
        return;
    }
    states.retain(|_, state| !state.is_over(at));
    if states.len() < MAX_SUBJECTS {
        return;
    }
    let mut times: Vec<i64> = states.values().map(|state| state.last.0).collect();
    let tenth = times.len() / 10;
    let (_, oldest, _) = times.select_nth_unstable(tenth);
    let oldest = *oldest;
    let mut surplus = tenth + 1;
    states.retain(|_, state| {
        let goes = surplus > 0 && state.last.0 <= oldest;
        surplus -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(name: &str) -> Subject {
        Subject::Account(name.to_owned())
    }

    #[test]
    fn delays_grow_and_end() {
        let throttle = Throttle::default();
        let mut at = Instant(0);
        let mut waits = Vec::new();
        for _ in 0..16 {
            throttle.fail(&[account("a")], at);
            let wait = throttle.wait(&[account("a")], at);
            waits.push(wait.unwrap_or(0));
            at = Instant(at.0 + i64::try_from(wait.unwrap_or(0)).unwrap() * MICROS);
            assert_eq!(throttle.wait(&[account("a")], at), None, "a wait that was waited for is over");
        }
        assert_eq!(waits, [0, 0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(throttle.wait(&[account("b")], at), None);
        let later = Instant(at.0 + (MEMORY + 1) * MICROS);
        throttle.fail(&[account("a")], later);
        assert_eq!(throttle.wait(&[account("a")], later), None, "old failures are forgotten");
    }

    #[test]
    fn the_longest_wait_of_all_counts_and_one_is_forgiven() {
        let throttle = Throttle::default();
        let address = Subject::Address("2001:db8::1".parse().unwrap());
        let neighbour = Subject::Address("2001:db8::2".parse().unwrap());
        for _ in 0..33 {
            throttle.fail(&[account("a"), address.clone()], Instant(0));
        }
        assert_eq!(throttle.wait(&[account("a"), address.clone()], Instant(0)), Some(300));
        assert_eq!(throttle.wait(std::slice::from_ref(&neighbour), Instant(0)), Some(4), "the same /64");
        throttle.forgive(&account("a"));
        assert_eq!(throttle.wait(&[account("a"), address], Instant(1)), Some(4));
    }

    #[test]
    fn memory_is_bounded() {
        let throttle = Throttle::default();
        for number in 0..MAX_SUBJECTS * 2 {
            throttle.fail(&[account(&number.to_string())], Instant(i64::try_from(number).unwrap()));
        }
        let states = throttle.0.lock().unwrap();
        assert!(states.len() <= MAX_SUBJECTS);
        assert!(states.contains_key(&account(&(MAX_SUBJECTS * 2 - 1).to_string()).key()));
    }
}
