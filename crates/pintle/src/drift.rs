//! What the cluster has otherwise than the release's record says.

