//! The file of a job arrives: in one request or several, each going on where the last one ended.

use super::{FILE_BYTES_MAX, JobProblem, JobRecord, Jobs, State};
use http_body_util::BodyExt as _;
use hyper::body::{Body, Bytes};
use landfall_domain::ids::AppId;
use landfall_domain::origin::JobId;
use std::fs::File;
use std::io::{self, Write as _};
use std::sync::Arc;

/// Bytes that are held before they are written.
const BUFFER_BYTES: usize = 1 << 20;

impl Jobs {
    /// Takes `start` and `body` as the bytes of the file from `offset` on. With `complete` they are its last. `on_data` is
    /// called whenever some arrive.
    ///
    /// What has arrived stays when the body breaks off; the record says how much that is.
    pub(crate) async fn receive<B>(
        self: &Arc<Self>,
        app: AppId,
        id: JobId,
        (offset, complete): (u64, bool),
        start: Bytes,
        body: B,
        on_data: &(dyn Fn() + Send + Sync),
    ) -> Result<JobRecord, JobProblem>
    where
        B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
    {
        let file = self.begin_receiving(app, id, offset)?;
        let _receiving = Receiving { jobs: Arc::clone(self), app, id };
        let (bytes, broken) = write(file, offset, start, body, on_data).await?;
        let mut jobs = self.lock();
        let job = jobs.get_mut(&(app, id)).ok_or(JobProblem::NoSuchJob)?;
        job.record.bytes = bytes;
        // It may have been cancelled meanwhile.
        if job.record.state == State::Receiving && complete && broken.is_none() {
            job.record.state = State::Ready;
        }
        job.folder.save(&job.record)?;
        if job.record.state == State::Cancelled {
            job.folder.remove_file()?;
        }
        broken.map_or_else(|| Ok(job.record.clone()), Err)
    }

    fn begin_receiving(&self, app: AppId, id: JobId, offset: u64) -> Result<File, JobProblem> {
        let mut jobs = self.lock();
        let job = jobs.get_mut(&(app, id)).ok_or(JobProblem::NoSuchJob)?;
        let is = job.record.state;
        if is != State::Receiving {
            return Err(JobProblem::WrongState { is, wanted: "its file is complete" });
        }
        // Perhaps by a connection that was lost and is not yet known to be.
        if job.busy {
            return Err(JobProblem::Busy("its file arrives by another call"));
        }
        // What was written and not noted counts as well: a server that was killed notes nothing.
        let have = job.folder.file().metadata().map_or(0, |file| file.len()).max(job.record.bytes);
        if have < offset {
            return Err(JobProblem::WrongOffset { asked: offset, have });
        }
        let file = job.folder.continue_file(offset)?;
        job.busy = true;
        Ok(file)
    }
}

/// A file that arrives, until this is dropped.
struct Receiving {
    jobs: Arc<Jobs>,
    app: AppId,
    id: JobId,
}

impl Drop for Receiving {
    fn drop(&mut self) {
        if let Some(job) = self.jobs.lock().get_mut(&(self.app, self.id)) {
            job.busy = false;
        }
    }
}

/// Writes a body; returns the length of the file, and why it is not whole.
async fn write<B>(
    file: File,
    offset: u64,
    start: Bytes,
    mut body: B,
    on_data: &(dyn Fn() + Send + Sync),
) -> Result<(u64, Option<JobProblem>), JobProblem>
where
    B: Body<Data = Bytes, Error: std::fmt::Display> + Unpin,
{
    let (mut bytes, mut broken, mut held) = (offset + start.len() as u64, None, start.to_vec());
    let mut file = Some(file);
    while let Some(frame) = body.frame().await {
        match frame.map(hyper::body::Frame::into_data) {
            Ok(Ok(data)) => {
                on_data();
                bytes += data.len() as u64;
                if FILE_BYTES_MAX < bytes {
                    broken = Some(JobProblem::TooLarge);
                    break;
                }
                held.extend_from_slice(&data);
            }
            Ok(Err(_trailers)) => {}
            Err(error) => {
                broken = Some(JobProblem::Broken(error.to_string()));
                break;
            }
        }
        if BUFFER_BYTES <= held.len() {
            file = flush(file, std::mem::take(&mut held), false).await?;
        }
    }
    flush(file, held, true).await?;
    Ok((bytes, broken))
}

/// Writes on a thread that may block; the file comes back.
async fn flush(file: Option<File>, data: Vec<u8>, sync: bool) -> io::Result<Option<File>> {
    let Some(mut file) = file else { return Ok(None) };
    let write = move || {
        file.write_all(&data)?;
        if sync {
            file.sync_all()?;
        }
        Ok(Some(file))
    };
    tokio::task::spawn_blocking(write).await.map_err(io::Error::other)?
}
