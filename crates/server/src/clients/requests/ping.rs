//! `ping`: is answered, so that a client sees that the server is there.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};

pub(super) struct Ping;

impl ClientRequest for Ping {
    const COMMAND: &'static str = "ping";
    const IS_FREE: bool = true;
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(_: RequestContext<'_>, _: CommonFields) -> Result<Option<NoFields>, RequestError> {
        Ok(Some(NoFields {}))
    }
}
