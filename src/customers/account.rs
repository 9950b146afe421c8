//! The account that a new customer signs in with.
//!
//! It acts as a customer and nothing else, whoever makes it: that is no role which somebody gives, but what a customer's
//! account is. Its password was chosen by somebody else, so that it is to be changed.

use std::sync::Arc;

use async_graphql::Context;
use custodian_entity::choice::{Scope, UserKind, UserStatus};
use custodian_entity::id::{RoleGrantId, RoleId, TypedId, UserId};
use custodian_entity::personal::{Email, Username};
use custodian_entity::{customer, role, role_grant, tenant, user};
use sea_orm::{ColumnTrait, DbErr, EntityTrait, QueryFilter, Set, SqlErr};
use secrecy::SecretString;

use crate::accounts::{Accounts, NewPassword};
use crate::authn::username::normalised;
use crate::authz::{InOperation, Operation};
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Outcome, UserError, UserErrorCode, validate};

/// The built-in role of customers.
pub(super) const ROLE: &str = "customer";

/// An account to be made.
pub(super) struct NewAccount {
    username: String,
    password: NewPassword,
    /// Where letters go that choose its password.
    pub(super) email: Email,
    role: RoleId,
}

/// What was given of an account, looked at and hashed; none where nothing was. Nothing of the database is held meanwhile.
pub(super) async fn prepared(
    ctx: &Context<'_>,
    tenant: &tenant::Model,
    given: (Option<String>, Option<String>),
    email: Option<Email>,
) -> Result<Outcome<Option<NewAccount>>> {
    let (username, password, email) = match (given, email) {
        ((None, None), _) => return Ok(Ok(None)),
        ((Some(username), Some(password)), Some(email)) => {
            (normalised(&username), SecretString::from(password), email)
        }
        ((None, Some(_)), _) => return Ok(Err(vec![incomplete("username")])),
        ((Some(_), None), _) => return Ok(Err(vec![incomplete("password")])),
        (_, None) => return Ok(Err(vec![incomplete("email")])),
    };
    let operation = ctx.operation()?;
    operation.end().await?;
    if let Some(error) = unacceptable(&username, tenant) {
        return Ok(Err(vec![error]));
    }
    let chosen = Accounts::of(ctx)?.choose_first("password", &password, vec![username.clone()]).await?;
    let password = match chosen {
        Ok(chosen) => chosen.hashed().await?,
        Err(reasons) => return Ok(Err(reasons)),
    };
    Ok(Ok(Some(NewAccount { username, password, email, role: role_of_customers(operation).await? })))
}

fn incomplete(field: &str) -> UserError {
    UserError::on(
        field,
        UserErrorCode::Required,
        "an account has a user name, a password, and an address that letters go to",
    )
}

/// What is wrong with a user name: it is `name@domain`, of the provider's own domain, so that a name in use tells of none
/// of another provider's accounts.
pub(super) fn unacceptable(username: &str, tenant: &tenant::Model) -> Option<UserError> {
    let invalid = |message| Some(UserError::on("username", UserErrorCode::Invalid, message));
    if validate::email("username", username).is_err() || validate::line(username, &()).is_err() {
        return invalid("is not of the form name@domain".to_owned());
    }
    match username.rsplit_once('@') {
        Some((_, domain)) if domain == tenant.domain => None,
        _ => invalid(format!("does not end in @{}", tenant.domain)),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "which built-in roles there are is nobody's secret, and nobody's row"
)]
async fn role_of_customers(operation: &Arc<Operation>) -> Result<RoleId> {
    let reading = operation.told(Settings::of_policy());
    let transaction = reading.transaction().await?;
    let built_in = role::Entity::find().filter(role::Column::TenantId.is_null());
    let found = built_in.filter(role::Column::Name.eq(ROLE)).one(&*transaction).await?;
    drop(transaction);
    reading.end().await?;
    found.map(|role| role.id).ok_or_else(|| Error::bug("a built-in role is missing"))
}

impl NewAccount {
    /// Makes it within the running transaction, for a customer that was just made.
    #[expect(
        clippy::disallowed_methods,
        reason = "who makes a customer need not reach its account, nor its role"
    )]
    pub(super) async fn add(
        self,
        operation: &Arc<Operation>,
        customer: &customer::Model,
    ) -> Result<Outcome<()>> {
        let (now, id) = (operation.clock.now(), UserId::from_uuid(operation.clock.new_uuid()));
        let account = user::ActiveModel {
            id: Set(id),
            tenant_id: Set(customer.tenant_id),
            reseller_id: Set(customer.reseller_id),
            customer_id: Set(Some(customer.id)),
            kind: Set(UserKind::Customer),
            status: Set(UserStatus::Active),
            // Not its name, which some who see accounts see masked.
            display_name: Set(customer.customer_number.clone()),
            username: Set(Username::new(self.username)),
            email: Set(self.email),
            password_hash: Set(Some(self.password.into_hash())),
            token_version: Set(0),
            mfa_enabled: Set(false),
            must_change_password: Set(true),
            password_changed_at: Set(Some(now)),
            failed_login_count: Set(0),
            created_at: Set(now),
            ..Default::default()
        };
        let account = operation.sealed::<user::Entity>(account).await?;
        let transaction = operation.transaction().await?;
        if let Err(error) = user::Entity::insert(account).exec_without_returning(&*transaction).await {
            return taken(error);
        }
        let grant = role_grant::ActiveModel {
            id: Set(RoleGrantId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(customer.tenant_id),
            user_id: Set(id),
            role_id: Set(self.role),
            is_primary: Set(true),
            scope: Set(Scope::Own),
            granted_by: Set(Some(operation.identity()?.user)),
            granted_at: Set(now),
            expires_at: Set(None),
            justification: Set(Some("customerCreate".to_owned())),
        };
        role_grant::Entity::insert(grant).exec_without_returning(&*transaction).await?;
        Ok(Ok(()))
    }
}

/// The user name is the one thing of an account that must be unique.
fn taken(error: DbErr) -> Result<Outcome<()>> {
    match error.sql_err() {
        Some(SqlErr::UniqueConstraintViolation(_)) => {
            Ok(Err(vec![UserError::on("username", UserErrorCode::Taken, "is in use already")]))
        }
        _ => Err(error.into()),
    }
}
