//! The engine on real API servers, beside the real Helm.

mod bad_input;
mod bed;
mod ensuring;
mod interchange;
mod lifecycle;
