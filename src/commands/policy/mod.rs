//! `custodian policy`: policies checked, shown, explained and compared. Needs neither a server nor a database.

mod matrix;
mod page;

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{ArgGroup, Args, Subcommand};
use custodian::app;
use custodian::authz::catalog::Catalog;
use custodian::authz::policy::{self, Change, Explanation, Policy, PolicyFiles, Question, ROLES, scope_word};
use custodian::authz::{Level, Rights};
use custodian::config::Config;

use self::matrix::Matrix;
use super::{Failure, ServeSettings, Settings, configure, print, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Find what is wrong with a policy
    ///
    /// Unknown names, undecided fields and inputs, lines that stand there twice, rules and memberships without effect,
    /// and personal, secret, financial or document data classified below CONFIDENTIAL. One finding a line; status 1
    /// when there is any.
    #[command(after_help = "Example:\n  custodian policy check --policy-dir ./policy")]
    Check(Folder),
    /// Show what each role may do with each field
    #[command(
        group = ArgGroup::new("form").args(["html", "csv"]),
        after_help = "Examples:\n  custodian policy matrix --type Customer\n  custodian policy matrix --html > matrix.html"
    )]
    Matrix {
        #[command(flatten)]
        folder: Folder,
        /// A page for the browser and the printer
        #[arg(long)]
        html: bool,
        /// Comma-separated values
        #[arg(long)]
        csv: bool,
        /// Only this type
        #[arg(long = "type", value_name = "TYPE")]
        type_name: Option<String>,
        /// Only this role
        #[arg(long)]
        role: Option<String>,
        /// What each token scope lets through instead
        #[arg(long, conflicts_with = "role")]
        token_scopes: bool,
    },
    /// Say what a role may do with a field, and which rules decided
    #[command(
        after_help = "Examples:\n  custodian policy explain --role support_agent Customer.email\n  custodian policy explain --role customer Mutation.customerUpdate execute\n  custodian policy explain --role reseller --token-scope customers:read:masked Customer.email"
    )]
    Explain {
        #[command(flatten)]
        folder: Folder,
        /// The role asked about
        #[arg(long)]
        role: String,
        /// Within a token of this scope; several may be given
        #[arg(long = "token-scope", value_name = "SCOPE")]
        token_scopes: Vec<String>,
        /// The field, as Type.field; an operation as Query.field or Mutation.field
        #[arg(value_name = "TYPE.FIELD")]
        field: String,
        /// read, query, lookup, create, update, reveal or execute [default: all that apply]
        verb: Option<Question>,
    },
    /// Show who gains and loses what from one policy to another
    ///
    /// One right a line, + for more and - for less. Status 1 when the policies differ.
    #[command(after_help = "Example:\n  custodian policy diff built-in ./policy")]
    Diff {
        /// A folder with the four files, or built-in
        old: PathBuf,
        /// A folder with the four files, or built-in
        new: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Folder {
    /// The folder of the policy's four files
    #[arg(long, value_name = "FOLDER")]
    policy_dir: Option<PathBuf>,
}

pub(super) fn run(command: PolicyCommand, settings: Settings) -> Result<(), Failure> {
    match command {
        PolicyCommand::Check(folder) => check(&folder.configured(settings)?),
        PolicyCommand::Matrix { folder, html, csv, type_name, role, token_scopes } => {
            let policy = loaded(&folder.configured(settings)?)?;
            let columns = match (&role, token_scopes) {
                (_, true) => policy.token_scopes().collect(),
                (Some(role), _) => vec![&**policy.rights(role).ok_or_else(|| unknown_role(role))?],
                (None, _) => policy.roles().collect(),
            };
            let matrix = Matrix::of(&policy, type_name.as_deref(), columns)?;
            print(&match (html, csv) {
                (true, _) => page::page(&matrix),
                (_, true) => matrix.csv()?,
                _ => matrix.text(),
            })
        }
        PolicyCommand::Explain { folder, role, token_scopes, field, verb } => {
            let policy = loaded(&folder.configured(settings)?)?;
            print(&explain(&policy, &role, &token_scopes, &field, verb)?)
        }
        PolicyCommand::Diff { old, new } => diff(&old, &new),
    }
}

impl Folder {
    fn configured(self, settings: Settings) -> Result<Config, Failure> {
        let mut config = configure(settings, ServeSettings::default())?;
        config.policy_dir = self.policy_dir.or(config.policy_dir);
        Ok(config)
    }
}

fn loaded(config: &Config) -> Result<Arc<Policy>, Failure> {
    Ok(runtime()?.block_on(app::load_policy(config))?.snapshot())
}

fn catalog() -> Result<Arc<Catalog>, Failure> {
    let schema = custodian::schema::builder().finish();
    custodian::schema::catalog(&schema).map(Arc::new).map_err(Failure::failed)
}

fn check(config: &Config) -> Result<(), Failure> {
    let files = PolicyFiles::of(config.policy_dir.as_deref()).map_err(Failure::refused)?;
    let findings = runtime()?.block_on(policy::check(&files, catalog()?));
    for finding in &findings {
        print(&format!("{finding}\n"))?;
    }
    match findings.len() {
        0 => print("nothing found\n"),
        1 => Err(Failure::failed("the policy has one finding")),
        count => Err(Failure::failed(format!("the policy has {count} findings"))),
    }
}

fn explain(
    policy: &Policy,
    role: &str,
    token_scopes: &[String],
    field: &str,
    verb: Option<Question>,
) -> Result<String, Failure> {
    let rights = policy.rights(role).ok_or_else(|| unknown_role(role))?;
    let rights = match token_scopes {
        [] => rights.clone(),
        scopes => within(policy, role, scopes)?,
    };
    let id = policy.catalog().field(field);
    let id = id.ok_or_else(|| Failure::Refused(format!("there is no field {field:?}")))?;
    let about = Question::about(field);
    let asked = match &verb {
        Some(verb) if about.contains(verb) => std::slice::from_ref(verb),
        Some(verb) => {
            let possible = about.iter().map(|question| question.word()).collect::<Vec<_>>().join(", ");
            let why = format!("{field}: there is no {}, only {possible}", verb.word());
            return Err(Failure::Refused(why));
        }
        None => about,
    };
    let owner = field.split('.').next().unwrap_or_default();
    let mut text = format!("{field} for {role}");
    if !token_scopes.is_empty() {
        let _ = write!(text, " within {}", token_scopes.join(" "));
    }
    // Writing to a string cannot fail, here and below.
    let _ = match rights.scope(owner) {
        Some(scope) => writeln!(text, ", in rows of scope {}", scope_word(scope)),
        None => writeln!(text),
    };
    for question in asked {
        write_explanation(&mut text, &policy.explain(&rights, id, *question));
    }
    Ok(text)
}

fn write_explanation(text: &mut String, explanation: &Explanation) {
    let answer = match (explanation.question, explanation.level) {
        (Question::Read, level) => level.word(),
        (_, Level::Denied) => "denied",
        (_, Level::Masked | Level::Clear) => "allowed",
    };
    let _ = writeln!(text, "\n{}: {answer}", explanation.question.word());
    if explanation.rules.iter().all(|matched| !matched.decides) {
        let _ = writeln!(text, "    {}", explanation.reasons().join("; "));
    }
    for matched in &explanation.rules {
        let mark = if matched.decides { "decides" } else { "" };
        let _ = writeln!(text, "    {:<16} {mark:<7}  {}", matched.place, matched.rule);
        for link in &matched.through {
            let _ = writeln!(text, "    {:<16} through  {link}", "");
        }
    }
}

fn diff(old: &Path, new: &Path) -> Result<(), Failure> {
    let catalog = catalog()?;
    let load = |folder: &Path| {
        let folder = Some(folder).filter(|folder| *folder != Path::new("built-in"));
        let files = PolicyFiles::of(folder).map_err(Failure::refused)?;
        let policy = runtime()?.block_on(Policy::load(&files, catalog.clone()));
        policy.map_err(|error| match folder {
            Some(folder) => Failure::Refused(format!("{}: {error}", folder.display())),
            None => Failure::refused(error),
        })
    };
    let changes = policy::diff(&load(old)?, &load(new)?);
    if changes.is_empty() {
        return Ok(());
    }
    print(&written(&changes))?;
    let gains = changes.iter().filter(|change| change.gains).count();
    Err(Failure::Failed(format!("the policies differ: gained {gains}, lost {}", changes.len() - gains)))
}

fn written(changes: &[Change]) -> String {
    let width =
        |of: fn(&Change) -> &str| changes.iter().map(|change| of(change).len()).max().unwrap_or_default();
    let (role, subject) = (width(|change| &change.role), width(|change| &change.subject));
    let mut text = String::new();
    for change in changes {
        let (sign, word) = if change.gains { ('+', "gains") } else { ('-', "loses") };
        let Change { before, after, .. } = change;
        let _ = writeln!(
            text,
            "{sign} {:<role$}  {:<subject$}  {:<7}  {before} → {after} ({word})",
            change.role, change.subject, change.right
        );
    }
    text
}

fn within(policy: &Policy, role: &str, scopes: &[String]) -> Result<Arc<Rights>, Failure> {
    if let Some(unknown) = scopes.iter().find(|scope| policy.token_scope(scope).is_none()) {
        let known: Vec<&str> = policy.token_scopes().map(Rights::role).collect();
        let why = format!("there is no token scope {unknown:?}, only {}", known.join(", "));
        return Err(Failure::Refused(why));
    }
    let scopes = scopes.iter().cloned().collect();
    let rights = policy.rights(role).ok_or_else(|| unknown_role(role))?;
    Ok(policy.rights_within(rights, &scopes))
}

fn unknown_role(role: &str) -> Failure {
    Failure::Refused(format!("there is no role {role:?}, only {}", ROLES.join(", ")))
}
