//! Accounts of a source: those that it lists, and those that it names only.

use super::model::User;
use super::state::{self, UserState};
use super::{Builder, ids, texts};
use crate::fault::{Fault, FaultCode};
use crate::format::{Account, Json, Kind, Record, TagValue};
use crate::losses::LossKind;
use crate::reading::people::field_value;
use crate::sources::sink::FoundUser;
use landfall_domain::people::portrait::PortraitTag;
use serde_json::Value;
use std::io;

impl Builder<'_> {
    /// Takes an account that the source lists. One that comes again changes nothing.
    ///
    /// # Errors
    /// The output fails.
    pub fn user(&mut self, user: User) -> io::Result<()> {
        let place = match self.user_places.get(&user.id) {
            Some(place) => *place,
            None => self.new_user(&user.id)?,
        };
        let Some(state) = self.users.get_mut(place).filter(|state| !state.listed) else { return Ok(()) };
        state.listed = true;
        state.face_url = user.face_url.into();
        state.x = (!user.x.is_null()).then(|| user.x.into());
        if !state.nick_is_mapped && !user.nick.trim().is_empty() {
            state.nick = user.nick.trim().into();
        }
        self.found.users += 1;
        Ok(())
    }

    /// Whether the source has listed the account so far.
    #[must_use]
    pub fn knows_user(&self, user: &str) -> bool {
        self.user_places.get(user).and_then(|place| self.users.get(*place)).is_some_and(|state| state.listed)
    }

    /// What an account is called, as far as it is known.
    #[must_use]
    pub fn nick(&self, user: &str) -> Option<&str> {
        let state = self.users.get(*self.user_places.get(user)?)?;
        Some(state.shown()).filter(|nick| !nick.is_empty())
    }

    /// The place of an account; one that is new is not listed until [`Builder::user`] says so.
    pub(super) fn place(&mut self, user: &str, nick: &str) -> io::Result<usize> {
        let place = match self.user_places.get(user) {
            Some(place) => *place,
            None => self.new_user(user)?,
        };
        if let Some(state) = self.users.get_mut(place)
            && state.nick.is_empty()
            && !nick.trim().is_empty()
        {
            state.nick = nick.trim().into();
        }
        Ok(place)
    }

    fn new_user(&mut self, id: &str) -> io::Result<usize> {
        let rule = self.mapping.users.get(id);
        let account = rule.and_then(|rule| rule.id.clone()).unwrap_or_else(|| ids::account(id));
        if let Some(other) = self.accounts.insert(account.clone(), id.to_owned()) {
            let text = format!(
                "the users {other} and {id} of the source both become the account {account}; give one of them another id in the mapping file"
            );
            self.fault(Fault::new(0, FaultCode::Duplicate, text).of(Kind::Account, id).field("UserID"))?;
        }
        let nick = rule.and_then(|rule| rule.nick.as_deref()).unwrap_or_default();
        self.users.push(UserState {
            id: id.into(),
            account: account.into(),
            nick_is_mapped: !nick.is_empty(),
            nick: nick.into(),
            face_url: Box::default(),
            x: None,
            listed: false,
            left_out: rule.is_some_and(|rule| rule.leave_out),
        });
        let place = self.users.len() - 1;
        self.user_places.insert(id.to_owned(), place);
        Ok(place)
    }

    pub(super) fn write_accounts(&mut self) -> io::Result<Vec<FoundUser>> {
        let mut found = Vec::with_capacity(self.users.len());
        for place in self.user_places.values().copied().collect::<Vec<_>>() {
            let Some(user) = self.users.get(place).cloned() else { continue };
            let id = user.id.to_string();
            found.push(FoundUser {
                id: id.clone(),
                nick: user.shown().to_owned(),
                account: user.account.to_string(),
                placeholder: !user.listed,
                left_out: user.left_out,
            });
            if !user.listed {
                self.found.placeholders += 1;
                self.lose(LossKind::Placeholders, id.clone());
            }
            if user.left_out {
                self.lose(LossKind::LeftOutUsers, id);
                continue;
            }
            let account = self.account_record(&user);
            self.write(Record::Account(account))?;
        }
        Ok(found)
    }

    /// The members of `x` that the mapping makes fields of the profile, and those that are called like one. The others stay.
    fn profile(&self, x: &mut Value) -> Vec<TagValue> {
        let Value::Object(members) = &mut *x else { return Vec::new() };
        let mut profile = Vec::new();
        for (member, tag) in &self.mapping.profiles {
            if let Some(field) = members.get(member).and_then(|value| field_value(tag, value)) {
                members.remove(member);
                profile.push(field);
            }
        }
        members.retain(|tag, value| {
            let is_field = PortraitTag::parse(tag)
                .is_some_and(|tag| !matches!(tag, PortraitTag::Nick | PortraitTag::Image));
            let field = field_value(tag, value).filter(|_| is_field);
            let is_other = field.is_none();
            profile.extend(field);
            is_other
        });
        if members.is_empty() {
            *x = Value::Null;
        }
        profile
    }

    fn account_record(&mut self, user: &UserState) -> Account {
        let id = user.id.to_string();
        let mut x = user.x.as_ref().map(Json::value).unwrap_or_default();
        if !user.listed {
            state::put(&mut x, "placeholder", Value::from(true));
        }
        if *user.account != *id && self.mapping.users.get(&id).is_none_or(|rule| rule.id.is_none()) {
            self.lose(LossKind::IdsChanged, format!("user {id} becomes {}", user.account));
        }
        let profile = self.profile(&mut x);
        let nick = texts::cut(&user.nick, self.limits.profile_value.max);
        if nick.len() < user.nick.trim().len() {
            self.lose(LossKind::NicksCut, id.clone());
            state::put(&mut x, "nick", Value::from(&*user.nick));
        }
        let mut face_url = (!user.face_url.is_empty()).then(|| user.face_url.to_string());
        if face_url.as_ref().is_some_and(|url| self.limits.profile_value.max < url.len()) {
            self.lose(LossKind::Pictures, id.clone());
            state::put(&mut x, "picture", Value::from(face_url.take()));
        }
        Account {
            src: self.src.clone(),
            key: id,
            user_id: user.account.to_string(),
            nick: (!nick.is_empty()).then(|| nick.to_owned()),
            face_url,
            profile,
            x: state::extras(x),
        }
    }
}
