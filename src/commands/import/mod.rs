//! `custodian import customers`. As the owner of the tables, like `migrate`.

mod file;
mod report;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, Subcommand};
use custodian::app;
use custodian::authn::{Origin, Viewer};
use custodian::authz::{Operation, Rights};
use custodian::clock::Clock;
use custodian::config::{Config, prepare_data_dir};
use custodian::customers::import::{Counts, Import, Line, Manner, Refused};
use custodian::news::News;

use self::file::Lines;
use self::report::Report;
use super::progress::Progress;
use super::{Failure, print, runtime};

/// What a file may say, for whoever writes one.
const COLUMNS: &str = "\
Columns (members in JSON lines); what is empty or not there is not said:
  externalReference   needed: what the other system calls it; by it a customer is known again
  type                needed: INDIVIDUAL, SOLE_TRADER, COMPANY
  displayName         needed
  firstName, lastName, companyName (needed of a company), email, billingEmail, phone,
  dateOfBirth (1990-12-31), governmentIdType, governmentIdCountry, governmentIdNumber, taxId,
  language (BCP 47), creditLimit (minor units), riskScore (0 to 100)
  serviceLine1, serviceLine2, servicePostalCode, serviceCity, serviceSubdivision, serviceCountryCode
  billingLine1 and so on: the other address; line and country (ES) are needed if anything is said of one
Only of customers that are not there yet:
  status              PROSPECT (as long as nothing is said), ACTIVE, SUSPENDED, CLOSED
  username            name@domain of the provider: an account to sign in with; needs email and passwordHash
  passwordHash        $2a$, $2b$, $2y$ (bcrypt, cost up to 14) or $argon2id$ (up to 256 MiB, 16 passes,
                      16 lanes); never a password. The first sign-in replaces it

Neither e-mail address nor type of a customer that is there is changed: such a line is refused.

Examples:
  custodian import customers crm.csv --tenant isp.example --dry-run
  custodian import customers crm.jsonl --tenant isp.example --reseller NORTH --report refused.csv";

/// What is imported.
#[derive(Debug, Subcommand)]
pub(super) enum ImportCommand {
    /// Take customers over from another system
    ///
    /// From a CSV file (UTF-8, commas, a first line of column names) or JSON lines, by the ending of its name. Each line is
    /// a customer and held to what customerCreate is held to. The same file again changes nothing, so that an import that
    /// was broken off is run again; a line that says something else than before changes the customer, and what it does not
    /// say stays.
    ///
    /// Status 2 when lines were refused; the others are kept.
    #[command(after_help = COLUMNS)]
    Customers(Customers),
}

/// Which customers, whose, and how.
#[derive(Debug, Args)]
pub(super) struct Customers {
    /// The file: .csv or .jsonl
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The provider whose customers they are, by its domain or id
    #[arg(long, value_name = "TENANT")]
    tenant: String,
    /// The code of the partner they come through
    #[arg(long, value_name = "CODE")]
    reseller: Option<String>,
    /// Look at every line as in earnest, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Refuse lines of customers that are there and differ
    #[arg(long)]
    no_update: bool,
    /// Where refused lines are told, as CSV: line, field, code, message, never a value [default: standard error]
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// So many lines are one transaction
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..=5_000))]
    batch: u32,
}

pub(super) fn run(command: ImportCommand, config: &Config) -> Result<(), Failure> {
    let ImportCommand::Customers(customers) = command;
    let lines = Lines::open(&customers.file).map_err(Failure::refused)?;
    let report = Report::create(customers.report.as_deref(), &customers.file).map_err(Failure::refused)?;
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    runtime()?.block_on(import(&customers, lines, report, config))
}

async fn import(
    customers: &Customers,
    mut lines: Lines,
    mut report: Report,
    config: &Config,
) -> Result<(), Failure> {
    let catalog =
        custodian::schema::catalog(&custodian::schema::builder().finish()).map_err(Failure::failed)?;
    let rights = Arc::new(Rights::nothing(Arc::new(catalog)));
    let db = app::migrate(config).await?;
    let vault = app::open_vault(config, &Clock::System).await?;
    let news = Arc::new(News::new(None, config.access_token_ttl_seconds.into(), Clock::System));
    // A new one for each batch: what is open grows with the customers.
    let operation = || {
        let origin = Origin { request_id: "custodian import customers".to_owned(), ..Origin::default() };
        let (viewer, keys) = (Viewer::anonymous(), Arc::new(vault.open_keys()));
        let (rights, db, news) = (rights.clone(), db.clone(), news.clone());
        Arc::new(Operation::new(viewer, origin, rights, Clock::System, keys, db, news))
    };
    let manner = Manner { updates: !customers.no_update, is_dry: customers.dry_run };
    let begun = Import::begin(&operation(), &customers.tenant, customers.reseller.as_deref(), manner).await?;
    let mut import = begun.map_err(Failure::refused)?;

    let (progress, mut total) = (Progress::new(lines.size(), "bytes"), Counts::default());
    let most = usize::try_from(customers.batch).unwrap_or(usize::MAX);
    loop {
        let (batch, unread) = next(&mut lines, most).map_err(Failure::refused)?;
        if batch.is_empty() && unread.is_empty() {
            break;
        }
        let (mut counts, refused) = import.take(&operation(), &batch).await?;
        counts.refused += u64::try_from(unread.len()).unwrap_or(u64::MAX);
        total += counts;
        report.tell(unread.into_iter().chain(refused)).map_err(Failure::failed)?;
        progress.show(lines.position());
    }
    progress.end();
    let Counts { added, changed, same, refused } = total;
    let kept = if customers.dry_run { " (nothing was written)" } else { "" };
    print(&format!("{added} added, {changed} changed, {same} as they were, {refused} refused{kept}\n"))?;
    match refused {
        0 => Ok(()),
        _ => Err(Failure::refused(format!("{refused} lines were refused{}", report.place()))),
    }
}

/// Lines that can be read, with their numbers, and those that cannot.
type Batch = (Vec<(u64, Line)>, Vec<Refused>);

/// The next lines of a file.
fn next(lines: &mut Lines, most: usize) -> Result<Batch, String> {
    let (mut read, mut unread) = (Vec::new(), Vec::new());
    while read.len() + unread.len() < most {
        match lines.next_line()? {
            Some((number, Ok(line))) => read.push((number, line)),
            Some((number, Err(reason))) => unread.push((number, vec![reason])),
            None => break,
        }
    }
    Ok((read, unread))
}
