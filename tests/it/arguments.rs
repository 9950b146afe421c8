//! Arguments are reads and writes: every filter, order and input field of the schema, as each role that may execute
//! the operation, against the access matrix. A refusal is the same whatever the data; a mutation that is refused
//! changes nothing; a row out of reach is a row that is not there.
//!
//! The documents are made from the SDL and `policy/inputs.csv`, so that what is added is tested without a line here.

mod filters;
mod foreign;
mod inputs;
mod lookup;
mod masked;
mod oracle;
mod paths;
pub mod rows;
mod state;
pub mod values;
pub mod ways;
mod writes;

use custodian::authz::Level;
use custodian::authz::policy::Policy;
use serde_json::Value;

use crate::client::Answer;
use crate::reference::{Matrix, Sdl, input_needs};
use crate::suite::Suite;

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure(
        "arguments::inputs.csv asks for the field that a position is named after",
        positions_name_fields,
    );
    inputs::register(suite);
    filters::register(suite);
    lookup::register(suite);
    oracle::register(suite);
    paths::register(suite);
    writes::register(suite);
    masked::register(suite);
    foreign::register(suite);
}

/// What a test of this folder reads from.
pub struct Specification {
    /// Who may do what.
    pub matrix: Matrix,
    /// Which documents can be written.
    pub sdl: Sdl,
    /// Which operations a role may execute; `matrix/operations.rs` holds it to the matrix.
    pub policy: Policy,
}

impl Specification {
    /// Everything of it.
    pub async fn read() -> Self {
        Self { matrix: Matrix::read(), sdl: Sdl::read(), policy: crate::matrix::policy().await }
    }

    /// Whether a role may execute an operation such as `Query.customers`.
    pub fn may_execute(&self, role: &str, operation: &str) -> bool {
        self.policy.rights(role).expect("the policy knows the role").level_by_name(operation) == Level::Clear
    }
}

/// The code and field of each error.
pub fn refusals(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let of = |error: &Value| (text(&error["extensions"]["code"]), text(&error["extensions"]["field"]));
    answer.errors().iter().map(of).collect()
}

/// Nothing went wrong; otherwise the first of what did.
#[track_caller]
pub fn assert_none(problems: &[String]) {
    const SHOWN: usize = 20;
    let first = &problems[..problems.len().min(SHOWN)];
    assert!(problems.is_empty(), "{} problems, among them:\n{}", problems.len(), first.join("\n"));
}

/// An answer as it came, but for what is different in every answer.
pub fn without_request_id(answer: &Answer) -> String {
    const KEY: &str = "\"requestId\":\"";
    let mut text = String::new();
    let mut rest = answer.text.as_str();
    while let Some((before, after)) = rest.split_once(KEY) {
        text.push_str(before);
        rest = after.split_once('"').map_or("", |(_, rest)| rest);
    }
    format!("{} {text}{rest}", answer.status)
}

/// Input fields that are not named after the field they write: links by id, and the legal form (see inputs.csv).
const NAMED_OTHERWISE: [(&str, &str); 22] = [
    ("CustomerCreateInput.password", "User.username"),
    ("CustomerCreateInput.type", "Customer.displayName"),
    ("CustomerCreateInput.username", "User.username"),
    ("CustomerLookupInput.governmentId", "Customer.governmentIdNumber"),
    // Whoever may say what it is hands it in.
    ("DocumentInput.file", "Document.type"),
    ("DocumentUploadInput.file", "Document.type"),
    ("InvoiceVoidInput.reason", "Invoice.voidReason"),
    // What the processor tells of it.
    ("PaymentMethodAttachInput.bankName", "PaymentMethod.kind"),
    ("PaymentMethodAttachInput.brand", "PaymentMethod.kind"),
    ("PaymentMethodAttachInput.expMonth", "PaymentMethod.kind"),
    ("PaymentMethodAttachInput.expYear", "PaymentMethod.kind"),
    ("PaymentMethodAttachInput.last4", "PaymentMethod.kind"),
    ("PaymentMethodAttachInput.processorToken", "PaymentMethod.kind"),
    // By all names.
    ("Query.customers(search)", "Customer.displayName"),
    // A disclosure tells to whom as the entry does.
    ("Query.disclosures(actorId)", "AuditEvent.actor"),
    ("RoleCreateInput.basedOn", "Role.permissions"),
    ("RoleGrantInput.isPrimary", "RoleGrant.role"),
    ("RoleUpdateInput.basedOn", "Role.permissions"),
    ("TicketReplyInput.body", "TicketMessage.body"),
    ("Query.containments(active)", "Containment.liftedAt"),
    ("IncidentAffectedAddInput.to", "SecurityIncident.affectedCustomers"),
    ("IncidentOpenInput.alertId", "SecurityAlert.incident"),
];

/// Positions of mutations that need no right of their own: they name rows, which row scope decides about, or say
/// how the operation is done. The list may only shrink.
const DECIDE_NOTHING: [&str; 92] = [
    "AddressCreateInput.customerId",
    "AddressDeleteInput.id",
    "AddressUpdateInput.id",
    "ApiClientRevokeInput.id",
    "ApiClientRotateInput.id",
    "CallLogCreateInput.customerId",
    "ContactCreateInput.customerId",
    "ContactDeleteInput.id",
    "ContactUpdateInput.id",
    "CustomerEmailChangeInput.id",
    "CustomerMoveResellerInput.id",
    "CustomerMoveResellerInput.version",
    "CustomerNoteCreateInput.customerId",
    "CustomerNoteDeleteInput.id",
    "CustomerNoteUpdateInput.id",
    "CustomerTransitionInput.id",
    "CustomerTransitionInput.version",
    "CustomerUpdateInput.id",
    "CustomerUpdateInput.version",
    // Who may have content may have a link to it.
    "DocumentDownloadLinkInput.id",
    "DocumentDownloadLinkInput.purpose",
    "DocumentDownloadLinkInput.ticketId",
    "DocumentRejectInput.id",
    // The step itself is the operation's, and so is why.
    "DocumentRejectInput.reason",
    "DocumentTransitionInput.id",
    "DocumentUploadInput.customerId",
    "DocumentUploadManyInput.customerId",
    "DocumentUploadManyInput.documents",
    // Who has the token may.
    "EmailVerificationConfirmInput.token",
    "EmailVerificationSendInput.customerId",
    // Each field named needs the right to unmask it; nothing is given.
    "FieldRevealInput.fields",
    "FieldRevealInput.id",
    "FieldRevealInput.purpose",
    "FieldRevealInput.ticketId",
    // The customers are what the log tells of.
    "IncidentAffectedAddInput.actorId",
    "IncidentAffectedAddInput.from",
    "IncidentAffectedAddInput.id",
    "IncidentContainInput.alertId",
    "IncidentContainInput.id",
    "IncidentContainInput.kind",
    "IncidentContainInput.reason",
    "IncidentContainmentLiftInput.id",
    "IncidentContainmentLiftInput.reason",
    // That something was notified is on record, whoever puts it there; no field shows more than it gave.
    "IncidentNotifyInput.delayReason",
    "IncidentNotifyInput.duty",
    "IncidentNotifyInput.id",
    "IncidentNotifyInput.notifiedAt",
    "IncidentNotifyInput.regime",
    "IncidentOpenInput.isDrill",
    "IncidentTransitionInput.id",
    "IncidentTransitionInput.status",
    "IncidentUpdateInput.id",
    "InvoiceCreateInput.customerId",
    "InvoiceIssueInput.id",
    "InvoiceVoidInput.id",
    "NetworkServiceUpdateInput.id",
    // About the viewer himself.
    "PasswordChangeInput.currentPassword",
    "PasswordChangeInput.newPassword",
    "PaymentCreateInput.customerId",
    "PaymentCreateInput.idempotencyKey",
    "PaymentCreateInput.invoiceId",
    "PaymentMethodAttachInput.customerId",
    "PaymentMethodDetachInput.id",
    // The amount is the operation's own, and no field shows the reason.
    "PaymentRefundInput.amount",
    "PaymentRefundInput.id",
    "PaymentRefundInput.idempotencyKey",
    "PaymentRefundInput.reason",
    "ResellerTransitionInput.id",
    "ResellerUpdateInput.id",
    "RoleDeleteInput.id",
    "RolePermissionInput.effect",
    "RolePermissionInput.object",
    "RolePermissionInput.right",
    "RoleRevokeInput.id",
    "RoleUpdateInput.id",
    "SecurityAlertAcknowledgeInput.id",
    "SessionRevokeInput.id",
    "SubscriptionCreateInput.customerId",
    "SubscriptionTransitionInput.id",
    // The step itself is the operation's; the reason is the server's field.
    "SubscriptionTransitionInput.reason",
    "TicketAssignInput.id",
    "TicketReplyInput.ticketId",
    "TicketTransitionInput.id",
    "TicketTransitionInput.status",
    "TicketUpdateInput.id",
    "UserDeactivateInput.id",
    "UserInvitationResendInput.id",
    // Judged as a whole: nobody invites to more than he holds.
    "UserInviteInput.role",
    "UserUnlockInput.id",
    "UserUpdateInput.id",
    "Viewer.access(field)",
    "Viewer.access(type)",
];

fn positions_name_fields() {
    let mut wrong = Vec::new();
    let mut undecided = Vec::new();
    for (position, needs) in input_needs() {
        let (owner, member) = position.split_once('.').expect("a position has two parts");
        let Some((verb, field)) = needs else {
            if owner.ends_with("Input") || owner == "Viewer" {
                undecided.push(position);
            }
            continue;
        };
        let of = |suffix: &str| owner.strip_suffix(suffix).map(str::to_owned);
        let (asked_verb, kind) = if let Some(kind) = of("Filter").or_else(|| of("OrderField")) {
            ("query", kind)
        } else if let Some(kind) = of("CreateInput") {
            ("create", kind)
        } else if let Some(kind) =
            ["UpdateInput", "EmailChangeInput", "MoveResellerInput", "AssignInput", "VoidInput"]
                .into_iter()
                .find_map(of)
        {
            let kind = if kind == "Incident" { "SecurityIncident".to_owned() } else { kind };
            ("update", kind)
        } else if owner == "IncidentAffectedAddInput" {
            ("update", "SecurityIncident".to_owned())
        } else if position == "IncidentOpenInput.alertId" {
            // It is the alert that is told of then.
            ("update", "SecurityAlert".to_owned())
        } else if owner == "UserInvitationResendInput" {
            // Where it goes from now on.
            ("update", "User".to_owned())
        } else if let Some(kind) = of("LookupInput") {
            ("lookup", kind)
        } else if let Some(kind) = of("Input") {
            let kind = kind.replace("TicketReply", "TicketMessage").replace("MethodAttach", "Method");
            let kind = kind.replace("IdentityCheckPerform", "IdentityCheck");
            let kind = kind.replace("DocumentUpload", "Document");
            let kind = kind.replace("IncidentOpen", "SecurityIncident");
            ("create", kind.replace("UserInvite", "User"))
        } else {
            // An argument: `Query.customer(customerNumber)`.
            ("query", "Customer".to_owned())
        };
        let plain = member.split(['(', ')']).nth(1).unwrap_or(member);
        let name = if plain.contains(char::is_lowercase) { plain.to_owned() } else { camel(plain) };
        let link = name.strip_suffix("Id").unwrap_or(&name);
        let listed = NAMED_OTHERWISE.contains(&(&*position, &*field));
        let named = [format!("{kind}.{name}"), format!("{kind}.{link}")].contains(&field);
        if verb != asked_verb || !(named || listed) {
            wrong.push(format!("{position} asks for {verb} on {field}"));
        }
    }
    assert!(wrong.is_empty(), "mend policy/inputs.csv:\n{}", wrong.join("\n"));
    // A new one needs its reason in inputs.csv, and its line here.
    assert_eq!(undecided, DECIDE_NOTHING, "positions without a right of their own");
}

/// `CREATED_AT` → `createdAt`
fn camel(name: &str) -> String {
    let mut words = name.split('_').map(str::to_lowercase);
    let first = words.next().unwrap_or_default();
    words.fold(first, |name, word| {
        let (initial, rest) = word.split_at(1);
        format!("{name}{}{rest}", initial.to_uppercase())
    })
}
