//! The target cluster: discovery, apply, prune, wait, status and drift, and the stores in Secrets and ConfigMaps.
