//! What becomes of denials besides their errors: one event in the log for each operation, a count, and, for whoever may
//! look at the policy, the rules behind them.

use async_graphql::{Response, Value};
use custodian_entity::id::TypedId;

use super::catalog::FieldId;
use super::policy::{Policy, Question};
use super::table::{Level, Rights};
use super::tally::counted_role;
use crate::authn::{Origin, Viewer};

/// How often fields were denied, by role and type. Both are names of the policy: clients cannot make up new ones.
pub const DENIALS: &str = "custodian_denials_total";

/// Who may execute this sees the rules behind a denial.
const EXPLAINS: &str = "Query.explainAccess";

/// What one operation was denied.
pub struct Denials<'a> {
    policy: &'a Policy,
    rights: &'a Rights,
    /// Each field with what decided.
    denied: Vec<(&'a str, Vec<String>)>,
}

impl<'a> Denials<'a> {
    /// Finds out what decided.
    pub fn of(
        policy: &'a Policy,
        rights: &'a Rights,
        denied: impl IntoIterator<Item = (FieldId, Question)>,
    ) -> Self {
        let explained = |(field, question)| {
            (policy.catalog().field_name(field), policy.explain(rights, field, question).reasons())
        };
        Self { policy, rights, denied: denied.into_iter().map(explained).collect() }
    }

    /// The fields that were denied.
    pub fn fields(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.denied.iter().map(|(field, _)| *field)
    }

    /// Logs and counts them. Nothing denied, nothing logged.
    pub fn report(&self, viewer: &Viewer, origin: &Origin, what: &'static str) {
        if self.denied.is_empty() {
            return;
        }
        let role = self.rights.role();
        let counted = counted_role(self.rights);
        for (field, _) in &self.denied {
            let owner = field.split('.').next().unwrap_or_default();
            metrics::counter!(DENIALS, "role" => counted.to_owned(), "type" => owner.to_owned()).increment(1);
        }
        let fields: Vec<&str> = self.denied.iter().map(|(field, _)| *field).collect();
        let rules: Vec<&str> = self.denied.iter().flat_map(|(_, rules)| rules).map(String::as_str).collect();
        tracing::info!(
            request_id = %origin.request_id,
            viewer = viewer.identity().map(|who| who.user.encode()),
            api_client = viewer.identity().and_then(|who| who.client).map(TypedId::encode),
            role,
            policy = self.policy.version(),
            ?fields,
            ?rules,
            "{what}"
        );
    }

    /// Adds `extensions.rule` to the errors about them, if the role may see it.
    pub fn explain(mut self, response: &mut Response) {
        if self.denied.is_empty() || self.rights.level_by_name(EXPLAINS) == Level::Denied {
            return;
        }
        for extensions in response.errors.iter_mut().filter_map(|error| error.extensions.as_mut()) {
            let Some(Value::String(field)) = extensions.get("field") else { continue };
            // A field can be denied twice in one operation, as different questions, in the order of the errors.
            if let Some(at) = self.denied.iter().position(|(denied, _)| denied == field) {
                let (_, rules) = self.denied.remove(at);
                extensions.set("rule", rules);
            }
        }
    }
}
