//! `landfall_import_svc/get_job`: says where a job stands; with `Wait`, once it is no longer at work, or after so many seconds.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::commands::group_open_http_svc::number_up_to;
use crate::field::Field;
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::Deserialize;
use std::time::Duration;

/// Longest wait, seconds: a call must be answered within three.
const WAIT_MAX: u64 = 2;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    job_id: Field<String>,
    wait: Field<i128>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let job = OfJob { job_id: self.job_id }.id()?;
        let wait = number_up_to(self.wait.optional("Wait")?.unwrap_or_default(), "Wait", WAIT_MAX)?;
        let record = call.jobs()?.get_ended(call.app_id(), job, Duration::from_secs(wait)).await?;
        Ok(JobAnswer::of(record, call.now))
    }
}
