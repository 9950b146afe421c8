//! Puts the console into the program where `console/dist` holds one (`npm ci && npm run build` in `console`).
//!
//! Without Node there is none, and nothing is missing: `src/http/console.rs` is then told of no file.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    // The folder is always there, with a `.gitignore`: cargo takes a path that is missing for one that changed.
    println!("cargo:rerun-if-changed=console/dist");
    let folder = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("console/dist");
    let mut files = Vec::new();
    if folder.is_dir() {
        collect(&folder, "", &mut files)?;
    }
    files.sort();
    let mut code = String::from("&[\n");
    for (name, path) in files {
        // Writing to a string cannot fail.
        let _ =
            writeln!(code, "    ({name:?}, include_bytes!({:?}).as_slice()),", path.display().to_string());
    }
    code.push_str("]\n");
    fs::write(Path::new(&variable("OUT_DIR")?).join("console.rs"), code)
}

/// The files below a folder, by their names within the console.
fn collect(folder: &Path, prefix: &str, files: &mut Vec<(String, PathBuf)>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().into_string().map_err(|_| io::Error::other("a name that is no text"))?;
        let (path, name) = (entry.path(), format!("{prefix}{name}"));
        if path.is_dir() {
            collect(&path, &format!("{name}/"), files)?;
        } else if !name.starts_with('.') {
            files.push((name, path));
        }
    }
    Ok(())
}

#[expect(clippy::disallowed_methods, reason = "cargo's own, not the operator's: no configuration")]
fn variable(name: &str) -> io::Result<String> {
    env::var(name).map_err(io::Error::other)
}
