//! x
use crate::*;
/// x
#[derive(Debug, Clone)]
pub struct Drift;
/// x
#[derive(Debug, Clone, Default)]
pub struct DriftRules;
impl ReleaseHandle {
    pub(crate) async fn drift_of(
        &self,
        _r: &pintle_release::Record,
        _d: &DriftRules,
    ) -> Result<Vec<Drift>, Error> {
        Ok(vec![])
    }
    /// x
    pub async fn correct(
        &self,
        _d: &[Drift],
        _o: &dyn Observer,
        _c: &CancellationToken,
    ) -> Result<Vec<ObjectChange>, Error> {
        Ok(vec![])
    }
}
