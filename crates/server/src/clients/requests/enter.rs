//! `enter`: the client enters a live-stream group, which has no members but the clients that have entered.

use super::{ClientRequest, CommonFields, NoFields, RequestContext, RequestError};
use crate::clients::delivery_progress::DeliveryProgress;
use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::part::PartKey;
use landfall_domain::snapshot::Needs;

pub(super) struct Enter;

impl ClientRequest for Enter {
    const COMMAND: &'static str = "enter";
    type Fields = CommonFields;
    type Reply = NoFields;

    async fn run(
        context: RequestContext<'_>,
        fields: CommonFields,
    ) -> Result<Option<NoFields>, RequestError> {
        let client = context.client;
        let group = fields.group_id()?;
        let account = client.account();
        let (members, parts) = (vec![account.clone()], vec![PartKey::Ban(account.clone())]);
        let needs = Needs { members, parts, ..Needs::default() };
        let snapshot = client.snapshot(&group, needs).await?;
        snapshot.check_visible_to(account).map_err(Failure::from)?;
        let refused = |text| Err(Code::GroupNotAllowed.because(text).into());
        if !snapshot.group.kind.can().live {
            return refused("only groups of Type AVChatRoom can be entered and left");
        }
        if snapshot.bans(account, client.now()) {
            return refused("you are banned from the group");
        }
        if client.session.enter_live(&group) {
            client.hub.enter_live(&client.session, DeliveryProgress::of_group(&snapshot.group), &group);
            client.report_visit(&group, true).await;
        }
        Ok(Some(NoFields {}))
    }
}
