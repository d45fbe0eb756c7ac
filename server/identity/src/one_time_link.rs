//! One-time links: how they are made and what is true of both kinds. The token is in the link alone.

use std::time::Duration;

use portolan_foundation::secrets::{hash_secret, random_token};
use portolan_schema::{Code, Error, Instant, Result};
use portolan_store::identity::OneTimeLink;
use portolan_store::{GlobalScope, Role, TenantId};

use crate::{Identity, after};

/// How long an invitation and a reset are good.
pub(crate) const INVITATION_LIFE: Duration = Duration::from_hours(7 * 24);
pub(crate) const RESET_LIFE: Duration = Duration::from_hours(24);

/// A link, to be handed to one person.
pub struct Link {
    pub url: String,
    pub expires_at: Instant,
}

impl Identity {
    /// Keeps a link and answers it. `id` was reserved for it.
    pub(crate) async fn new_link(
        &self,
        scope: &GlobalScope,
        id: i64,
        email: &str,
        invitation: Option<(TenantId, Role)>,
        created_by: &str,
    ) -> Result<Link> {
        let token = random_token(32);
        let at = self.now();
        let (place, life) =
            if invitation.is_some() { ("invite", INVITATION_LIFE) } else { ("reset", RESET_LIFE) };
        let link = OneTimeLink {
            id,
            email: email.to_owned(),
            invitation,
            created_at: at,
            created_by: created_by.to_owned(),
            expires_at: after(at, life),
        };
        scope.create_link(&link, &hash_secret(&token)).await?;
        let url = format!("{}/{place}/{token}", self.settings.public_url);
        Ok(Link { url, expires_at: link.expires_at })
    }

    /// A link that may still be used.
    ///
    /// # Errors
    /// `NOT_FOUND`, whether it never was, is used up, was replaced, is over, or is of the other kind.
    pub(crate) async fn live_link(
        &self,
        scope: &GlobalScope,
        token: &str,
        is_invitation: bool,
    ) -> Result<OneTimeLink> {
        let found = scope.link(&hash_secret(token)).await?;
        let good =
            |link: &OneTimeLink| link.expires_at > self.now() && link.invitation.is_some() == is_invitation;
        found.filter(good).ok_or_else(gone)
    }
}

/// The one answer for every link that leads nowhere.
pub(crate) fn gone() -> Error {
    Error::problem(Code::NotFound, "the link was used already, was replaced, or is too old")
}
