//! Certificates for tests, made by `openssl`, where there is one.

use std::path::Path;
use std::process::{Command, Stdio};

/// Whether there is an `openssl` that makes them.
pub fn can_be_made() -> bool {
    let version = Command::new("openssl").arg("version").output();
    version.is_ok_and(|output| output.stdout.starts_with(b"OpenSSL 3"))
}

/// `openssl`, in this folder.
pub fn openssl(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new("openssl");
    command.current_dir(folder).args(arguments.split(' ')).stdin(Stdio::null()).stderr(Stdio::null());
    command
}

/// Makes `NAME.pem` and `NAME.key`, a certificate of its own, or of another.
pub fn certify(folder: &Path, name: &str, more: &str) {
    let key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -days 2";
    let arguments = format!("{key} -keyout {name}.key -out {name}.pem -subj /CN={name} {more}");
    assert!(openssl(folder, &arguments).status().unwrap().success(), "{arguments}");
}

/// Makes an authority, `ca.pem`.
pub fn authority(folder: &Path) {
    certify(folder, "ca", "-addext keyUsage=keyCertSign");
}

/// Makes `NAME.pem` and `NAME.key` of that authority, for `localhost`.
pub fn of_authority(folder: &Path, name: &str) {
    let leaf =
        "-CA ca.pem -CAkey ca.key -addext subjectAltName=DNS:localhost -addext basicConstraints=CA:FALSE";
    certify(folder, name, leaf);
}
