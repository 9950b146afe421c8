//! `accessMatrix`, `explainAccess`

use std::sync::Arc;

use async_graphql::{Context, Enum, Object, SimpleObject};
use custodian_entity::choice::Scope;

use crate::authz::catalog::FieldId;
use crate::authz::policy::{Explanation, Matched, Policy, Question};
use crate::authz::{Level, Rights};
use crate::error::{Error, Result};
use crate::graphql::{Choice, Maybe, certain};
use crate::session::AccessLevel;

/// What can be asked about a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(remote = "Question")]
pub enum AccessVerb {
    /// See it.
    Read,
    /// Filter or order lists by it.
    Query,
    /// Find a row by its exact value.
    Lookup,
    /// Give it when creating.
    Create,
    /// Give it when changing.
    Update,
    /// Unmask it on one row, with a purpose.
    Reveal,
    /// Run the operation.
    Execute,
}

/// What a role may do with a field.
#[derive(SimpleObject)]
pub struct AccessCell {
    /// The role.
    role: String,
    /// `Type.field`
    field: String,
    /// How it is shown. An operation is `CLEAR` where it may be executed.
    read: AccessLevel,
    /// Whether lists can be filtered or ordered by it.
    query: bool,
    /// Whether a row can be found by its exact value.
    lookup: bool,
    /// Whether it can be given when creating.
    create: bool,
    /// Whether it can be given when changing.
    update: bool,
    /// Whether it can be unmasked on one row, with a purpose.
    reveal: bool,
    /// Which rows of the type the role reaches, if any.
    rows: Option<Choice<Scope>>,
}

impl AccessCell {
    fn of(rights: &Rights, field: FieldId, name: &str) -> Self {
        let asked = Question::about(name);
        let may =
            |question: Question| asked.contains(&question) && question.answer(rights, field) != Level::Denied;
        Self {
            role: rights.role().to_owned(),
            field: name.to_owned(),
            read: rights.level(field).into(),
            query: may(Question::Query),
            lookup: may(Question::Lookup),
            create: may(Question::Create),
            update: may(Question::Update),
            reveal: may(Question::Reveal),
            rows: rows(rights, name),
        }
    }
}

/// A rule of the policy that says something about what was asked.
#[derive(SimpleObject)]
pub struct AccessRule {
    /// Where it stands.
    place: String,
    /// The rule itself.
    rule: String,
    /// The memberships of role, field and right through which it applies.
    through: Vec<String>,
    /// Whether it allows; if not, it denies.
    allows: bool,
    /// Whether it is among those that decided.
    decides: bool,
}

impl From<Matched> for AccessRule {
    fn from(matched: Matched) -> Self {
        let Matched { place, rule, through, allows, decides } = matched;
        Self { place, rule, through, allows, decides }
    }
}

/// What a role may do with a field, and why.
#[derive(SimpleObject)]
pub struct AccessExplanation {
    /// The role.
    role: String,
    /// `Type.field`
    field: String,
    /// What was asked.
    verb: AccessVerb,
    /// How much is allowed. Only what is read can be masked.
    decision: AccessLevel,
    /// Which rows of the type the role reaches, if any.
    rows: Option<Choice<Scope>>,
    /// What decided, in words.
    reasons: Vec<String>,
    /// The rules that say something about it. Without any it is denied.
    rules: Vec<AccessRule>,
}

/// What can be asked about the policy.
#[derive(Default)]
pub struct AccessQuery;

#[Object]
impl AccessQuery {
    /// What each role may do with each field; of one type or role if given.
    async fn access_matrix(
        &self,
        ctx: &Context<'_>,
        #[graphql(name = "type", validator(max_length = 100))] type_name: Option<String>,
        #[graphql(validator(max_length = 100))] role: Option<String>,
    ) -> Maybe<Vec<AccessCell>> {
        certain(async {
            let policy = policy(ctx)?;
            let roles: Vec<&Rights> = match &role {
                Some(role) => vec![rights(policy, role)?],
                None => policy.roles().collect(),
            };
            let catalog = policy.catalog();
            let fields = catalog.field_ids().map(|field| (field, catalog.field_name(field)));
            let fields: Vec<_> = fields
                .filter(|(_, name)| type_name.as_deref().is_none_or(|type_name| owner(name) == type_name))
                .collect();
            if fields.is_empty() {
                return Err(Error::bad_input("there is no such type"));
            }
            let cells = fields
                .iter()
                .flat_map(|(field, name)| roles.iter().map(|rights| AccessCell::of(rights, *field, name)));
            Ok(cells.collect::<Vec<_>>())
        })
        .await
    }

    /// Why a role may do something with a field, or may not; without a verb, why it is shown as it is.
    async fn explain_access(
        &self,
        ctx: &Context<'_>,
        #[graphql(validator(max_length = 100))] role: String,
        #[graphql(validator(max_length = 200))] field: String,
        verb: Option<AccessVerb>,
    ) -> Maybe<AccessExplanation> {
        certain(async {
            let policy = policy(ctx)?;
            let rights = rights(policy, &role)?;
            let known = policy.catalog().field(&field);
            let known = known.ok_or_else(|| Error::bad_input("there is no such field"))?;
            let question = verb.map_or_else(|| Question::shown(&field), Question::from);
            if !Question::about(&field).contains(&question) {
                return Err(Error::bad_input("operations are executed, and nothing else is"));
            }
            let explanation = policy.explain(rights, known, question);
            let reasons = explanation.reasons();
            let Explanation { role, field, question, level, rules } = explanation;
            let rules = rules.into_iter().map(AccessRule::from).collect();
            let (verb, decision, rows) = (question.into(), level.into(), rows(rights, &field));
            Ok(AccessExplanation { role, field, verb, decision, rows, reasons, rules })
        })
        .await
    }
}

fn policy<'a>(ctx: &Context<'a>) -> Result<&'a Policy> {
    let policy = ctx.data_opt::<Arc<Policy>>().ok_or_else(|| Error::bug("no policy in the operation"))?;
    Ok(policy)
}

fn rights<'p>(policy: &'p Policy, role: &str) -> Result<&'p Rights> {
    policy.rights(role).map(|rights| &**rights).ok_or_else(|| Error::bad_input("there is no such role"))
}

fn owner(field: &str) -> &str {
    field.split_once('.').map_or(field, |(owner, _)| owner)
}

fn rows(rights: &Rights, field: &str) -> Option<Choice<Scope>> {
    rights.scope(owner(field)).map(Choice)
}
