//! `landfall_import_svc/upload`: takes the file of a job as it arrives, of any size.
//!
//! The first line of the body is the request, a JSON object in one line. Behind it comes the file as it is: plain, gzip or
//! zstd. A body that breaks off is continued with another call, at the offset that `get_job` gives as `Bytes`.

use super::OfJob;
use crate::call::{Call, ImportCommand, SilentCall};
use crate::code::Code;
use crate::commands::StreamedBody;
use crate::field::Field;
use crate::jobs::JobAnswer;
use crate::reply::{self, Failure};
use http_body_util::BodyExt as _;
use hyper::body::{Bytes, Incoming};
use serde::Deserialize;
use std::future::Future;
use std::pin::Pin;

/// Longest request before the file, bytes.
const REQUEST_BYTES_MAX: usize = 4 << 10;
/// Bytes of the file of a refused call that are read and discarded, so that the client gets to read the answer.
const DISCARDED_MAX: usize = 16 << 20;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    job_id: Field<String>,
    offset: Field<i128>,
    complete: Field<i128>,
}

/// A call whose body is there at once is one whose body is empty.
impl ImportCommand for Request {
    const PATH: &'static str = "landfall_import_svc/upload";
    type Reply = JobAnswer;

    async fn run(self, _: &SilentCall) -> Result<JobAnswer, Failure> {
        Err(Code::JsonParse.because("the body must begin with the request in one line"))
    }
}

/// Takes a body as it arrives.
pub fn receive(
    call: Call,
    mut body: StreamedBody,
) -> Pin<Box<dyn Future<Output = Result<Vec<u8>, Failure>> + Send>> {
    Box::pin(async move {
        let done = take(&call.into_silent(), &mut body).await;
        if done.is_err() {
            let mut discarded = 0;
            while discarded < DISCARDED_MAX
                && let Some(Ok(frame)) = body.body.frame().await
            {
                (body.on_data)();
                discarded += frame.data_ref().map_or(0, Bytes::len);
            }
        }
        done
    })
}

async fn take(call: &SilentCall, body: &mut StreamedBody) -> Result<Vec<u8>, Failure> {
    let (request, start) = first_line(&mut body.body).await?;
    let Request { job_id, offset, complete } = serde_json::from_slice(&request).map_err(|error| {
        Code::JsonParse.because(format!("the first line of the body is no request: {error}"))
    })?;
    let job = OfJob { job_id }.id()?;
    let offset = u64::try_from(offset.optional("Offset")?.unwrap_or_default());
    let offset = offset.map_err(|_| Code::GroupParameter.because("Offset must be a number of bytes"))?;
    let complete = match complete.optional("Complete")? {
        None | Some(0) => false,
        Some(1) => true,
        Some(_) => return Err(Code::GroupParameter.because("Complete must be 0 or 1")),
    };
    let (jobs, place) = (call.jobs()?, (offset, complete));
    let record = jobs.receive(call.app_id(), job, place, start, &mut body.body, &*body.on_data).await?;
    reply::success(&JobAnswer::of(record, call.now), false)
        .map_err(|error| Code::GroupInternal.internal(error))
}

/// The first line of a body, and what has arrived behind it.
async fn first_line(body: &mut Incoming) -> Result<(Vec<u8>, Bytes), Failure> {
    let mut line = Vec::new();
    while let Some(frame) = body.frame().await {
        let frame =
            frame.map_err(|error| Code::HttpParse.because(format!("the body cannot be read: {error}")))?;
        let Ok(mut data) = frame.into_data() else { continue };
        let end = memchr::memchr(b'\n', &data);
        let rest = end.map(|end| data.split_off(end + 1));
        line.extend_from_slice(&data);
        if REQUEST_BYTES_MAX < line.len() {
            break;
        }
        if let Some(rest) = rest {
            return Ok((line, rest));
        }
    }
    let problem =
        format!("the first line of the body must be the request, of at most {REQUEST_BYTES_MAX} bytes");
    Err(Code::JsonParse.because(problem))
}
