//! `go`: the client has said how far it is in its conversations; messages that waited are sent.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};

pub(super) struct Go;

impl ClientRequest for Go {
    const COMMAND: &'static str = "go";
    const IS_FREE: bool = true;
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(context: RequestContext<'_>, _: CommonFields) -> Result<Option<NoFields>, RequestError> {
        context.positions.release();
        context.direct.release();
        Ok(None)
    }
}
