//! Roles of a tenant's own. They recombine what the policy knows: a built-in role to start from, and rules that add a
//! right or take one away. What they come to is decided by casbin like everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_graphql::Enum;
use custodian_entity::id::{RoleId, TenantId, TypedId};

use super::compile::compile;
use super::files::PolicyError;
use super::rule::{Link, Place, Rule};
use super::source::{ROLES, Source};
use crate::authz::catalog::Catalog;
use crate::authz::table::Rights;

/// What every role of signed-in users belongs to.
const SETS: [&str; 2] = ["everyone", "users"];

/// A right that a rule gives or takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
#[graphql(name = "RoleRight")]
pub enum Right {
    /// See the value of a field as it is.
    Read,
    /// See its partial form.
    ReadMasked,
    /// Give it when creating.
    Create,
    /// Give it when changing.
    Update,
    /// Find a row by its exact value.
    Lookup,
    /// Unmask it on one row, with a purpose.
    Reveal,
    /// Run an operation: a field of `Query` or `Mutation`.
    Execute,
    /// Reach one's own rows of a type.
    RowsOwn,
    /// Reach rows one works on.
    RowsAssigned,
    /// Reach rows of one's reseller.
    RowsReseller,
    /// Reach rows of the provider.
    RowsTenant,
}

impl Right {
    /// As the rules write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::ReadMasked => "read:masked",
            Self::Create => "create",
            Self::Update => "update",
            Self::Lookup => "lookup",
            Self::Reveal => "reveal",
            Self::Execute => "execute",
            Self::RowsOwn => "rows:own",
            Self::RowsAssigned => "rows:assigned",
            Self::RowsReseller => "rows:reseller",
            Self::RowsTenant => "rows:tenant",
        }
    }
}

/// A rule of a tenant's own role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRule {
    /// A field, a group of fields, or the type that a reach is about.
    pub object: String,
    /// As the rules write it.
    pub right: String,
    /// Whether it gives the right; otherwise it takes it away, whatever else gives it.
    pub allows: bool,
}

/// A role of a tenant's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomRole {
    /// Its id, under which the rules know it.
    pub id: RoleId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Its name for people, unique within the tenant.
    pub name: String,
    /// The built-in role it starts from.
    pub based_on: Option<String>,
    /// What is added and taken away.
    pub rules: Vec<CustomRule>,
}

/// What is wrong with a role, for whoever wrote it.
pub type Problem = String;

impl CustomRole {
    /// Whether every name in it is known.
    fn check(&self, source: &Source, catalog: &Catalog) -> Result<(), Problem> {
        if let Some(base) = &self.based_on
            && (!ROLES.contains(&base.as_str()) || base == "anonymous")
        {
            return Err("there is no built-in role of this name to start from".to_owned());
        }
        let groups: BTreeSet<&str> = source.groups.values().flatten().map(|link| &*link.set).collect();
        for (place, rule) in self.rules.iter().enumerate() {
            let is_known = if rule.right.starts_with("rows:") {
                catalog.field_ids().any(|field| {
                    catalog.field_name(field).split_once('.').is_some_and(|(owner, _)| owner == rule.object)
                })
            } else {
                groups.contains(rule.object.as_str()) || catalog.field(&rule.object).is_some()
            };
            if !is_known {
                return Err(format!("rule {place} names nothing of the policy"));
            }
        }
        Ok(())
    }
}

/// The rights of roles of tenants' own. A role that names what no longer exists is left out, with what is wrong with
/// it: nobody acts in it until it is mended. First comes the policy with the rules of all others.
pub(super) async fn compile_custom(
    source: &Source,
    catalog: &Arc<Catalog>,
    roles: &[CustomRole],
) -> Result<(Source, BTreeMap<RoleId, Arc<Rights>>, BTreeMap<RoleId, Problem>), PolicyError> {
    let mut problems = BTreeMap::new();
    let mut extended = source.clone();
    let mut sound = Vec::new();
    for role in roles {
        if let Err(problem) = role.check(source, catalog) {
            problems.insert(role.id, problem);
            continue;
        }
        let key = role.id.encode();
        let sets = SETS.into_iter().chain(role.based_on.as_deref());
        extended.role_sets.insert(key.clone(), sets.map(|set| Link::new(0, "g", &key, set)).collect());
        for (place, rule) in role.rules.iter().enumerate() {
            extended.add(Rule {
                place: Place::Role(place),
                role: key.clone(),
                object: rule.object.clone(),
                right: rule.right.clone(),
                allows: rule.allows,
            });
        }
        sound.push((key, role));
    }
    if sound.is_empty() {
        return Ok((extended, BTreeMap::new(), problems));
    }
    let wanted = sound.iter().map(|(key, role)| (key.as_str(), role.name.as_str()));
    let mut compiled = compile(&extended, catalog, wanted).await?;
    let rights = sound.iter().filter_map(|(key, role)| Some((role.id, compiled.remove(key)?))).collect();
    Ok((extended, rights, problems))
}
