//! `landfall_import_svc/list_jobs`: lists the jobs of the app on this server.

use crate::call::{ImportCommand, SilentCall};
use crate::jobs::JobAnswer;
use crate::reply::Failure;
use serde::{Deserialize, Serialize};

#[derive(Deserialize, Default)]
#[serde(default)]
pub struct Request {}

#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Reply {
    job_list: Vec<JobAnswer>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/list_jobs";
    type Reply = Reply;

    async fn run(self, call: &SilentCall) -> Result<Reply, Failure> {
        let jobs = call.jobs()?.list(call.app_id());
        Ok(Reply { job_list: jobs.into_iter().map(|record| JobAnswer::of(record, call.now)).collect() })
    }
}
