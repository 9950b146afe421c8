//! The PostgreSQL server of a test run: a given one, or one of our own that lives as long as this process.
//!
//! Invariant: whatever ends this process, the server of our own stops and its folder goes. The server's parent is a
//! shell that reads a pipe whose other end only this process holds.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{ConnectionTrait, DbErr, SqlxPostgresConnector};
use sqlx::ConnectOptions;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use tempfile::TempDir;

use crate::database::connect;
use crate::suite::{Failure, runtime};

/// The oldest major version the service supports.
const OLDEST: u32 = 15;

/// How long a server may take to accept connections.
const STARTING: Duration = Duration::from_secs(60);

/// The longest folder name that leaves room for a socket's: the system allows 107 bytes, some 103.
const LONGEST_FOLDER: usize = 80;

/// The role whose members a server of our own asks for passwords.
pub const CHECKED: &str = "custodian_test_checked";

/// It only names the socket: the server listens on no network.
const PORT: u16 = 5432;

/// What a server that nobody needs afterwards does without.
const SETTINGS: [&str; 7] = [
    "listen_addresses=",
    "fsync=off",
    "full_page_writes=off",
    "synchronous_commit=off",
    // Its workers would connect to the template database, which forbids copying it.
    "autovacuum=off",
    "max_connections=500",
    "log_min_messages=fatal",
];

/// Runs a command until its input closes, then removes the folder. Arguments: the folder, then the command.
const UNTIL_INPUT_CLOSES: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -QUIT "$server"; } & watch=$!
wait "$server"
kill "$watch" 2>/dev/null
rm -rf "$folder"
"#;

/// A server, started when it is first needed.
pub struct Server {
    origin: Origin,
    version: OnceLock<String>,
}

enum Origin {
    /// The one of `CUSTODIAN_TEST_POSTGRES`.
    Given(Box<PgConnectOptions>),
    /// One of our own.
    Ours(Cluster),
}

/// Everything a server of our own consists of.
struct Cluster {
    /// The folder of the server's programs.
    programs: PathBuf,
    /// Data, socket and log.
    folder: TempDir,
    /// The user and group to run as, when this process is root: the server refuses to be.
    owner: Option<(u32, u32)>,
    process: Mutex<Option<Child>>,
}

impl Server {
    /// Looks for a server without starting it.
    ///
    /// # Errors
    /// Why there is none, for people to read.
    ///
    /// # Panics
    /// When `CUSTODIAN_TEST_POSTGRES` is set but is no address: leaving PostgreSQL out is not what was asked.
    pub fn find() -> Result<Self, String> {
        let origin = match std::env::var("CUSTODIAN_TEST_POSTGRES") {
            Ok(url) if !url.is_empty() => {
                let form = "CUSTODIAN_TEST_POSTGRES has the form postgres://user:password@host/database";
                assert!(SqlxPostgresConnector::accepts(&url), "{form}");
                Origin::Given(Box::new(url.parse().expect(form)))
            }
            _ => Origin::Ours(Cluster::plan()?),
        };
        Ok(Self { origin, version: OnceLock::new() })
    }

    /// Starts the server if it is ours, and waits until it answers.
    ///
    /// # Errors
    /// What it said instead.
    pub fn start(&self) -> Result<(), Failure> {
        if let Origin::Ours(cluster) = &self.origin {
            cluster.start()?;
        }
        let begun = Instant::now();
        runtime().block_on(async {
            loop {
                match self.ask_version().await {
                    Ok(version) => {
                        self.version.get_or_init(|| version);
                        return Ok(());
                    }
                    Err(error) if begun.elapsed() > STARTING || !self.is_starting() => {
                        return Err(format!("PostgreSQL does not answer: {error}\n{}", self.log()).into());
                    }
                    Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
                }
            }
        })
    }

    /// Ends a server of our own; a given one stays.
    pub fn stop(&self) {
        if let Origin::Ours(cluster) = &self.origin
            && let Some(mut process) = cluster.process.lock().unwrap_or_else(PoisonError::into_inner).take()
        {
            // Waiting closes the input first, which is the signal.
            process.wait().expect("a child can be waited for");
        }
    }

    /// Whether the server ends with this process.
    pub fn is_ours(&self) -> bool {
        matches!(self.origin, Origin::Ours(_))
    }

    /// Its version, once it was started.
    pub fn version(&self) -> Option<&str> {
        self.version.get().map(String::as_str)
    }

    /// The address of one of its databases.
    pub fn url(&self, database: &str) -> String {
        self.options().database(database).to_url_lossy().into()
    }

    /// The same for a role whose password is its name.
    pub fn url_as(&self, role: &str, database: &str) -> String {
        self.options().username(role).password(role).database(database).to_url_lossy().into()
    }

    /// Executes one statement outside the databases under test.
    ///
    /// # Errors
    /// The server's.
    pub async fn execute(&self, statement: &str) -> Result<(), DbErr> {
        let db = connect(self.options().to_url_lossy().as_str()).await?;
        let outcome = db.execute_unprepared(statement).await;
        db.close().await?;
        outcome.map(|_| ())
    }

    /// Where statements about databases are executed.
    fn options(&self) -> PgConnectOptions {
        match &self.origin {
            Origin::Given(options) => PgConnectOptions::clone(options),
            Origin::Ours(cluster) => PgConnectOptions::new_without_pgpass()
                .socket(cluster.folder.path())
                .port(PORT)
                .ssl_mode(PgSslMode::Disable)
                .username("postgres")
                .database("postgres"),
        }
    }

    async fn ask_version(&self) -> Result<String, sqlx::Error> {
        let mut connection = self.options().connect().await?;
        let version: String = sqlx::query_scalar("SHOW server_version").fetch_one(&mut connection).await?;
        // A distribution's suffix follows a space.
        Ok(version.split(' ').next().unwrap_or_default().to_owned())
    }

    /// Whether waiting makes sense.
    fn is_starting(&self) -> bool {
        let Origin::Ours(cluster) = &self.origin else { return false };
        let mut process = cluster.process.lock().unwrap_or_else(PoisonError::into_inner);
        process.as_mut().is_some_and(|process| matches!(process.try_wait(), Ok(None)))
    }

    fn log(&self) -> String {
        match &self.origin {
            Origin::Given(_) => String::new(),
            Origin::Ours(cluster) => fs::read_to_string(cluster.log()).unwrap_or_default(),
        }
    }
}

impl Cluster {
    /// Finds the programs and a user to run them as.
    fn plan() -> Result<Self, String> {
        let programs = programs().ok_or_else(|| {
            format!("no server binaries of version {OLDEST} or newer found (install postgresql, or set CUSTODIAN_TEST_POSTGRES)")
        })?;
        let folder = folder().map_err(|error| format!("no temporary folder: {error}"))?;
        let own = folder.path().metadata().map_err(|error| format!("no temporary folder: {error}"))?.uid();
        let owner = if own == 0 {
            let user = ["postgres", "nobody"].into_iter().find_map(ids);
            Some(user.ok_or("this is root, and there is no user postgres or nobody to run a server as")?)
        } else {
            None
        };
        Ok(Self { programs, folder, owner, process: Mutex::new(None) })
    }

    fn start(&self) -> Result<(), Failure> {
        if let Some((user, group)) = self.owner {
            chown(self.folder.path(), Some(user), Some(group))?;
        }
        let data = self.folder.path().join("data");
        let made = self
            .command(&self.programs.join("initdb"))
            .args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"])
            .arg(&data)
            .output()?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)).into());
        }
        // The first line that fits decides. Whose passwords a test exchanges are asked for them, over the socket too.
        let rules = data.join("pg_hba.conf");
        let checked = format!("local all +{CHECKED} scram-sha-256\n");
        fs::write(&rules, format!("{checked}{}", fs::read_to_string(&rules)?))?;
        let log = File::create(self.log())?;
        let process = self
            .command(Path::new("sh"))
            .args(["-c", UNTIL_INPUT_CLOSES, "sh"])
            .arg(self.folder.path())
            .arg(self.programs.join("postgres"))
            .arg("-D")
            .arg(&data)
            .args(["-p", &PORT.to_string(), "-k"])
            .arg(self.folder.path())
            .args(SETTINGS.iter().flat_map(|setting| ["-c", setting]))
            .stdin(Stdio::piped())
            .stdout(log.try_clone()?)
            .stderr(log)
            // A terminal's interrupt is for this process; the server ends after it.
            .process_group(0)
            .spawn()?;
        *self.process.lock().unwrap_or_else(PoisonError::into_inner) = Some(process);
        Ok(())
    }

    /// A command run in the folder as its owner, without the settings of a developer's own clients.
    fn command(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path());
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.as_encoded_bytes().starts_with(b"PG")) {
            command.env_remove(name);
        }
        if let Some((user, group)) = self.owner {
            command.uid(user).gid(group);
        }
        command
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }
}

/// The first folder that has a server: the one `pg_config` names, Debian's, newest first, or one of `PATH`.
fn programs() -> Option<PathBuf> {
    let configured = output("pg_config", &["--bindir"]).map(PathBuf::from);
    let mut packaged: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .map(|versions| versions.flatten().map(|version| version.path().join("bin")).collect())
        .unwrap_or_default();
    packaged.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    configured
        .into_iter()
        .chain(packaged.into_iter().rev())
        .chain(std::env::split_paths(&path))
        .find(|folder| folder.join("initdb").is_file() && major_version(folder) >= Some(OLDEST))
}

/// Of `postgres (PostgreSQL) 15.18 (…)`, the 15.
fn major_version(programs: &Path) -> Option<u32> {
    let version = output(programs.join("postgres").to_str()?, &["--version"])?;
    version.split(' ').nth(2)?.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// A user's number and its group's.
fn ids(name: &str) -> Option<(u32, u32)> {
    Some((output("id", &["-u", name])?.parse().ok()?, output("id", &["-g", name])?.parse().ok()?))
}

/// What a program prints when it succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let Output { status, stdout, .. } = Command::new(program).args(arguments).output().ok()?;
    status.success().then(|| String::from_utf8_lossy(&stdout).trim().to_owned())
}

fn folder() -> std::io::Result<TempDir> {
    let prefix = "custodian-postgres-";
    let folder = tempfile::Builder::new().prefix(prefix).tempdir()?;
    if folder.path().as_os_str().len() <= LONGEST_FOLDER {
        return Ok(folder);
    }
    tempfile::Builder::new().prefix(prefix).tempdir_in("/tmp")
}
