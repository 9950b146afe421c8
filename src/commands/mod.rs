//! The command line: what is asked for, and the exit status.
//!
//! Exit status 0: done. 1: it was tried and failed. 2: it cannot be done as asked (a wrong flag, key or value, a data
//! folder or port that cannot be had, a broken policy): trying again does not help. Each failure is one line on
//! standard error.

mod audit;
mod doctor;
mod identity;
mod import;
mod keys;
mod log;
mod policy;
mod progress;
mod seed;
mod serve;
#[cfg(feature = "otel")]
mod traces;
mod user;

use std::fmt::Display;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{ArgGroup, Args, CommandFactory, Parser, Subcommand};
use custodian::app::{self, StartError};
use custodian::config::{Config, Flag, Sources, prepare_data_dir};
use custodian::error::Error;
use custodian::vault::VaultError;

use self::audit::AuditCommand;
use self::identity::IdentityCommand;
use self::import::ImportCommand;
use self::keys::KeysCommand;
use self::policy::PolicyCommand;
use self::user::UserCommand;

const EXAMPLES: &str = "\
Examples:
  custodian                                    serve with demo data at http://127.0.0.1:8080
  custodian serve --listen 0.0.0.0:8080        serve on every address
  custodian serve --database-url postgres://custodian@db.example/custodian
  custodian user create --username admin@isp.example --role system_admin --create-tenant 'An ISP'
  custodian doctor                             what is wrong with configuration and database
  custodian seed --demo --customers 5000       demo data and 5,000 more customers
  custodian import customers crm.csv --tenant isp.example --dry-run
  custodian keys generate                      a new signing key; production needs one
  custodian audit verify                       whether the audit log is what was written
  custodian keys rotate                        new keys around those of stored data, while servers run
  custodian schema > schema.graphql            the GraphQL schema
  custodian policy explain --role reseller Customer.taxId

Settings are read from custodian.toml, then CUSTODIAN_… variables (CUSTODIAN_MAX_PAGE_SIZE=200), then flags.";

/// Custodian: the customer-data API of an internet provider, every field authorised
#[derive(Debug, Parser)]
#[command(version, after_help = EXAMPLES)]
struct CommandLine {
    #[command(flatten)]
    settings: Settings,
    /// Without a command, `serve` is run.
    #[command(flatten)]
    serve: ServeSettings,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve the API (the default)
    ///
    /// Applies migrations first, and in the development profile also writes demo data, the first time. On PostgreSQL
    /// that is left to `migrate` in production, and wherever migration_database_url is set.
    #[command(
        after_help = "Example:\n  custodian serve --listen 127.0.0.1:9000 --data-dir /var/lib/custodian"
    )]
    Serve(ServeSettings),
    /// Apply the migrations of database and key store, and exit
    ///
    /// As the owner of the tables: migration_database_url, else the database served. The owner of a key store on another
    /// server than the database's is who key_store_url names: give it the owner's address here.
    #[command(
        after_help = "Example:\n  custodian migrate --database-url sqlite:///srv/custodian.db?mode=rwc"
    )]
    Migrate,
    /// Write made-up data, the same on every machine
    #[command(
        group = ArgGroup::new("what").required(true).multiple(true),
        after_help = "Examples:\n  custodian seed --demo\n  custodian seed --customers 100000"
    )]
    Seed {
        /// The demo providers, their accounts and some customers, unless they are there
        #[arg(long, group = "what")]
        demo: bool,
        /// This many more customers of the demo provider
        #[arg(long, group = "what", value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000_000))]
        customers: Option<u64>,
    },
    /// Make accounts
    #[command(subcommand)]
    User(UserCommand),
    /// Take data over from another system
    #[command(subcommand)]
    Import(ImportCommand),
    /// Look whether configuration and database are as they should be
    ///
    /// One line for each check; status 1 if one fails. On PostgreSQL also prints how to create its roles.
    #[command(after_help = "Example:\n  custodian doctor --profile production")]
    Doctor,
    /// Say which account somebody signs in to whom another issuer knows
    #[command(subcommand)]
    Identity(IdentityCommand),
    /// Print the GraphQL schema
    #[command(after_help = "Example:\n  custodian schema > schema.graphql")]
    Schema,
    /// Make the keys that sign access tokens; show and change those that seal personal data
    ///
    /// The latter are in key_store_url, wrapped by the master key (master_key_file, or the variable
    /// CUSTODIAN_MASTER_KEY). They make themselves as they are needed.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Prove that the audit log is what was written, and print it
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Check, show, explain and compare policies: who may do what with which field
    ///
    /// Without --policy-dir, of the configured policy: the built-in one, unless policy_dir names a folder.
    #[command(subcommand)]
    Policy(PolicyCommand),
}

#[derive(Debug, Args)]
struct Settings {
    /// The configuration file [default: custodian.toml, if it is there]
    #[arg(long, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    /// development or production [default: development]
    #[arg(long, global = true, value_name = "NAME")]
    profile: Option<String>,
    /// The folder of database file, key store, keys and documents [default: ./data]
    #[arg(long, global = true, value_name = "FOLDER")]
    data_dir: Option<String>,
    /// sqlite://FILE or postgres://USER:PASSWORD@HOST/DATABASE [default: a file in the data folder]
    #[arg(long, global = true, value_name = "URL")]
    database_url: Option<String>,
    /// What is logged: error, warn, info, debug, trace [default: info]
    #[arg(long, global = true, value_name = "FILTER")]
    log: Option<String>,
}

#[derive(Debug, Default, Args)]
struct ServeSettings {
    /// Where requests are served [default: 127.0.0.1:8080]
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Where /metrics is served; empty for nowhere [default: 127.0.0.1:9090]
    #[arg(long, value_name = "ADDRESS")]
    metrics_listen: Option<String>,
}

/// Why a command did not do what was asked.
#[derive(Debug)]
enum Failure {
    /// It cannot be done as asked.
    Refused(String),
    /// It was tried and failed.
    Failed(String),
}

impl Failure {
    fn refused(why: impl Display) -> Self {
        Self::Refused(why.to_string())
    }

    fn failed(why: impl Display) -> Self {
        Self::Failed(why.to_string())
    }
}

impl From<StartError> for Failure {
    fn from(error: StartError) -> Self {
        if error.is_configuration() { Self::refused(error) } else { Self::failed(error) }
    }
}

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        Self::failed(error)
    }
}

impl From<Error> for Failure {
    /// The cause has been logged; what is printed is for everybody.
    fn from(error: Error) -> Self {
        error.log();
        Self::failed(error)
    }
}

/// Runs the command line.
pub(crate) fn main() -> ExitCode {
    let outcome = match CommandLine::try_parse() {
        Ok(line) => run(line),
        Err(error) if !error.use_stderr() => print(&error.render().to_string()),
        Err(error) => Err(Failure::Refused(usage(&error))),
    };
    log::finish();
    let (status, why) = match outcome {
        Ok(()) => return ExitCode::SUCCESS,
        Err(Failure::Refused(why)) => (2, why),
        Err(Failure::Failed(why)) => (1, why),
    };
    // Standard error may be closed; the status still tells.
    let _ = writeln!(std::io::stderr(), "custodian: {}", one_line(&why));
    ExitCode::from(status)
}

fn run(line: CommandLine) -> Result<(), Failure> {
    let CommandLine { settings, serve, command } = line;
    let at_top = serve.listen.is_some() || serve.metrics_listen.is_some();
    let command = match command {
        None => Command::Serve(serve),
        Some(Command::Serve(own)) => Command::Serve(ServeSettings {
            listen: own.listen.or(serve.listen),
            metrics_listen: own.metrics_listen.or(serve.metrics_listen),
        }),
        Some(_) if at_top => {
            let message = "--listen and --metrics-listen are for serve";
            return Err(Failure::Refused(usage(
                &CommandLine::command().error(ErrorKind::ArgumentConflict, message),
            )));
        }
        Some(other) => other,
    };
    match command {
        Command::Serve(own) => serve::run(configure(settings, own)?),
        Command::Migrate => {
            let config = configure(settings, ServeSettings::default())?;
            prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
            runtime()?.block_on(async { app::migrate(&config).await.map(drop) })?;
            Ok(())
        }
        Command::Seed { demo, customers } => {
            seed::run(configure(settings, ServeSettings::default())?, demo, customers)
        }
        Command::Audit(command) => audit::run(command, &configure(settings, ServeSettings::default())?),
        Command::Doctor => doctor::run(&configure(settings, ServeSettings::default())?),
        Command::Identity(command) => identity::run(configure(settings, ServeSettings::default())?, command),
        Command::Import(command) => import::run(command, &configure(settings, ServeSettings::default())?),
        Command::Keys(command) => keys::run(command, &configure(settings, ServeSettings::default())?),
        Command::User(command) => user::run(command, &configure(settings, ServeSettings::default())?),
        Command::Policy(command) => policy::run(command, settings),
        Command::Schema => print(&custodian::schema::sdl().map_err(Failure::failed)?),
    }
}

/// Reads the configuration and starts logging as it says.
fn configure(settings: Settings, serve: ServeSettings) -> Result<Config, Failure> {
    let flags = [
        ("--profile", "profile", settings.profile),
        ("--data-dir", "data_dir", settings.data_dir),
        ("--database-url", "database_url", settings.database_url),
        ("--log", "log", settings.log),
        ("--listen", "listen", serve.listen),
        ("--metrics-listen", "metrics_listen", serve.metrics_listen),
    ];
    let given = flags.into_iter().filter_map(|(flag, key, value)| Some(Flag { flag, key, value: value? }));
    let config =
        Config::load(Sources::of_process(settings.config, given.collect())).map_err(Failure::refused)?;
    log::start(&config)?;
    Ok(config)
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .thread_stack_size(custodian::app::STACK_BYTES)
        .build()
        .map_err(Failure::failed)
}

/// Prints to standard output. Who stopped reading has what he wanted.
fn print(text: &str) -> Result<(), Failure> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => Err(Failure::failed(error)),
        _ => Ok(()),
    }
}

/// What is wrong with the command line, without the usage and hints that follow it.
fn usage(error: &clap::Error) -> String {
    let text = error.render().to_string();
    let text = text.split("\n\n").next().unwrap_or_default();
    let text = text.strip_prefix("error: ").unwrap_or(text).trim();
    format!("{text} (see custodian --help)")
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
