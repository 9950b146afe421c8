//! Token scopes: row sets of the same policy, by which a token narrows the role it acts in. The rules speak of one as of
//! a role (`p, scope:customers:read, customer.core, read, allow`), and nobody ever acts in one: what a token may do is
//! what its role may and one of its scopes may too.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, PoisonError, RwLock};

use super::Policy;
use super::compile::{Wanted, compile, is_operation};
use super::explain::{Explanation, Question};
use super::files::PolicyError;
use super::source::{Source, scope_name};
use crate::authz::catalog::{Catalog, FieldId};
use crate::authz::table::{Level, Rights};

/// Operations that no token scope holds, by how they begin: a token mints no tokens, gives no roles, and has nothing to
/// do with sign-ins, passwords and sessions, with where letters go that choose passwords, with what providers ask for, and with
/// who is kept out.
const NEVER: [&str; 14] = [
    "apiClient",
    "containment",
    "customerEmail",
    "emailVerification",
    "incident",
    "login",
    "logout",
    "mfa",
    "password",
    "role",
    "session",
    "tenant",
    "token",
    "user",
];

/// Whether no token scope may hold the operation. Reading accounts and the provider is no such thing.
fn is_never_scoped(field: &str) -> bool {
    let Some((root, name)) = field.split_once('.') else { return false };
    let begins = NEVER.iter().any(|start| name.starts_with(start));
    is_operation(field) && begins && (root != "Query" || !(name.starts_with("user") || name == "tenant"))
}

/// The rights of each token scope, by its name for clients.
#[derive(Debug)]
pub(super) struct TokenScopes {
    scopes: BTreeMap<String, Arc<Rights>>,
    /// The operations that every scope allows: to hold these is to hold nothing of a scope.
    common: BTreeSet<FieldId>,
}

impl TokenScopes {
    pub(super) async fn compile(source: &Source, catalog: &Arc<Catalog>) -> Result<Self, PolicyError> {
        let nothing = Rights::nothing(catalog.clone());
        let named = source.token_scopes().into_iter().filter_map(|key| Some((key, scope_name(key)?)));
        let wanted = named.map(|(key, name)| Wanted::all(key, name, &nothing, source));
        let compiled = compile(source, catalog, wanted).await?;
        let scopes: BTreeMap<String, Arc<Rights>> =
            compiled.into_values().map(|rights| (rights.role().to_owned(), rights)).collect();
        let in_all = |field: &FieldId| scopes.values().all(|scope| scope.level(*field) == Level::Clear);
        let common = operations(catalog).filter(in_all).collect();
        Ok(Self { scopes, common })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Arc<Rights>> {
        self.scopes.values()
    }
}

fn operations(catalog: &Catalog) -> impl Iterator<Item = FieldId> {
    catalog.field_ids().filter(|field| is_operation(catalog.field_name(*field)))
}

/// How many intersections are kept. There are few roles and few sets of scopes in use; more than this are somebody's
/// play, and start over.
const KEPT: usize = 128;

/// Who is narrowed, by what the rules call the role, and by which scopes.
type Narrow = (String, BTreeSet<String>);

/// The intersections of roles and token scopes that were asked for, each computed once for a policy.
#[derive(Clone, Debug, Default)]
pub(super) struct Narrowed(Arc<RwLock<HashMap<Narrow, Arc<Rights>>>>);

impl Narrowed {
    fn get(&self, of: &Narrow, compute: impl FnOnce() -> Rights) -> Arc<Rights> {
        if let Some(known) = self.0.read().unwrap_or_else(PoisonError::into_inner).get(of) {
            return known.clone();
        }
        let computed = Arc::new(compute());
        let mut kept = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= KEPT {
            kept.clear();
        }
        kept.entry(of.clone()).or_insert(computed).clone()
    }
}

impl Policy {
    /// These rights within these token scopes. A scope that the policy does not know adds nothing.
    pub fn rights_within(&self, rights: &Arc<Rights>, scopes: &BTreeSet<String>) -> Arc<Rights> {
        let known = scopes.iter().filter(|scope| self.token_scope(scope).is_some()).cloned();
        let of = (rights.key().to_owned(), known.collect());
        self.narrowed.get(&of, || {
            let scopes: Vec<&Rights> = of.1.iter().filter_map(|scope| self.token_scope(scope)).collect();
            rights.within(&scopes)
        })
    }

    /// What a token scope allows at most.
    pub fn token_scope(&self, name: &str) -> Option<&Rights> {
        self.token_scopes.scopes.get(name).map(|rights| &**rights)
    }

    /// The rights of every token scope, by name.
    pub fn token_scopes(&self) -> impl Iterator<Item = &Rights> {
        self.token_scopes.all().map(|rights| &**rights)
    }

    /// Whether who has these rights may run any operation that this scope is there for.
    pub fn holds_of(&self, rights: &Rights, scope: &Rights) -> bool {
        let allowed = |field: &FieldId| [rights, scope].iter().all(|one| one.level(*field) == Level::Clear);
        let mut own = operations(&self.catalog).filter(|field| !self.token_scopes.common.contains(field));
        own.any(|field| allowed(&field))
    }

    /// A scope that runs no operation is a slip of the pen, and one that runs those of [`NEVER`] a hole.
    pub(super) fn require_sound_scopes(&self) -> Result<(), PolicyError> {
        for scope in self.token_scopes() {
            let name = scope.role();
            let held: Vec<FieldId> =
                operations(&self.catalog).filter(|field| scope.level(*field) != Level::Denied).collect();
            if held.is_empty() {
                return Err(PolicyError::Incomplete(format!("the token scope {name} runs no operation")));
            }
            let never = held.iter().map(|field| self.catalog.field_name(*field));
            let never: Vec<&str> = never.filter(|field| is_never_scoped(field)).collect();
            if !never.is_empty() {
                let problem = format!("the token scope {name} holds what no token may: {}", never.join(", "));
                return Err(PolicyError::Incomplete(problem));
            }
        }
        Ok(())
    }

    /// What these scopes, named as in the rules, say about a question: the answer is the most that one of them gives.
    pub(super) fn explain_scopes(&self, scopes: &[String], field: &str, question: Question) -> Explanation {
        let each: Vec<Explanation> =
            scopes.iter().map(|scope| self.source.explain(scope, field, question)).collect();
        let level = each.iter().map(|one| one.level).max().unwrap_or_default();
        let role = match scopes {
            [] => "a token without scopes".to_owned(),
            scopes => scopes.join(" "),
        };
        let rules = each.into_iter().filter(|one| one.level == level).flat_map(|one| one.rules).collect();
        Explanation { role, field: field.to_owned(), question, level, rules }
    }
}
