//! `custodian user create`.

use std::io::{IsTerminal, Read, stdin};
use std::sync::Arc;

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use custodian::accounts::{self, NewTenant, NewUser};
use custodian::app;
use custodian::authn::password::MAX_LENGTH;
use custodian::authn::username::normalised;
use custodian::authn::{Origin, Viewer};
use custodian::authz::Operation;
use custodian::clock::Clock;
use custodian::config::{Config, prepare_data_dir};
use custodian::news::News;
use custodian_entity::choice::Scope;
use secrecy::{ExposeSecret, SecretString};

use super::{Failure, print, runtime};

/// The built-in roles of staff; those of others hang on a reseller or a customer.
const STAFF_ROLES: [&str; 5] =
    ["system_admin", "tenant_admin", "support_agent", "billing_manager", "network_engineer"];

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make an account for staff: the first administrator
    ///
    /// The password is asked for, or read from standard input; never an argument, which others could see. On PostgreSQL
    /// the account is made as the owner of the tables (migration_database_url).
    #[command(after_help = "Examples:\n  \
        custodian user create --username admin@isp.example --role system_admin --create-tenant 'An ISP'\n  \
        custodian user create --username jo@isp.example --role support_agent --password-stdin < file")]
    Create(Create),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The name to sign in with: name@domain; the domain picks the provider
    #[arg(long, value_name = "NAME")]
    username: String,
    /// The built-in role it holds
    #[arg(long, value_name = "ROLE", value_parser = PossibleValuesParser::new(STAFF_ROLES))]
    role: String,
    /// The name shown to colleagues [default: the user name up to the @]
    #[arg(long, value_name = "NAME")]
    display_name: Option<String>,
    /// Make the provider of the domain too, under this name
    #[arg(long, value_name = "NAME")]
    create_tenant: Option<String>,
    /// Where a new provider does business, ISO 3166-1 alpha-2
    #[arg(long, value_name = "CODE", default_value = "US", requires = "create_tenant")]
    country: String,
    /// The currency of a new provider, ISO 4217
    #[arg(long, value_name = "CODE", default_value = "USD", requires = "create_tenant")]
    currency: String,
    /// Read the password from standard input, up to the end of the first line
    #[arg(long)]
    password_stdin: bool,
}

pub(super) fn run(command: UserCommand, config: &Config) -> Result<(), Failure> {
    let UserCommand::Create(create) = command;
    for (flag, code, length) in [("--country", &create.country, 2), ("--currency", &create.currency, 3)] {
        if code.len() != length || !code.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Failure::refused(format!("{flag}: {length} capital letters are a code")));
        }
    }
    let password = if create.password_stdin { first_line() } else { asked() }?;
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    runtime()?.block_on(make(create, &password, config))
}

async fn make(create: Create, password: &SecretString, config: &Config) -> Result<(), Failure> {
    let username = normalised(&create.username);
    let local = username.split('@').next().unwrap_or_default().to_owned();
    let display_name = create.display_name.unwrap_or(local);
    let own = vec![username.clone(), display_name.clone()];
    let chosen = accounts::choose_password(config.passwords.policy, "password", password, false, own).await?;
    let password = chosen.map_err(|reasons| {
        let reasons: Vec<String> = reasons.into_iter().map(|reason| reason.message).collect();
        Failure::refused(format!("the password {}", reasons.join(", ")))
    })?;
    let password = password.hashed().await?;
    let policy = app::load_policy(config).await?.snapshot();
    let viewer = Viewer::anonymous();
    let rights = policy.rights_of(&viewer);
    let rights = rights.ok_or_else(|| Failure::failed("the policy lacks a role"))?;
    let db = app::migrate(config).await?;
    let origin = Origin { request_id: "custodian user create".to_owned(), ..Origin::default() };
    let news = Arc::new(News::new(None, config.access_token_ttl_seconds.into(), Clock::System));
    let keys = Arc::new(app::open_vault(config, &Clock::System).await?.open_keys());
    let operation = Operation::new(viewer, origin, rights, Clock::System, keys, db, news);
    let (role, name) = (create.role.clone(), username.clone());
    let new = NewUser {
        scope: if role == "system_admin" { Scope::All } else { Scope::Tenant },
        username,
        display_name,
        role: create.role,
        password,
        tenant: create.create_tenant.map(|name| NewTenant {
            name,
            country: create.country,
            currency: create.currency,
        }),
    };
    let made = accounts::create_user(&Arc::new(operation), new).await?;
    made.map_err(Failure::refused)?;
    print(&format!("{name} can sign in as {role}\n"))
}

/// What whoever is at the terminal types, twice, without its being shown.
fn asked() -> Result<SecretString, Failure> {
    if !stdin().is_terminal() {
        return Err(Failure::refused(
            "there is no terminal to ask for the password at: use --password-stdin",
        ));
    }
    let ask = |prompt| rpassword::prompt_password(prompt).map(SecretString::from).map_err(Failure::failed);
    let (first, second) = (ask("Password: ")?, ask("Again: ")?);
    match first.expose_secret() == second.expose_secret() {
        true => Ok(first),
        false => Err(Failure::refused("the two passwords differ")),
    }
}

fn first_line() -> Result<SecretString, Failure> {
    let mut bytes = Vec::new();
    // More than is ever a password, so that one that is too long is refused as such and not cut.
    stdin().take(2 * MAX_LENGTH as u64).read_to_end(&mut bytes).map_err(Failure::failed)?;
    let text = String::from_utf8(bytes).map_err(|_| Failure::refused("the password is not UTF-8"))?;
    Ok(SecretString::from(text.lines().next().unwrap_or_default()))
}
