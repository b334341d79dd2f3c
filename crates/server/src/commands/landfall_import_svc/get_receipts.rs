//! `landfall_import_svc/get_receipts`: says, page by page, what became of the groups of a job and which records it left out.

use super::OfJob;
use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::group_open_http_svc::number_up_to;
use crate::field::Field;
use crate::reply::Failure;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

/// Receipts of one answer.
const RECEIPTS_MAX: u64 = 1_000;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    job_id: Field<String>,
    limit: Field<i128>,
    next: Field<i128>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    receipt_list: Vec<Box<RawValue>>,
    /// Where the next page starts. More may come there while the job is at work.
    next: u64,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/get_receipts";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let job = OfJob { job_id: self.job_id }.id()?;
        let limit = self.limit.optional("Limit")?.unwrap_or(RECEIPTS_MAX.into());
        let limit = usize::try_from(number_up_to(limit, "Limit", RECEIPTS_MAX)?).unwrap_or_default();
        let next = u64::try_from(self.next.optional("Next")?.unwrap_or_default());
        let next =
            next.map_err(|_| Code::GroupParameter.because("Next is not a value that an answer gave"))?;
        let (jobs, app) = (call.jobs()?.clone(), call.app_id());
        let read = tokio::task::spawn_blocking(move || jobs.receipts(app, job, next, limit)).await;
        let (lines, next) = read.map_err(|panicked| Code::GroupInternal.internal(panicked))??;
        let receipts = lines.into_iter().map(RawValue::from_string).collect::<Result<_, _>>();
        // A page that starts in the middle of a line.
        let receipts =
            receipts.map_err(|_| Code::GroupParameter.because("Next is not a value that an answer gave"))?;
        Ok(Reply { receipt_list: receipts, next })
    }
}
