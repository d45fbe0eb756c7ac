//! The one write path of entities.
