//! Asks casbin once per role, right and field, and keeps the answers.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, Model};
use custodian_entity::choice::Scope;

use super::source::{PolicyError, Source};
use crate::authz::catalog::{Catalog, FieldId};
use crate::authz::table::{FieldRights, Level, Rights};

/// Types whose fields are executed rather than read.
const ROOTS: [&str; 2] = ["Query.", "Mutation."];

/// Row scopes from narrow to wide, as the rules write them.
const SCOPES: [(&str, Scope); 5] = [
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
        for (kind, lines) in [("g", &source.role_sets), ("g2", &source.groups), ("g3", &source.rights)] {
            model.add_policies("g", kind, lines.clone());
        }
        let mut enforcer = Enforcer::new_raw(model, MemoryAdapter::default()).await?;
        enforcer.build_role_links()?;
        Ok(Self { enforcer, source })
    }

    /// Leaves only the rules that can say something about this role and right; false when there are none.
    fn turn_to(&mut self, role: &str, right: &str) -> Result<bool, PolicyError> {
        let roles = closure(role, &self.source.role_sets);
        let rights = closure(right, &self.source.rights);
        let rules: Vec<&Vec<String>> = (self.source.rules.iter())
            .filter(|rule| roles.contains(rule[0].as_str()) && rights.contains(rule[2].as_str()))
            .collect();
        let assertion =
            self.enforcer.get_mut_model().get_mut_model().get_mut("p").and_then(|p| p.get_mut("p"));
        let Some(assertion) = assertion else {
            return Err(PolicyError::Incomplete("model.conf: no policy_definition".to_owned()));
        };
        let policy = assertion.get_mut_policy();
        policy.clear();
        for rule in &rules {
            policy.insert((*rule).clone());
        }
        Ok(!rules.is_empty())
    }

    fn allows(&self, role: &str, object: &str, right: &str) -> Result<bool, PolicyError> {
        Ok(self.enforcer.enforce((role, object, right))?)
    }
}

/// The name and everything it is, directly or indirectly, a member of.
fn closure<'a>(name: &'a str, links: &'a [Vec<String>]) -> BTreeSet<&'a str> {
    let mut known = BTreeSet::from([name]);
    loop {
        let before = known.len();
        for link in links {
            if known.contains(link[0].as_str()) {
                known.insert(&link[1]);
            }
        }
        if known.len() == before {
            return known;
        }
    }
}

/// The rights of these roles: what the rules call each, and the name it has for people.
pub(super) async fn compile<'r>(
    source: &Source,
    catalog: &Arc<Catalog>,
    wanted: impl IntoIterator<Item = (&'r str, &'r str)>,
) -> Result<BTreeMap<String, Arc<Rights>>, PolicyError> {
    let mut judge = Judge::new(source).await?;
    let types: BTreeSet<&str> = source
        .rules
        .iter()
        .filter(|rule| rule[2].starts_with("rows:"))
        .map(|rule| rule[1].as_str())
        .collect();
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
        let rights = Rights { role: name.to_owned(), catalog: catalog.clone(), fields, rows };
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
    let (operations, fields): (Vec<FieldId>, Vec<FieldId>) = catalog
        .field_ids()
        .partition(|field| ROOTS.iter().any(|root| catalog.field_name(*field).starts_with(root)));
    // From narrow to wide: what is read in clear overwrites what is read masked.
    type Grant = fn(&mut FieldRights);
    let grants: [(&str, &[FieldId], Grant); 7] = [
        ("execute", &operations, |rights| rights.read = Level::Clear),
        ("read:masked", &fields, |rights| rights.read = Level::Masked),
        ("read", &fields, |rights| rights.read = Level::Clear),
        ("create", &fields, |rights| rights.create = true),
        ("update", &fields, |rights| rights.update = true),
        ("lookup", &fields, |rights| rights.lookup = true),
        ("reveal", &fields, |rights| rights.reveal = true),
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
