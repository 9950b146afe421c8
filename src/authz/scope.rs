//! Which rows: the only way to SELECT, UPDATE or DELETE.
//!
//! [`Rows`] says once per entity how `own`, `assigned`, `reseller` and `tenant` become a condition; [`Scoped`] puts
//! that condition into every statement. What has no arm in [`Rows::reach`] reaches no row.

use std::sync::Arc;

use custodian_entity::choice::{Scope, TicketCategory, UserKind};
use custodian_entity::id::{
    AddressId, ApiClientId, CallLogId, ContactId, CustomerId, EmailVerificationId, IdentityCheckId,
    InvoiceId, InvoiceLineId, NetworkServiceId, PaymentId, ResellerId, RoleGrantId, RoleId, ServicePlanId,
    SessionId, SubscriptionId, TenantId, TicketId, TicketMessageId, TypedId, UserId,
};
use custodian_entity::{
    address, api_client, call_log, contact, customer, email_verification, identity_check, invoice,
    invoice_line, network_service, payment, reseller, role, role_grant, service_plan, session, subscription,
    tenant, ticket, ticket_message, user,
};
use sea_orm::prelude::Uuid;
use sea_orm::sea_query::{Expr, ExprTrait, IntoCondition};
use sea_orm::{
    ActiveModelBehavior, ActiveModelTrait, ColumnTrait, Condition, DatabaseTransaction, DbErr, EntityTrait,
    FromQueryResult, IntoActiveModel, PaginatorTrait, QueryFilter, Select, SqlErr, UpdateMany,
};

use super::operation::Operation;
use crate::authn::{ActingRole, Identity};
use crate::database::is_row_refused;
use crate::error::{Error, Result};

/// An entity whose rows belong to somebody.
pub trait Rows:
    EntityTrait<Model: FromQueryResult + IntoActiveModel<Self::ActiveModel> + Send + Sync + Clone>
{
    /// The type the policy speaks of.
    const TYPE: &'static str;
    /// Its id.
    type Id: TypedId + Into<sea_orm::Value>;

    /// The id column.
    fn id_column() -> Self::Column;

    /// The id of a row.
    fn id(row: &Self::Model) -> Self::Id;

    /// The condition under which a row lies within a scope, or none if no row does.
    fn reach(scope: Scope, who: &Identity) -> Option<Condition>;
}

/// Types whose rows are the provider's and shown to all its people: there is no narrower part of them.
const SHARED: [&str; 3] = ["Tenant", "Role", "ServicePlan"];

/// How far a role reaches on a type: no farther than it was given, and of the shared types no farther than the provider,
/// unless it was given without limit.
pub(super) fn limited(type_name: &str, scope: Scope, reach: Scope) -> Scope {
    let least = if SHARED.contains(&type_name) { Scope::Tenant } else { reach };
    Ord::min(scope, Ord::max(reach, least))
}

/// How far somebody reaches on a type on which his role has this scope. Who is bound to a reseller reaches nothing by being
/// assigned to it: that may be any reseller's.
pub(super) fn reached(type_name: &str, scope: Scope, who: &Identity) -> Option<Scope> {
    let scope = limited(type_name, scope, who.role.reach);
    let is_out_of_bounds = who.bound_to().is_some() && scope == Scope::Assigned;
    (!is_out_of_bounds).then_some(scope)
}

fn is<C: ColumnTrait>(column: C, value: Option<impl Into<sea_orm::Value>>) -> Option<Condition> {
    value.map(|value| column.eq(value.into()).into_condition())
}

/// Rows that carry `tenant_id`, `reseller_id` and `customer_id`.
macro_rules! customer_rows {
    ($($module:ident, $type:literal, $id:ty;)*) => {$(
        impl Rows for $module::Entity {
            const TYPE: &'static str = $type;
            type Id = $id;
            fn id_column() -> Self::Column { $module::Column::Id }
            fn id(row: &Self::Model) -> Self::Id { row.id }
            fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
                match scope {
                    Scope::All => Some(Condition::all()),
                    Scope::Tenant => is($module::Column::TenantId, Some(who.tenant)),
                    Scope::Reseller => is($module::Column::ResellerId, who.reseller),
                    Scope::Own => is($module::Column::CustomerId, who.customer),
                    Scope::Assigned => None,
                }
            }
        }
    )*};
}

customer_rows! {
    address, "Address", AddressId;
    contact, "Contact", ContactId;
    email_verification, "EmailVerification", EmailVerificationId;
    subscription, "Subscription", SubscriptionId;
    network_service, "NetworkService", NetworkServiceId;
    invoice, "Invoice", InvoiceId;
    invoice_line, "InvoiceLine", InvoiceLineId;
    payment, "Payment", PaymentId;
    call_log, "CallLog", CallLogId;
    identity_check, "IdentityCheck", IdentityCheckId;
}

impl Rows for tenant::Entity {
    const TYPE: &'static str = "Tenant";
    type Id = TenantId;
    fn id_column() -> Self::Column {
        tenant::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(tenant::Column::Id, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

/// A reseller's own row is the reseller itself; a customer's is the one it came through.
impl Rows for reseller::Entity {
    const TYPE: &'static str = "Reseller";
    type Id = ResellerId;
    fn id_column() -> Self::Column {
        reseller::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(reseller::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Own => is(reseller::Column::Id, who.reseller),
            Scope::Assigned => None,
        }
    }
}

/// A reseller reaches its own people, not its customers' accounts; DOMAIN rule 8 keeps staff to `viewer` for their own.
impl Rows for user::Entity {
    const TYPE: &'static str = "User";
    type Id = UserId;
    fn id_column() -> Self::Column {
        user::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(user::Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(user::Column::ResellerId, who.reseller)
                .map(|condition| condition.add(user::Column::Kind.eq(UserKind::Reseller))),
            Scope::Own => is(user::Column::Id, Some(who.user)),
            Scope::Assigned => None,
        }
    }
}

/// Built-in roles belong to every tenant.
impl Rows for role::Entity {
    const TYPE: &'static str = "Role";
    type Id = RoleId;
    fn id_column() -> Self::Column {
        role::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => Some(
                Condition::any()
                    .add(role::Column::TenantId.eq(who.tenant))
                    .add(role::Column::TenantId.is_null()),
            ),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

impl Rows for role_grant::Entity {
    const TYPE: &'static str = "RoleGrant";
    type Id = RoleGrantId;
    fn id_column() -> Self::Column {
        role_grant::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(role_grant::Column::TenantId, Some(who.tenant)),
            Scope::Own => is(role_grant::Column::UserId, Some(who.user)),
            Scope::Reseller | Scope::Assigned => None,
        }
    }
}

impl Rows for session::Entity {
    const TYPE: &'static str = "Session";
    type Id = SessionId;
    fn id_column() -> Self::Column {
        session::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(session::Column::TenantId, Some(who.tenant)),
            Scope::Own => is(session::Column::UserId, Some(who.user)),
            Scope::Reseller | Scope::Assigned => None,
        }
    }
}

impl Rows for service_plan::Entity {
    const TYPE: &'static str = "ServicePlan";
    type Id = ServicePlanId;
    fn id_column() -> Self::Column {
        service_plan::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(service_plan::Column::TenantId, Some(who.tenant)),
            Scope::Reseller | Scope::Assigned | Scope::Own => None,
        }
    }
}

impl Rows for customer::Entity {
    const TYPE: &'static str = "Customer";
    type Id = CustomerId;
    fn id_column() -> Self::Column {
        customer::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(customer::Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(customer::Column::ResellerId, who.reseller),
            Scope::Own => is(customer::Column::Id, who.customer),
            Scope::Assigned => None,
        }
    }
}

/// The category of tickets that a role works on without being named on each.
pub(super) fn own_category(role: &ActingRole) -> Option<TicketCategory> {
    match role.name.as_str() {
        _ if role.custom.is_some() => None,
        "billing_manager" => Some(TicketCategory::Billing),
        "network_engineer" => Some(TicketCategory::Technical),
        _ => None,
    }
}

/// A reseller reads the tickets that are shared with it.
impl Rows for ticket::Entity {
    const TYPE: &'static str = "Ticket";
    type Id = TicketId;
    fn id_column() -> Self::Column {
        ticket::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use ticket::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller)
                .map(|condition| condition.add(Column::SharedWithReseller.eq(true))),
            Scope::Own => is(Column::CustomerId, who.customer),
            Scope::Assigned => {
                let mine = Condition::any()
                    .add(Column::AssigneeId.eq(who.user))
                    .add_option(own_category(&who.role).map(|category| Column::Category.eq(category)));
                Some(Condition::all().add(Column::TenantId.eq(who.tenant)).add(mine))
            }
        }
    }
}

/// As the ticket; what staff wrote among themselves is no row for customers and resellers.
impl Rows for ticket_message::Entity {
    const TYPE: &'static str = "TicketMessage";
    type Id = TicketMessageId;
    fn id_column() -> Self::Column {
        ticket_message::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use ticket_message::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller).map(|condition| {
                condition.add(Column::SharedWithReseller.eq(true)).add(Column::IsInternal.eq(false))
            }),
            Scope::Own => is(Column::CustomerId, who.customer)
                .map(|condition| condition.add(Column::IsInternal.eq(false))),
            Scope::Assigned => {
                let mine = Condition::any()
                    .add(Column::TicketAssigneeId.eq(who.user))
                    .add_option(own_category(&who.role).map(|category| Column::TicketCategory.eq(category)));
                Some(Condition::all().add(Column::TenantId.eq(who.tenant)).add(mine))
            }
        }
    }
}

/// A reseller's are those that are bound to it.
impl Rows for api_client::Entity {
    const TYPE: &'static str = "ApiClient";
    type Id = ApiClientId;
    fn id_column() -> Self::Column {
        api_client::Column::Id
    }
    fn id(row: &Self::Model) -> Self::Id {
        row.id
    }
    fn reach(scope: Scope, who: &Identity) -> Option<Condition> {
        use api_client::Column;
        match scope {
            Scope::All => Some(Condition::all()),
            Scope::Tenant => is(Column::TenantId, Some(who.tenant)),
            Scope::Reseller => is(Column::ResellerId, who.reseller),
            Scope::Own => is(Column::OwnerId, Some(who.user)),
            Scope::Assigned => None,
        }
    }
}

/// The rows of an entity that the viewer reaches.
pub struct Scoped<E: Rows> {
    operation: Arc<Operation>,
    reach: Condition,
    entity: std::marker::PhantomData<fn() -> E>,
}

#[expect(clippy::disallowed_methods, reason = "this is where the condition is put into every statement")]
impl<E: Rows> Scoped<E> {
    /// The viewer's rows. Without a scope on the type, or without an identity, no row.
    pub fn of(operation: &Arc<Operation>) -> Self {
        let reach = (operation.viewer.identity())
            .and_then(|who| E::reach(operation.reach(E::TYPE)?, who))
            .unwrap_or_else(|| Expr::val(1).eq(0).into_condition());
        Self { operation: operation.clone(), reach, entity: std::marker::PhantomData }
    }

    /// A SELECT of these rows, to be narrowed further.
    pub fn select(&self) -> Select<E> {
        E::find().filter(self.reach.clone())
    }

    /// Runs a SELECT made by [`Self::select`].
    ///
    /// # Errors
    /// When the database is away.
    pub async fn all(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Vec<E::Model>> {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).all(&*transaction).await?)
    }

    /// How many rows a SELECT has.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn count(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<u64>
    where
        E::Model: Sync,
        for<'db> Select<E>: PaginatorTrait<'db, DatabaseTransaction>,
    {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).count(&*transaction).await?)
    }

    /// Runs a SELECT that was turned to an id and a number: a count by parent.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn tuples(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Vec<(Uuid, i64)>> {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).into_tuple().all(&*transaction).await?)
    }

    /// The first row of a SELECT.
    ///
    /// # Errors
    /// When the database is away.
    pub async fn one(&self, narrow: impl FnOnce(Select<E>) -> Select<E>) -> Result<Option<E::Model>> {
        let transaction = self.operation.transaction().await?;
        Ok(narrow(self.select()).one(&*transaction).await?)
    }

    /// The row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is none, or none the viewer reaches: the two look alike.
    pub async fn get(&self, id: E::Id) -> Result<E::Model> {
        self.one(|rows| rows.filter(E::id_column().eq(id))).await?.ok_or(Error::NotFound)
    }

    /// Adds a row, and makes sure the viewer reaches what he added.
    ///
    /// # Errors
    /// [`Error::Forbidden`] when it lies outside his rows; [`Error::Taken`] on a value that must be unique.
    pub async fn insert(&self, row: E::ActiveModel) -> Result<E::Model>
    where
        E::ActiveModel: ActiveModelTrait<Entity = E> + ActiveModelBehavior + Send,
    {
        let transaction = self.operation.transaction().await?;
        let outside = || Error::Forbidden(format!("this {} would lie outside your rows", E::TYPE));
        let added = E::insert(row).exec_with_returning(&*transaction).await;
        let added = added.map_err(|error| refusal(error, outside))?;
        match self.get(E::id(&added)).await {
            Err(Error::NotFound) => Err(outside()),
            found => found,
        }
    }

    /// Changes the row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such row within reach, or the change's own conditions do not hold;
    /// [`Error::Taken`] on a value that must be unique; [`Error::Forbidden`] when it would leave the viewer's rows.
    pub async fn change(
        &self,
        id: E::Id,
        change: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>,
    ) -> Result<E::Model> {
        let only_this = |update: UpdateMany<E>| change(update).filter(E::id_column().eq(id));
        if self.change_all(only_this).await? == 0 {
            return Err(Error::NotFound);
        }
        match self.get(id).await {
            Err(Error::NotFound) => Err(Self::leaving()),
            found => found,
        }
    }

    fn leaving() -> Error {
        Error::Forbidden(format!("this {} would leave your rows", E::TYPE))
    }

    /// Changes every row that the change's own conditions let through, and says how many.
    ///
    /// # Errors
    /// [`Error::Taken`] on a value that must be unique; [`Error::Forbidden`] when PostgreSQL sees a row leave the
    /// viewer's rows.
    pub async fn change_all(&self, change: impl FnOnce(UpdateMany<E>) -> UpdateMany<E>) -> Result<u64> {
        let transaction = self.operation.transaction().await?;
        let update = change(E::update_many()).filter(self.reach.clone());
        let changed = update.exec(&*transaction).await.map_err(|error| refusal(error, Self::leaving))?;
        Ok(changed.rows_affected)
    }

    /// Changes rows that follow a row the viewer may change: copies of its columns, whether or not he reaches each.
    /// PostgreSQL hides those he does not reach from this statement too: a trigger lets them follow.
    ///
    /// # Errors
    /// [`Error::NotFound`] when he does not reach the row they follow; [`Error::Forbidden`] as [`Self::change_all`].
    pub async fn change_followers<F: Rows>(
        &self,
        id: E::Id,
        follows: F::Column,
        change: impl FnOnce(UpdateMany<F>) -> UpdateMany<F>,
    ) -> Result<()> {
        self.get(id).await?;
        let transaction = self.operation.transaction().await?;
        let changed = change(F::update_many()).filter(follows.eq(id)).exec(&*transaction).await;
        changed.map(drop).map_err(|error| refusal(error, Self::leaving))
    }

    /// Removes the row with this id.
    ///
    /// # Errors
    /// [`Error::NotFound`] when there is no such row within reach.
    pub async fn delete(&self, id: E::Id) -> Result<()> {
        let transaction = self.operation.transaction().await?;
        let removed = E::delete_many()
            .filter(self.reach.clone())
            .filter(E::id_column().eq(id))
            .exec(&*transaction)
            .await?;
        if removed.rows_affected == 0 { Err(Error::NotFound) } else { Ok(()) }
    }
}

/// What the database refused: a value in use, or a row that row-level security sees outside the viewer's rows.
fn refusal(error: DbErr, outside: impl FnOnce() -> Error) -> Error {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(constraint)) => Error::Taken(constraint),
        _ if is_row_refused(&error) => outside(),
        _ => error.into(),
    }
}
