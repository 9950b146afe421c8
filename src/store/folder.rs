//! Objects as files of a folder: mode 600, in folders of mode 700 that are named after their first two digits.

use std::fs::{self, DirBuilder, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::{Listed, ObjectName, Result, StoreError, blocking, name};
use crate::crypto::create_private;

/// The ending of a file that is still being written.
const UNFINISHED: &str = "unfinished";

/// The folder.
#[derive(Clone)]
pub(super) struct Folder(Arc<Path>);

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Self> {
        make(path).map_err(StoreError::at(path))?;
        Ok(Self(path.into()))
    }

    fn path(&self, name: ObjectName) -> PathBuf {
        self.0.join(name.folder()).join(name.to_string())
    }

    pub(super) async fn put(&self, name: ObjectName, spooled: &Path) -> Result<()> {
        let (root, path, spooled) = (self.0.clone(), self.path(name), spooled.to_owned());
        blocking(move || {
            let folder = root.join(name.folder());
            make(&folder)?;
            match fs::hard_link(&spooled, &path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Err(error.into()),
                // Another file system, or one without links.
                Err(_) => copy(&spooled, &path)?,
                Ok(()) => {}
            }
            sync(&folder)?;
            Ok(sync(&root)?)
        })
        .await
    }

    pub(super) async fn read(&self, name: ObjectName, length: u64, range: Range<u64>) -> Result<Vec<u8>> {
        let path = self.path(name);
        blocking(move || {
            let mut file = File::open(path).map_err(|error| match error.kind() {
                io::ErrorKind::NotFound => StoreError::Missing(name),
                _ => error.into(),
            })?;
            if file.metadata()?.len() != length {
                return Err(StoreError::Damaged(name));
            }
            let mut bytes = vec![0; (range.end - range.start) as usize];
            file.seek(SeekFrom::Start(range.start))?;
            file.read_exact(&mut bytes)?;
            Ok(bytes)
        })
        .await
    }

    pub(super) async fn delete(&self, name: ObjectName) -> Result<()> {
        let (folder, path) = (self.0.join(name.folder()), self.path(name));
        blocking(move || match remove(&path)? {
            true => Ok(sync(&folder)?),
            false => Ok(()),
        })
        .await
    }

    pub(super) async fn list(&self, beginning: u8, before: DateTime<Utc>) -> Result<Listed> {
        let folder = self.0.join(name::folder(beginning));
        let is_remnant = |path: &PathBuf| path.extension().is_some_and(|ending| ending == UNFINISHED);
        blocking(move || {
            let mut listed = Listed::default();
            for path in older(&folder, before)? {
                match path.file_name().and_then(|name| name.to_str()).and_then(ObjectName::parse) {
                    Some(name) => listed.names.push(name),
                    None if is_remnant(&path) => listed.remnants.push(path),
                    None => {}
                }
            }
            Ok(listed)
        })
        .await
    }
}

/// Makes a folder that only its owner can use, unless it is there.
pub(super) fn make(path: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Files of a folder that nobody has written since then. None where there is no folder.
pub(super) fn older(folder: &Path, before: DateTime<Utc>) -> io::Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry?;
        match entry.metadata() {
            Ok(file) if file.is_file() && DateTime::<Utc>::from(file.modified()?) < before => {
                found.push(entry.path());
            }
            Ok(_) => {}
            // Deleted meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Deletes a file, and says whether there was one.
pub(super) fn remove(path: &Path) -> io::Result<bool> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        removed => removed.map(|()| true),
    }
}

/// Copies a file, all of it or nothing.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let unfinished = to.with_extension(UNFINISHED);
    let copied = create_private(&unfinished).and_then(|mut file| {
        io::copy(&mut File::open(from)?, &mut file)?;
        file.sync_all()?;
        fs::rename(&unfinished, to)
    });
    if copied.is_err() {
        // One that stays is swept.
        let _ = fs::remove_file(&unfinished);
    }
    copied
}

/// Makes the names in a folder survive a crash.
fn sync(folder: &Path) -> io::Result<()> {
    // Elsewhere a folder is no file that could be opened.
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}
