//! What fields held once, shown no further than those fields are now.

use std::borrow::Cow;
use std::sync::Arc;

use async_graphql::parser::types::Field;
use async_graphql::registry::Registry;
use async_graphql::{ContextSelectionSet, OutputType, Positioned, ServerResult, Value};
use custodian_entity::choice::Scope;
use custodian_entity::personal::PastValue;

use super::catalog::Catalog;
use super::mask;
use super::operation::Operation;
use super::policy::Policy;
use super::table::{Level, Rights};

/// What a field held, returned from the field with this number: shown as far as both are, masked as the source is.
/// What nobody can decide about is null.
pub struct Past<const FIELD: u64> {
    value: PastValue,
    source: String,
}

impl<const FIELD: u64> Past<FIELD> {
    /// What this field of this type held.
    pub fn new(value: PastValue, type_name: &str, field: &str) -> Self {
        Self { value, source: format!("{type_name}.{field}") }
    }

    /// Where it is the id of another row, whether the viewer reaches all of those: of one out of reach not even the id is
    /// told where it is linked to.
    fn leads_within(&self, catalog: &Catalog, operation: &Operation) -> bool {
        let target = self.source.split_once('.').and_then(|(owner, field)| {
            let owner = catalog.output_type(catalog.type_named(owner)?);
            Some(catalog.output_type(owner.fields.get(field)?.returns?))
        });
        let Some(target) = target.filter(|target| target.fields.contains_key("id")) else { return true };
        operation.reach(&target.name) >= Some(Scope::Tenant)
    }

    #[expect(clippy::disallowed_methods, reason = "the value becomes part of the answer here, at its level")]
    fn shown(&self, rights: &Rights, policy: &Policy, operation: &Operation) -> Option<String> {
        let source = policy.catalog().field(&self.source)?;
        if !self.leads_within(policy.catalog(), operation) {
            return None;
        }
        match Ord::min(rights.level_of_number(FIELD), rights.level(source)) {
            Level::Clear => self.value.expose().cloned(),
            Level::Masked => {
                let kind = policy.facts(source)?.mask.as_deref();
                self.value.expose().map(|value| mask::of_kind(kind, value, operation.clock.today()))
            }
            Level::Denied => None,
        }
    }
}

impl<const FIELD: u64> OutputType for Past<FIELD> {
    fn type_name() -> Cow<'static, str> {
        String::type_name()
    }

    fn create_type_info(registry: &mut Registry) -> String {
        String::create_type_info(registry)
    }

    async fn resolve(&self, ctx: &ContextSelectionSet<'_>, _: &Positioned<Field>) -> ServerResult<Value> {
        let shown = (ctx.data_opt::<Arc<Rights>>())
            .zip(ctx.data_opt::<Arc<Policy>>())
            .zip(ctx.data_opt::<Arc<Operation>>())
            .and_then(|((rights, policy), operation)| self.shown(rights, policy, operation));
        Ok(shown.map_or(Value::Null, Value::String))
    }
}
