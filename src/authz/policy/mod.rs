//! The policy: which role may do what with which field, read from `policy/`, decided by casbin, kept as a table.
//!
//! Nobody asks casbin while a request runs. A policy that does not load refuses to start; it never allows.

mod compile;
mod source;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use aws_lc_rs::digest;

pub use self::source::{FieldFacts, PolicyError, PolicyFiles, ROLES, read_facts};
use self::source::{InputNeeds, Source};
use super::catalog::{Catalog, FieldId};
use super::table::{Level, Rights, Verb};

/// What giving a value at a position of the schema needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Needs {
    /// No right of its own.
    Nothing,
    /// A right on a field.
    Right(Verb, FieldId),
}

/// The compiled policy. One snapshot serves a whole operation.
#[derive(Debug)]
pub struct Policy {
    version: String,
    catalog: Arc<Catalog>,
    roles: BTreeMap<String, Arc<Rights>>,
    inputs: HashMap<String, Needs>,
    facts: BTreeMap<String, FieldFacts>,
    everything: Arc<Rights>,
}

impl Policy {
    /// Reads and compiles a policy for a schema.
    ///
    /// # Errors
    /// [`PolicyError`]: an unknown name, a field nobody decided about, a field that is denied to a role and cannot be
    /// null.
    pub async fn load(files: &PolicyFiles, catalog: Arc<Catalog>) -> Result<Self, PolicyError> {
        let source = Source::read(files, &catalog)?;
        let roles = compile::compile(&source, &catalog).await?;
        let mut inputs = HashMap::with_capacity(source.inputs.len());
        for (position, needs) in &source.inputs {
            let needs = match needs {
                InputNeeds::Nothing => Needs::Nothing,
                InputNeeds::Right(verb, field) => match catalog.field(field) {
                    Some(field) => Needs::Right(*verb, field),
                    None => {
                        return Err(PolicyError::Incomplete(format!("inputs.csv: unknown field {field}")));
                    }
                },
            };
            inputs.insert(position.clone(), needs);
        }
        let everything = Arc::new(Rights::everything(catalog.clone()));
        let policy =
            Self { version: version(files), catalog, roles, inputs, facts: source.facts, everything };
        policy.require_nullable()?;
        policy.require_facts()?;
        Ok(policy)
    }

    /// The same policy, in which nobody may look at the schema.
    #[must_use]
    pub fn without_introspection(mut self) -> Self {
        for rights in self.roles.values_mut() {
            *rights = Arc::new(rights.without(&["Query.__schema", "Query.__type"]));
        }
        self
    }

    /// The first 16 hexadecimal digits of the SHA-256 of the files.
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

    /// What a field holds.
    pub fn facts(&self, field: FieldId) -> Option<&FieldFacts> {
        self.facts.get(self.catalog.field_name(field))
    }

    /// What a position needs; a position nobody decided about is refused by the caller.
    pub(super) fn needs(&self, position: &str) -> Option<Needs> {
        self.inputs.get(position).copied()
    }

    /// Rights under which nothing is denied or masked: the yardstick of the guard's own tests and measurements.
    pub fn everything(&self) -> &Arc<Rights> {
        &self.everything
    }

    /// A field that is denied to a role which has rows of its type must be nullable: `null` takes its place.
    fn require_nullable(&self) -> Result<(), PolicyError> {
        let mut rigid = BTreeSet::new();
        for rights in self.roles.values() {
            for field in self.catalog.field_ids() {
                let name = self.catalog.field_name(field);
                let owner = name.split_once('.').map_or("", |(owner, _)| owner);
                let has_rows = rights.scope(owner).is_some();
                if has_rows && rights.level(field) == Level::Denied && !self.catalog.is_nullable(field) {
                    rigid.insert(format!("{name} ({})", rights.role()));
                }
            }
        }
        if rigid.is_empty() {
            return Ok(());
        }
        let rigid: Vec<String> = rigid.into_iter().collect();
        Err(PolicyError::Incomplete(format!("denied, but the schema says never null: {}", rigid.join(", "))))
    }

    /// A field that is masked for a role must have a mask.
    fn require_facts(&self) -> Result<(), PolicyError> {
        for rights in self.roles.values() {
            for field in self.catalog.field_ids().filter(|field| rights.level(*field) == Level::Masked) {
                if self.facts(field).is_none_or(|facts| facts.mask.is_none()) {
                    let name = self.catalog.field_name(field);
                    return Err(PolicyError::Incomplete(format!(
                        "{name} is masked for a role but has no mask"
                    )));
                }
            }
        }
        Ok(())
    }
}

fn version(files: &PolicyFiles) -> String {
    let mut context = digest::Context::new(&digest::SHA256);
    for text in [&files.model, &files.policy, &files.fields, &files.inputs] {
        context.update(text.as_bytes());
        context.update(&[0]);
    }
    context.finish().as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}
