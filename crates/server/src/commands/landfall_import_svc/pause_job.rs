//! `landfall_import_svc/pause_job`: pauses a job that is at work, after the groups it is bringing in. A job that is paused stays so.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(OfJob);

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/pause_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let (job, jobs) = (self.0.id()?, call.jobs()?);
        Ok(JobAnswer::of(jobs.stop(call.app_id(), job, false)?, call.now))
    }
}
