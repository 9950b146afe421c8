//! Writes what was decided about a batch: rows of a table together, so that their keys are made together too.

use std::sync::Arc;

use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::id::{AddressId, CustomerId, ResellerId, RoleGrantId, TenantId, TypedId, UserId};
use custodian_entity::personal::Username;
use custodian_entity::{address, customer, customer_word, role_grant, user};
use sea_orm::{
    ActiveModelTrait, ActiveValue, ColumnTrait, EntityTrait, Iterable, ModelTrait, QueryFilter, Set, SqlErr,
};

use super::Import;
use super::line::{Account, Wanted};
use super::plan::{Differing, Plan};
use crate::authz::{Operation, Rows, changes, sealing, words};
use crate::database;
use crate::error::{Error, Result};
use crate::numbers;

/// Writes all of a batch into the running transaction.
pub(super) async fn all(import: &Import, operation: &Arc<Operation>, plan: Plan) -> Result<()> {
    let mut new = New::default();
    for wanted in plan.added {
        new.customer(import, operation, wanted).await?;
    }
    for differing in plan.changed {
        new.change(operation, differing).await?;
    }
    let ids: Vec<CustomerId> = new.customers.iter().filter_map(|row| row.id.try_as_ref().copied()).collect();
    insert::<customer::Entity>(operation, new.customers).await?;
    find_by_name(operation, ids).await?;
    insert::<address::Entity>(operation, new.addresses).await?;
    insert::<user::Entity>(operation, new.accounts).await?;
    insert::<role_grant::Entity>(operation, new.grants).await
}

/// The rows that a batch adds.
#[derive(Default)]
struct New {
    customers: Vec<customer::ActiveModel>,
    addresses: Vec<address::ActiveModel>,
    accounts: Vec<user::ActiveModel>,
    grants: Vec<role_grant::ActiveModel>,
}

impl New {
    async fn customer(&mut self, import: &Import, operation: &Arc<Operation>, wanted: Wanted) -> Result<()> {
        let (now, id) = (operation.clock.now(), CustomerId::from_uuid(operation.clock.new_uuid()));
        let number = numbers::next(operation, import.tenant.id, "CUSTOMER").await?;
        let number = format!("C-{number:06}");
        let whose = (import.tenant.id, import.reseller, id);
        wanted.addresses.into_iter().for_each(|row| self.address(operation, whose, row));
        if let Some(account) = wanted.account {
            self.account(import, operation, id, number.clone(), account);
        }
        self.customers.push(customer::ActiveModel {
            id: Set(id),
            tenant_id: Set(import.tenant.id),
            reseller_id: Set(import.reseller),
            customer_number: Set(number),
            status: wanted.status.map_or(wanted.row.status, Set),
            created_at: Set(now),
            updated_at: Set(now),
            ..wanted.row
        });
        Ok(())
    }

    fn address(
        &mut self,
        operation: &Operation,
        (tenant, reseller, customer): (TenantId, Option<ResellerId>, CustomerId),
        row: address::ActiveModel,
    ) {
        self.addresses.push(address::ActiveModel {
            id: Set(AddressId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(tenant),
            reseller_id: Set(reseller),
            customer_id: Set(customer),
            created_at: Set(operation.clock.now()),
            ..row
        });
    }

    /// The account that the customer signs in with as before: its password is its own.
    fn account(
        &mut self,
        import: &Import,
        operation: &Operation,
        customer: CustomerId,
        number: String,
        account: Account,
    ) {
        let (now, id) = (operation.clock.now(), UserId::from_uuid(operation.clock.new_uuid()));
        self.accounts.push(user::ActiveModel {
            id: Set(id),
            tenant_id: Set(import.tenant.id),
            reseller_id: Set(import.reseller),
            customer_id: Set(Some(customer)),
            kind: Set(UserKind::Customer),
            status: Set(UserStatus::Active),
            // Not its name, which some who see accounts see masked.
            display_name: Set(number),
            username: Set(Username::new(account.username)),
            email: Set(account.email),
            password_hash: Set(Some(account.password_hash)),
            token_version: Set(0),
            mfa_enabled: Set(false),
            must_change_password: Set(false),
            password_changed_at: Set(Some(now)),
            failed_login_count: Set(0),
            created_at: Set(now),
            ..Default::default()
        });
        self.grants.push(role_grant::ActiveModel {
            id: Set(RoleGrantId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(import.tenant.id),
            user_id: Set(id),
            role_id: Set(import.role),
            is_primary: Set(true),
            scope: Set(Scope::Own),
            granted_by: Set(None),
            granted_at: Set(now),
            expires_at: Set(None),
            justification: Set(Some("custodian import customers".to_owned())),
        });
    }

    /// Changes a customer and its addresses, with their history; a change of any raises the customer's version.
    async fn change(&mut self, operation: &Arc<Operation>, differing: Differing) -> Result<()> {
        let Differing { before, row, addresses } = differing;
        let row = customer::ActiveModel {
            version: Set(before.version.saturating_add(1)),
            updated_at: Set(operation.clock.now()),
            ..row
        };
        update::<customer::Entity>(operation, &before, row).await?;
        for (known, row) in addresses {
            match known {
                Some(known) => update::<address::Entity>(operation, &known, row).await?,
                None => self.address(operation, (before.tenant_id, before.reseller_id, before.id), row),
            }
        }
        Ok(())
    }
}

/// Changes a row whose personal data are open, and records it.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
async fn update<E: Rows>(operation: &Arc<Operation>, before: &E::Model, row: E::ActiveModel) -> Result<()>
where
    E::Model: Clone,
    E::ActiveModel: ActiveModelTrait<Entity = E> + Send,
{
    let mut after = before.clone();
    for column in E::Column::iter() {
        if let ActiveValue::Set(value) = row.get(column) {
            after.try_set(column, value)?;
        }
    }
    let sealed = operation.sealed_change::<E>(before, row).await?;
    let transaction = operation.transaction().await?;
    let this = E::id_column().eq(E::id(before));
    E::update_many().set(sealed).filter(this).exec(&*transaction).await?;
    changes::changed::<E>(operation, before, &after).await?;
    words::keep::<E>(operation, &after).await
}

/// Writes the words by which new customers are found.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
async fn find_by_name(operation: &Arc<Operation>, ids: Vec<CustomerId>) -> Result<()> {
    let transaction = operation.transaction().await?;
    let added = customer::Entity::find().filter(customer::Column::Id.is_in(ids));
    let mut added = added.all(&*transaction).await?;
    sealing::open::<customer::Entity>(&operation.keys, &mut added, customer::Entity::named()).await?;
    let mut found = Vec::new();
    for row in &added {
        found.extend(words::of::<customer::Entity>(&operation.keys, row).await?);
    }
    let found = found.into_iter().map(customer_word::ActiveModel::from);
    Ok(database::add(&*transaction, found.collect()).await?)
}

/// Adds rows with their personal data sealed.
#[expect(clippy::disallowed_methods, reason = "the operator has no viewer's rows")]
async fn insert<E: Rows>(operation: &Operation, rows: Vec<E::ActiveModel>) -> Result<()>
where
    E::ActiveModel: ActiveModelTrait<Entity = E>,
{
    let transaction = operation.transaction().await?;
    let rows = sealing::sealed::<E>(&operation.keys, rows).await?;
    database::add(&*transaction, rows).await.map_err(taken)
}

fn taken(error: sea_orm::DbErr) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(constraint)) => Error::Taken(constraint),
        _ => error.into(),
    }
}
