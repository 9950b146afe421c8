//! Entries about reading: what was shown in clear that is RESTRICTED, and what was denied.
//!
//! Which customers a disclosure is about is kept beside its entry (`disclosed_list`): a set of them (`disclosed_set`), which
//! is listed so that it can be asked for by customer (`disclosed_customer`). The entry holds how many they are and the digest
//! of their ids that the set is known by, so they are part of the chain.

use custodian_entity::audit_event;
use custodian_entity::id::{ApiClientId, CustomerId, TenantId, TypedId, UserId};
use sea_orm::prelude::Uuid;

use super::event::Details;
use super::sets::{bytes, sha256};
use super::{Event, EventType, Subject, entry};
use crate::authz::Operation;
use crate::authz::disclosing::Disclosed;
use crate::error::Result;

/// How many denied fields an entry names.
const NAMED: usize = 20;

/// What `audit_event.action` holds.
const ACTION: usize = 128;

/// An entry that is yet to be written, and the customers it is about.
#[derive(Clone, Debug)]
pub struct Entry {
    pub(super) event: audit_event::ActiveModel,
    pub(super) customers: Vec<Uuid>,
}

/// The entries about what an operation disclosed: one for each type, and provider whose rows they are.
///
/// # Errors
/// When an entry cannot be made: a mistake of ours.
pub fn disclosures(operation: &Operation, action: &str) -> Result<Vec<Entry>> {
    operation.disclosing.disclosed().into_iter().map(|disclosed| of(operation, action, disclosed)).collect()
}

fn of(operation: &Operation, action: &str, disclosed: Disclosed) -> Result<Entry> {
    let Disclosed { tenant, fields, customers, others } = disclosed;
    let customer = match *customers.as_slice() {
        [one] if others == 0 => Some(CustomerId::from_uuid(one)),
        _ => None,
    };
    let subject = Subject { tenant, customer, ..Subject::default() };
    let event = Event::done(EventType::DataDisclosed, subject);
    let details =
        Details::Disclosed { fields, customers: customers.len(), others, digest: digest_of(&customers) };
    let event = entry(operation, action, Event { details, ..event })?;
    Ok(Entry { event, customers })
}

/// SHA-256 of the ids, in hexadecimal digits; none of none.
pub(super) fn digest_of(sorted: &[Uuid]) -> Option<String> {
    (!sorted.is_empty()).then(|| hex(&sha256(&bytes(sorted))))
}

/// Bytes in hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The entry about what a viewer was denied, by which version of the policy; none of who is not known.
///
/// # Errors
/// When it cannot be made: a mistake of ours.
pub fn denial<'a>(
    operation: &Operation,
    action: &str,
    denied: impl IntoIterator<Item = &'a str>,
    policy: &str,
) -> Result<Option<Entry>> {
    let mut denied: Vec<String> = denied.into_iter().map(str::to_owned).collect();
    if denied.is_empty() || operation.viewer.identity().is_none() {
        return Ok(None);
    }
    let more = denied.len().saturating_sub(NAMED);
    denied.truncate(NAMED);
    let details = Details::Denied { denied, more, policy: policy.to_owned() };
    let event = Event { details, ..Event::denied(EventType::AccessDenied, Subject::default()) };
    Ok(Some(Entry { event: entry(operation, action, event)?, customers: Vec::new() }))
}

/// The entry about a viewer who asked for more than a limit lets him have.
///
/// # Errors
/// When it cannot be made: a mistake of ours.
pub fn limited(operation: &Operation, limit: &'static str) -> Result<Entry> {
    let denied = Event::denied(EventType::RateLimited, Subject::default());
    let event = Event { details: Details::Limited { limit }, ..denied };
    Ok(Entry { event: entry(operation, "rateLimit", event)?, customers: Vec::new() })
}

/// The entry about somebody who was refused the role he asked to act in. What he called it could say anything.
///
/// # Errors
/// When it cannot be made: a mistake of ours.
pub fn refused_role(
    operation: &Operation,
    (user, tenant, client): (UserId, TenantId, Option<ApiClientId>),
    policy: &str,
) -> Result<Entry> {
    let details = Details::Denied { denied: vec!["role".to_owned()], more: 0, policy: policy.to_owned() };
    let subject = Subject { tenant: Some(tenant), ..Subject::default() };
    let denied = Event::denied(EventType::AccessDenied, subject);
    let event = Event { actor: Some(user), client, details, ..denied };
    Ok(Entry { event: entry(operation, "authenticate", event)?, customers: Vec::new() })
}

/// What an operation does, by the names of the schema. What the client calls it says nothing, and could say anything.
pub fn action<'a>(operations: impl IntoIterator<Item = &'a str>) -> String {
    let mut action = String::new();
    for name in operations {
        let is_first = action.is_empty();
        if !is_first && action.len() + 1 + name.len() > ACTION {
            break;
        }
        action += if is_first { "" } else { " " };
        action += name;
    }
    action
}
