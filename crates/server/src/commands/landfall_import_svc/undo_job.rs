//! `landfall_import_svc/undo_job`: takes out what a job brought in, silently. Groups that somebody has touched since stay, and
//! are listed among the receipts, unless `Force` is 1.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::Field;
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    job_id: Field<String>,
    force: Field<i128>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/undo_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let job = OfJob { job_id: self.job_id }.id()?;
        let force = match self.force.optional("Force")? {
            None | Some(0) => false,
            Some(1) => true,
            Some(_) => return Err(Code::GroupParameter.because("Force must be 0 or 1")),
        };
        Ok(JobAnswer::of(call.jobs()?.undo(call.app_id(), job, force)?, call.now))
    }
}
