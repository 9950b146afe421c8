//! What an operation discloses: RESTRICTED data shown in clear, and whose they are.
//!
//! Which fields is said by the plan, whose by the rows that were read: each row of a type of which such a field is selected
//! counts, so that what is on record is never less than what was shown. It can be more, where a field stands under
//! `@skip` or a mutation looks at a row that it does not return. What is noted:
//!
//! - rows that [`super::Scoped`] reads, but for the one beyond the end of a page, which is never shown;
//! - what fields held once ([`super::Past`]), as rows of `ChangeRecord`.
//!
//! What is shown otherwise has an event of its own: values that are unmasked, content, links to it, secrets.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, OnceLock, PoisonError};

use custodian_entity::id::{TenantId, TypedId};
use sea_orm::prelude::Uuid;
use sea_orm::{ModelTrait, Value};

use super::catalog::FieldId;
use super::plan::Plan;
use super::policy::Policy;
use super::rows::Rows;
use super::sealing::column_named;

/// The classification of what is on record when it is shown in clear.
const RESTRICTED: &str = "RESTRICTED";

/// What an operation discloses.
#[derive(Debug, Default)]
pub struct Disclosing {
    /// The fields, by type; empty until it is known.
    fields: OnceLock<BTreeMap<String, Vec<String>>>,
    seen: Mutex<BTreeMap<(&'static str, Option<TenantId>), Seen>>,
}

/// Rows of one type and provider that were read.
#[derive(Clone, Debug, Default)]
struct Seen {
    customers: BTreeSet<Uuid>,
    /// Those of no customer.
    others: BTreeSet<Uuid>,
}

/// What was disclosed of the rows of one type and provider.
#[derive(Clone, Debug)]
pub struct Disclosed {
    /// The provider.
    pub tenant: Option<TenantId>,
    /// The fields: `Customer.email`.
    pub fields: Vec<String>,
    /// Whose customers' rows they were, in the order of their ids.
    pub customers: Vec<Uuid>,
    /// How many rows of no customer there were.
    pub others: usize,
}

impl Disclosing {
    /// Says what is shown in clear from now on.
    pub fn plan(&self, plan: &Plan, policy: &Policy) {
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for field in plan.clear().filter(|field| is_restricted(policy, *field)) {
            let name = policy.catalog().field_name(field);
            if let Some((owner, _)) = name.split_once('.') {
                fields.entry(owner.to_owned()).or_default().push(name.to_owned());
            }
        }
        // One plan for one operation.
        let _: Result<(), _> = self.fields.set(fields);
    }

    /// Notes rows that are shown.
    pub(super) fn note<E: Rows>(&self, rows: &[E::Model]) {
        let Some(fields) = self.fields.get() else { return };
        if rows.is_empty() || !fields.contains_key(E::TYPE) {
            return;
        }
        let customer = match E::TYPE {
            "Customer" => Some(E::id_column()),
            _ => column_named::<E>("customer_id"),
        };
        let tenant = column_named::<E>("tenant_id");
        let uuid = |row: &E::Model, column: Option<E::Column>| match row.get(column?) {
            Value::Uuid(uuid) => uuid,
            _ => None,
        };
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        for row in rows {
            let of = seen.entry((E::TYPE, uuid(row, tenant).map(TenantId::from_uuid))).or_default();
            match uuid(row, customer) {
                Some(customer) => of.customers.insert(customer),
                None => of.others.insert(E::id(row).uuid()),
            };
        }
    }

    /// What was disclosed so far, by type and provider.
    pub fn disclosed(&self) -> Vec<Disclosed> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let of = |((kind, tenant), seen): (&(&'static str, Option<TenantId>), &Seen)| Disclosed {
            tenant: *tenant,
            fields: self.fields.get().and_then(|fields| fields.get(*kind)).cloned().unwrap_or_default(),
            customers: seen.customers.iter().copied().collect(),
            others: seen.others.len(),
        };
        seen.iter().map(of).collect()
    }
}

fn is_restricted(policy: &Policy, field: FieldId) -> bool {
    policy.facts(field).is_some_and(|facts| facts.classification == RESTRICTED)
}
