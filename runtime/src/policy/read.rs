//! Reads the file of a policy whole.
//!
//! Takes a path and the most bytes, gives the bytes. Only regular files are read, and no open waits: a pipe put where
//! the policy should be would else stop the watcher for good. The length is bounded before memory is asked for, and
//! again while reading, for a file that grows meanwhile.

use super::error::{Fault, ReloadErrorKind};
use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::path::Path;

/// The bytes of a regular file of at most so many.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>, Fault> {
    // Before opening, which is not without effect for every device.
    regular(&std::fs::metadata(path)?)?;
    let file = open(path)?;
    let metadata = file.metadata()?;
    regular(&metadata)?;
    if metadata.len() > most {
        return Err(too_large(metadata.len(), most));
    }
    let mut bytes = Vec::new();
    let length = usize::try_from(metadata.len()).unwrap_or(usize::MAX);
    // One byte more, so that a file that ends where it should is not asked twice.
    bytes.try_reserve_exact(length.saturating_add(1)).map_err(|_| {
        Fault::new(ReloadErrorKind::Unreadable, format!("there is no memory for its {length} bytes"))
    })?;
    file.take(most.saturating_add(1)).read_to_end(&mut bytes)?;
    match u64::try_from(bytes.len()) {
        Ok(length) if length <= most => Ok(bytes),
        length => Err(too_large(length.unwrap_or(u64::MAX), most)),
    }
}

fn regular(metadata: &Metadata) -> Result<(), Fault> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "is a folder" } else { "is a pipe, socket or device" };
    Err(Fault::new(
        ReloadErrorKind::NotAFile,
        format!("it {what}, and only a regular file is read; name the artifact"),
    ))
}

fn too_large(length: u64, most: u64) -> Fault {
    Fault::new(
        ReloadErrorKind::TooLarge,
        format!(
            "it is {length} bytes long, and at most {most} are read; name the artifact, or raise `max_bytes` in the \
             reload rules"
        ),
    )
}

/// Opens a file to read, without waiting for a writer if it became a pipe since it was looked at.
fn open(path: &Path) -> std::io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        let flag = rustix::fs::OFlags::NONBLOCK.bits();
        options.custom_flags(i32::try_from(flag).unwrap_or(0));
    }
    options.open(path)
}
