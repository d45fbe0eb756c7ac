//! What is told of pull requests, issues and releases.

use super::Told;
use crate::fault::Trouble;
use crate::item::text;
use crate::kinds::{issue, pull_request, release};
use crate::selector::State;

/// Whether something in a state is read.
fn is_read(states: &[State], state: &str) -> bool {
    states.iter().any(|wanted| wanted.as_str() == state)
}

impl Told<'_> {
    pub(super) fn pull_request(&mut self) -> Result<(), Trouble> {
        let kind = pull_request::KIND.name;
        let Some((selector, _, item)) = self.thing::<pull_request::Selector>(kind, "pull_request")? else {
            return Ok(());
        };
        match is_read(&selector.states, text(&item, "state")) {
            true => self.present(kind, item),
            false => self.gone(kind, item),
        }
        Ok(())
    }

    pub(super) fn issue(&mut self) -> Result<(), Trouble> {
        let kind = issue::KIND.name;
        let Some((selector, _, item)) = self.thing::<issue::Selector>(kind, "issue")? else { return Ok(()) };
        if !issue::is_issue(&item) {
            return Ok(());
        }
        let left = matches!(self.action(), "deleted" | "transferred");
        match !left && is_read(&selector.states, text(&item, "state")) {
            true => self.present(kind, item),
            false => self.gone(kind, item),
        }
        Ok(())
    }

    pub(super) fn release(&mut self) -> Result<(), Trouble> {
        let kind = release::KIND.name;
        let Some((_, _, item)) = self.thing::<release::Selector>(kind, "release")? else { return Ok(()) };
        match self.action() {
            "deleted" => self.gone(kind, item),
            _ => self.present(kind, item),
        }
        Ok(())
    }
}
