//! Who is answered alike: viewers of whom one document, executed for any of them, gives the same answer. What is told to
//! many at once is read once for each kind of them.
//!
//! An answer depends on the document, on the rights, and on the rows: these on the provider, reseller and customer of who
//! asks, and on who he is only where he reaches rows because they are his own or assigned to him, or where cursors are
//! given, which are good for one user only.

use std::collections::BTreeSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use custodian_entity::choice::Scope;
use custodian_entity::id::{CustomerId, ResellerId, RoleId, TenantId, UserId};

use super::plan::Plan;
use super::rows::reached;
use super::table::Rights;
use crate::authn::Viewer;

/// Types of which rows are read only where a document asks for the type.
const BY_THEMSELVES: [&str; 5] = ["ApiClient", "RoleGrant", "Session", "Ticket", "TicketMessage"];

/// A kind of viewers.
#[derive(Clone, Debug)]
pub struct Alike {
    rights: Arc<Rights>,
    tenant: TenantId,
    reseller: Option<ResellerId>,
    bound_to: Option<ResellerId>,
    customer: Option<CustomerId>,
    /// The role, which decides about tickets, and how far it was given.
    role: (String, Option<RoleId>, String),
    /// Who it is, where that matters.
    user: Option<UserId>,
}

impl Alike {
    /// The kind that a viewer is of, for a document that was decided so; none who is not signed in.
    pub fn of(viewer: &Viewer, rights: &Arc<Rights>, plan: &Plan) -> Option<Self> {
        let who = viewer.identity()?;
        let catalog = rights.catalog();
        let types: BTreeSet<&str> = (plan.shown())
            .filter_map(|field| catalog.field_name(field).split_once('.').map(|(owner, _)| owner))
            .collect();
        let is_personal = |(type_name, scope): (&str, Scope)| {
            matches!(reached(type_name, scope, who), Some(Scope::Own | Scope::Assigned))
                && (types.contains(type_name) || !BY_THEMSELVES.contains(&type_name))
        };
        let has_cursors = types.iter().any(|name| name.ends_with("Connection"));
        let depends = has_cursors || rights.scopes().any(is_personal);
        Some(Self {
            rights: rights.clone(),
            tenant: who.tenant,
            reseller: who.reseller,
            bound_to: who.bound_to(),
            customer: who.customer,
            role: (who.role.name.clone(), who.role.custom, format!("{:?}", who.role.reach)),
            user: depends.then_some(who.user),
        })
    }

    fn rows(&self) -> impl Eq + Hash + '_ {
        let Self { tenant, reseller, bound_to, customer, role, user, .. } = self;
        (tenant, reseller, bound_to, customer, role, user)
    }
}

impl PartialEq for Alike {
    /// Rights are the same where they are the same table, of one policy.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.rights, &other.rights) && self.rows() == other.rows()
    }
}

impl Eq for Alike {}

impl Hash for Alike {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.rights).hash(state);
        self.rows().hash(state);
    }
}
