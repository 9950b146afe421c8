//! The ways by which letters leave: files in a folder, or SMTP.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use custodian_entity::id::{LetterId, TypedId};
use lettre::address::Envelope;
use lettre::transport::smtp;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use tokio::time::timeout;

use super::Letter;
use crate::config::Config;

/// How long a server may take to say whether it takes letters from us.
const PATIENCE: Duration = Duration::from_secs(10);

/// A way out.
pub(super) enum Carrier {
    /// Files that mail programs open, for development.
    Folder(PathBuf),
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
}

/// Why a letter did not leave, without what the other side said: it may have repeated an address.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    /// It may the next time.
    #[error("{0}")]
    Passing(String),
    /// It never will.
    #[error("{0}")]
    Lasting(String),
}

impl Carrier {
    /// The configured way. It needs a runtime.
    pub(super) fn new(config: &Config) -> Self {
        match &config.smtp_url {
            Some(url) => Self::Smtp(url.transport()),
            None => Self::Folder(config.mail_dir.clone()),
        }
    }

    /// Whether there is somebody who takes letters from us.
    pub(super) async fn check(&self) -> Result<(), Trouble> {
        let Self::Smtp(transport) = self else { return Ok(()) };
        let tried = timeout(PATIENCE, transport.test_connection()).await;
        match tried.map_err(|_| Trouble::Passing("no answer in time".to_owned()))? {
            Ok(true) => Ok(()),
            Ok(false) => Err(Trouble::Passing("no conversation".to_owned())),
            Err(error) => Err(Trouble::of(&error)),
        }
    }

    /// Carries a letter. Once this says that it is done, somebody else has it for good.
    pub(super) async fn carry(&self, id: LetterId, from: &Address, letter: Letter) -> Result<(), Trouble> {
        match self {
            Self::Folder(folder) => {
                let (folder, name) = (folder.clone(), id.encode());
                let written =
                    tokio::task::spawn_blocking(move || write(&folder, &name, &letter.message)).await;
                let written = written.unwrap_or_else(|_| Err(io::ErrorKind::Other.into()));
                written.map_err(|error| Trouble::Passing(error.to_string()))
            }
            Self::Smtp(transport) => {
                let envelope = Envelope::new(Some(from.clone()), vec![letter.to])
                    .map_err(|_| Trouble::Lasting("no recipient".to_owned()))?;
                let sent = transport.send_raw(&envelope, &letter.message).await;
                sent.map(drop).map_err(|error| Trouble::of(&error))
            }
        }
    }
}

impl Trouble {
    /// A refusal for good is one of the mailbox (RFC 5321, 4.2.3): none there, not to be named so, or one that takes no mail
    /// (RFC 7504, 4). Any other may be of ourselves, and passes when the configuration, or the server, is put right.
    fn of(error: &smtp::Error) -> Self {
        match error.status() {
            Some(code) => match matches!(u16::from(code), 550 | 551 | 553 | 556) {
                true => Self::Lasting(format!("refused with {code}")),
                false => Self::Passing(format!("answered with {code}")),
            },
            None if error.is_tls() => Self::Passing("no TLS".to_owned()),
            None if error.is_timeout() => Self::Passing("no answer in time".to_owned()),
            None => Self::Passing("no conversation".to_owned()),
        }
    }
}

/// Writes a file that only its owner can read, whole or not at all; once more is the same file.
fn write(folder: &Path, name: &str, message: &[u8]) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    }
    builder.create(folder)?;
    let unfinished = folder.join(format!(".{name}"));
    let mut file = options.open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&unfinished, folder.join(format!("{name}.eml")))
}
