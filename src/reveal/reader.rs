//! The one way in which unmasked values come out.
//!
//! They are read by a query of the schema's own, of one row, under rights in which exactly these fields are clear. So
//! row scope, the accessors of the object and [`crate::authz::Pii`] are those of every other answer, and what can be
//! revealed is said nowhere but in the policy.

use std::sync::Arc;

use async_graphql::{Context, EmptyMutation, EmptySubscription, Request, Schema, Variables};
use serde_json::{Value, json};

use crate::authz::InOperation;
use crate::authz::catalog::FieldId;
use crate::error::{Error, Result};
use crate::graphql::Batches;
use crate::node::NodeQuery;

/// Reads single rows. It is part of the schema's data.
pub struct Reader(Schema<NodeQuery, EmptyMutation, EmptySubscription>);

impl Reader {
    /// A reader.
    #[expect(clippy::new_without_default, reason = "it is costly to make: once, at start")]
    pub fn new() -> Self {
        Self(Schema::new(NodeQuery, EmptyMutation, EmptySubscription))
    }

    /// These fields of the row with this id, as text; none where there is no value.
    ///
    /// # Errors
    /// When any of them cannot be read.
    #[expect(
        clippy::disallowed_methods,
        reason = "the document is made here, of fields that were decided one by one"
    )]
    pub(super) async fn read(
        &self,
        ctx: &Context<'_>,
        id: &str,
        fields: &[FieldId],
    ) -> Result<Vec<Option<String>>> {
        let operation = ctx.operation()?;
        operation.show(fields.iter().copied());
        let catalog = operation.rights.catalog();
        let names: Vec<(&str, &str)> =
            fields.iter().filter_map(|field| catalog.field_name(*field).split_once('.')).collect();
        let selected: String =
            names.iter().map(|(owner, name)| format!("... on {owner} {{ {name} }} ")).collect();
        let request = Request::new(format!("query ($id: ID!) {{ node(id: $id) {{ {selected} }} }}"))
            .variables(Variables::from_json(json!({ "id": id })))
            .data(operation.clone())
            .data(Arc::new(operation.rights.revealing(fields)))
            .data(Arc::new(Batches::default()));
        let response = self.0.execute(request).await;
        if let Some(error) = response.errors.first() {
            let ours = error.source::<Error>().cloned();
            return Err(
                ours.unwrap_or_else(|| Error::bug("a field that can be revealed cannot be read by itself"))
            );
        }
        let data = response.data.into_json().map_err(Error::internal)?;
        Ok(names.iter().map(|(_, name)| text(&data["node"][name])).collect())
    }
}

/// A value as text; of a list, each of its items.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => Some(items.iter().filter_map(text).collect::<Vec<_>>().join(", ")),
        other => Some(other.to_string()),
    }
}
