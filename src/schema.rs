//! The schema: its roots, and its SDL.

use std::collections::BTreeMap;

use async_graphql::{MergedObject, SDLExportOptions, Schema, SchemaBuilder};

use crate::access::AccessQuery;
use crate::accounts::{FactorMutation, PasswordMutation, ResetMutation};
use crate::alerts::{AlertMutation, AlertQuery};
use crate::authz::catalog::{Catalog, CatalogError};
use crate::authz::policy::{FieldFacts, PolicyError, PolicyFiles, read_facts};
use crate::billing::{BillingQuery, InvoiceMutation, PaymentMethodMutation, PaymentMutation, RefundMutation};
use crate::calls::{CallLogMutation, CallLogQuery, IdentityCheckMutation};
use crate::clients::{ApiClientMutation, ApiClientQuery};
use crate::containment::{ContainMutation, ContainmentQuery, LiftMutation};
use crate::customers::{
    AddressMutation, ConfirmMutation, ContactMutation, CustomerMutation, CustomerQuery, LifecycleMutation,
    LookupQuery, MoveMutation, NoteMutation, VerificationMutation,
};
use crate::documents::{DocumentQuery, ReviewMutation, UploadMutation};
use crate::downloads::DownloadMutation;
use crate::history::HistoryQuery;
use crate::incidents::{AffectedMutation, IncidentMutation, IncidentQuery, NotifyMutation, StepMutation};
use crate::live::LiveRoot;
use crate::node::NodeQuery;
use crate::resellers::{ResellerMutation, ResellerQuery, StandingMutation};
use crate::reveal::RevealMutation;
use crate::services::{NetworkMutation, ServiceQuery, SubscriptionMutation};
use crate::session::{RefreshMutation, SessionMutation, SessionQuery, SessionsQuery, SignOutMutation};
use crate::support::{AssignMutation, TicketMutation, TicketQuery, TransitionMutation};
use crate::tenants::{TenantMutation, TenantQuery};
use crate::trail::{TrailQuery, VerifyQuery};
use crate::users::{AccountMutation, GrantMutation, InviteMutation, RoleMutation, UnlockMutation, UserQuery};

/// Everything that can be asked.
#[derive(MergedObject, Default)]
pub struct Query(
    SessionQuery,
    SessionsQuery,
    NodeQuery,
    TenantQuery,
    ResellerQuery,
    UserQuery,
    CustomerQuery,
    LookupQuery,
    ServiceQuery,
    BillingQuery,
    TicketQuery,
    CallLogQuery,
    DocumentQuery,
    HistoryQuery,
    TrailQuery,
    VerifyQuery,
    AccessQuery,
    ApiClientQuery,
    AlertQuery,
    ContainmentQuery,
    IncidentQuery,
);

/// Everything that can be changed.
#[derive(MergedObject, Default)]
pub struct Mutation(
    SessionMutation,
    RefreshMutation,
    SignOutMutation,
    PasswordMutation,
    ResetMutation,
    FactorMutation,
    TenantMutation,
    ResellerMutation,
    StandingMutation,
    AccountMutation,
    UnlockMutation,
    InviteMutation,
    RoleMutation,
    GrantMutation,
    CustomerMutation,
    LifecycleMutation,
    MoveMutation,
    VerificationMutation,
    ConfirmMutation,
    AddressMutation,
    ContactMutation,
    NoteMutation,
    SubscriptionMutation,
    NetworkMutation,
    InvoiceMutation,
    PaymentMutation,
    RefundMutation,
    PaymentMethodMutation,
    TicketMutation,
    AssignMutation,
    TransitionMutation,
    CallLogMutation,
    IdentityCheckMutation,
    UploadMutation,
    ReviewMutation,
    DownloadMutation,
    RevealMutation,
    ApiClientMutation,
    AlertMutation,
    ContainMutation,
    LiftMutation,
    IncidentMutation,
    StepMutation,
    NotifyMutation,
    AffectedMutation,
);

/// The schema as it is executed, under the guard.
pub type CustodianSchema = Schema<Query, Mutation, LiveRoot>;

/// The schema before its data are added. Suggestions would rebuild what a viewer does not see.
pub fn builder() -> SchemaBuilder<Query, Mutation, LiveRoot> {
    Schema::build(Query::default(), Mutation::default(), LiveRoot).disable_suggestions()
}

/// The index of the schema that the guard works with.
///
/// # Errors
/// [`CatalogError`]: a mistake of ours.
pub fn catalog(schema: &CustodianSchema) -> Result<Catalog, CatalogError> {
    Catalog::new(&schema.sdl_with_options(options()))
}

fn options() -> SDLExportOptions {
    SDLExportOptions::new().include_specified_by().sorted_fields().sorted_arguments().sorted_enum_items()
}

/// The SDL cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum SdlError {
    /// The schema cannot be indexed.
    #[error(transparent)]
    Catalog(#[from] CatalogError),
    /// A field is not classified.
    #[error(transparent)]
    Policy(#[from] PolicyError),
}

/// The SDL, sorted, every field with its classification from `policy/fields.csv`. Needs no database.
///
/// # Errors
/// [`SdlError`] when a field is not classified.
pub fn sdl() -> Result<String, SdlError> {
    let schema = builder().finish();
    let plain = schema.sdl_with_options(options());
    let facts = read_facts(&PolicyFiles::built_in().fields, &Catalog::new(&plain)?)?;
    Ok(classify(&plain, &facts))
}

/// What every `@classified` refers to.
const DEFINITIONS: &str = r#"
"""
How sensitive a field is, and which kind of data it holds.
"""
directive @classified(level: Classification!, category: DataCategory) on FIELD_DEFINITION

enum Classification {
	CONFIDENTIAL
	INTERNAL
	PUBLIC
	RESTRICTED
}

enum DataCategory {
	AUTH
	COMMUNICATION
	DOCUMENT
	FINANCIAL
	PII
	SERVICE
}
"#;

/// Adds the directive to every field line of an SDL that has one field a line.
fn classify(plain: &str, facts: &BTreeMap<String, FieldFacts>) -> String {
    let mut sdl = String::with_capacity(plain.len() * 2);
    let mut owner: Option<&str> = None;
    let mut in_text = false;
    let mut in_arguments = false;
    let mut pending: Option<String> = None;
    for line in plain.lines() {
        sdl.push_str(line.trim_end());
        if line.trim() == "\"\"\"" {
            in_text = !in_text;
        } else if !in_text {
            if let Some(rest) = line.strip_prefix("type ") {
                owner = rest.split([' ', '{']).next();
            } else if line.starts_with('}') {
                owner = None;
            } else if in_arguments {
                if line.trim_start().starts_with("):") {
                    in_arguments = false;
                    sdl.push_str(&pending.take().unwrap_or_default());
                }
            } else if let Some(owner) = owner {
                let name = line.trim_start().split(['(', ':']).next().unwrap_or_default();
                if let Some(facts) = facts.get(&format!("{owner}.{name}")) {
                    let mut directive = format!(" @classified(level: {}", facts.classification);
                    if let Some(category) = &facts.category {
                        directive.push_str(&format!(", category: {category}"));
                    }
                    directive.push(')');
                    pending = Some(directive);
                }
                // Arguments with descriptions stand on lines of their own: the field ends where they do.
                in_arguments = line.contains('(') && !line.contains("): ");
                if !in_arguments {
                    sdl.push_str(&pending.take().unwrap_or_default());
                }
            }
        }
        sdl.push('\n');
    }
    sdl.push_str(DEFINITIONS);
    sdl
}
