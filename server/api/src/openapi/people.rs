//! How people get in, and what the operator of the server may do.

use super::operation::Access::{Open, Operator, Session};
use super::operation::Operation;

const SESSIONS: &str = "Sessions";
const OPERATOR: &str = "Operator";

pub(super) const TAGS: &[(&str, &str)] = &[
    (
        SESSIONS,
        "Signing in with e-mail and password; the session is a cookie that scripts cannot read. Requests by cookie that change \
         something send the session's `csrfToken` as `X-CSRF-Token`, and whoever belongs to several tenants names one by its \
         slug in `X-Portolan-Tenant`.",
    ),
    (OPERATOR, "Tenants of this server, for who knows `PORTOLAN_OPERATOR_TOKEN`; 404 where there is none."),
];

pub(super) fn operations() -> Vec<Operation> {
    sessions().into_iter().chain(links()).chain(operator()).collect()
}

fn sessions() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(SESSIONS, method, path, id, summary);
    let begun = "The session; the cookie is set.";
    vec![
        op("post", "/api/session", "signIn", "Sign in")
            .by(Open)
            .takes("SignIn")
            .answers(200, begun, "SessionAnswer")
            .refuses([401, 403]),
        op("get", "/api/session", "getSession", "Who is signed in")
            .by(Session)
            .answers(200, "The session.", "SessionAnswer")
            .refuses([403]),
        op("delete", "/api/session", "signOut", "Sign out")
            .by(Open)
            .answers(200, "There is no session any more.", "Done")
            .refuses([401, 403]),
        op("post", "/api/session/password", "changePassword", "Change one's password")
            .by(Session)
            .takes("PasswordChange")
            .answers(200, begun, "SessionAnswer")
            .refuses([403]),
        op(
            "post",
            "/api/sign-up",
            "signUp",
            "Make a tenant and become its admin, where the operator allows it",
        )
        .by(Open)
        .takes("SignUp")
        .answers(201, begun, "SessionAnswer")
        .refuses([401, 403, 404, 409]),
    ]
}

fn links() -> Vec<Operation> {
    let op = |method, path, id, summary| Operation::new(SESSIONS, method, path, id, summary).by(Open);
    vec![
        op("get", "/api/invitations/{token}", "getInvitation", "What a one-time link invites to").answers(
            200,
            "The invitation.",
            "InvitationAnswer",
        ),
        op("post", "/api/invitations/accept", "acceptInvitation", "Become a member by a one-time link")
            .takes("Acceptance")
            .answers(201, "The session; the cookie is set.", "SessionAnswer")
            .refuses([401, 403, 404, 409]),
        op("get", "/api/password-reset/{token}", "getPasswordReset", "Whose password a one-time link resets")
            .answers(200, "The account.", "ResetAnswer"),
        op("post", "/api/password-reset", "resetPassword", "Set a password by a one-time link")
            .takes("Reset")
            .answers(200, "The password is set.", "Done")
            .refuses([403, 404, 409]),
    ]
}

fn operator() -> Vec<Operation> {
    let op = |method, path, id, summary| {
        Operation::new(OPERATOR, method, path, id, summary).by(Operator).refuses([404])
    };
    let (all, one) = ("/api/operator/tenants", "/api/operator/tenants/{slug}");
    vec![
        op("get", all, "listTenants", "All tenants").answers(200, "The tenants.", "TenantsAnswer"),
        op("post", all, "createTenant", "Make a tenant with an admin and a credential")
            .takes("TenantInput")
            .answers(201, "The tenant; its secrets are shown this once.", "NewTenantAnswer")
            .refuses([409]),
        op("patch", one, "changeTenant", "Rename, suspend, resume or limit a tenant")
            .takes("TenantChange")
            .answers(200, "The tenant.", "TenantAnswer")
            .refuses([409]),
        op("delete", one, "deleteTenant", "Delete a tenant with all that it owns")
            .answers(200, "Nothing is left.", "DeletionAnswer")
            .answers(202, "It is refused already; the rest follows.", "DeletionAnswer")
            .refuses([409]),
    ]
}
