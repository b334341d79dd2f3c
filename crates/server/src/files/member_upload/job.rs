//! What a request of an upload does.

use super::answers::{Reply, UPLOAD_OFFSET, answered, so_far};
use super::refused::Refused;
use crate::code::Code;
use crate::files::measure::{ImageSize, measure};
use crate::files::partials::{Busy, Work};
use crate::files::ticket::Ticket;
use crate::pace::Pace;
use crate::reply;
use crate::state::Server;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming as RequestBody};
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Method, Response, StatusCode};
use landfall_domain::context::Context;
use landfall_domain::error::OperationError;
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::uploads::FinishUpload;
use landfall_domain::people::upload::{TICKET_SECONDS, Upload, UploadState};
use landfall_domain::time::Timestamp;
use std::sync::Arc;

/// Types of requests that say nothing about the file.
const ANY_TYPES: [&str; 2] = ["application/offset+octet-stream", "application/octet-stream"];

/// How much of a file has come.
enum Come {
    All,
    Part(u64),
}

/// What a request is about.
pub(super) struct Job {
    pub(super) server: Arc<Server>,
    pub(super) ticket: Ticket,
    pub(super) upload: Upload,
    pub(super) until: Timestamp,
    pub(super) pace: Arc<Pace>,
}

/// Where the client says that its body begins; `None` with `PUT`: the file begins anew.
fn offset(method: &Method, headers: &HeaderMap) -> Result<Option<u64>, Refused> {
    if method == Method::PUT {
        return Ok(None);
    }
    let given = headers.get(UPLOAD_OFFSET).and_then(|offset| offset.to_str().ok()?.parse().ok());
    given.map(Some).ok_or_else(|| Refused::wrong("the header Upload-Offset must be a whole number"))
}

impl Job {
    fn context(&self) -> Context {
        let Server { clock, unknown_accounts, .. } = &*self.server;
        Context { app: self.ticket.file.app, now: clock.now(), unknown: *unknown_accounts }
    }

    async fn work(&self) -> Result<Work, Refused> {
        let (app, now) = (self.ticket.file.app, self.server.clock.now());
        Ok(self.server.partials.work(app, &self.ticket.id, now, self.until).await?)
    }

    /// `HEAD`: how much of the file has come.
    pub(super) async fn look(self) -> Result<Response<Full<Bytes>>, Refused> {
        let offset = match self.upload.state {
            UploadState::Whole => self.upload.bytes,
            UploadState::Announced | UploadState::Going => self.work().await?.bytes(),
        };
        Ok(so_far(StatusCode::OK, offset, self.upload.bytes))
    }

    /// Checks what the head of a request says, before anything of its body is read: a body of `size` bytes, if it says so.
    /// Returns where it begins; `None`: the file begins anew.
    pub(super) fn start(
        &self,
        method: &Method,
        headers: &HeaderMap,
        size: Option<u64>,
    ) -> Result<Option<u64>, Refused> {
        let offset = offset(method, headers)?;
        let sent = offset.unwrap_or_default().saturating_add(size.unwrap_or_default());
        if self.upload.bytes < sent {
            return Err(Refused::too_large(sent, self.upload.bytes));
        }
        let of = headers.get(header::CONTENT_TYPE).map(|of| of.to_str().unwrap_or_default());
        let announced = &*self.upload.content_type;
        if let Some(of) = of
            && !ANY_TYPES.contains(&of)
            && !of.eq_ignore_ascii_case(announced)
        {
            let text = format!("Content-Type must be {announced}, as it was announced, or {}", ANY_TYPES[0]);
            return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, Code::GroupParameter, text));
        }
        Ok(offset)
    }

    /// Takes a body that begins at `offset`; `None`: the file begins anew.
    pub(super) async fn take(
        self,
        offset: Option<u64>,
        body: RequestBody,
    ) -> Result<Response<Full<Bytes>>, Refused> {
        if self.upload.state == UploadState::Whole {
            // The answer to the last part was lost.
            return if offset == Some(self.upload.bytes) {
                self.whole().await
            } else {
                Err(Refused::conflict("the file is there already", Some(self.upload.bytes)))
            };
        }
        let mut work = self.work().await?;
        if offset.is_none() {
            *work.content = None;
        }
        let (come, offset) = (work.bytes(), offset.unwrap_or_default());
        if offset != come {
            return Err(Refused::conflict(format!("{come} bytes of the file have come"), Some(come)));
        }
        let received = self.receive(&mut work, body).await;
        self.pace.body_ends();
        match received? {
            Come::Part(come) => Ok(so_far(StatusCode::NO_CONTENT, come, self.upload.bytes)),
            Come::All => self.keep(work).await,
        }
    }

    /// Writes a body, for as long again as its ticket is good. What goes beyond the file that was announced is not taken, and
    /// nor is what came before it.
    async fn receive(&self, work: &mut Work, mut body: RequestBody) -> Result<Come, Refused> {
        let mut content = match work.content.take() {
            Some(content) => content,
            None => self.server.files.begin().await?,
        };
        self.pace.body_begins();
        loop {
            let frame = tokio::select! {
                biased;
                () = work.is_overtaken() => {
                    *work.content = Some(content);
                    return Err(Busy::Overtaken.into());
                }
                frame = body.frame() => frame,
            };
            self.pace.body_begins();
            if self.until.plus(TICKET_SECONDS) < self.server.clock.now() {
                return Err(Refused::too_late());
            }
            let data = match frame {
                Some(Ok(frame)) => frame.into_data().unwrap_or_default(),
                Some(Err(error)) => {
                    *work.content = Some(content);
                    return Err(Refused::wrong(format!("the body cannot be read: {error}")));
                }
                None => break,
            };
            let after = content.bytes.saturating_add(u64::try_from(data.len()).unwrap_or(u64::MAX));
            if self.upload.bytes < after {
                return Err(Refused::too_large(after, self.upload.bytes));
            }
            content.write(&data).await?;
        }
        let come = content.bytes;
        *work.content = Some(content);
        Ok(if come == self.upload.bytes { Come::All } else { Come::Part(come) })
    }

    /// Keeps a file of which all has come.
    async fn keep(&self, mut work: Work) -> Result<Response<Full<Bytes>>, Refused> {
        let (app, id) = (self.ticket.file.app, &self.ticket.id);
        let Some(content) = work.content.take() else { return Err(Busy::Overtaken.into()) };
        self.server.files.keep_as(app, content, &self.ticket.file.id).await?;
        let finish = FinishUpload { id: id.clone(), account: self.upload.account.clone() };
        let stays = match import_people(&*self.server.store, self.context(), finish).await {
            Ok(stays) => stays,
            Err(OperationError::Store(error)) => return Err(error.into()),
        };
        self.server.partials.remove(app, id);
        if !stays {
            self.server.files.remove(app, id.as_str()).await?;
            return Err(Refused::too_late());
        }
        self.whole().await
    }

    /// The answer when the file is there.
    async fn whole(&self) -> Result<Response<Full<Bytes>>, Refused> {
        let address = &self.ticket.file;
        let size = if self.upload.content_type.starts_with("image/") {
            measure(&self.server.files, address.app, &address.id).await?
        } else {
            None
        };
        let signer = self.server.file_signers.of(address.app);
        let (signed_url, expires) =
            signer.address(address.id.clone(), address.name.clone()).unwrap_or_default();
        let (width, height) = size.map(|ImageSize { width, height }| (width, height)).unzip();
        let reply = Reply {
            uuid: self.ticket.id.to_string(),
            file_size: self.upload.bytes,
            download_url: address.to_string(),
            signed_url,
            expire_time: expires.0,
            width,
            height,
        };
        let body = reply::success(&reply, false).map_err(Refused::internal)?;
        let mut response = answered(StatusCode::OK, body);
        response.headers_mut().insert(UPLOAD_OFFSET, HeaderValue::from(self.upload.bytes));
        Ok(response)
    }
}
