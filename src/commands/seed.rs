//! `custodian seed`.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use custodian::authn::password;
use custodian::config::{Config, Profile, prepare_data_dir};
use custodian::error::Error;
use custodian::seed::{self, SeedError};
use indicatif::{ProgressBar, ProgressStyle};

use super::{Failure, print, runtime};

pub(super) fn run(config: Config, demo: bool, customers: Option<u64>) -> Result<(), Failure> {
    if config.profile == Profile::Production {
        return Err(Failure::refused("made-up data are for the development profile only"));
    }
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    runtime()?.block_on(async {
        let db = custodian::app::migrate(&config).await?;
        if demo {
            let hash = password::hash(&config.demo_password).await?;
            let made = seed::demo(&db, &hash).await.map_err(Error::from)?;
            print(&match made.created {
                true => format!(
                    "demo data written: {} providers, {} accounts, {} customers\n",
                    made.tenants, made.accounts, made.customers
                ),
                false => "the demo data are there already\n".to_owned(),
            })?;
        }
        if let Some(count) = customers {
            let progress = Progress::new(count);
            let made = seed::customers(&db, count, &|done| progress.show(done)).await;
            progress.end();
            let made = made.map_err(|error| match error {
                SeedError::Database(error) => Failure::from(Error::from(error)),
                SeedError::Incomplete(_) => Failure::failed(format!("{error}, with --demo")),
            })?;
            print(&format!("{} customers written, up to number {}\n", made.customers, made.last_number))?;
        }
        Ok(())
    })
}

/// How far it is: a bar on a terminal, else a line for each tenth, both on standard error.
enum Progress {
    Bar(ProgressBar),
    Lines { count: u64, tenths: AtomicU64 },
}

impl Progress {
    fn new(count: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { count, tenths: AtomicU64::new(0) };
        }
        let bar = ProgressBar::new(count);
        if let Ok(style) =
            ProgressStyle::with_template("{wide_bar} {human_pos} of {human_len} customers, {eta} left")
        {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    fn show(&self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Lines { count, tenths } => {
                let now = done.saturating_mul(10) / count.max(&1);
                if tenths.swap(now, Ordering::Relaxed) != now {
                    let _ = writeln!(std::io::stderr(), "{done} of {count} customers");
                }
            }
        }
    }

    fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
