//! The mapping language (ocean-clients.md 4): raw items to entities, by jq expressions over a [`Jq`] trait.
