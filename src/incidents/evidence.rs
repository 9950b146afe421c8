//! Which of the data of a kind are unintelligible to whoever has the database and not the keys: what GDPR Art. 34(3)(a)
//! asks before people need not be told. From the columns themselves and the policy, so it is never out of date.

use std::collections::BTreeMap;

use custodian_entity::choice::DataCategory;
use custodian_entity::{
    address, call_log, contact, customer, customer_note, document, identity_check, invoice, network_service,
    payment, payment_method, reseller, subscription, ticket, ticket_message, user,
};
use sea_orm::{ActiveEnum, Iden, Iterable};

use crate::authz::Rows;
use crate::authz::policy::Policy;
use crate::authz::sealing::{sealed_columns, shown_as};

/// The fields of a kind, by whether the database holds them sealed.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    /// Sealed, so that they are read with the keys only.
    pub(super) sealed: Vec<String>,
    /// As they are.
    pub(super) clear: Vec<String>,
}

/// The fields of a type that are columns, and whether they are sealed. What is made of others is as they are.
fn columns<E: Rows>() -> Vec<(String, bool)> {
    let is_sealed =
        |column: &E::Column| sealed_columns::<E>().any(|sealed| sealed.to_string() == column.to_string());
    E::Column::iter().map(|column| (shown_as::<E>(column), is_sealed(&column))).collect()
}

fn stored() -> BTreeMap<String, bool> {
    let each = [
        columns::<address::Entity>(),
        columns::<call_log::Entity>(),
        columns::<contact::Entity>(),
        columns::<customer::Entity>(),
        columns::<customer_note::Entity>(),
        columns::<document::Entity>(),
        columns::<identity_check::Entity>(),
        columns::<invoice::Entity>(),
        columns::<network_service::Entity>(),
        columns::<payment::Entity>(),
        columns::<payment_method::Entity>(),
        columns::<reseller::Entity>(),
        columns::<subscription::Entity>(),
        columns::<ticket::Entity>(),
        columns::<ticket_message::Entity>(),
        columns::<user::Entity>(),
    ];
    each.into_iter().flatten().collect()
}

/// What there is to say of a kind of data.
pub(super) fn evidence(policy: &Policy, category: DataCategory) -> Evidence {
    let (word, stored, catalog) = (category.to_value(), stored(), policy.catalog());
    let mut found = Evidence::default();
    for field in catalog.field_ids() {
        let name = catalog.field_name(field);
        let is_of_kind = policy.facts(field).is_some_and(|facts| facts.category.as_deref() == Some(&*word));
        match stored.get(name).filter(|_| is_of_kind) {
            Some(true) => found.sealed.push(name.to_owned()),
            Some(false) => found.clear.push(name.to_owned()),
            None => {}
        }
    }
    found
}
