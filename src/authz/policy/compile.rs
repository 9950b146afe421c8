//! Asks casbin once per role, right and field, and keeps the answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, Model};
use custodian_entity::choice::Scope;

use super::files::PolicyError;
use super::rule::{Rule, reach};
use super::source::Source;
use crate::authz::catalog::{Catalog, FieldId};
use crate::authz::table::{FieldRights, Level, Rights};

/// Types whose fields are executed rather than read.
const ROOTS: [&str; 2] = ["Query.", "Mutation."];

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
}

impl<'a> Judge<'a> {
    async fn new(source: &'a Source) -> Result<Self, PolicyError> {
        let mut model = DefaultModel::from_str(&source.model).await?;
        for link in source.links() {
            model.add_policy("g", link.kind, vec![link.member.clone(), link.set.clone()]);
        }
        let mut enforcer = Enforcer::new_raw(model, MemoryAdapter::default()).await?;
        enforcer.build_role_links()?;
        Ok(Self { enforcer, source })
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
        Ok(!rules.is_empty())
    }

    fn allows(&self, role: &str, object: &str, right: &str) -> Result<bool, PolicyError> {
        Ok(self.enforcer.enforce((role, object, right))?)
    }
}

/// The rights of these roles: what the rules call each, and the name it has for people.
pub(super) async fn compile<'r>(
    source: &Source,
    catalog: &Arc<Catalog>,
    wanted: impl IntoIterator<Item = (&'r str, &'r str)>,
) -> Result<BTreeMap<String, Arc<Rights>>, PolicyError> {
    let mut judge = Judge::new(source).await?;
    let types = source.types_with_rows();
    let mut roles = BTreeMap::new();
    for (role, name) in wanted {
        let fields = decide_fields(&mut judge, catalog, role)?;
        let mut rows = BTreeMap::new();
        for (right, scope) in SCOPES {
            if !judge.turn_to(role, right)? {
                continue;
            }
            for type_name in &types {
                if judge.allows(role, type_name, right)? {
                    rows.insert((*type_name).to_owned(), scope);
                }
            }
        }
        let rights = Rights::new(role, name, catalog.clone(), fields, rows);
        roles.insert(role.to_owned(), Arc::new(rights));
    }
    Ok(roles)
}

fn decide_fields(
    judge: &mut Judge<'_>,
    catalog: &Catalog,
    role: &str,
) -> Result<Box<[FieldRights]>, PolicyError> {
    let mut decided = vec![FieldRights::default(); catalog.len()].into_boxed_slice();
    let (operations, fields): (Vec<FieldId>, Vec<FieldId>) =
        catalog.field_ids().partition(|field| is_operation(catalog.field_name(*field)));
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
        if !judge.turn_to(role, right)? {
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
