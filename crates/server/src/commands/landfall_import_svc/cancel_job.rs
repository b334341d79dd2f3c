//! `landfall_import_svc/cancel_job`: stops a job that is not done for good, and removes its file. What it brought in stays until it is undone.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(OfJob);

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/cancel_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let (job, jobs) = (self.0.id()?, call.jobs()?);
        Ok(JobAnswer::of(jobs.stop(call.app_id(), job, true)?, call.now))
    }
}
