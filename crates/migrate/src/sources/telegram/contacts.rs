//! The contacts of the account that was exported: its friends.

use super::parse::{Contact, Number, seconds_ms};
use crate::losses::LossKind;
use crate::sources::builder::Builder;
use crate::sources::builder::model::Friend;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

#[derive(Debug, Default)]
pub(crate) struct Contacts {
    all: Vec<Known>,
}

#[derive(Debug)]
struct Known {
    id: Option<String>,
    name: String,
    phone: String,
    added_ms: Option<u64>,
}

impl Contacts {
    /// Answers id and name where the contact has both.
    pub(crate) fn take(&mut self, contact: Contact) -> Option<(String, String)> {
        let parts = [contact.first_name, contact.last_name].into_iter().flatten().collect::<Vec<_>>();
        let known = Known {
            id: contact.user_id.as_ref().filter(|id| id.value() != Some(0)).map(Number::peer),
            name: parts.join(" ").trim().to_owned(),
            phone: contact.phone_number.unwrap_or_default(),
            added_ms: seconds_ms(contact.date_unixtime.as_ref()),
        };
        let given = known.id.clone().map(|id| (id, known.name.clone()));
        self.all.push(known);
        given
    }

    /// Finds those without an id by their names. `by_name`: the account of a name; `None` for several.
    pub(crate) fn settle(&mut self, by_name: &BTreeMap<String, Option<String>>) {
        for contact in &mut self.all {
            if contact.id.is_none() {
                contact.id = by_name.get(&contact.name).cloned().flatten();
            }
        }
    }

    pub(crate) fn hand_over(
        &self,
        myself: Option<&str>,
        names: &BTreeMap<String, String>,
        builder: &mut Builder<'_>,
    ) -> io::Result<()> {
        let mut seen = BTreeSet::new();
        for contact in &self.all {
            let (Some(myself), Some(id)) = (myself, &contact.id) else {
                let shown = if contact.name.is_empty() { &contact.phone } else { &contact.name };
                builder.lose(LossKind::Contacts, shown.clone());
                continue;
            };
            if id == myself || !seen.insert(id) {
                continue;
            }
            let is_other = names.get(id) != Some(&contact.name);
            let phone = Some(&contact.phone).filter(|phone| !phone.is_empty());
            builder.friend(Friend {
                user: myself.to_owned(),
                friend: id.clone(),
                remark: if is_other { contact.name.clone() } else { String::new() },
                added_ms: contact.added_ms,
                x: phone.map_or(Value::Null, |phone| json!({ "phone_number": phone })),
            })?;
        }
        Ok(())
    }
}
