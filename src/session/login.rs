//! `login`

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use custodian_entity::id::{SessionId, TypedId};
use secrecy::{ExposeSecret, SecretString};

use super::account::{self, Account};
use super::{Viewer, family, limits};
use crate::audit::{Change, Event, recorded};
use crate::authn::token::Tokens;
use crate::authn::{Identity, act_as, password};
use crate::authz::{InOperation, mask};
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Maybe, certain};

/// A signed-in session.
#[derive(SimpleObject)]
pub struct LoginPayload {
    /// For the header `Authorization: Bearer …`.
    access_token: String,
    /// For `tokenRefresh`, once.
    refresh_token: String,
    /// `Bearer`
    token_type: &'static str,
    /// Its life, in seconds.
    expires_in: i64,
    /// Who signed in.
    viewer: Viewer,
}

/// What can be done about one's session.
#[derive(Default)]
pub struct SessionMutation;

#[Object]
impl SessionMutation {
    /// Signs in. Whatever is wrong with name, password or account, the answer is the same and takes as long.
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`name@domain`; the domain picks the provider.", validator(max_length = 320))]
        username: String,
        #[graphql(validator(max_length = 512))] password: String,
        #[graphql(desc = "The role to act in; the primary one when not given.", validator(max_length = 100))]
        role: Option<String>,
    ) -> Maybe<LoginPayload> {
        certain(login(ctx, username, SecretString::from(password), role)).await
    }
}

async fn login(
    ctx: &Context<'_>,
    username: String,
    password: SecretString,
    role: Option<String>,
) -> Result<LoginPayload> {
    let operation = ctx.operation()?;
    let limits = limits(ctx)?;
    let username = username.trim().to_lowercase();
    // Nothing of the database is held while the password is hashed, and never two transactions at once.
    operation.end().await?;
    let reading = operation.told(Settings::of_sign_in());
    let found = account::named(&reading, &username).await?;
    reading.end().await?;
    let noting = &operation.told(account::noting(found.as_ref()));
    let hash = found.as_ref().and_then(|account| account.user.password_hash.clone());
    let is_right = password::verify(password, hash).await?;
    let found = found.filter(|account| is_right && account.may_sign_in(&operation.clock));
    let masked = mask::username(&username);
    let signed_in = recorded(noting, "login", async || {
        let Some(account) = found else {
            account::note_failure(noting, &username).await?;
            let failed = Event::sign_in(false, masked, None);
            return Ok(Change::<_, Infallible>::Done(Err(Error::WrongCredentials), failed));
        };
        let actor = Some((account.user.id, account.user.tenant_id));
        let session = SessionId::from_uuid(operation.clock.new_uuid());
        match act_as(&account.user, &account.held, role.as_deref(), session) {
            Ok(identity) => {
                account::note_success(noting, &account.user).await?;
                let refresh_token =
                    family::begin(noting, limits, &identity, account.user.token_version).await?;
                let event = Event::sign_in(true, masked, actor).in_role(&identity.role.name);
                Ok(Change::Done(Ok((account, identity, refresh_token)), event))
            }
            Err(error) => Ok(Change::Done(Err(error), Event::sign_in(false, masked, actor))),
        }
    })
    .await?;
    let Ok(signed_in) = signed_in;
    let (account, identity, refresh_token) = signed_in?;
    LoginPayload::of(ctx, account, identity, &refresh_token)
}

impl LoginPayload {
    /// What whoever has this account and refresh token gets.
    pub(super) fn of(
        ctx: &Context<'_>,
        account: Account,
        identity: Identity,
        refresh_token: &SecretString,
    ) -> Result<Self> {
        let tokens = ctx.data_opt::<Arc<Tokens>>();
        let tokens = tokens.ok_or_else(|| Error::bug("no token keys in the operation"))?;
        let Account { user, tenant, held, .. } = account;
        Ok(Self {
            access_token: tokens.issue(&identity, user.token_version, &ctx.operation()?.clock)?,
            refresh_token: refresh_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: tokens.ttl_seconds(),
            viewer: Viewer { identity, user, tenant, held },
        })
    }
}
