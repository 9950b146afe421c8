//! What is counted of operations, by names of schema and policy alone: clients cannot make up new ones.

use super::catalog::FieldId;
use super::policy::Policy;
use super::table::Rights;

/// Counts operations, fields of a root, by what became of them.
pub const OPERATIONS: &str = "custodian_operations_total";
/// Counts how often fields were shown masked, by role and type, once an operation each.
pub const MASKS: &str = "custodian_masks_total";

/// What became of an operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// There are data, perhaps without what was denied.
    Done,
    /// There are none: it went wrong.
    Failed,
    /// Nothing of it was run: the policy or a limit refused it.
    Refused,
}

impl Outcome {
    const fn name(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Refused => "refused",
        }
    }
}

/// Counts what a document asked for; where that is not known, since it could not be read, as `none`.
pub fn count<'a>(operations: impl IntoIterator<Item = &'a str>, outcome: Outcome) {
    let one = |name: &str| {
        let labels = [("operation", name.to_owned()), ("outcome", outcome.name().to_owned())];
        metrics::counter!(OPERATIONS, &labels).increment(1);
    };
    let mut operations = operations.into_iter().peekable();
    if operations.peek().is_none() {
        one("none");
    }
    operations.for_each(one);
}

/// Counts fields that an operation shows masked.
pub fn count_masks(policy: &Policy, rights: &Rights, masked: impl Iterator<Item = FieldId>) {
    for field in masked {
        let owner = policy.catalog().field_name(field).split('.').next().unwrap_or_default();
        metrics::counter!(MASKS, "role" => counted_role(rights).to_owned(), "type" => owner.to_owned())
            .increment(1);
    }
}

/// The name that a role is counted by. Those of tenants' own roles are not ours to count by.
pub fn counted_role(rights: &Rights) -> &str {
    if rights.key() == rights.role() { rights.role() } else { "custom" }
}
