//! Friends of accounts.

use super::model::Friend;
use super::{Builder, state, texts};
use crate::format::{self, Record};
use std::io;

impl Builder<'_> {
    /// Takes a friend of an account; both are known.
    ///
    /// # Errors
    /// The output fails.
    pub fn friend(&mut self, friend: Friend) -> io::Result<()> {
        let places = (self.place(&friend.user, "")?, self.place(&friend.friend, "")?);
        let (Some(user), Some(other)) = (self.users.get(places.0), self.users.get(places.1)) else {
            return Ok(());
        };
        if user.left_out || other.left_out || user.account == other.account {
            return Ok(());
        }
        let remark = texts::cut(&friend.remark, self.limits.friends.remark.max);
        let record = format::Friend {
            src: self.src.clone(),
            key: format!("{}:{}", user.id, other.id),
            account: user.account.to_string(),
            friend: other.account.to_string(),
            remark: (!remark.is_empty()).then(|| remark.to_owned()),
            add_time: friend.added_ms.map(|ms| ms / 1_000),
            x: state::extras(friend.x),
            ..format::Friend::default()
        };
        self.write(Record::Friend(record))
    }
}
