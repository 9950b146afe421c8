//! Keeps the rules of tenants' own roles in the database, in casbin's shape.

use std::collections::BTreeMap;
use std::sync::Arc;

use custodian_entity::id::RoleId;
use custodian_entity::{casbin_rule, policy_version, role};
use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Set};

use super::custom::{CustomRole, CustomRule};
use crate::authz::Operation;
use crate::error::{Error, Result};

/// The tenants' own roles, and the state they are in. The state is read first: what changes meanwhile makes a newer one.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the policy is that of all tenants, not of a viewer's rows")]
pub async fn load_custom(db: &impl ConnectionTrait) -> Result<(i64, Vec<CustomRole>)> {
    let version = version(db).await?;
    let roles = role::Entity::find().filter(role::Column::IsSystem.eq(false)).all(db).await?;
    let rows = casbin_rule::Entity::find().order_by_asc(casbin_rule::Column::Position).all(db).await?;
    let mut rules: BTreeMap<RoleId, Vec<casbin_rule::Model>> = BTreeMap::new();
    for row in rows {
        rules.entry(row.role_id).or_default().push(row);
    }
    let of_tenant = roles.into_iter().filter_map(|row| Some((row.tenant_id?, row)));
    let roles = of_tenant.map(|(tenant, row)| {
        let (mut based_on, mut own) = (None, Vec::new());
        for rule in rules.remove(&row.id).unwrap_or_default() {
            match (rule.v2, rule.v3) {
                (Some(right), Some(effect)) => {
                    own.push(CustomRule { object: rule.v1, right, allows: effect == "allow" });
                }
                _ => based_on = Some(rule.v1),
            }
        }
        CustomRole { id: row.id, tenant, name: row.name, based_on, rules: own }
    });
    Ok((version, roles.collect()))
}

/// How often roles were changed, and one.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "one number for all")]
pub async fn version(db: &impl ConnectionTrait) -> Result<i64> {
    let row = policy_version::Entity::find_by_id(policy_version::ID).one(db).await?;
    Ok(row.ok_or_else(|| Error::bug("the version of the policy vanished"))?.version)
}

/// The same, and nobody else changes roles until the transaction ends.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "one number for all")]
pub async fn hold(operation: &Arc<Operation>) -> Result<i64> {
    let transaction = operation.transaction().await?;
    // SQLite has one writer at a time, and this is one.
    let row =
        policy_version::Entity::find_by_id(policy_version::ID).lock_exclusive().one(&*transaction).await?;
    Ok(row.ok_or_else(|| Error::bug("the version of the policy vanished"))?.version)
}

/// Writes the rules of a role in place of those it has, and tells every instance.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the role was reached through row scope; these are its parts")]
pub async fn replace_custom(operation: &Arc<Operation>, role: &CustomRole) -> Result<()> {
    remove_custom(operation, role.id).await?;
    let base = role.based_on.iter().map(|base| ("g", base.clone(), None, None));
    let rules = role.rules.iter().map(|rule| {
        let effect = if rule.allows { "allow" } else { "deny" };
        ("p", rule.object.clone(), Some(rule.right.clone()), Some(effect.to_owned()))
    });
    let rows = (0..).zip(base.chain(rules)).map(|(position, (ptype, v1, v2, v3))| casbin_rule::ActiveModel {
        role_id: Set(role.id),
        position: Set(position),
        tenant_id: Set(role.tenant),
        ptype: Set(ptype.to_owned()),
        v1: Set(v1),
        v2: Set(v2),
        v3: Set(v3),
    });
    let rows: Vec<_> = rows.collect();
    if !rows.is_empty() {
        let transaction = operation.transaction().await?;
        casbin_rule::Entity::insert_many(rows).exec_without_returning(&*transaction).await?;
    }
    Ok(())
}

/// Removes the rules of a role, and tells every instance.
///
/// # Errors
/// When the database is away.
#[expect(clippy::disallowed_methods, reason = "the role was reached through row scope; these are its parts")]
pub async fn remove_custom(operation: &Arc<Operation>, role: RoleId) -> Result<()> {
    let transaction = operation.transaction().await?;
    casbin_rule::Entity::delete_many()
        .filter(casbin_rule::Column::RoleId.eq(role))
        .exec(&*transaction)
        .await?;
    policy_version::Entity::update_many()
        .col_expr(policy_version::Column::Version, Expr::col(policy_version::Column::Version).add(1))
        .filter(policy_version::Column::Id.eq(policy_version::ID))
        .exec(&*transaction)
        .await?;
    operation.note_policy_change();
    Ok(())
}
