//! Redis servers of a test: each keeps nothing, listens on a socket in a folder of its own, and ends with its test.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

/// Runs a command until its input closes, then removes the folder. Arguments: the folder, then the command. What a shell
/// runs in the background ignores the gentler signals.
const UNTIL_INPUT_CLOSES: &str = r#"
folder=$1; shift
exec 3<&0
"$@" </dev/null 3<&- & server=$!
{ cat <&3 >/dev/null; kill -KILL "$server"; } & watch=$!
wait "$server"
kill "$watch" 2>/dev/null
rm -rf "$folder"
"#;

/// The program, where there is one.
#[derive(Clone)]
pub struct Redis {
    program: PathBuf,
    version: String,
}

/// A place where a server may run, or not.
pub struct Place {
    redis: Redis,
    folder: TempDir,
    running: Option<Child>,
}

impl Redis {
    /// Looks for the program.
    ///
    /// # Errors
    /// That there is none, for people to read.
    pub fn find() -> Result<Self, String> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let programs = std::env::split_paths(&path).map(|folder| folder.join("redis-server"));
        let program = programs.into_iter().find(|program| program.is_file());
        let program = program.ok_or("no redis-server found (install redis-server)")?;
        // `Redis server v=7.0.15 sha=…`
        let said = Command::new(&program).arg("--version").output().map_err(|error| error.to_string())?;
        let said = String::from_utf8_lossy(&said.stdout).into_owned();
        let version = said.split_whitespace().find_map(|word| word.strip_prefix("v="));
        Ok(Self { program, version: version.unwrap_or("of no version").to_owned() })
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A place for a server that does not run yet.
    pub fn place(&self) -> Place {
        let folder = tempfile::Builder::new().prefix("custodian-redis-").tempdir();
        Place { redis: self.clone(), folder: folder.expect("a temporary folder can be made"), running: None }
    }
}

impl Place {
    /// Its address.
    pub fn url(&self) -> String {
        format!("unix://{}", self.socket().display())
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Starts a server, which knows nothing. Whoever connects at once may find that it does not answer yet.
    pub fn start(&mut self) {
        // The folder that goes with the server; the socket's stays.
        let scratch = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let mut command = Command::new("sh");
        command
            .args(["-c", UNTIL_INPUT_CLOSES, "sh"])
            .args([scratch.as_path(), &self.redis.program])
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(self.socket())
            .args([Path::new("--dir"), &scratch])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .process_group(0);
        self.running = Some(command.spawn().expect("a shell can be run"));
    }

    /// Kills the server; what it knew is gone.
    pub fn kill(&mut self) {
        if let Some(mut running) = self.running.take() {
            // Waiting closes the input first, which is the signal.
            running.wait().expect("a child can be waited for");
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.kill();
    }
}
