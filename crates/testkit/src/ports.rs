//! Ports on loopback that nobody else takes.

use std::fs;
use std::net::{Ipv4Addr, TcpListener};

use crate::cache::{self, Lock};
use crate::error::{Error, IoContext as _};

/// Below the range that operating systems give to outgoing connections, which would otherwise take a port
/// between the moment it was found free and the moment the server listens on it.
const FIRST: u16 = 21_000;
const COUNT: u16 = 9_000;

/// A port that is this process's own among all that use this crate, as long as the value lives.
#[derive(Debug)]
pub(crate) struct Port {
    number: u16,
    _lock: Lock,
}

impl Port {
    /// Finds a free port and reserves it.
    pub(crate) fn reserve() -> Result<Self, Error> {
        let folder = cache::folder()?.join("ports");
        fs::create_dir_all(&folder).doing("making the folder of reserved ports", &folder)?;
        let start = uuid::Uuid::new_v4().as_u128();
        for step in 0..COUNT {
            let offset = (start + u128::from(step)) % u128::from(COUNT);
            let number = FIRST + u16::try_from(offset).unwrap_or_default();
            let Some(lock) = Lock::try_acquire(&folder.join(number.to_string()))? else { continue };
            if TcpListener::bind((Ipv4Addr::LOCALHOST, number)).is_ok() {
                return Ok(Self { number, _lock: lock });
            }
        }
        Err(Error::TimedOut {
            what: format!("finding a free port between {FIRST} and {}", FIRST + COUNT),
            waited: std::time::Duration::ZERO,
            last: "every port was taken".to_owned(),
            tail: String::new(),
        })
    }

    pub(crate) fn number(&self) -> u16 {
        self.number
    }
}
