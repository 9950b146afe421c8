//! The data folder: made on first use, readable by its owner only.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Write};
use std::path::Path;

use super::error::{ConfigError, one_line};

/// Makes the folder if it is missing and tries whether files in it can be written and read.
///
/// # Errors
/// [`ConfigError::DataDir`] when it cannot be made, listed or written, or is no folder.
pub fn prepare(path: &Path) -> Result<(), ConfigError> {
    try_prepare(path)
        .map_err(|source| ConfigError::DataDir { path: one_line(&path.display().to_string()), source })
}

fn try_prepare(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)?;
    fs::read_dir(path)?;
    // Permissions alone do not tell: the file system may be mounted read-only or be full.
    let probe = path.join(format!(".probe-{}", std::process::id()));
    let written = File::create(&probe).and_then(|mut file| file.write_all(b"."));
    let removed = fs::remove_file(&probe);
    written.and(removed)
}
