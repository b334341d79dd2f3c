//! `landfall_import_svc/start_job`: lets a job whose file is complete bring its groups in. A job that is at work, or done, stays as it is.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(OfJob);

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/start_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let (job, jobs) = (self.0.id()?, call.jobs()?);
        Ok(JobAnswer::of(jobs.start(call.app_id(), job)?, call.now))
    }
}
