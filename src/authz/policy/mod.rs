//! The policy: which role may do what with which field, read from `policy/`, decided by casbin, kept as a table.
//!
//! Nobody asks casbin while a request runs. A policy that does not load refuses to start; it never allows.

mod adapter;
mod compile;
mod custom;
mod diff;
mod explain;
mod fields;
mod files;
mod lint;
mod rule;
mod source;
mod token_scopes;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_lc_rs::digest;
use custodian_entity::choice::{Scope, UserKind};
use custodian_entity::id::RoleId;

pub use self::adapter::{hold, load_custom, remove_custom, replace_custom, version as custom_version};
use self::compile::{Wanted, compile};
pub use self::custom::{CustomRole, CustomRule, Problem, Right};
use self::custom::{compile_custom, compile_plain};
pub use self::diff::{Change, diff};
pub use self::explain::{Explanation, Matched, NoQuestion, Question};
use self::fields::InputNeeds;
pub use self::fields::{FieldFacts, read_facts};
pub use self::files::{PolicyError, PolicyFiles};
pub use self::lint::check;
use self::rule::{Place, Rule};
pub use self::source::ROLES;
use self::source::Source;
use self::token_scopes::{Narrowed, TokenScopes};
use super::catalog::{Catalog, FieldId};
use super::table::{Level, Rights, Verb};
use crate::authn::{ANONYMOUS, ActingRole, Viewer};

/// What giving a value at a position of the schema needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// No right of its own.
    Nothing,
    /// A right on a field, or on each of several.
    Right(Verb, Vec<FieldId>),
}

impl Needs {
    /// Whether these rights are enough.
    pub(super) fn is_met_by(&self, rights: &Rights) -> bool {
        match self {
            Self::Nothing => true,
            Self::Right(verb, fields) => fields.iter().all(|field| rights.allows(*verb, *field)),
        }
    }
}

/// The compiled policy. One snapshot serves a whole operation.
#[derive(Clone, Debug)]
pub struct Policy {
    version: String,
    catalog: Arc<Catalog>,
    /// What it was compiled from.
    source: Arc<Source>,
    /// The same with the rules of tenants' own roles, to explain them.
    explained: Arc<Source>,
    roles: BTreeMap<String, Arc<Rights>>,
    /// What a role of a tenant's own that starts from nothing has without a rule.
    plain: Arc<Rights>,
    custom: BTreeMap<RoleId, Arc<Rights>>,
    token_scopes: Arc<TokenScopes>,
    narrowed: Narrowed,
    /// The state of the tenants' own roles that were compiled; none before.
    custom_version: Option<i64>,
    inputs: Arc<HashMap<String, Needs>>,
    everything: Arc<Rights>,
    shows_schema: bool,
}

impl Policy {
    /// Reads and compiles a policy for a schema.
    ///
    /// # Errors
    /// [`PolicyError`]: an unknown name, a field nobody decided about, a field that is denied to a role and cannot be
    /// null.
    pub async fn load(files: &PolicyFiles, catalog: Arc<Catalog>) -> Result<Self, PolicyError> {
        let source = Source::read(files, &catalog)?;
        Self::compile(files, source, catalog).await
    }

    async fn compile(
        files: &PolicyFiles,
        source: Source,
        catalog: Arc<Catalog>,
    ) -> Result<Self, PolicyError> {
        let nothing = Rights::nothing(catalog.clone());
        let wanted = ROLES.map(|role| Wanted::all(role, role, &nothing, &source));
        let roles = compile(&source, &catalog, wanted).await?;
        let plain = compile_plain(&source, &catalog).await?;
        let token_scopes = TokenScopes::compile(&source, &catalog).await?;
        let mut inputs = HashMap::with_capacity(source.inputs.len());
        for (position, needs) in &source.inputs {
            let needs = match needs {
                InputNeeds::Nothing => Needs::Nothing,
                InputNeeds::Right(verb, fields) => {
                    let known = |field: &String| {
                        let unknown =
                            || PolicyError::Incomplete(format!("inputs.csv: unknown field {field}"));
                        catalog.field(field).ok_or_else(unknown)
                    };
                    Needs::Right(*verb, fields.iter().map(known).collect::<Result<_, _>>()?)
                }
            };
            inputs.insert(position.clone(), needs);
        }
        let everything = Arc::new(Rights::everything(catalog.clone()));
        let source = Arc::new(source);
        let policy = Self {
            version: files.version(),
            catalog,
            explained: source.clone(),
            source,
            roles,
            plain,
            custom: BTreeMap::new(),
            token_scopes: Arc::new(token_scopes),
            narrowed: Narrowed::default(),
            custom_version: None,
            inputs: Arc::new(inputs),
            everything,
            shows_schema: true,
        };
        policy.require_nullable()?;
        policy.require_masks()?;
        policy.require_sound_scopes()?;
        Ok(policy)
    }

    /// The same policy, in which nobody may look at the schema.
    #[must_use]
    pub fn without_introspection(mut self) -> Self {
        self.shows_schema = false;
        let mut source = (*self.source).clone();
        for (role, rights) in &mut self.roles {
            *rights = Arc::new(rights.without(&INTROSPECTION));
            for field in INTROSPECTION {
                source.add(Rule {
                    place: Place::Setting("introspection"),
                    role: role.clone(),
                    object: field.to_owned(),
                    right: "execute".to_owned(),
                    allows: false,
                });
            }
        }
        self.source = Arc::new(source);
        self.explained = self.source.clone();
        self.narrowed = Narrowed::default();
        self
    }

    /// The same policy with these roles of tenants' own, in place of those it had, and what is wrong with those that
    /// cannot be used.
    ///
    /// # Errors
    /// [`PolicyError::Casbin`].
    pub async fn with_custom(
        &self,
        roles: &[CustomRole],
        version: i64,
    ) -> Result<(Self, BTreeMap<RoleId, Problem>), PolicyError> {
        let (explained, mut custom, mut problems) =
            compile_custom(&self.source, &self.catalog, (&self.roles, &self.plain), roles).await?;
        custom.retain(|role, rights| {
            let problem = self.problem(rights);
            let is_sound = problem.is_none();
            problems.extend(problem.map(|problem| (*role, problem)));
            is_sound
        });
        if !self.shows_schema {
            for rights in custom.values_mut() {
                *rights = Arc::new(rights.without(&INTROSPECTION));
            }
        }
        let files = self.version.split('+').next().unwrap_or_default();
        let (explained, custom_version) = (Arc::new(explained), Some(version));
        let (narrowed, version) = (Narrowed::default(), format!("{files}+{version}"));
        Ok((Self { custom, narrowed, custom_version, explained, version, ..self.clone() }, problems))
    }

    /// What a role would come to.
    ///
    /// # Errors
    /// What is wrong with it, for whoever wrote it.
    pub async fn draft(&self, role: &CustomRole) -> Result<Result<Arc<Rights>, Problem>, PolicyError> {
        let (with, mut problems) = self.with_custom(std::slice::from_ref(role), 0).await?;
        Ok(match with.custom.get(&role.id) {
            Some(rights) => Ok(rights.clone()),
            None => Err(problems.remove(&role.id).unwrap_or_default()),
        })
    }

    /// Names the files it was compiled from and, after a plus, the state of the tenants' own roles.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The schema decided about.
    pub fn catalog(&self) -> &Arc<Catalog> {
        &self.catalog
    }

    /// The rights of a role. A role the policy does not know has none: nobody acts in it.
    pub fn rights(&self, role: &str) -> Option<&Arc<Rights>> {
        self.roles.get(role)
    }

    /// The rights of a viewer in the role he acts in, within the scopes of his token if it has any; nothing if the role is
    /// not in force, or not for accounts like his.
    pub fn rights_of(&self, viewer: &Viewer) -> Option<Arc<Rights>> {
        let Some(identity) = viewer.identity() else { return self.roles.get(ANONYMOUS).cloned() };
        let rights = self
            .in_force(&identity.role)
            .filter(|rights| self.beyond_kind(identity.kind, rights).is_empty())?;
        Some(match &identity.scopes {
            Some(scopes) => self.rights_within(rights, scopes),
            None => rights.clone(),
        })
    }

    /// The rights of a role that somebody acts in; nothing if it is not in force.
    pub fn in_force(&self, role: &ActingRole) -> Option<&Arc<Rights>> {
        match role.custom {
            Some(id) => self.custom.get(&id),
            None => self.roles.get(&role.name),
        }
    }

    /// What accounts of this kind may not hold of these rights: those of resellers and customers nothing beyond the
    /// built-in role made for them (DOMAIN, rule 7).
    pub fn beyond_kind(&self, kind: UserKind, rights: &Rights) -> Vec<String> {
        let most = match kind {
            UserKind::Staff => return Vec::new(),
            UserKind::Reseller => "reseller",
            UserKind::Customer => "customer",
        };
        match self.rights(most) {
            Some(most) if most.key() == rights.key() => Vec::new(),
            Some(most) => rights.beyond(most, Scope::All),
            None => vec![most.to_owned()],
        }
    }

    /// Whether who acts in this role reaches rows of every provider. Of a role that is not in force nobody can tell, so it
    /// counts as one that does.
    pub fn reaches_all(&self, role: &ActingRole) -> bool {
        let is_unlimited = |rights: &Arc<Rights>| rights.scopes().any(|(_, scope)| scope == Scope::All);
        role.reach == Scope::All && self.in_force(role).is_none_or(is_unlimited)
    }

    /// Which state of the tenants' own roles it holds; none before the first look.
    pub fn custom_version(&self) -> Option<i64> {
        self.custom_version
    }

    /// The rights of a tenant's own role; none if it is not in force.
    pub fn custom(&self, role: RoleId) -> Option<&Arc<Rights>> {
        self.custom.get(&role)
    }

    /// The rights of every role, in the order of [`ROLES`].
    pub fn roles(&self) -> impl Iterator<Item = &Rights> {
        ROLES.iter().filter_map(|role| self.rights(role)).map(|rights| &**rights)
    }

    /// What a field holds.
    pub fn facts(&self, field: FieldId) -> Option<&FieldFacts> {
        self.source.facts.get(self.catalog.field_name(field))
    }

    /// Why these rights are what they are. Where token scopes narrow them and the role allows more, why the scopes do
    /// not.
    pub fn explain(&self, rights: &Rights, field: FieldId, question: Question) -> Explanation {
        let name = self.catalog.field_name(field);
        let of_role = self.explained.explain(rights.key(), name, question);
        match rights.narrowed_by() {
            Some(scopes) if of_role.level > question.answer(rights, field) => {
                self.explain_scopes(scopes, name, question)
            }
            _ => of_role,
        }
    }

    /// What a position needs; a position nobody decided about is refused by the caller.
    pub(super) fn needs(&self, position: &str) -> Option<&Needs> {
        self.inputs.get(position)
    }

    /// Rights under which nothing is denied or masked: the yardstick of the guard's own tests and measurements.
    pub fn everything(&self) -> &Arc<Rights> {
        &self.everything
    }

    /// Everybody the rules speak of: the built-in roles and the token scopes.
    fn decided(&self) -> impl Iterator<Item = &Arc<Rights>> {
        self.roles.values().chain(self.token_scopes.all())
    }

    /// A field that is denied to a role which has rows of its type must be nullable: `null` takes its place.
    fn require_nullable(&self) -> Result<(), PolicyError> {
        let mut rigid = BTreeSet::new();
        for rights in self.decided() {
            let of_role = self.rigid(rights).into_iter();
            rigid.extend(of_role.map(|name| format!("{name} ({})", rights.role())));
        }
        if rigid.is_empty() {
            return Ok(());
        }
        let rigid: Vec<String> = rigid.into_iter().collect();
        Err(PolicyError::Incomplete(format!("denied, but the schema says never null: {}", rigid.join(", "))))
    }

    /// The fields that a role is denied though it has rows of their type and they are never null.
    fn rigid(&self, rights: &Rights) -> Vec<&str> {
        let is_rigid = |field: &FieldId| {
            let owner = self.catalog.field_name(*field).split_once('.').map_or("", |(owner, _)| owner);
            rights.scope(owner).is_some()
                && rights.level(*field) == Level::Denied
                && !self.catalog.is_nullable(*field)
        };
        self.catalog.field_ids().filter(is_rigid).map(|field| self.catalog.field_name(field)).collect()
    }

    /// A field that is masked for a role, or within a token scope, must have a mask. How much that of free text hides
    /// within a scope depends on the role as well, and is found out when it is shown (`support::known`).
    fn require_masks(&self) -> Result<(), PolicyError> {
        let of_roles = self.roles.values().map(|rights| (rights, self.maskless(rights)));
        let of_scopes = self.token_scopes.all().map(|scope| {
            let maskless = self.masked(scope).filter(|(_, mask)| mask.is_none());
            (scope, maskless.map(|(name, _)| name).collect())
        });
        for (rights, maskless) in of_roles.chain(of_scopes) {
            if let Some(name) = maskless.first() {
                let role = rights.role();
                return Err(PolicyError::Incomplete(format!("{name} is masked for {role} but has no mask")));
            }
        }
        Ok(())
    }

    /// The fields that these rights mask though no mask would hide anything: there is none, or it is that of free text,
    /// which knows what it hides from rows that are not reached.
    fn maskless(&self, rights: &Rights) -> Vec<&str> {
        let is_maskless = |(name, mask): &(&str, Option<&str>)| match mask {
            None => true,
            Some("text") => {
                let owner = name.split_once('.').map_or("", |(owner, _)| owner);
                KNOWN_BY_TEXT.iter().any(|kind| rights.scope(kind) < rights.scope(owner))
            }
            Some(_) => false,
        };
        self.masked(rights).filter(is_maskless).map(|(name, _)| name).collect()
    }

    /// The fields that these rights mask, each with its mask.
    fn masked(&self, rights: &Rights) -> impl Iterator<Item = (&str, Option<&str>)> {
        let masked = self.catalog.field_ids().filter(|field| rights.level(*field) == Level::Masked);
        masked.map(|field| {
            let mask = self.facts(field).and_then(|facts| facts.mask.as_deref());
            (self.catalog.field_name(field), mask)
        })
    }

    /// Why nobody can act in a role with these rights, if so.
    fn problem(&self, rights: &Rights) -> Option<Problem> {
        let (rigid, maskless) = (self.rigid(rights), self.maskless(rights));
        if !rigid.is_empty() {
            let names = rigid.join(", ");
            return Some(format!("whoever has rows of a type reads what is never null in it: {names}"));
        }
        (!maskless.is_empty())
            .then(|| format!("nothing would be hidden by a mask of {}", maskless.join(", ")))
    }
}

/// The types whose values the mask of free text hides, as far as their rows are reached (`support::known`).
const KNOWN_BY_TEXT: [&str; 4] = ["Customer", "Contact", "Address", "Subscription"];

/// The name of a row scope.
pub fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Own => "own",
        Scope::Assigned => "assigned",
        Scope::Reseller => "reseller",
        Scope::Tenant => "tenant",
        Scope::All => "all",
    }
}

/// The operations that show the schema.
const INTROSPECTION: [&str; 2] = ["Query.__schema", "Query.__type"];

impl PolicyFiles {
    /// The first 16 hexadecimal digits of their SHA-256.
    pub fn version(&self) -> String {
        let mut context = digest::Context::new(&digest::SHA256);
        for text in [&self.model, &self.policy, &self.fields, &self.inputs] {
            context.update(text.as_bytes());
            context.update(&[0]);
        }
        context.finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
    }
}
