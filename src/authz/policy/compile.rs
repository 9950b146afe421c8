//! Asks casbin once per role, right and field, and keeps the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, Model};
use custodian_entity::choice::Scope;

use super::files::PolicyError;
use super::rule::{Rule, reach};
use super::source::Source;
use crate::authz::catalog::{Catalog, FieldId};
use crate::authz::table::{FieldRights, Level, Rights};

/// Types whose fields are executed rather than read.
const ROOTS: [&str; 3] = ["Query.", "Mutation.", "Live."];

/// Whether a field is executed rather than read.
pub(super) fn is_operation(field: &str) -> bool {
    ROOTS.iter().any(|root| field.starts_with(root))
}

/// Row scopes from narrow to wide, as the rules write them.
pub(super) const SCOPES: [(&str, Scope); 5] = [
    ("rows:own", Scope::Own),
    ("rows:assigned", Scope::Assigned),
    ("rows:reseller", Scope::Reseller),
    ("rows:tenant", Scope::Tenant),
    ("rows:all", Scope::All),
];

/// casbin with the rules of one role and one right at a time. A rule about another role or right can never match, so
/// leaving it out changes no answer; it makes loading some fifty times as fast.
struct Judge<'a> {
    enforcer: Enforcer,
    source: &'a Source,
    /// What the rules left speak of.
    objects: BTreeSet<&'a str>,
}

impl<'a> Judge<'a> {
    async fn new(source: &'a Source) -> Result<Self, PolicyError> {
        let mut model = DefaultModel::from_str(&source.model).await?;
        for link in source.links() {
            model.add_policy("g", link.kind, vec![link.member.clone(), link.set.clone()]);
        }
        let mut enforcer = Enforcer::new_raw(model, MemoryAdapter::default()).await?;
        enforcer.build_role_links()?;
        Ok(Self { enforcer, source, objects: BTreeSet::new() })
    }

    /// Leaves only the rules that can say something about this role and right; false when there are none.
    fn turn_to(&mut self, role: &str, right: &str) -> Result<bool, PolicyError> {
        let roles = reach(role, &self.source.role_sets);
        let rights = reach(right, &self.source.rights);
        let rules: Vec<&Rule> = (self.source.all_rules())
            .filter(|rule| roles.contains_key(&*rule.role) && rights.contains_key(&*rule.right))
            .collect();
        let assertion =
            self.enforcer.get_mut_model().get_mut_model().get_mut("p").and_then(|p| p.get_mut("p"));
        let Some(assertion) = assertion else {
            return Err(PolicyError::Incomplete("model.conf: no policy_definition".to_owned()));
        };
        let policy = assertion.get_mut_policy();
        policy.clear();
        for rule in &rules {
            policy.insert(rule.tokens());
        }
        self.objects = rules.iter().map(|rule| &*rule.object).collect();
        Ok(!rules.is_empty())
    }

    /// Nothing allows what no rule speaks of: casbin is asked about the rest.
    fn allows(&self, role: &str, object: &str, right: &str) -> Result<bool, PolicyError> {
        let groups = self.source.groups.get(object).into_iter().flatten().map(|link| &*link.set);
        let is_spoken_of = std::iter::once(object).chain(groups).any(|name| self.objects.contains(name));
        Ok(is_spoken_of && self.enforcer.enforce((role, object, right))?)
    }
}

/// A role to decide about. Only what its own rules are about is asked for; the rest is as in another role that every
/// other rule speaks of alike.
pub(super) struct Wanted<'r> {
    /// What the rules call it.
    pub(super) key: &'r str,
    /// The name it has for people.
    pub(super) name: &'r str,
    /// What it is like but for what its own rules are about.
    pub(super) like: &'r Rights,
    /// The fields its own rules are about.
    pub(super) fields: BTreeSet<FieldId>,
    /// The types whose rows they are about.
    pub(super) types: BTreeSet<&'r str>,
}

impl<'r> Wanted<'r> {
    /// A role of which everything is asked.
    pub(super) fn all(key: &'r str, name: &'r str, nothing: &'r Rights, source: &'r Source) -> Self {
        let fields = nothing.catalog().field_ids().collect();
        Self { key, name, like: nothing, fields, types: source.types_with_rows() }
    }
}

/// The rights of these roles, by what the rules call them.
pub(super) async fn compile(
    source: &Source,
    catalog: &Arc<Catalog>,
    wanted: impl IntoIterator<Item = Wanted<'_>>,
) -> Result<BTreeMap<String, Arc<Rights>>, PolicyError> {
    let mut judge = Judge::new(source).await?;
    let mut roles = BTreeMap::new();
    for Wanted { key, name, like, fields, types } in wanted {
        let fields = decide_fields(&mut judge, catalog, key, like, &fields)?;
        let mut rows: BTreeMap<String, Scope> =
            like.scopes().map(|(type_name, scope)| (type_name.to_owned(), scope)).collect();
        rows.retain(|type_name, _| !types.contains(type_name.as_str()));
        for (right, scope) in SCOPES {
            if types.is_empty() || !judge.turn_to(key, right)? {
                continue;
            }
            for type_name in &types {
                if judge.allows(key, type_name, right)? {
                    rows.insert((*type_name).to_owned(), scope);
                }
            }
        }
        let rights = Rights::new(key, name, catalog.clone(), fields, rows);
        roles.insert(key.to_owned(), Arc::new(rights));
    }
    Ok(roles)
}

fn decide_fields(
    judge: &mut Judge<'_>,
    catalog: &Catalog,
    role: &str,
    like: &Rights,
    asked: &BTreeSet<FieldId>,
) -> Result<Box<[FieldRights]>, PolicyError> {
    let mut decided: Box<[FieldRights]> = like.fields().into();
    for field in asked {
        if let Some(rights) = decided.get_mut(usize::from(field.0)) {
            *rights = FieldRights::default();
        }
    }
    let (operations, fields): (Vec<FieldId>, Vec<FieldId>) =
        asked.iter().partition(|field| is_operation(catalog.field_name(**field)));
    // From narrow to wide: what is read in clear overwrites what is read masked.
    type Grant = fn(&mut FieldRights);
    let grants: [(&str, &[FieldId], Grant); 8] = [
        ("execute", &operations, |rights| rights.read = Level::Clear),
        ("read:masked", &fields, |rights| rights.read = Level::Masked),
        ("read", &fields, |rights| rights.read = Level::Clear),
        ("create", &fields, |rights| rights.create = true),
        ("update", &fields, |rights| rights.update = true),
        ("lookup", &fields, |rights| rights.lookup = true),
        ("reveal", &fields, |rights| rights.reveal = true),
        ("reveal:freely", &fields, |rights| rights.reveal_freely = true),
    ];
    for (right, asked, grant) in grants {
        if asked.is_empty() || !judge.turn_to(role, right)? {
            continue;
        }
        for field in asked {
            if judge.allows(role, catalog.field_name(*field), right)?
                && let Some(rights) = decided.get_mut(usize::from(field.0))
            {
                grant(rights);
            }
        }
    }
    Ok(decided)
}
