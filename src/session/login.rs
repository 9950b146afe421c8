//! `login`

use std::convert::Infallible;
use std::sync::Arc;

use async_graphql::{Context, Object, SimpleObject};
use custodian_entity::id::{SessionId, TypedId};
use secrecy::{ExposeSecret, SecretString};

use super::account::{self, Account};
use super::{Viewer, family, limits};
use crate::accounts::{Accounts, Guess};
use crate::audit::{Change, Event, EventType, recorded};
use crate::authn::password::{self, Verdict};
use crate::authn::token::Tokens;
use crate::authn::username::normalised;
use crate::authn::{Identity, act_as, confined};
use crate::authz::{InOperation, Operation, mask};
use crate::clock::Clock;
use crate::database::Settings;
use crate::error::{Error, Result};
use crate::graphql::{Maybe, certain};
use crate::mail::Outbox;

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
    /// Signs in. Whatever is wrong with name, password or account, the answer is the same and takes as long. Who has a
    /// second factor and brings no code is asked for one (`extensions.secondFactor`); after some failures account or
    /// address have to wait (`RATE_LIMITED`).
    async fn login(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "`name@domain`; the domain picks the provider.", validator(max_length = 320))]
        username: String,
        #[graphql(validator(max_length = 512))] password: String,
        #[graphql(desc = "The role to act in; the primary one when not given.", validator(max_length = 100))]
        role: Option<String>,
        #[graphql(desc = "Of the second factor, or a recovery code.", validator(max_length = 64))]
        code: Option<String>,
    ) -> Maybe<LoginPayload> {
        let given =
            Given { username: normalised(&username), password: SecretString::from(password), role, code };
        certain(login(ctx, given)).await
    }
}

/// What somebody brings to sign in.
struct Given {
    username: String,
    password: SecretString,
    role: Option<String>,
    code: Option<String>,
}

async fn login(ctx: &Context<'_>, given: Given) -> Result<LoginPayload> {
    let (operation, accounts, limits) = (ctx.operation()?, Accounts::of(ctx)?, limits(ctx)?);
    let outbox = Outbox::of(ctx)?;
    // Nothing of the database is held while the password is hashed, and never two transactions at once.
    operation.end().await?;
    let address = operation.origin.ip.map(Guess::Address);
    let guesses: Vec<_> = [Guess::Name(&given.username)].into_iter().chain(address).collect();
    let attempt = accounts.attempt(&operation.told(account::noting(None)), &guesses).await?;
    let reading = operation.told(Settings::of_sign_in());
    let found = account::named(&reading, &given.username).await?;
    reading.end().await?;
    let noting = &operation.told(account::noting(found.as_ref()));
    let hash = found.as_ref().and_then(|account| account.user.password_hash.clone());
    let verdict = password::verify(&given.password, hash).await?;
    let owner = found.as_ref().map(|account| account.user.clone());
    let found = found.filter(|account| verdict != Verdict::Wrong && account.may_sign_in(&operation.clock));
    let rehashed = match (verdict, &found) {
        (Verdict::Outdated, Some(_)) => Some(password::hash(&given.password).await?),
        _ => None,
    };
    let signed_in = recorded(noting, "login", async || {
        let masked = mask::username(&given.username);
        let locked_until = attempt.locked_until;
        let failed = if locked_until.is_some() { EventType::SignInLocked } else { EventType::SignInFailed };
        let Some(account) = found else {
            account::note_failure(noting, outbox, &given.username, owner.as_ref(), locked_until).await?;
            // It names the account, if there is one: its provider is to hear of it.
            let tried = owner.as_ref().map(|user| (user.id, user.tenant_id));
            let event = Event::sign_in(failed, masked, tried);
            return Ok(Change::<_, Infallible>::Done(Err(Error::WrongCredentials), event));
        };
        let actor = Some((account.user.id, account.user.tenant_id));
        let session = SessionId::from_uuid(operation.clock.new_uuid());
        let factor = prove(accounts, noting, &account, given.code.as_deref()).await?;
        match factor {
            Factor::Missing => {
                attempt.give_back(noting).await?;
                let event = Event::sign_in(EventType::SignInChallenged, masked, actor);
                return Ok(Change::Done(Err(Error::SecondFactorRequired), event));
            }
            Factor::Wrong => {
                account::note_failure(noting, outbox, &given.username, owner.as_ref(), locked_until).await?;
                let event = Event::sign_in(failed, masked, actor);
                return Ok(Change::Done(Err(Error::SecondFactorRequired), event));
            }
            Factor::Proved | Factor::None => {}
        }
        match act_as(&account.user, &account.held, given.role.as_deref(), Some(session)) {
            Ok(identity) => {
                attempt.succeeded(noting).await?;
                account::note_success(noting, &account.user, rehashed).await?;
                let version = account.user.token_version;
                let refresh_token = family::begin(noting, limits, &identity, version).await?;
                if factor == Factor::Proved {
                    Accounts::verified(noting, account.user.id, session).await?;
                }
                let event = Event::sign_in(EventType::SignInSucceeded, masked, actor);
                let event = event.in_role(&identity.role.name);
                Ok(Change::Done(Ok(SignedIn { account, identity, refresh_token }), event))
            }
            Err(error) => {
                attempt.give_back(noting).await?;
                Ok(Change::Done(Err(error), Event::sign_in(EventType::SignInFailed, masked, actor)))
            }
        }
    })
    .await?;
    let Ok(signed_in) = signed_in;
    LoginPayload::of(ctx, signed_in?)
}

/// An account with a session that goes on.
pub struct SignedIn {
    pub(super) account: Account,
    pub(super) identity: Identity,
    /// What prolongs it, once.
    pub refresh_token: SecretString,
}

impl SignedIn {
    /// An access token of the session. It names the role that was chosen: where that takes a second factor, it is acted in
    /// as soon as there is one.
    ///
    /// # Errors
    /// [`Error::Internal`] when signing fails.
    pub fn access_token(&self, tokens: &Tokens, clock: &Clock) -> Result<String> {
        tokens.issue(&self.identity, self.account.user.token_version, clock)
    }
}

impl LoginPayload {
    /// What who signed in is answered.
    pub(super) fn of(ctx: &Context<'_>, signed_in: SignedIn) -> Result<Self> {
        let tokens = ctx.data_opt::<Arc<Tokens>>();
        let tokens = tokens.ok_or_else(|| Error::bug("no token keys in the operation"))?;
        let access_token = signed_in.access_token(tokens, &ctx.operation()?.clock)?;
        let SignedIn { account: Account { user, tenant, held, .. }, identity, refresh_token } = signed_in;
        Ok(Self {
            access_token,
            refresh_token: refresh_token.expose_secret().to_owned(),
            token_type: "Bearer",
            expires_in: tokens.ttl_seconds(),
            viewer: Viewer { identity: confined(identity, &user, &tenant), user, tenant, held },
        })
    }
}

/// What a sign-in brings of the second factor.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Factor {
    /// There is none to bring.
    None,
    Missing,
    Wrong,
    Proved,
}

/// Uses up the code, where the account takes one.
async fn prove(
    accounts: &Accounts,
    noting: &Arc<Operation>,
    account: &Account,
    code: Option<&str>,
) -> Result<Factor> {
    Ok(match code {
        _ if !account.user.mfa_enabled => Factor::None,
        None => Factor::Missing,
        Some(code) if accounts.spend(noting, account.user.id, code).await? => Factor::Proved,
        Some(_) => Factor::Wrong,
    })
}
