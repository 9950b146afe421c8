//! `custodian identity`: accounts of people whom another issuer signs in. As the owner of the tables, like `migrate`.

use std::sync::Arc;

use clap::Subcommand;
use custodian::app;
use custodian::authn::{Origin, Viewer};
use custodian::authz::{Operation, Rights};
use custodian::clock::Clock;
use custodian::config::{Config, prepare_data_dir};
use custodian::news::News;
use custodian::session::{Link, link_identity, unlink_identity};

use super::{Failure, print, runtime};

#[derive(Debug, Subcommand)]
pub(super) enum IdentityCommand {
    /// Link somebody whom an issuer knows to an account
    #[command(
        after_help = "Example:\n  custodian identity link --issuer https://login.example --subject 8f3a… support@acme.example"
    )]
    Link {
        /// As its tokens write it in `iss`
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// As its tokens write it in `sub`
        #[arg(long)]
        subject: String,
        /// The user name of the account
        #[arg(value_name = "NAME@DOMAIN")]
        username: String,
    },
    /// Take the link away
    Unlink {
        /// As its tokens write it in `iss`
        #[arg(long, value_name = "URL")]
        issuer: String,
        /// As its tokens write it in `sub`
        #[arg(long)]
        subject: String,
    },
}

pub(super) fn run(config: Config, command: IdentityCommand) -> Result<(), Failure> {
    prepare_data_dir(&config.data_dir).map_err(Failure::refused)?;
    let schema = custodian::schema::builder().finish();
    let catalog = custodian::schema::catalog(&schema).map_err(Failure::failed)?;
    runtime()?.block_on(async {
        let db = app::migrate(&config).await?;
        let origin = Origin { request_id: "custodian identity".to_owned(), ..Origin::default() };
        let rights = Arc::new(Rights::nothing(Arc::new(catalog)));
        let news = Arc::new(News::new(None, config.access_token_ttl_seconds.into(), Clock::System));
        let keys = Arc::new(app::open_vault(&config, &Clock::System).await?.open_keys());
        let operation =
            Arc::new(Operation::new(Viewer::anonymous(), origin, rights, Clock::System, keys, db, news));
        let (done, what) = match command {
            IdentityCommand::Link { issuer, subject, username } => {
                (link_identity(&operation, &issuer, &subject, &username).await?, "linked")
            }
            IdentityCommand::Unlink { issuer, subject } => {
                (unlink_identity(&operation, &issuer, &subject).await?, "no longer linked")
            }
        };
        match done {
            Link::Done => print(&format!("{what}\n")),
            Link::NoAccount => Err(Failure::refused("there is no account of this name")),
            Link::Taken => Err(Failure::refused("the issuer's subject is linked already: unlink it first")),
            Link::None => Err(Failure::refused("the issuer's subject is not linked")),
        }
    })
}
