//! Where charts come from: HTTP repositories, OCI registries, cache and credentials.
