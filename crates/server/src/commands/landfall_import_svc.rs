//! Commands of our own, for tools that import. The imitated service has no such commands; these keep its calling
//! convention. [choice]

pub mod cancel_job;
pub mod create_job;
pub mod get_accounts;
pub mod get_job;
pub mod get_limits;
pub mod get_origins;
pub mod get_receipts;
pub mod get_topic_reads;
pub mod list_accounts;
pub mod list_jobs;
pub mod pause_job;
pub mod resume_job;
pub mod start_job;
pub mod undo_job;
pub mod upload;

use crate::code::Code;
use crate::commands::group_open_http_svc::names;
use crate::field::Field;
use crate::jobs::{JobProblem, job_named};
use crate::reply::Failure;
use landfall_domain::origin::JobId;
use serde::Deserialize;

/// A request that names a job.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
struct OfJob {
    job_id: Field<String>,
}

impl OfJob {
    fn id(self) -> Result<JobId, Failure> {
        named(&self.job_id.required("JobId")?)
    }
}

/// The job with this name.
fn named(name: &str) -> Result<JobId, Failure> {
    job_named(name)
        .ok_or_else(|| Code::GroupParameter.because("JobId is not 16 hexadecimal digits, in small letters"))
}

/// The entries of a required list of at most `max` ids.
fn list_of<Id>(
    given: Field<Vec<Field<String>>>,
    field: &str,
    max: usize,
    parse: impl Fn(&str) -> Option<Id>,
) -> Result<Vec<Id>, Failure> {
    let ids = names(given, field, max)?.into_iter().enumerate();
    let wrong = |place| Code::GroupParameter.because(format!("{field}[{place}] cannot be an id"));
    ids.map(|(place, id)| parse(&id).ok_or_else(|| wrong(place))).collect()
}

impl From<JobProblem> for Failure {
    fn from(problem: JobProblem) -> Self {
        match problem {
            JobProblem::Disk(cause) => Code::GroupInternal.internal(cause),
            JobProblem::Busy(_) => Code::GroupInternal.because(problem.to_string()),
            JobProblem::NoSuchJob
            | JobProblem::TooMany
            | JobProblem::WrongState { .. }
            | JobProblem::WrongOffset { .. }
            | JobProblem::TooLarge
            | JobProblem::Broken(_) => Code::GroupParameter.because(problem.to_string()),
        }
    }
}
