//! What a user of Mattermost has of a profile besides its nickname.

use crate::format::{Account, FieldValue, Json};
use std::collections::BTreeMap;

/// Members of a user that hold a text; a title stands for the position.
const MEMBERS: [&str; 5] = ["email", "first_name", "last_name", "position", "title"];
const CUSTOM: &str = "Tag_Profile_Custom_";

/// The texts of a profile by the members of a user.
pub(crate) struct Profile {
    texts: BTreeMap<&'static str, String>,
    /// Whether there are fields without a place.
    pub(crate) has_more: bool,
}

impl Profile {
    pub(crate) fn text(&self, member: &str) -> Option<String> {
        self.texts.get(member).cloned()
    }
}

/// The member that a field is called like: `Tag_Profile_Custom_FirstName` is `first_name`.
fn member(tag: &str) -> Option<&'static str> {
    let name = tag.strip_prefix(CUSTOM)?.to_ascii_lowercase();
    MEMBERS.into_iter().find(|member| member.replace('_', "") == name.replace('_', ""))
}

/// Fields of the profile go before what `x` says.
pub(crate) fn of(account: &Account) -> Profile {
    let x = account.x.as_ref().map(Json::value).unwrap_or_default();
    let said = |member: &'static str| {
        let text = x.get(member)?.as_str().filter(|text| !text.is_empty())?;
        Some((member, text.to_owned()))
    };
    let mut profile = Profile { texts: MEMBERS.into_iter().filter_map(said).collect(), has_more: false };
    for item in &account.profile {
        match (member(&item.tag), &item.value) {
            (Some(member), FieldValue::Text(text)) => drop(profile.texts.insert(member, text.clone())),
            (_, _) => profile.has_more = true,
        }
    }
    profile
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::TagValue;
    use serde_json::json;

    #[test]
    fn fields_and_further_members_go_to_the_members_of_a_user_of_the_same_name() {
        let field = |tag: &str, text: &str| TagValue {
            tag: tag.to_owned(),
            value: FieldValue::Text(text.to_owned()),
        };
        let account = Account {
            profile: vec![
                field("Tag_Profile_Custom_Position", "Baker"),
                field("Tag_Profile_IM_Location", "Wien"),
            ],
            x: Some(
                json!({ "email": "ann@example.com", "title": "Owner", "position": "", "tz": "CET" }).into(),
            ),
            ..Account::default()
        };
        let profile = of(&account);
        let texts = MEMBERS.map(|member| profile.text(member));
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(texts, [some("ann@example.com"), None, None, some("Baker"), some("Owner")]);
        assert!(profile.has_more);
        assert!(!of(&Account { profile: Vec::new(), ..account }).has_more);
    }
}
