//! Security incidents: what happened and where it stands, by when the law wants a breach of personal data notified and to
//! whom, whose data it was, and the register of breaches (GDPR Art. 33(5)).
//!
//! Invariants: an incident takes one step at a time and none back, and what is closed stays as it is; what was once a breach
//! stays on the register; nothing of what was notified, or of whose data it was, is ever taken out; what is late is on record
//! with its reason. A drill takes the same steps under the same rules, and is no entry of the register. What was done, when
//! and by whom is in the audit log under the incident's id.

mod affected_mutation;
mod deadlines;
mod draft;
mod evidence;
mod mutation;
mod notify_mutation;
mod object;
mod query;
mod regimes;
mod transition;

use custodian_entity::security_incident::Model;

pub use self::affected_mutation::AffectedMutation;
pub use self::deadlines::{Deadline, Facts, Notification, deadlines};
pub use self::mutation::IncidentMutation;
pub use self::notify_mutation::NotifyMutation;
pub use self::object::{NotificationDeadline, SecurityIncident};
pub use self::query::IncidentQuery;
pub use self::transition::StepMutation;
use crate::audit::Subject;

/// What an event of an incident is about.
fn subject(row: &Model) -> Subject {
    Subject::row("SecurityIncident", row.id, row.tenant_id)
}
