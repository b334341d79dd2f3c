//! `all_member_push/im_add_tag`: adds tags to up to 100 accounts.

use super::items::{Called, NameLists};
use super::{few_tags, label, tag};
use crate::call::{Call, Command, ReadOnlyCall};
use crate::code::Code;
use crate::items::check_all;
use crate::reply::{Failure, Nothing};
use landfall_domain::ids::UserId;
use landfall_domain::people::operations::label_accounts::LabelChange;
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(NameLists);

/// The accounts of a request, each with its tags.
pub(super) fn tags(given: NameLists, call: &ReadOnlyCall) -> Result<Vec<(UserId, Vec<Text>)>, Failure> {
    let items = given.read(&Called { items: "UserTags", names: "Tags" }, call)?;
    let checked = items.into_iter().map(|(id, names, place)| {
        few_tags(names.len(), &place, call)?;
        let tags = check_all(&place, names, |name, place| tag(name, place, Code::TagTooLong, call))?;
        Ok((id, tags))
    });
    checked.collect()
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_add_tag";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let items = tags(self.0, call)?.into_iter();
        label(items.map(|(id, tags)| (id, LabelChange::AddTags(tags))).collect(), call).await
    }
}
