//! Every input object is of a kind that some test knows how to try.

use std::collections::BTreeSet;

use super::Specification;
use crate::reference::Sdl;
use crate::suite::{Suite, runtime};

/// Lists the tests of this file.
pub fn register(suite: &mut Suite) {
    suite.pure("arguments::every input object is known", every_input_is_known);
    suite.pure("arguments::what filters look through is what the schema links", filters_follow_links);
}

/// Conditions on values. They read nothing of their own: the member they stand under does.
const VALUES: [&str; 33] = [
    "AccessTechnologyFilter",
    "AlertStatusFilter",
    "AuditEventTypeFilter",
    "BigIntFilter",
    "BooleanFilter",
    "CallOutcomeFilter",
    "CustomerStatusFilter",
    "CustomerTypeFilter",
    "DateFilter",
    "DateTimeFilter",
    "DirectionFilter",
    "DocumentStatusFilter",
    "DocumentTypeFilter",
    "EmailAddressFilter",
    "IdFilter",
    "IncidentStatusFilter",
    "InvoiceStatusFilter",
    "KycStatusFilter",
    "OutcomeFilter",
    "PaymentStatusFilter",
    "PhoneNumberFilter",
    "PlanStatusFilter",
    "PriorityFilter",
    "ProvisioningStateFilter",
    "ResellerStatusFilter",
    "ServiceKindFilter",
    "SeverityFilter",
    "StringFilter",
    "SubscriptionStatusFilter",
    "TicketCategoryFilter",
    "TicketStatusFilter",
    "UserKindFilter",
    "UserStatusFilter",
];

/// Conditions on rows (`filters`, `oracle`, `rows::property`).
const ROWS: [&str; 15] = [
    "AuditEventFilter",
    "CallLogFilter",
    "CustomerFilter",
    "DocumentFilter",
    "InvoiceFilter",
    "NetworkServiceFilter",
    "PaymentFilter",
    "ResellerFilter",
    "SecurityAlertFilter",
    "SecurityIncidentFilter",
    "ServicePlanFilter",
    "SessionFilter",
    "SubscriptionFilter",
    "TicketFilter",
    "UserFilter",
];

/// Conditions on the rows that a row leads to (`ways`).
const LINKS: [&str; 10] = [
    "CustomerLinkFilter",
    "InvoiceLinkFilter",
    "InvoiceListFilter",
    "PaymentListFilter",
    "ResellerLinkFilter",
    "ServicePlanLinkFilter",
    "SubscriptionListFilter",
    "TicketLinkFilter",
    "TicketListFilter",
    "UserLinkFilter",
];

/// Orders (`filters`, `oracle`).
const ORDERS: [&str; 10] = [
    "CallLogOrder",
    "CustomerOrder",
    "DocumentOrder",
    "InvoiceOrder",
    "PaymentOrder",
    "ResellerOrder",
    "ServicePlanOrder",
    "SubscriptionOrder",
    "TicketOrder",
    "UserOrder",
];

/// What rows are looked up by (`lookup`, `oracle`).
const LOOKUPS: [&str; 1] = ["CustomerLookupInput"];

/// Stretches of time (`audit::asked`).
const PERIODS: [&str; 1] = ["Period"];

/// What is unmasked (`reveal`): the fields are named, and decided by name.
const REVEALS: [&str; 1] = ["FieldRevealInput"];

/// What changes something (`writes`, `masked`, `foreign`).
const CHANGES: [&str; 68] = [
    "AddressCreateInput",
    "AddressDeleteInput",
    "AddressUpdateInput",
    "ApiClientCreateInput",
    "ApiClientRevokeInput",
    "ApiClientRotateInput",
    "CallLogCreateInput",
    "ContactCreateInput",
    "ContactDeleteInput",
    "ContactUpdateInput",
    "CustomerCreateInput",
    "CustomerEmailChangeInput",
    "CustomerMoveResellerInput",
    "CustomerNoteCreateInput",
    "CustomerNoteDeleteInput",
    "CustomerNoteUpdateInput",
    "CustomerTransitionInput",
    "CustomerUpdateInput",
    "DocumentDownloadLinkInput",
    "DocumentInput",
    "DocumentRejectInput",
    "DocumentTransitionInput",
    "DocumentUploadInput",
    "DocumentUploadManyInput",
    "EmailVerificationConfirmInput",
    "EmailVerificationSendInput",
    "IdentityCheckPerformInput",
    "IncidentAffectedAddInput",
    "IncidentContainInput",
    "IncidentContainmentLiftInput",
    "IncidentNotifyInput",
    "IncidentOpenInput",
    "IncidentTransitionInput",
    "IncidentUpdateInput",
    "InvoiceCreateInput",
    "InvoiceIssueInput",
    "InvoiceLineInput",
    "InvoiceVoidInput",
    "NetworkServiceUpdateInput",
    "PasswordChangeInput",
    "PaymentCreateInput",
    "PaymentMethodAttachInput",
    "PaymentMethodDetachInput",
    "PaymentRefundInput",
    "ResellerCreateInput",
    "ResellerTransitionInput",
    "ResellerUpdateInput",
    "RoleCreateInput",
    "RoleDeleteInput",
    "RoleGrantInput",
    "RolePermissionInput",
    "RoleRevokeInput",
    "RoleUpdateInput",
    "SecurityAlertAcknowledgeInput",
    "SessionRevokeInput",
    "SubscriptionCreateInput",
    "SubscriptionTransitionInput",
    "TenantUpdateInput",
    "TicketAssignInput",
    "TicketCreateInput",
    "TicketReplyInput",
    "TicketTransitionInput",
    "TicketUpdateInput",
    "UserDeactivateInput",
    "UserInvitationResendInput",
    "UserInviteInput",
    "UserUnlockInput",
    "UserUpdateInput",
];

fn every_input_is_known() {
    let sdl = Sdl::read();
    let known: BTreeSet<&str> = VALUES
        .into_iter()
        .chain(ROWS)
        .chain(LINKS)
        .chain(ORDERS)
        .chain(LOOKUPS)
        .chain(PERIODS)
        .chain(REVEALS)
        .chain(CHANGES)
        .collect();
    let given: BTreeSet<&str> = sdl.inputs.keys().map(String::as_str).collect();
    // A new kind of argument needs its decision in policy/inputs.csv, its attempts in the tests that are named above,
    // and then its line here.
    assert_eq!(given, known, "input objects of the schema (left) and those that are known (right)");
    let has = |name: &&str, member: &str| sdl.inputs[*name].contains_key(member);
    for name in ROWS {
        assert!(["and", "or", "not"].iter().all(|member| has(&name, member)), "{name} does not nest");
    }
    for name in VALUES.into_iter().chain(LINKS) {
        assert!(!has(&name, "not"), "{name} is a condition on rows: list it as one");
    }
}

/// A way through a filter is as open as the field that follows the same link: `Invoice.customer` for
/// `InvoiceFilter.customer`.
fn filters_follow_links() {
    let spec = runtime().block_on(Specification::read());
    let mut seen = 0;
    for name in ROWS {
        for link in super::ways::links(&spec.sdl, name) {
            let owner = name.trim_end_matches("Filter");
            assert_eq!(link.field, format!("{owner}.{}", link.member), "{name}.{}", link.member);
            let leads_to = &spec.sdl.objects[owner][&link.member].named;
            let row = leads_to.trim_end_matches("Connection");
            assert_eq!(link.to, format!("{row}Filter"), "{name}.{} looks at other rows", link.member);
            seen += 1;
        }
    }
    assert!(seen > 10, "filters look through {seen} links only");
}
