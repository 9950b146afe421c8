//! Stores of a test that speak S3: each keeps its objects in a folder of its own, and ends with its test.

use std::fs;
use std::io::{BufRead, BufReader, Lines};
use std::path::PathBuf;
use std::process::ChildStdout;

use tempfile::TempDir;

use crate::daemon::{self, Daemon};

/// Who may use them.
pub const ACCESS_KEY: &str = "custodian-test";
/// Their password.
pub const SECRET_KEY: &str = "custodian-test-secret";

/// The program, where there is one.
#[derive(Clone)]
pub struct S3 {
    program: PathBuf,
    version: String,
}

/// A store that runs.
pub struct Store {
    folder: TempDir,
    endpoint: String,
    _output: Lines<BufReader<ChildStdout>>,
    _running: Daemon,
}

impl S3 {
    /// Looks for the program.
    ///
    /// # Errors
    /// That there is none, for people to read.
    pub fn find() -> Result<Self, String> {
        let missing = "no s3s-fs found (.ci/run installs it into target/tools)";
        let program = daemon::program("s3s-fs").ok_or(missing)?;
        let version = daemon::version(&program, "s3s-fs")?;
        Ok(Self { program, version })
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Starts a store, and waits until it listens.
    pub fn start(&self) -> Store {
        let folder = tempfile::Builder::new().prefix("custodian-s3-").tempdir();
        let folder = folder.expect("a temporary folder can be made");
        let options = ["--host", "127.0.0.1", "--port", "0", "--access-key", ACCESS_KEY, "--secret-key"];
        let mut running = Daemon::start(
            folder.path(),
            std::path::Path::new("env"),
            ["RUST_LOG=info".as_ref(), self.program.as_os_str()]
                .into_iter()
                .chain(options.iter().map(|option| option.as_ref()))
                .chain([SECRET_KEY.as_ref(), folder.path().as_os_str()]),
        );
        let mut output = BufReader::new(running.output()).lines();
        let endpoint = output.by_ref().find_map(|line| {
            let line = line.expect("it prints text");
            line.split_once("server is running at ").map(|(_, address)| address.trim().to_owned())
        });
        let endpoint = endpoint.expect("it says where it listens");
        Store { folder, endpoint, _output: output, _running: running }
    }
}

impl Store {
    /// Its address.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Makes a bucket: its folder, to see what was stored.
    pub fn bucket(&self, name: &str) -> PathBuf {
        let folder = self.folder.path().join(name);
        fs::create_dir(&folder).expect("there is none of this name");
        folder
    }
}
