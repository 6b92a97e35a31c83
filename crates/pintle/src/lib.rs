//! A Helm-compatible release engine: plan and run install, upgrade, rollback, uninstall and ensure.
