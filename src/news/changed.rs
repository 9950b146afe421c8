//! What was changed, as instances tell each other: ids, and nothing that could be personal.

use serde::{Deserialize, Serialize};

/// A change that is permanent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Changed {
    /// What happened, as the audit log calls it.
    pub event: String,
    /// The id of the provider whose it is.
    pub tenant: Option<String>,
    /// The id of the customer.
    pub customer: Option<String>,
    /// The type of the row that it is about.
    pub kind: Option<String>,
    /// Its id.
    pub id: Option<String>,
    /// The id of what was added to it.
    pub added: Option<String>,
    /// Whether it can end what somebody may do, and goes before others. Who hears it finds that out himself.
    #[serde(skip)]
    pub ends_rights: bool,
}
