//! `all_member_push/im_set_attr_name`: names the attributes of an app, by their numbers 0 to 9.

use super::items::{Members, Scalar};
use super::{bounded, illegal, internal};
use crate::call::{Call, Command};
use crate::code::Code;
use crate::field::Field;
use crate::reply::{Failure, Nothing};
use landfall_domain::error::OperationError;
use landfall_domain::people::labels::{ATTRIBUTES, Slots};
use landfall_domain::people::operations::name_attributes::{NameAttributes, NameTaken};
use serde::Deserialize;

#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase", default)]
pub struct Request {
    attr_names: Field<Members>,
}

impl Command for Request {
    const PATH: &'static str = "all_member_push/im_set_attr_name";
    type Reply = Nothing;

    async fn run(self, call: &Call) -> Result<Nothing, Failure> {
        let Members(members) = self.attr_names.required("AttrNames").map_err(illegal)?;
        let mut names = Slots::new();
        for (key, name) in members {
            let slot = key.parse().ok().filter(|slot: &u8| *slot < ATTRIBUTES && key.len() == 1);
            let slot = slot.ok_or_else(|| {
                let shown = crate::items::echoed(key.clone());
                Code::MessageJsonParse.because(format!("AttrNames has {shown:?}; \"0\" to \"9\" are allowed"))
            })?;
            let place = format!("AttrNames.{slot}");
            let Scalar(name) = name.required(&place).map_err(illegal)?;
            let span = call.limits.push.attribute_name;
            names.insert(slot, bounded(name, &place, span, Code::SyncFromOldOrAttributeName)?);
        }
        call.change_people(NameAttributes { names }).await.map_err(|error| match error {
            OperationError::Refused(NameTaken(name)) => {
                let text = format!("two attributes would be called {:?}", name.as_str());
                Code::AttributeIllegal.because(text)
            }
            OperationError::Store(error) => internal(error),
        })?;
        Ok(Nothing {})
    }
}
