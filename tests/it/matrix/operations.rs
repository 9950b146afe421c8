//! An operation needs the letter of its type in the access matrix.

use std::collections::BTreeSet;

use custodian::authz::Level;

use super::agreement::policy;
use crate::fixture::ROLES;
use crate::reference::{Matrix, Sdl};
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("matrix::an operation needs the letter of its type", letters_are_needed);
}

/// Which letter of which type each operation needs.
#[rustfmt::skip]
const OPERATIONS: [(&str, &str, char); 97] = [
    ("Query.tenant", "Tenant", 'r'),
    ("Query.reseller", "Reseller", 'r'),
    ("Query.resellers", "Reseller", 'r'),
    ("Query.user", "User", 'r'),
    ("Query.users", "User", 'r'),
    ("Query.roles", "Role", 'r'),
    ("Query.customer", "Customer", 'r'),
    ("Query.customerLookup", "Customer", 'r'),
    ("Query.customers", "Customer", 'r'),
    ("Query.servicePlans", "ServicePlan", 'r'),
    ("Query.subscriptions", "Subscription", 'r'),
    ("Query.networkServices", "NetworkService", 'r'),
    ("Query.invoice", "Invoice", 'r'),
    ("Query.invoices", "Invoice", 'r'),
    ("Query.payments", "Payment", 'r'),
    ("Query.ticket", "Ticket", 'r'),
    ("Query.tickets", "Ticket", 'r'),
    ("Mutation.tenantUpdate", "Tenant", 'u'),
    ("Mutation.resellerCreate", "Reseller", 'c'),
    ("Mutation.resellerUpdate", "Reseller", 'u'),
    // What ends a reseller's access, or its sight of a customer, is not its own to do.
    ("Mutation.resellerSuspend", "Reseller", 'd'),
    ("Mutation.resellerResume", "Reseller", 'd'),
    // DOMAIN, "Who may execute what": TA; and SA, whom the matrix lets write `Customer.reseller` too.
    ("Mutation.customerMoveReseller", "Customer", 'd'),
    ("Mutation.userInvite", "User", 'c'),
    ("Mutation.userInvitationResend", "User", 'c'),
    ("Mutation.userUpdate", "User", 'u'),
    ("Mutation.userDeactivate", "User", 'd'),
    // What ends a lock goes with what ends an account: its owner may do neither.
    ("Mutation.userUnlock", "User", 'd'),
    ("Mutation.roleCreate", "Role", 'c'),
    ("Mutation.roleUpdate", "Role", 'u'),
    ("Mutation.roleDelete", "Role", 'd'),
    ("Mutation.roleGrant", "RoleGrant", 'c'),
    ("Mutation.roleRevoke", "RoleGrant", 'd'),
    ("Mutation.customerCreate", "Customer", 'c'),
    ("Mutation.customerUpdate", "Customer", 'u'),
    ("Mutation.customerActivate", "Customer", 'u'),
    ("Mutation.customerSuspend", "Customer", 'u'),
    ("Mutation.customerResume", "Customer", 'u'),
    ("Mutation.customerClose", "Customer", 'd'),
    // Whoever may write the address asks for it.
    ("Mutation.customerEmailChange", "EmailVerification", 'c'),
    ("Mutation.emailVerificationSend", "EmailVerification", 'c'),
    ("Mutation.addressCreate", "Address", 'c'),
    ("Mutation.addressUpdate", "Address", 'u'),
    ("Mutation.addressDelete", "Address", 'd'),
    ("Mutation.contactCreate", "Contact", 'c'),
    ("Mutation.contactUpdate", "Contact", 'u'),
    ("Mutation.contactDelete", "Contact", 'd'),
    ("Mutation.customerNoteCreate", "CustomerNote", 'c'),
    ("Mutation.customerNoteUpdate", "CustomerNote", 'u'),
    ("Mutation.customerNoteDelete", "CustomerNote", 'd'),
    ("Mutation.subscriptionCreate", "Subscription", 'c'),
    ("Mutation.subscriptionActivate", "Subscription", 'u'),
    ("Mutation.subscriptionSuspend", "Subscription", 'u'),
    ("Mutation.subscriptionResume", "Subscription", 'u'),
    ("Mutation.subscriptionTerminate", "Subscription", 'u'),
    ("Mutation.networkServiceUpdate", "NetworkService", 'u'),
    ("Mutation.invoiceCreate", "Invoice", 'c'),
    ("Mutation.invoiceIssue", "Invoice", 'u'),
    ("Mutation.invoiceVoid", "Invoice", 'u'),
    ("Mutation.paymentCreate", "Payment", 'c'),
    ("Mutation.paymentRefund", "Payment", 'u'),
    ("Mutation.paymentMethodAttach", "PaymentMethod", 'c'),
    ("Mutation.paymentMethodDetach", "PaymentMethod", 'd'),
    ("Mutation.ticketCreate", "Ticket", 'c'),
    ("Mutation.ticketUpdate", "Ticket", 'u'),
    ("Mutation.ticketAssign", "Ticket", 'u'),
    ("Mutation.ticketTransition", "Ticket", 'u'),
    ("Mutation.ticketReply", "TicketMessage", 'c'),
    ("Query.callLogs", "CallLog", 'r'),
    ("Query.changeHistory", "ChangeRecord", 'r'),
    ("Query.auditEvents", "AuditEvent", 'r'),
    // As what it is about is on record.
    ("Query.disclosures", "AuditEvent", 'r'),
    ("Mutation.callLogCreate", "CallLog", 'c'),
    ("Mutation.identityCheckPerform", "IdentityCheck", 'c'),
    ("Query.document", "Document", 'r'),
    ("Query.documents", "Document", 'r'),
    ("Mutation.documentUpload", "Document", 'c'),
    ("Mutation.documentUploadMany", "Document", 'c'),
    // DOMAIN, "Who may execute what": SA TA SU. Support may not update what it decides about.
    ("Mutation.documentArchive", "Document", 'u'),
    ("Query.apiClients", "ApiClient", 'r'),
    ("Mutation.apiClientCreate", "ApiClient", 'c'),
    ("Mutation.apiClientRotate", "ApiClient", 'u'),
    ("Mutation.apiClientRevoke", "ApiClient", 'd'),
    ("Query.securityAlerts", "SecurityAlert", 'r'),
    ("Mutation.securityAlertAcknowledge", "SecurityAlert", 'u'),
    ("Query.securityIncidents", "SecurityIncident", 'r'),
    ("Query.breachRegister", "SecurityIncident", 'r'),
    ("Mutation.incidentOpen", "SecurityIncident", 'c'),
    ("Mutation.incidentUpdate", "SecurityIncident", 'u'),
    ("Mutation.incidentTransition", "SecurityIncident", 'u'),
    ("Mutation.incidentNotify", "SecurityIncident", 'u'),
    ("Mutation.incidentAffectedAdd", "SecurityIncident", 'u'),
    ("Query.sessions", "Session", 'r'),
    ("Mutation.sessionRevoke", "Session", 'd'),
    ("Live.customerChanged", "Customer", 'r'),
    ("Live.securityAlertRaised", "SecurityAlert", 'r'),
    ("Live.ticketMessageAdded", "TicketMessage", 'r'),
];

/// Operations that no type decides about: who is signed in asks about himself and by id, and signs out; signing in is for
/// everybody, as is what a letter asks; unmasking is for who may unmask anything; password and second factor are
/// everybody's own.
const OF_NO_TYPE: [&str; 27] = [
    "Mutation.documentDownloadLink",
    "Mutation.documentReject",
    "Mutation.documentVerify",
    "Mutation.emailVerificationConfirm",
    "Mutation.fieldReveal",
    "Mutation.incidentContain",
    "Mutation.incidentContainmentLift",
    "Mutation.login",
    "Mutation.logout",
    "Mutation.logoutEverywhere",
    "Mutation.mfaConfirm",
    "Mutation.mfaDisable",
    "Mutation.mfaEnrol",
    "Mutation.mfaVerify",
    "Mutation.passwordChange",
    "Mutation.passwordResetConfirm",
    "Mutation.passwordResetRequest",
    "Mutation.tokenRefresh",
    "Query.__schema",
    "Query.__type",
    "Query.accessMatrix",
    "Query.auditVerify",
    "Query.containments",
    "Query.explainAccess",
    "Query.node",
    "Query.nodes",
    "Query.viewer",
];

/// What a role has the letter for and may not do, as policy.csv explains. The list may only shrink.
const WITHHELD: [(&str, &str); 8] = [
    // DOMAIN, "Who may execute what": SA TA SU BM.
    ("Query.customerLookup", "network_engineer"),
    ("Query.customerLookup", "reseller"),
    ("Query.customerLookup", "customer"),
    ("Mutation.customerActivate", "customer"),
    ("Mutation.customerResume", "customer"),
    ("Mutation.customerSuspend", "customer"),
    // Outside nobody writes Ticket.assignee.
    ("Mutation.ticketAssign", "reseller"),
    ("Mutation.ticketAssign", "customer"),
];

fn letters_are_needed() {
    let (matrix, sdl, policy) = (Matrix::read(), Sdl::read(), runtime().block_on(policy()));
    let level = |role: &str, operation: &str| {
        let rights = policy.rights(role).expect("the policy knows the role");
        rights.level_by_name(operation)
    };
    let mut listed: BTreeSet<String> =
        OPERATIONS.iter().map(|(operation, ..)| *operation).chain(OF_NO_TYPE).map(str::to_owned).collect();
    for root in ["Query", "Mutation", "Live"] {
        for name in sdl.objects[root].keys() {
            let operation = format!("{root}.{name}");
            assert!(listed.remove(&operation), "{operation} is new: list it here with the letter it needs");
        }
    }
    let introspection = BTreeSet::from(["Query.__schema".to_owned(), "Query.__type".to_owned()]);
    assert_eq!(listed, introspection, "operations that are listed here and that the schema lacks");

    let mut differences = Vec::new();
    for (operation, owner, letter) in OPERATIONS {
        assert_eq!(
            level("anonymous", operation),
            Level::Denied,
            "{operation} is open to who has not signed in"
        );
        for (role, _) in ROLES {
            let is = level(role, operation) == Level::Clear;
            let asked =
                matrix.reach(owner, role).letters.contains(letter) && !WITHHELD.contains(&(operation, role));
            if is != asked {
                differences.push(format!("{operation} as {role}: allowed is {is}, the matrix says {asked}"));
            }
        }
    }
    assert!(differences.is_empty(), "mend policy/policy.csv:\n{}", differences.join("\n"));

    for (role, _) in ROLES {
        let reveals = matrix.fields.iter().any(|field| field.reveal.iter().any(|of| of == role));
        assert_eq!(level(role, "Mutation.fieldReveal") == Level::Clear, reveals, "fieldReveal as {role}");
    }
    for operation in ["Query.__schema", "Query.__type"] {
        // DOMAIN, "Who may execute what": staff and resellers; customers and who has not signed in do not.
        for (role, asked) in
            ROLES.map(|(role, _)| (role, role != "customer")).into_iter().chain([("anonymous", false)])
        {
            assert_eq!(level(role, operation) == Level::Clear, asked, "{operation} as {role}");
        }
    }
    for operation in ["Mutation.documentVerify", "Mutation.documentReject"] {
        // DOMAIN, "Who may execute what": SA TA SU.
        for role in ROLES.map(|(role, _)| role).into_iter().chain(["anonymous"]) {
            let asked = ["system_admin", "tenant_admin", "support_agent"].contains(&role);
            assert_eq!(level(role, operation) == Level::Clear, asked, "{operation} as {role}");
        }
    }
    for (role, _) in ROLES {
        let content = matrix.field("Document.content").expect("the matrix has the content of documents");
        let may_have = content.cell(role).level == Level::Clear || content.reveal.iter().any(|of| of == role);
        let is = level(role, "Mutation.documentDownloadLink") == Level::Clear;
        assert_eq!(is, may_have, "documentDownloadLink as {role}");
    }
    for operation in ["Query.accessMatrix", "Query.auditVerify", "Query.explainAccess"] {
        // DOMAIN, "Who may execute what": SA TA.
        for role in ROLES.map(|(role, _)| role).into_iter().chain(["anonymous"]) {
            let asked = ["system_admin", "tenant_admin"].contains(&role);
            assert_eq!(level(role, operation) == Level::Clear, asked, "{operation} as {role}");
        }
    }
    let own =
        ["logout", "logoutEverywhere", "passwordChange", "mfaEnrol", "mfaConfirm", "mfaDisable", "mfaVerify"];
    let own = own.map(|name| format!("Mutation.{name}"));
    for operation in own.iter().map(String::as_str).chain(["Query.viewer", "Query.node", "Query.nodes"]) {
        assert!(ROLES.iter().all(|(role, _)| level(role, operation) == Level::Clear), "{operation}");
        assert_eq!(level("anonymous", operation), Level::Denied, "{operation}");
    }
    let open =
        ["login", "tokenRefresh", "emailVerificationConfirm", "passwordResetRequest", "passwordResetConfirm"];
    for operation in open.map(|name| format!("Mutation.{name}")) {
        assert_eq!(level("anonymous", &operation), Level::Clear, "nobody could {operation}");
    }
    // Who has yet to set up a second factor, or to choose his password, does that, asks who he is, signs in and out, and
    // nothing else.
    let every = |root: &'static str| sdl.objects[root].keys().map(move |name| format!("{root}.{name}"));
    let open: BTreeSet<String> = ["Query", "Mutation", "Live"]
        .into_iter()
        .flat_map(every)
        .filter(|name| level("enrolling", name) == Level::Clear)
        .collect();
    let may = [
        "Mutation.emailVerificationConfirm",
        "Mutation.login",
        "Mutation.logout",
        "Mutation.logoutEverywhere",
        "Mutation.mfaConfirm",
        "Mutation.mfaEnrol",
        "Mutation.passwordChange",
        "Mutation.passwordResetConfirm",
        "Mutation.passwordResetRequest",
        "Mutation.tokenRefresh",
        "Query.viewer",
    ];
    assert_eq!(open, may.map(str::to_owned).into(), "what enrolling may execute");
}
