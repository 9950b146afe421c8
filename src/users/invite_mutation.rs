//! `userInvite`, `userInvitationResend`

use std::sync::Arc;

use async_graphql::{Context, InputObject, Object};
use chrono::TimeDelta;
use custodian_entity::choice::{Scope, TokenPurpose, UserKind, UserStatus};
use custodian_entity::id::{ResellerId, RoleGrantId, RoleId, TypedId, UserId};
use custodian_entity::personal::Username;
use custodian_entity::{reseller, role, role_grant, tenant, user};
use garde::Validate;
use sea_orm::sea_query::ExprTrait;
use sea_orm::{ActiveModelTrait, ColumnTrait, EntityTrait, QueryFilter, Set};

use super::User;
use super::account_mutation::within_own;
use super::role_mutation::{policy, refused, some, suits};
use crate::accept;
use crate::accounts::{Accounts, issue_token};
use crate::audit::{Change, Event, EventType, Quotas, Subject, count_refused, counted};
use crate::authn::username::normalised;
use crate::authz::{InOperation, Operation, Rights, Scoped};
use crate::error::{Error, Result};
use crate::graphql::scalar::EmailAddress;
use crate::graphql::validate::{self, Given, line};
use crate::graphql::{Gid, Maybe, Outcome, certain, is_taken};
use crate::mail::{Link, Notice, Outbox};

/// Who is invited, and to what.
#[derive(InputObject, Validate)]
pub struct UserInviteInput {
    /// What he signs in by: `name@domain`, in the domain of the provider. It stays.
    #[garde(custom(line), length(chars, max = 320))]
    username: String,
    /// The name shown to colleagues.
    #[garde(custom(line), length(chars, max = 200))]
    display_name: String,
    /// Where the invitation goes.
    #[garde(skip)]
    email: EmailAddress,
    /// The built-in role that he holds first.
    #[garde(custom(line), length(chars, max = 64))]
    role: String,
    /// The reseller whose account it is; one's own where one belongs to a reseller.
    #[garde(skip)]
    reseller_id: Option<Gid<ResellerId>>,
}

/// Which invitation is sent again.
#[derive(InputObject)]
pub struct UserInvitationResendInput {
    /// The account that nobody has opened yet.
    id: Gid<UserId>,
    /// Where it goes now; where it went before when not given.
    email: Option<EmailAddress>,
}

crate::payloads! {
    UserInvitePayload { user: User }
    UserInvitationResendPayload { user: User }
}

/// What can be changed about who has an account.
#[derive(Default)]
pub struct InviteMutation;

#[Object]
impl InviteMutation {
    /// Makes an account and sends a link by which its user chooses his password (`passwordResetConfirm`); until then it
    /// is `INVITED`. Nobody invites to more than he holds. Who has a second factor verifies his session first
    /// (`mfaVerify`).
    async fn user_invite(&self, ctx: &Context<'_>, input: UserInviteInput) -> Maybe<UserInvitePayload> {
        certain(async { invite(ctx, input).await }).await
    }

    /// Sends an invitation again that was not accepted: a new link, by which the one before ends. It counts as inviting
    /// does, and takes an account that holds no more than the viewer.
    async fn user_invitation_resend(
        &self,
        ctx: &Context<'_>,
        input: UserInvitationResendInput,
    ) -> Maybe<UserInvitationResendPayload> {
        certain(async { resend(ctx, input).await }).await
    }
}

/// Under which the log has invitations, first and again, and their number is limited.
const INVITE: &str = "userInvite";

async fn invite(ctx: &Context<'_>, input: UserInviteInput) -> Result<Outcome<user::Model>> {
    let (operation, accounts, outbox) = (ctx.operation()?, Accounts::of(ctx)?, Outbox::of(ctx)?);
    let policy = policy(ctx)?;
    let (kind, limit) = (EventType::UserInvited, Quotas::of(ctx)?.invite);
    let invited = counted(operation, INVITE, kind, limit, async || {
        Accounts::require_step_up(ctx).await?;
        let identity = operation.identity()?;
        let mut given = Given::checked(&input);
        let username = normalised(&input.username);
        let mut checked = |path, text| match validate::email(path, text) {
            Ok(email) => Some(email),
            Err(errors) => {
                errors.into_iter().for_each(|error| given.refuse(error));
                None
            }
        };
        let (name, email) = (checked("username", &username), checked("email", &input.email.0));
        accept!(given.finish());
        let (Some(_), Some(email)) = (name, email) else { return Err(Error::bug("an address is missing")) };
        let reseller = match (identity.kind, &input.reseller_id) {
            (UserKind::Reseller, None) => identity.reseller,
            (_, given) => given.as_ref().map(|given| given.0),
        };
        let Some(tenant) = tenant_of(operation, &username, reseller).await? else {
            accept!(refused("username", "ends in no domain of a provider of yours"))
        };
        let kind = if reseller.is_some() { UserKind::Reseller } else { UserKind::Staff };
        let Some((role, rights)) = role_of(operation, policy.rights(&input.role), &input.role).await? else {
            accept!(refused("role", "is no built-in role that you can give"))
        };
        let beyond = rights.beyond(&operation.rights, identity.role.reach);
        if !beyond.is_empty() {
            accept!(refused("role", format!("nobody gives more than he holds: {}", some(&beyond))));
        }
        accept!(suits(policy, kind, rights));
        let now = operation.clock.now();
        let row = user::ActiveModel {
            id: Set(UserId::from_uuid(operation.clock.new_uuid())),
            tenant_id: Set(tenant.id),
            reseller_id: Set(reseller),
            kind: Set(kind),
            status: Set(UserStatus::Invited),
            display_name: Set(input.display_name.clone()),
            username: Set(Username::new(username)),
            email: Set(email.clone()),
            token_version: Set(0),
            mfa_enabled: Set(false),
            must_change_password: Set(false),
            failed_login_count: Set(0),
            created_at: Set(now),
            ..Default::default()
        };
        let added = Scoped::<user::Entity>::of(operation).opening([user::Column::Email]).insert(row).await;
        let added = accept!(validate::taken(added, &[("username", "username")])?);
        let grant = grant(operation, &added, role, rights).await?;
        let valid_for = accounts.invitation_lasts();
        send(operation, outbox, &added, valid_for).await?;
        let event = Event::done(EventType::UserInvited, Subject::row("User", added.id, tenant.id));
        Ok(Change::Done(added, event.grant(&input.role, &grant)))
    })
    .await?;
    if is_taken(&invited) {
        count_refused(operation, INVITE, kind).await?;
    }
    Ok(invited)
}

/// Queues the letter to an account that this transaction has written.
async fn send(
    operation: &Arc<Operation>,
    outbox: &Outbox,
    account: &user::Model,
    valid_for: TimeDelta,
) -> Result<()> {
    let token = issue_token(operation, account.id, TokenPurpose::Invitation, valid_for).await?;
    let notice = Notice::Invitation(Link { token: &token, valid_for });
    outbox.queue(operation, account.tenant_id, &account.email, notice).await
}

async fn resend(ctx: &Context<'_>, input: UserInvitationResendInput) -> Result<Outcome<user::Model>> {
    let (operation, accounts, outbox) = (ctx.operation()?, Accounts::of(ctx)?, Outbox::of(ctx)?);
    let policy = policy(ctx)?;
    counted(operation, INVITE, EventType::UserInvited, Quotas::of(ctx)?.invite, async || {
        Accounts::require_step_up(ctx).await?;
        let users = Scoped::<user::Entity>::of(operation).opening([user::Column::Email]);
        let before = users.get(input.id.0).await?;
        // Whoever says where it goes chooses the password.
        accept!(within_own(operation, policy, &before).await?);
        if before.status != UserStatus::Invited {
            accept!(refused("id", "no invitation to this account is open"));
        }
        let email = match &input.email {
            Some(EmailAddress(text)) => accept!(validate::email("email", text)),
            None => before.email,
        };
        let row = user::ActiveModel { email: Set(email), ..Default::default() };
        let unopened = user::Column::Status.eq(UserStatus::Invited);
        let changed = users.change(before.id, row, |update| update.filter(unopened)).await;
        let changed = changed.map_err(|error| match error {
            Error::NotFound => Error::Conflict,
            other => other,
        })?;
        send(operation, outbox, &changed, accounts.invitation_lasts()).await?;
        let event = Event::done(EventType::UserInvited, Subject::row("User", changed.id, changed.tenant_id));
        let names = if input.email.is_some() { vec!["email"] } else { Vec::new() };
        Ok(Change::Done(changed, event.fields(names)))
    })
    .await
}

/// The provider that the domain of a user name picks, within reach; and that of the reseller, if there is one.
async fn tenant_of(
    operation: &Arc<Operation>,
    username: &str,
    reseller: Option<ResellerId>,
) -> Result<Option<tenant::Model>> {
    let domain = username.rsplit_once('@').map_or("", |(_, domain)| domain);
    let tenants = Scoped::<tenant::Entity>::of(operation);
    let found = tenants.one(|rows| rows.filter(tenant::Column::Domain.eq(domain))).await?;
    let Some(reseller) = reseller else { return Ok(found) };
    let reseller = Scoped::<reseller::Entity>::of(operation).get(reseller).await?;
    Ok(found.filter(|tenant| tenant.id == reseller.tenant_id))
}

/// A built-in role and its rights.
#[expect(
    clippy::disallowed_methods,
    reason = "built-in roles are nobody's rows, and who is outside reads none"
)]
async fn role_of<'r>(
    operation: &Operation,
    rights: Option<&'r Arc<Rights>>,
    name: &str,
) -> Result<Option<(RoleId, &'r Arc<Rights>)>> {
    let transaction = operation.transaction().await?;
    let named = role::Column::Name.eq(name).and(role::Column::IsSystem.eq(true));
    let role = role::Entity::find().filter(named).one(&*transaction).await?;
    Ok(role.zip(rights).map(|(role, rights)| (role.id, rights)))
}

/// Gives an account its first role, as far as both that and the viewer reach, and no longer than he holds his own.
#[expect(
    clippy::disallowed_methods,
    reason = "the role comes with the account, which the viewer has just made"
)]
async fn grant(
    operation: &Operation,
    user: &user::Model,
    role: RoleId,
    rights: &Rights,
) -> Result<role_grant::Model> {
    let identity = operation.identity()?;
    let widest = rights.scopes().map(|(_, scope)| scope).max().unwrap_or(Scope::Own);
    let grant = role_grant::Model {
        id: RoleGrantId::from_uuid(operation.clock.new_uuid()),
        tenant_id: user.tenant_id,
        user_id: user.id,
        role_id: role,
        is_primary: true,
        scope: Ord::min(widest, identity.role.reach),
        granted_by: Some(identity.user),
        granted_at: operation.clock.now(),
        expires_at: identity.role.until,
        justification: None,
    };
    let row = role_grant::ActiveModel::from(grant.clone()).reset_all();
    let transaction = operation.transaction().await?;
    role_grant::Entity::insert(row).exec_without_returning(&*transaction).await?;
    Ok(grant)
}
