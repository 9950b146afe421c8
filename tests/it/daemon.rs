//! Servers of a test: programs of the distribution, or of `.ci/run`, each in a folder of its own; and scripts that run to their end.
//!
//! Invariant: whatever ends this process, the server stops and its folder goes. The server's parent is a shell that
//! reads a pipe whose other end only this process holds.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use tokio::task::spawn_blocking;

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

/// A server that runs until this is dropped.
pub struct Daemon(Child);

impl Daemon {
    /// Starts a program. The folder goes with it. Whoever connects at once may find that it does not answer yet.
    pub fn start<A: AsRef<OsStr>>(
        folder: &Path,
        program: &Path,
        arguments: impl IntoIterator<Item = A>,
    ) -> Self {
        let mut command = Command::new("sh");
        command.args(["-c", UNTIL_INPUT_CLOSES, "sh"]).args([folder, program]).args(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        Self(command.spawn().expect("a shell can be run"))
    }

    /// What it prints. Whoever takes this reads it, or closes it.
    pub fn output(&mut self) -> ChildStdout {
        self.0.stdout.take().expect("nobody has taken it")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Waiting closes the input first, which is the signal.
        self.0.wait().expect("a child can be waited for");
    }
}

/// A program of this name: on the path, where the distribution keeps servers, or among the tools of `.ci/run`.
pub fn program(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/tools/bin");
    let folders = std::env::split_paths(&path).chain(["/usr/sbin".into(), tools]);
    folders.map(|folder| folder.join(name)).find(|program| program.is_file())
}

/// What the program says of its version: the word after this one.
pub fn version(program: &Path, word: &str) -> Result<String, String> {
    let said = Command::new(program).arg("--version").output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&said.stdout).into_owned();
    let rest = said.split_once(word).map(|(_, rest)| rest.trim_start());
    let version = rest.and_then(|rest| rest.split(|c: char| c.is_whitespace() || c == '/').next());
    Ok(version.unwrap_or("of no version").to_owned())
}

/// How long a script may take, in seconds; who is stuck says so and ends.
const SCRIPT_SECONDS: &str = "300";

/// Runs a script in its folder to its end, and gives what it printed.
pub async fn script(folder: &Path, program: &Path, name: &str, argument: &str) -> String {
    let mut command = Command::new("timeout");
    command.arg(SCRIPT_SECONDS).arg(program).args([name, argument]).current_dir(folder).stdin(Stdio::null());
    let output = spawn_blocking(move || command.output()).await.expect("nothing panics");
    let output = output.expect("timeout is of every distribution");
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(output.status.success(), "{name} ended with {}:\n{said}", output.status);
    said
}
