//! `landfall_import_svc/create_job`: makes a job that brings whole groups in, from a file that is sent with `upload`.

use crate::call::{ImportCommand, SilentCall};
use crate::code::Code;
use crate::field::Field;
use crate::jobs::{JobAnswer, NAME_BYTES_MAX, OnChange};
use crate::reply::Failure;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    name: Field<String>,
    on_change: Field<String>,
}

impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/create_job";
    type Reply = JobAnswer;

    async fn run(self, call: &SilentCall) -> Result<JobAnswer, Failure> {
        let name = self.name.optional("Name")?.unwrap_or_default();
        if NAME_BYTES_MAX < name.len() {
            let problem = format!("Name is {} bytes long; at most {NAME_BYTES_MAX} are allowed", name.len());
            return Err(Code::GroupParameter.because(problem));
        }
        let on_change = match self.on_change.optional("OnChange")? {
            None => OnChange::default(),
            Some(word) => OnChange::parse(&word).ok_or_else(|| {
                Code::GroupParameter.because(format!("OnChange is {word:?}, not skip, update or fail"))
            })?,
        };
        let record = call.jobs()?.create(call.app_id(), name, on_change, call.random_bits)?;
        Ok(JobAnswer::of(record, call.now))
    }
}
