//! Whose changes a viewer sees: those of rows that he reaches. Of a type on which he has no scope not even that
//! something was changed is told.

use std::sync::Arc;

use custodian_entity::change_record::{Column, Entity};
use custodian_entity::choice::Scope;
use custodian_entity::id::{ChangeRecordId, TypedId};
use custodian_entity::{
    address, call_log, contact, customer, customer_note, document, email_verification, identity_check,
    invoice, invoice_line, network_service, payment, payment_method, subscription, ticket, ticket_message,
};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{ColumnTrait, Condition, QuerySelect, QueryTrait};

use super::operation::Operation;
use super::rows::{Rows, of_customer};
use super::scope::Scoped;
use crate::authn::Identity;

/// The scopes that whose customer's a row is decides about.
const BY_OWNER: [Scope; 4] = [Scope::Own, Scope::Reseller, Scope::Tenant, Scope::All];

macro_rules! sources {
    (by owner: $($module:ident)* ; by row: $($by_row:ident)*) => {
        /// The types whose rows are reached by whose customer's they are, whether or not they are still there.
        const OWNED: &[(&str, fn(Scope, &Identity) -> bool)] =
            &[$(($module::Entity::TYPE, |scope, who| $module::Entity::reach(scope, who).is_some())),*];

        /// The types of which each row says itself who reaches it: only those that are there are told of.
        fn by_row(operation: &Arc<Operation>) -> Condition {
            Condition::any()$(.add(reached::<$by_row::Entity>(operation)))*
        }

        /// The id of a row, as clients know it; none for a type of which no history is kept.
        pub fn source_id(type_name: &str, id: Uuid) -> Option<String> {
            match type_name {
                $(name if name == $module::Entity::TYPE => Some(encoded::<$module::Entity>(id)),)*
                $(name if name == $by_row::Entity::TYPE => Some(encoded::<$by_row::Entity>(id)),)*
                _ => None,
            }
        }

        /// The row that an id names; none where no history is kept of such rows.
        pub fn source_of(id: &str) -> Option<Uuid> {
            None$(.or_else(|| decoded::<$module::Entity>(id)))*$(.or_else(|| decoded::<$by_row::Entity>(id)))*
        }
    };
}

sources! {
    by owner: customer address contact customer_note email_verification subscription network_service invoice invoice_line payment payment_method
        call_log identity_check;
    by row: ticket ticket_message document
}

fn encoded<E: Rows>(id: Uuid) -> String {
    E::Id::from_uuid(id).encode()
}

fn decoded<E: Rows>(id: &str) -> Option<Uuid> {
    E::Id::decode(id).ok().map(TypedId::uuid)
}

impl Rows for Entity {
    const TYPE: &'static str = "ChangeRecord";
    type Id = ChangeRecordId;
    fn id_column() -> Self::Column {
        Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        of_customer([Column::TenantId, Column::ResellerId, Column::CustomerId], scope, who)
    }

    /// What was changed is within reach as well.
    fn further(operation: &Arc<Operation>) -> Option<Condition> {
        let who = operation.viewer.identity()?;
        let by_owner = BY_OWNER.into_iter().filter_map(|scope| {
            let types: Vec<&str> = (OWNED.iter())
                .filter(|(name, has_rows)| operation.reach(name) == Some(scope) && has_rows(scope, who))
                .map(|(name, _)| *name)
                .collect();
            (!types.is_empty())
                .then(|| Self::reach(scope, who))?
                .map(|reach| Condition::all().add(Column::EntityType.is_in(types)).add(reach))
        });
        Some(by_owner.fold(by_row(operation), Condition::add))
    }
}

/// The records of those rows of a type that the viewer reaches.
fn reached<E: Rows>(operation: &Arc<Operation>) -> Condition {
    if operation.reach(E::TYPE).is_none() {
        return Expr::val(1).eq(0).into_condition();
    }
    let rows = Scoped::<E>::of(operation).select().select_only().column(E::id_column()).into_query();
    Condition::all().add(Column::EntityType.eq(E::TYPE)).add(Column::EntityId.in_subquery(rows))
}
