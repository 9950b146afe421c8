//! `viewer`

use std::sync::Arc;

use async_graphql::{Context, Enum, ID, Object, SimpleObject};
use custodian_entity::{tenant, user};

use super::account;
use super::rate_limit::RateLimit;
use crate::authn::{self, HeldRole, Identity};
use crate::authz::policy::Policy;
use crate::authz::{InOperation, Level, Rights, Verb};
use crate::error::{Error, Result};
use crate::graphql::{Maybe, certain, id};
use crate::tenants::Tenant;

/// How a field may be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub enum AccessLevel {
    /// As it is.
    Clear,
    /// In its partial form.
    Masked,
    /// Not at all.
    Denied,
}

impl From<Level> for AccessLevel {
    fn from(level: Level) -> Self {
        match level {
            Level::Clear => Self::Clear,
            Level::Masked => Self::Masked,
            Level::Denied => Self::Denied,
        }
    }
}

/// What the viewer may do with a field, so that a dashboard can draw locks and disable inputs.
#[derive(Clone, Debug, SimpleObject)]
pub struct FieldAccess {
    /// How it is shown.
    read: AccessLevel,
    /// Whether it can be given in some input.
    write: bool,
    /// Whether lists can be filtered or ordered by it.
    query: bool,
    /// Whether it can be unmasked on one row, with a purpose.
    reveal: bool,
}

/// Who is signed in, acting in one role.
pub struct Viewer {
    pub(super) identity: Identity,
    pub(super) user: user::Model,
    pub(super) tenant: tenant::Model,
    pub(super) held: Vec<HeldRole>,
}

/// Who is signed in, acting in one role.
#[Object]
impl Viewer {
    /// The account's id.
    async fn id(&self) -> ID {
        id(self.user.id)
    }
    /// The name shown to colleagues.
    async fn display_name(&self) -> &str {
        &self.user.display_name
    }
    /// The role acted in.
    async fn role(&self) -> &str {
        &self.identity.role.name
    }
    /// The roles that can be acted in.
    async fn roles(&self) -> Vec<&str> {
        let is_open = |held: &&HeldRole| self.identity.client.is_none() || held.role == self.identity.role;
        self.held.iter().filter(is_open).map(|held| held.role.name.as_str()).collect()
    }
    /// The provider.
    async fn tenant(&self) -> Option<Tenant> {
        Some(Tenant(self.tenant.clone()))
    }
    /// How much may still be asked for.
    async fn rate_limit(&self, ctx: &Context<'_>) -> Maybe<RateLimit> {
        certain(async { RateLimit::of(ctx, &self.identity) }).await
    }
    /// What the viewer may do with a field.
    async fn access(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", validator(max_length = 100))] type_name: String,
        #[graphql(validator(max_length = 100))] field: String,
    ) -> Maybe<FieldAccess> {
        certain(async {
            let rights = self.rights(ctx)?;
            let policy = policy(ctx)?;
            let field = policy.catalog().field(&format!("{type_name}.{field}"));
            let field = field.ok_or_else(|| Error::bad_input("there is no such field"))?;
            Ok::<_, Error>(FieldAccess {
                read: rights.level(field).into(),
                write: rights.allows(Verb::Create, field) || rights.allows(Verb::Update, field),
                query: rights.allows(Verb::Query, field),
                reveal: rights.allows(Verb::Reveal, field),
            })
        })
        .await
    }
}

impl Viewer {
    /// Of the role signed in to, which at sign-in is not yet the operation's.
    fn rights(&self, ctx: &Context<'_>) -> Result<Arc<Rights>> {
        policy(ctx)?
            .rights_of(&authn::Viewer::signed_in(self.identity.clone()))
            .ok_or_else(|| Error::Forbidden("this role is not in force".to_owned()))
    }
}

fn policy<'a>(ctx: &Context<'a>) -> Result<&'a Arc<Policy>> {
    ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))
}

/// What can be asked about oneself.
#[derive(Default)]
pub struct SessionQuery;

#[Object]
impl SessionQuery {
    /// Who is signed in.
    async fn viewer(&self, ctx: &Context<'_>) -> Maybe<Viewer> {
        certain(async {
            let operation = ctx.operation()?;
            let identity = operation.identity()?.clone();
            let account = account::of(operation, identity.user).await?;
            let account = account.ok_or(Error::Unauthenticated)?;
            Ok::<_, Error>(Viewer {
                identity,
                user: account.user,
                tenant: account.tenant,
                held: account.held,
            })
        })
        .await
    }
}
