//! What goes wrong for the engine at a request.

use std::sync::Arc;
use std::time::Duration;

use pintle_testkit::{Cluster, Mishap};

/// How long an answer takes that is too late: longer than the engine waits.
const LATE: Duration = Duration::from_secs(18);

/// What happens to the engine at a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trouble {
    KilledBefore,
    KilledAfter,
    Status(u16),
    CutBefore,
    CutAfter,
    Late,
    Restart,
}

impl Trouble {
    pub(super) const ALL: [Self; 10] = [
        Self::KilledBefore,
        Self::KilledAfter,
        Self::Status(409),
        Self::Status(429),
        Self::Status(500),
        Self::Status(503),
        Self::CutBefore,
        Self::CutAfter,
        Self::Late,
        Self::Restart,
    ];

    pub(super) fn name(self) -> String {
        match self {
            Self::KilledBefore => "killed before".to_owned(),
            Self::KilledAfter => "killed after".to_owned(),
            Self::Status(429) => "429, Retry-After: 1".to_owned(),
            Self::Status(code) => code.to_string(),
            Self::CutBefore => "cut before".to_owned(),
            Self::CutAfter => "cut after".to_owned(),
            Self::Late => "timeout".to_owned(),
            Self::Restart => "server restarted".to_owned(),
        }
    }

    /// What the proxy has to do for it; being killed is not the proxy's business alone.
    pub(super) fn mishap(self, cluster: &Cluster) -> Mishap {
        match self {
            Self::Status(429) => Mishap::Status(429, Some(1)),
            Self::Status(code) => Mishap::Status(code, None),
            Self::CutAfter => Mishap::cut_after(),
            Self::Late => Mishap::Late(LATE),
            Self::Restart => {
                let cluster = cluster.clone();
                Mishap::Before(Arc::new(move || {
                    // Who started it waits for the server, and says so where it does not come back.
                    let _ = cluster.stop();
                    let cluster = cluster.clone();
                    std::thread::spawn(move || cluster.start());
                }))
            }
            Self::KilledBefore | Self::KilledAfter | Self::CutBefore => Mishap::cut_before(),
        }
    }
}
