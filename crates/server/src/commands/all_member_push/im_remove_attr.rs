//! `all_member_push/im_remove_attr`: removes attributes of up to 100 accounts, by their names.

use super::items::{Called, NameLists};
use super::label;
use crate::call::{Call, Command};
use crate::reply::{Failure, Nothing};
use landfall_domain::people::operations::label_accounts::LabelChange;
use landfall_domain::text::Text;
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(transparent)]
pub struct Request(NameLists);

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_remove_attr";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let items = self.0.read(&Called { items: "UserAttrs", names: "Attrs" }, call)?;
        let changes = items.into_iter().map(|(id, names, _)| {
            (id, LabelChange::RemoveAttributes(names.into_iter().map(Text::stored).collect()))
        });
        label(changes.collect(), call).await
    }
}
