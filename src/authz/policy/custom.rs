//! Roles of a tenant's own. They recombine what the policy knows: a built-in role to start from, and rules that add a
//! right or take one away. What they come to is decided by casbin like everything else.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_graphql::Enum;
use custodian_entity::id::{RoleId, TenantId, TypedId};

use super::compile::{Wanted, compile};
use super::files::PolicyError;
use super::rule::{Link, Place, Rule, reach};
use super::source::{ROLES, Source};
use crate::authn::{ANONYMOUS, ENROLLING};
use crate::authz::catalog::{Catalog, FieldId};
use crate::authz::table::Rights;

/// What every role of signed-in users belongs to.
const SETS: [&str; 2] = ["everyone", "users"];

/// What the rules would call the role that all which start from nothing are like: no role is called so.
const PLAIN: &str = "*plain";

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
    /// Run an operation: a field of `Query`, `Mutation` or `Live`.
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
    /// The types that its rules about rows name.
    fn reaches(&self) -> impl Iterator<Item = &str> {
        self.rules.iter().filter(|rule| rule.right.starts_with("rows:")).map(|rule| &*rule.object)
    }

    /// Whether every name in it is known.
    fn check(&self, source: &Source, catalog: &Catalog) -> Result<(), Problem> {
        if let Some(base) = &self.based_on
            && (!ROLES.contains(&base.as_str()) || [ANONYMOUS, ENROLLING].contains(&base.as_str()))
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

/// What a role needs no rules for.
pub(super) async fn compile_plain(
    source: &Source,
    catalog: &Arc<Catalog>,
) -> Result<Arc<Rights>, PolicyError> {
    let mut extended = source.clone();
    extended.role_sets.insert(PLAIN.to_owned(), links(PLAIN, None));
    let nothing = Rights::nothing(catalog.clone());
    let mut compiled = compile(&extended, catalog, [Wanted::all(PLAIN, PLAIN, &nothing, &extended)]).await?;
    Ok(compiled.remove(PLAIN).unwrap_or_else(|| Arc::new(nothing)))
}

fn links(key: &str, base: Option<&str>) -> Vec<Link> {
    SETS.into_iter().chain(base).map(|set| Link::new(0, "g", key, set)).collect()
}

/// The rights of roles of tenants' own. A role that names what no longer exists is left out, with what is wrong with
/// it: nobody acts in it until it is mended. First comes the policy with the rules of all others.
pub(super) async fn compile_custom(
    source: &Source,
    catalog: &Arc<Catalog>,
    (bases, plain): (&BTreeMap<String, Arc<Rights>>, &Rights),
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
        extended.role_sets.insert(key.clone(), links(&key, role.based_on.as_deref()));
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
    let nothing = Rights::nothing(catalog.clone());
    let members = Members::of(source, catalog);
    let wanted = sound.iter().map(|(key, role)| match like(source, bases, plain, role) {
        Some(like) => Wanted {
            key,
            name: &role.name,
            like,
            fields: role.rules.iter().flat_map(|rule| members.fields(catalog, &rule.object)).collect(),
            types: role.reaches().collect(),
        },
        None => Wanted::all(key, &role.name, &nothing, source),
    });
    let mut compiled = compile(&extended, catalog, wanted).await?;
    let rights = sound.iter().filter_map(|(key, role)| Some((role.id, compiled.remove(key)?))).collect();
    Ok((extended, rights, problems))
}

/// The role of which a role of a tenant's own differs by its own rules only: the one it starts from, if that belongs to
/// all that it belongs to.
fn like<'k>(
    source: &Source,
    bases: &'k BTreeMap<String, Arc<Rights>>,
    plain: &'k Rights,
    role: &CustomRole,
) -> Option<&'k Rights> {
    let Some(base) = &role.based_on else { return Some(plain) };
    let sets = reach(base, &source.role_sets);
    let is_like = SETS.iter().all(|set| sets.contains_key(set));
    is_like.then(|| bases.get(base)).flatten().map(|rights| &**rights)
}

/// The fields of each group.
struct Members<'s>(BTreeMap<&'s str, Vec<FieldId>>);

impl<'s> Members<'s> {
    fn of(source: &'s Source, catalog: &Catalog) -> Self {
        let mut members: BTreeMap<&str, Vec<FieldId>> = BTreeMap::new();
        for link in source.groups.values().flatten() {
            members.entry(&link.set).or_default().extend(catalog.field(&link.member));
        }
        Self(members)
    }

    /// The fields that a rule about this object is about.
    fn fields(&self, catalog: &Catalog, object: &str) -> impl Iterator<Item = FieldId> + use<'_, 's> {
        self.0.get(object).into_iter().flatten().copied().chain(catalog.field(object))
    }
}
