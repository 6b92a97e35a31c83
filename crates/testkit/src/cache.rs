//! Where built programs are kept between runs, and how processes agree on who builds them.

use std::fs::{self, File, TryLockError};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::error::{Error, IoContext as _};

/// The folder for what outlives a build: `$PINTLE_CACHE`, else `pintle` in the user's cache folder
/// (`$XDG_CACHE_HOME`, `~/Library/Caches` on macOS, `~/.cache`).
pub(crate) fn folder() -> Result<PathBuf, Error> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let folder = set("PINTLE_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|cache| cache.join("pintle")))
        .or_else(|| {
            let caches = if cfg!(target_os = "macos") { "Library/Caches" } else { ".cache" };
            set("HOME").map(|home| home.join(caches).join("pintle"))
        })
        .unwrap_or_else(|| std::env::temp_dir().join("pintle-cache"));
    fs::create_dir_all(&folder).doing("making the cache folder", &folder)?;
    Ok(folder)
}

/// A lock that one process at a time holds; the operating system lets go of it when the holder ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Waits until nobody else holds the lock of this file. Says so once on standard error when it has to
    /// wait, since a wait can take the minutes of a build.
    pub(crate) fn acquire(path: &Path, what: &str) -> Result<Self, Error> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                progress(&format!("waiting for another process that builds {what}"));
                file.lock().doing("locking", path)?;
            }
            Err(TryLockError::Error(source)) => {
                return Err(Error::Io { doing: "locking", path: path.to_owned(), source });
            }
        }
        Ok(Self { _file: file })
    }

    /// The lock of this file, or `None` when another process holds it.
    pub(crate) fn try_acquire(path: &Path) -> Result<Option<Self>, Error> {
        let file = open(path)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { _file: file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(source)) => {
                Err(Error::Io { doing: "locking", path: path.to_owned(), source })
            }
        }
    }
}

fn open(path: &Path) -> Result<File, Error> {
    File::options().create(true).truncate(false).write(true).open(path).doing("opening the lock file", path)
}

/// One line for the person who waits for the tests.
///
/// It goes past the capture of the test harness on purpose: a first build takes ten minutes, and whoever
/// waits has to see why.
pub(crate) fn progress(line: &str) {
    // A closed standard error is no reason to fail a test.
    let _ = writeln!(std::io::stderr().lock(), "testkit: {line}");
}
