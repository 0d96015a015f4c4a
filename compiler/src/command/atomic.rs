//! Writes a file whole or not at all: into a temporary file beside it, synced, then renamed.
//!
//! [`write()`] puts a file where there may be one, [`fill`] one that is written piece by piece, [`replace`] changes a
//! file that was read.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::Builder;

/// Why a device or a pipe is left alone: the rename would put a file in its place.
pub const NOT_A_FILE: &str = "it is a device or a pipe, not a file";

/// Puts `bytes` at `path`. Whoever reads the path sees the old file or the new one, also after a
/// crash; on an error the old one is untouched and nothing is left beside it.
///
/// # Errors
///
/// The file system's, and what stands there may not be replaced: a device, a pipe, a link that leads nowhere.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fill(path, |file| file.write_all(bytes))
}

/// Puts what a closure writes at `path`, as [`write()`] does; nothing, if the closure gives an error.
///
/// # Errors
///
/// As [`write()`], and those of the closure.
pub fn fill<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, E>,
) -> Result<T, E> {
    put(path, write, |_| Ok(()))
}

/// Puts `new` at `path`, as [`write()`] does, if `old` still stands there just before the rename. A file
/// that was changed meanwhile is left alone, and so is one that is read-only: a rename would not ask.
///
/// # Errors
///
/// As [`write()`], and the file was changed or is read-only.
pub fn replace(path: &Path, old: &[u8], new: &[u8]) -> io::Result<()> {
    check_writable(path)?;
    put(
        path,
        |file| file.write_all(new),
        |target| match fs::read(target)? == old {
            true => Ok(()),
            false => Err(io::Error::other("it was changed since it was read, and is left alone; run again")),
        },
    )
}

/// Refuses what [`replace`] would refuse before it writes anything.
///
/// # Errors
///
/// Why it would be refused.
pub fn check_writable(path: &Path) -> io::Result<()> {
    // Before the link is followed: that of a pipe, such as `/dev/stdin`, names no path.
    if fs::metadata(path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, NOT_A_FILE));
    }
    let metadata = fs::metadata(followed(path)?)?;
    if metadata.permissions().readonly() {
        let why = "it is read-only; make it writable first";
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
    }
    Ok(())
}

fn put<T, E: From<io::Error>>(
    path: &Path,
    write: impl FnOnce(&mut BufWriter<&mut File>) -> Result<T, E>,
    before_rename: impl FnOnce(&Path) -> io::Result<()>,
) -> Result<T, E> {
    let target = followed(path)?;
    if fs::metadata(&target).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, NOT_A_FILE).into());
    }
    let folder = match target.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    // The name of the temporary file means nothing to the user: of its error only the kind is said.
    let mut temporary =
        builder(&target).tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    let mut file = BufWriter::with_capacity(1 << 16, temporary.as_file_mut());
    let written = write(&mut file)?;
    file.flush()?;
    drop(file);
    temporary.as_file().sync_all()?;
    before_rename(&target)?;
    temporary.persist(&target).map_err(|error| error.error)?;
    sync_folder(folder)?;
    Ok(written)
}

/// Where a symbolic link leads, so that the link stays and the file that it names is replaced. A link
/// that leads nowhere is an error, which says where it leads.
///
/// # Errors
///
/// The link leads nowhere.
pub fn followed(path: &Path) -> io::Result<PathBuf> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_symlink() => {}
        _ => return Ok(path.to_owned()),
    }
    fs::canonicalize(path).map_err(|error| match (error.kind(), fs::read_link(path)) {
        (io::ErrorKind::NotFound, Ok(target)) => {
            let target = target.display();
            let why = format!("it is a link to `{target}`, which does not exist; remove the link");
            io::Error::new(io::ErrorKind::NotFound, why)
        }
        _ => error,
    })
}

/// With the permissions of the file that is replaced, or those of any new file.
#[cfg(unix)]
fn builder(target: &Path) -> Builder<'static, 'static> {
    use std::os::unix::fs::PermissionsExt;
    let mode = fs::metadata(target).map_or(0o666, |metadata| metadata.permissions().mode() & 0o777);
    let mut builder = Builder::new();
    builder.prefix(".aegisc-").permissions(fs::Permissions::from_mode(mode));
    builder
}

#[cfg(not(unix))]
fn builder(_: &Path) -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".aegisc-");
    builder
}

/// The rename is of the folder, and lasts once the folder is on the disk. Some file systems cannot
/// sync a folder; the file is whole there all the same.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder)?.sync_all() {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        result => result,
    }
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::replace;
    use std::fs;

    #[test]
    fn a_file_that_was_changed_meanwhile_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.yaml");
        fs::write(&path, "theirs").unwrap();
        let error = replace(&path, b"read", b"mended").unwrap_err().to_string();
        assert_eq!(error, "it was changed since it was read, and is left alone; run again");
        assert_eq!(fs::read(&path).unwrap(), b"theirs");
        replace(&path, b"theirs", b"mended").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"mended");
        fs::remove_file(&path).unwrap();
        assert!(replace(&path, b"mended", b"new").is_err(), "a file that went away does not come back");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is left beside it");
    }
}
