//! `all_member_push/im_remove_tag`: removes tags of up to 100 accounts.

use super::im_add_tag::tags;
use super::items::NameLists;
use super::label;
use crate::call::{Call, Command};
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::label_accounts::LabelChange;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(NameLists);

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_remove_tag";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let items = tags(self.0, call)?.into_iter();
        label(items.map(|(id, tags)| (id, LabelChange::RemoveTags(tags))).collect(), call).await
    }
}
