//! `leave`: the client leaves a live-stream group.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};

pub(super) struct Leave;

impl ClientRequest for Leave {
    const COMMAND: &'static str = "leave";
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<NoFields>, RequestError> {
        let client = context.client;
        let group = fields.group_id()?;
        if client.session.leave_live(&group) {
            client.hub.leave_live(&client.session, &group);
            client.report_visit(&group, false).await;
        }
        Ok(Some(NoFields {}))
    }
}
