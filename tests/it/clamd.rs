//! Scanners of a test: each is the distribution's clamd, knows one signature, that of the EICAR test file, listens on a
//! socket in a folder of its own, and ends with its test.

use std::fs;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use custodian::config::ClamdUrl;
use tempfile::TempDir;

use crate::daemon::{self, Daemon};

/// How long one may take to start.
const STARTING: Duration = Duration::from_secs(60);

/// What clamd calls the file: it says of signatures that are not official that they are not.
pub const EICAR_NAME: &str = "Eicar-Test.UNOFFICIAL";

/// The largest file that one takes, in MiB.
pub const LARGEST_MIB: usize = 11;

/// The test file that every scanner finds (eicar.org). In halves, so that none finds it here.
pub fn eicar() -> Vec<u8> {
    [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-", "ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
}

/// The program, where there is one.
#[derive(Clone)]
pub struct Clamd {
    program: PathBuf,
    version: String,
}

/// A place where a scanner may run, or not.
pub struct Place {
    clamd: Clamd,
    folder: TempDir,
    running: Option<Daemon>,
}

impl Clamd {
    /// Looks for the program.
    ///
    /// # Errors
    /// That there is none, for people to read.
    pub fn find() -> Result<Self, String> {
        let program = daemon::program("clamd").ok_or("no clamd found (install clamav-daemon)")?;
        let version = daemon::version(&program, "ClamAV")?;
        Ok(Self { program, version })
    }

    /// Its version.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// A place for a scanner that does not run yet.
    pub fn place(&self) -> Place {
        let folder = tempfile::Builder::new().prefix("custodian-clamd-").tempdir();
        Place { clamd: self.clone(), folder: folder.expect("a temporary folder can be made"), running: None }
    }
}

impl Place {
    /// Its address.
    pub fn url(&self) -> ClamdUrl {
        ClamdUrl::Unix(self.folder.path().join("socket"))
    }

    /// Starts a scanner, and waits until it listens.
    pub fn start(&mut self) {
        // The folder that goes with the scanner; the socket's stays.
        let scratch = tempfile::tempdir_in(self.folder.path()).unwrap().keep();
        let socket = self.folder.path().join("socket");
        let hex: String = eicar().iter().map(|byte| format!("{byte:02x}")).collect();
        // Name, any type of file, any place in it.
        fs::write(scratch.join("test.ndb"), format!("Eicar-Test:0:*:{hex}\n")).unwrap();
        let settings = scratch.join("clamd.conf");
        let (folder, listen) = (scratch.display(), socket.display());
        let text = format!(
            "Foreground yes\nDatabaseDirectory {folder}\nTemporaryDirectory {folder}\nLocalSocket {listen}\n\
             FixStaleSocket yes\nStreamMaxLength {LARGEST_MIB}M\nMaxThreads 4\n"
        );
        fs::write(&settings, text).unwrap();
        let daemon = Daemon::start(&scratch, &self.clamd.program, ["-c".as_ref(), settings.as_os_str()]);
        self.running = Some(daemon);
        let began = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(began.elapsed() < STARTING, "clamd does not start");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Kills the scanner.
    pub fn kill(&mut self) {
        self.running = None;
    }
}
