//! Files that are either whole or not there.

use std::fs;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// Writes a file through a temporary one beside it, which takes its name only
/// when everything was written: a failed run leaves the old file whole.
///
/// What is no regular file, such as `/dev/null` or a named pipe, is written
/// to directly.
///
/// # Errors
/// What the system says, and what `write` returns.
pub fn write_atomically(path: &Path, write: impl FnOnce(&mut dyn Write) -> Result<()>) -> Result<()> {
    let at_path = |e| Error::io(path, e);
    // failures of the writing itself are about this file too
    let write = |writer: &mut dyn Write| match write(writer) {
        Err(Error::Output(e)) => Err(at_path(e)),
        other => other,
    };
    let target = &target_of(path);
    if fs::metadata(target).is_ok_and(|m| m.is_dir()) {
        return Err(at_path(std::io::Error::other("is a directory; name a file")));
    }
    if fs::metadata(target).is_ok_and(|m| !m.is_file()) {
        let mut writer = BufWriter::new(fs::OpenOptions::new().write(true).open(target).map_err(at_path)?);
        write(&mut writer)?;
        return writer.flush().map_err(at_path);
    }
    let mut builder = tempfile::Builder::new();
    builder.prefix(".stance-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(target).map_or(0o666, |m| m.permissions().mode() & 0o777);
        builder.permissions(fs::Permissions::from_mode(mode));
    }
    let temporary = builder.tempfile_in(folder_of(target)).map_err(at_path)?;
    let mut writer = BufWriter::with_capacity(1 << 20, temporary);
    write(&mut writer)?;
    let temporary = writer.into_inner().map_err(|e| at_path(e.into_error()))?;
    temporary.persist(target).map_err(|e| at_path(e.error))?;
    Ok(())
}

/// Whether [`write_atomically`] can be expected to work, so that a long run
/// need not end in vain.
///
/// # Errors
/// What the system says.
pub fn check_writable(path: &Path) -> Result<()> {
    let target = &target_of(path);
    match fs::metadata(target) {
        Ok(metadata) if metadata.is_dir() => {
            Err(Error::io(path, std::io::Error::other("is a directory; name a file")))
        }
        Ok(metadata) if !metadata.is_file() => Ok(()),
        _ => tempfile::tempfile_in(folder_of(target)).map(drop).map_err(|e| Error::io(path, e)),
    }
}

/// The file itself where the path is a link to it.
fn target_of(path: &Path) -> PathBuf {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().expect("folder");
        let path = folder.path().join("out.txt");
        write_atomically(&path, |w| Ok(w.write_all(b"old")?)).expect("first");
        let failed = write_atomically(&path, |w| {
            w.write_all(b"half of the new")?;
            Err(Error::Training("stop".into()))
        });
        assert!(failed.is_err());
        assert_eq!(fs::read(&path).expect("still there"), b"old");
        assert_eq!(fs::read_dir(folder.path()).expect("folder").count(), 1);
        assert!(write_atomically(&folder.path().join("no/such.txt"), |_| Ok(())).is_err());
        assert!(write_atomically(folder.path(), |_| Ok(())).is_err());
    }
}
