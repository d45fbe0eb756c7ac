//! Roles, as the platform API names them.

use async_graphql::Enum;

#[derive(Enum, Clone, Copy, PartialEq, Eq)]
#[graphql(remote = "portolan_identity::Role")]
pub enum Role {
    Viewer,
    Member,
    Admin,
}
