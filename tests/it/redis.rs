//! Redis servers of a test: each keeps nothing, listens on a socket in a folder of its own, and ends with its test.

use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::daemon::{self, Daemon};

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
    running: Option<Daemon>,
}

impl Redis {
    /// Looks for the program.
    ///
    /// # Errors
    /// That there is none, for people to read.
    pub fn find() -> Result<Self, String> {
        let program = daemon::program("redis-server");
        let program = program.ok_or("no redis-server found (install redis-server)")?;
        // `Redis server v=7.0.15 sha=…`
        let version = daemon::version(&program, "v=")?;
        Ok(Self { program, version })
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

    /// Its socket, there or not.
    pub fn socket(&self) -> PathBuf {
        self.folder.path().join("socket")
    }

    /// Starts a server, which knows nothing. Whoever connects at once may find that it does not answer yet.
    pub fn start(&mut self) {
        // The folder that goes with the server; the socket's stays.
        let scratch = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let socket = self.socket();
        let arguments = ["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"].map(Path::new);
        let arguments = arguments.into_iter().chain([socket.as_path(), Path::new("--dir"), &scratch]);
        self.running = Some(Daemon::start(&scratch, &self.redis.program, arguments));
    }

    /// Kills the server; what it knew is gone.
    pub fn kill(&mut self) {
        self.running = None;
    }
}
