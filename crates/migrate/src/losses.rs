//! What a conversion loses, changes or makes up: counted, with a few examples.
//!
//! A documented default settles each of these, so none of them is a fault.

use crate::report::grouped;
use serde::Serialize;
use std::collections::BTreeMap;

/// How many examples of one kind are kept.
const EXAMPLES_MAX: usize = 5;
/// Longest example, bytes.
const EXAMPLE_BYTES_MAX: usize = 120;

/// What became of something that the target has no place for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The neutral file does not have it.
    Lost,
    /// The neutral file has it in another form.
    Changed,
    /// The source does not have it, the neutral file has to.
    MadeUp,
}

macro_rules! loss_kinds {
    ($($variant:ident = $code:literal, $effect:ident, $one:literal, $many:literal;)*) => {
        /// Kinds of losses.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum LossKind { $($variant,)* }

        impl LossKind {
            /// All, those that lose something first.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word that scripts go by.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $code,)* }
            }

            #[must_use]
            pub fn effect(self) -> Effect {
                match self { $(Self::$variant => Effect::$effect,)* }
            }

            /// What it is about, for one and for several.
            fn words(self) -> (&'static str, &'static str) {
                match self { $(Self::$variant => ($one, $many),)* }
            }
        }
    };
}

loss_kinds! {
    LeftOutChannels = "left_out_channels", Lost, "channel that the mapping leaves out", "channels that the mapping leaves out";
    LeftOutUsers = "left_out_users", Lost, "user that the mapping leaves out", "users that the mapping leaves out";
    LeftOutMessages = "left_out_messages", Lost, "message of users that the mapping leaves out", "messages of users that the mapping leaves out";
    SystemMessages = "system_messages", Lost, "system message", "system messages";
    BotMessages = "bot_messages", Lost, "message of bots", "messages of bots";
    EmptyMessages = "empty_messages", Lost, "empty message", "empty messages";
    DeletedMessages = "deleted_messages", Lost, "deleted message", "deleted messages";
    RepeatedMessages = "repeated_messages", Lost, "message that the source has twice", "messages that the source has twice";
    OneToOneOthers = "one_to_one_others", Lost, "message of a third in a one-to-one conversation", "messages of a third in one-to-one conversations";
    Reactions = "reactions", Lost, "message with more reactions than it has room for", "messages with more reactions than they have room for";
    ReactionUsers = "reaction_users", Lost, "reaction of accounts that the source does not name", "reactions of accounts that the source does not name";
    Extras = "extras", Lost, "message with more further members than it has room for", "messages with more further members than they have room for";
    FilesElsewhere = "files_elsewhere", Lost, "file whose content is not in the source (its message keeps the address)", "files whose content is not in the source (their messages keep the address)";
    FilesMissing = "files_missing", Lost, "file without content and address", "files without content and address";
    TextsCut = "texts_cut", Lost, "introduction, notification or name card that is cut", "introductions, notifications or name cards that are cut";
    Pictures = "pictures", Lost, "picture whose address is too long", "pictures whose address is too long";
    Contacts = "contacts", Lost, "contact that is no known account", "contacts that are no known accounts";
    Placeless = "placeless", Lost, "thing that the neutral file has no place for", "things that the neutral file has no place for";
    NotInSource = "not_in_source", Lost, "", "";
    NamesCut = "names_cut", Changed, "group name that is cut", "group names that are cut";
    NicksCut = "nicks_cut", Changed, "nick that is cut", "nicks that are cut";
    SameNames = "same_names", Changed, "group that has the name of another", "groups that have the name of another";
    IdsChanged = "ids_changed", Changed, "id that has to change", "ids that have to change";
    Admins = "admins", Changed, "administrator who becomes an ordinary member", "administrators who become ordinary members";
    OneToOneGroups = "one_to_one_groups", Changed, "conversation that becomes a group, because it is not of two known accounts", "conversations that become groups, because they are not of two known accounts";
    Archived = "archived", Changed, "archived channel that becomes an ordinary group", "archived channels that become ordinary groups";
    Created = "created", Changed, "group that is made earlier, before its first message", "groups that are made earlier, before their first message";
    JoinsMoved = "joins_moved", Changed, "member who joins right after the group is made", "members who join right after the group is made";
    LateMembers = "late_members", Changed, "member who joined after the first message, and sees what was sent before on Landfall only", "members who joined after the first message, and see what was sent before on Landfall only";
    Split = "split", Changed, "message that is too long and becomes several", "messages that are too long and become several";
    ChannelsMade = "channels_made", MadeUp, "conversation that the source does not list", "conversations that the source does not list";
    Placeholders = "placeholders", MadeUp, "account that the source does not list", "accounts that the source does not list";
    Senders = "senders", MadeUp, "message without a sender", "messages without a sender";
    DirectNames = "direct_names", MadeUp, "direct conversation that is named after its members", "direct conversations that are named after their members";
    NamesMade = "names_made", MadeUp, "group without a name", "groups without a name";
    CreatedMade = "created_made", MadeUp, "group whose time of creation the source does not have", "groups whose time of creation the source does not have";
    JoinsMade = "joins_made", MadeUp, "member whose time of joining the source does not have", "members whose time of joining the source does not have";
    Owners = "owners", MadeUp, "group whose oldest administrator becomes the owner", "groups whose oldest administrator becomes the owner";
    NoOwner = "no_owner", MadeUp, "group without an owner", "groups without an owner";
}

/// Something that was lost, changed or made up.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Loss {
    pub code: &'static str,
    pub effect: Effect,
    /// How often; 0 for what sources of this format never have.
    pub count: u64,
    /// What it is, without the number.
    pub what: String,
    /// The first few.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<String>,
}

impl Loss {
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.effect == Effect::Lost
    }

    /// Such as `12 system messages`.
    #[must_use]
    pub fn sentence(&self) -> String {
        if self.count == 0 { self.what.clone() } else { format!("{} {}", grouped(self.count), self.what) }
    }

    /// The same with the first example, without the count.
    #[must_use]
    pub fn described(&self) -> String {
        match self.examples.first() {
            Some(example) => format!("{}, such as {example}", self.what),
            None => self.what.clone(),
        }
    }
}

/// Counts losses.
#[derive(Debug, Default)]
pub struct Losses {
    kinds: BTreeMap<LossKind, (u64, Vec<String>)>,
    absent: Vec<&'static str>,
}

impl Losses {
    /// Counts one. `example` says which thing of the source it is.
    pub fn count(&mut self, kind: LossKind, example: impl Into<String>) {
        let (count, examples) = self.kinds.entry(kind).or_default();
        *count += 1;
        if examples.len() < EXAMPLES_MAX {
            let mut example: String = example.into();
            example.truncate(example.floor_char_boundary(EXAMPLE_BYTES_MAX));
            examples.push(example);
        }
    }

    /// Says what sources of this format never have, such as `read marks`.
    pub fn absent(&mut self, what: &'static str) {
        if !self.absent.contains(&what) {
            self.absent.push(what);
        }
    }

    #[must_use]
    pub fn into_list(self) -> Vec<Loss> {
        let absent = self.absent.into_iter().map(|what| Loss {
            code: LossKind::NotInSource.as_str(),
            effect: Effect::Lost,
            count: 0,
            what: format!("{what} (not in the source)"),
            examples: Vec::new(),
        });
        let counted = self.kinds.into_iter().map(|(kind, (count, examples))| {
            let (one, many) = kind.words();
            let what = if count == 1 { one } else { many };
            Loss { code: kind.as_str(), effect: kind.effect(), count, what: what.to_owned(), examples }
        });
        counted.chain(absent).collect()
    }
}

/// Such as `1 channel` or `20,000 messages`.
#[must_use]
pub fn counted(count: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(count), if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn losses_are_counted_with_a_few_examples() {
        let mut losses = Losses::default();
        for number in 0..1_234 {
            losses.count(LossKind::SystemMessages, format!("message {number}"));
        }
        losses.count(LossKind::NamesCut, "ä".repeat(100));
        losses.absent("read marks");
        losses.absent("read marks");
        let list = losses.into_list();
        let sentences: Vec<_> = list.iter().map(Loss::sentence).collect();
        assert_eq!(
            sentences,
            ["1,234 system messages", "1 group name that is cut", "read marks (not in the source)"]
        );
        assert_eq!(list[0].examples.len(), EXAMPLES_MAX);
        assert_eq!(list[1].examples, ["ä".repeat(60)]);
    }

    #[test]
    fn no_two_kinds_share_a_word() {
        let words: BTreeSet<_> = LossKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(words.len(), LossKind::ALL.len());
    }
}
