//! Containment: what is done about an account, an API client or a reseller at once, and lifted again.
//!
//! Invariants: what is in force is rows of one table, which `authn` asks at each request; nothing of the account, the client
//! or the reseller itself is changed but what has ended for good (sessions, tokens, changes of an e-mail address that wait to be
//! confirmed), so that lifting it restores what was there; nobody contains who holds more than he does, himself, or the last that
//! can give roles, unless he reaches all providers and gives them again. It asks for the second factor again.

mod apply_mutation;
mod lift_mutation;
mod object;
mod query;

use custodian_entity::choice::ContainmentKind;
use custodian_entity::containment::Model;
use custodian_entity::id::{ApiClientId, ResellerId, TypedId, UserId};

pub use self::apply_mutation::ContainMutation;
pub use self::lift_mutation::LiftMutation;
pub use self::object::Containment;
pub use self::query::ContainmentQuery;
use crate::audit::{Event, EventType, Subject};
use crate::authz::{Level, Operation};
use crate::error::{Error, Result};

/// Whether the viewer may freeze resellers, and lift that: who may suspend them does.
fn may_freeze(operation: &Operation) -> Result<()> {
    match operation.rights.level_by_name("Mutation.resellerSuspend") {
        Level::Clear => Ok(()),
        _ => Err(Error::Forbidden("freezing a reseller takes the right to suspend it".to_owned())),
    }
}

/// The id of whom it was done about, as the schema writes it.
fn target(row: &Model) -> String {
    match row.kind {
        ContainmentKind::SuspendUser | ContainmentKind::RevokeTokens => {
            UserId::from_uuid(row.target_id).encode()
        }
        ContainmentKind::LockApiClient => ApiClientId::from_uuid(row.target_id).encode(),
        ContainmentKind::FreezeReseller => ResellerId::from_uuid(row.target_id).encode(),
    }
}

/// What is on record of it.
fn event(kind: EventType, row: &Model) -> Event {
    let subject = Subject::row("Containment", row.id, row.tenant_id);
    Event::done(kind, subject).containment(row.kind, target(row), row.alert_id)
}
