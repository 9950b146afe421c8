//! `custodian seed`.

use custodian::authn::password;
use custodian::clock::Clock;
use custodian::config::{Config, Profile, prepare_data_dir};
use custodian::error::Error;
use custodian::seed::{self, SeedError};

use super::progress::Progress;
use super::{Failure, print, runtime};

pub(super) fn run(config: Config, demo: bool, customers: Option<u64>) -> Result<(), Failure> {
    if config.profile == Profile::Production {
        return Err(Failure::refused("made-up data are for the development profile only"));
    }
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    runtime()?.block_on(async {
        let db = custodian::app::migrate(&config).await?;
        let vault = custodian::app::open_vault(&config, &Clock::System).await?;
        if demo {
            let store = custodian::app::open_store(&config).await?;
            let hash = password::hash(&config.demo_password).await?;
            let made = seed::demo(&db, &vault, &store, &hash).await.map_err(failure)?;
            print(&match made.created {
                true => format!(
                    "demo data written: {} providers, {} accounts, {} customers\n",
                    made.tenants, made.accounts, made.customers
                ),
                false => "the demo data are there already\n".to_owned(),
            })?;
        }
        if let Some(count) = customers {
            let progress = Progress::new(count, "customers");
            let made = seed::customers(&db, &vault, count, &|done| progress.show(done)).await;
            progress.end();
            let made = made.map_err(failure)?;
            print(&format!("{} customers written, up to number {}\n", made.customers, made.last_number))?;
        }
        Ok(())
    })
}

fn failure(error: SeedError) -> Failure {
    match error {
        SeedError::Database(error) => Failure::from(Error::from(error)),
        SeedError::Sealing(error) => Failure::from(error),
        SeedError::Store(error) => Failure::from(Error::from(error)),
        SeedError::Incomplete(_) => Failure::failed(format!("{error}, with --demo")),
    }
}
