//! What the documentation lets accounts do in groups, as plain data: an oracle that shares no code with the rights of the domain.

use super::deeds::{Deed, place};
use super::scripted::{permission_group, topic};
use super::world::everything;
use super::{decided, group_id};
use landfall_domain::error::NoSuchGroup;
use landfall_domain::group::{Group, GroupType, InviteOption, JoinOption};
use landfall_domain::ids::{AppId, GroupId, UserId};
use landfall_domain::member::{Member, Role};
use landfall_domain::message::{Content, Conversation, Message};
use landfall_domain::part::{Part, PartKey};
use landfall_domain::refusal::Refusal;
use landfall_domain::store::{MemberWindow, Store};
use landfall_domain::time::Timestamp;
use std::collections::{BTreeMap, BTreeSet};

/// For each deed, by type (Private, Public, ChatRoom, AVChatRoom, Community), what becomes of it when it is that of the owner,
/// an administrator, another member, and an account outside. `+`: it is done, unless something else than a right is in the way.
/// `x`: no right is in the way, but there is nothing to do it to. `r`: 10007. `0`: 10010. `q`: 10009. `m`: 10013. `l`: 10031.
/// `u`: 10030. `.`: it cannot come to that.
pub(super) const TABLE: &str = "
    send                    +.+0 +++r +++r +++r +++r
    send_in_topic           x.x0 xxxr xxxr xxxr +++r
    send_as_another         r.r0 rrrr rrrr rrrr rrrr
    edit_texts              +.+0 ++rr +rrr +rrr ++rr
    edit_options            +.r0 ++rr ++rr +rrr ++rr
    edit_both               +.r0 ++rr +rrr +rrr ++rr
    edit_permissions        r.r0 rrrr rrrr rrrr +rrr
    edit_limit              r.r0 rrrr rrrr rrrr rrrr
    join_free               m.m0 mmm+ mmm+ mmmr mmm+
    join_by_permission      m.m0 mmm+ mmm+ mmmr mmm+
    join_shut               m.m0 mmmr mmmr mmmr mmm+
    join_banned             m.m0 mmmr mmmr ...r mmm+
    join_for_another        r.r0 rrrr rrrr rrrr rrrr
    invite_free             +.+0 +++r +++r rrrr +++r
    invite_by_permission    +.+0 +++r +++r rrrr +++r
    invite_shut             r.r0 rrrr rrrr rrrr rrrr
    decide                  +.r0 ++rr ++rr rrrr ++rr
    kick_member             +.r0 ++rr ++rr .... ++rr
    kick_admin              .... +rrr +rrr rrrr +rrr
    kick_owner              ..r0 .rrr .rrr .rrr .rrr
    kick_oneself            r.r0 rrrr rrrr rrrr rrrr
    kick_outsider           +.r0 ++rr ++rr rrrr ++rr
    ban_member              r.r0 rrrr rrrr .... rrrr
    ban_admin               .... rrrr rrrr +rrr rrrr
    ban_owner               ..r0 .rrr .rrr .rrr .rrr
    ban_oneself             r.r0 rrrr rrrr rrrr rrrr
    ban_outsider            r.r0 rrrr rrrr ++rr rrrr
    unban                   r.r0 rrrr rrrr ++rr rrrr
    mute_member             r.r0 ++rr ++rr .... ++rr
    mute_admin              .... +rrr +rrr +rrr +rrr
    mute_owner              ..r0 .rrr .rrr .rrr .rrr
    mute_oneself            r.r0 rrrr rrrr rrrr rrrr
    mute_outsider           r.r0 ++rr ++rr ++rr ++rr
    make_member             r.r0 +rrr +rrr .... +rrr
    make_admin              .... +rrr +rrr rrrr +rrr
    make_owner              ..r0 .rrr .rrr .rrr .rrr
    make_oneself            r.r0 rrrr rrrr rrrr rrrr
    make_outsider           r.r0 xrrr xrrr rrrr xrrr
    name_member             +.r0 ++rr ++rr .... ++rr
    name_admin              .... +rrr +rrr rrrr +rrr
    name_owner              ..r0 .rrr .rrr .rrr .rrr
    name_oneself            +.+0 +++r +++r rrrr +++r
    name_outsider           x.r0 xxrr xxrr rrrr xxrr
    receive                 +.+0 +++r +++r rrrr +++r
    receive_of_another      r.r0 rrrr rrrr rrrr rrrr
    transfer                +.r0 +rrr +rrr rrrr +rrr
    quit                    +.+0 q++r q++r qrrr q++r
    quit_for_another        r.r0 rrrr rrrr rrrr rrrr
    dissolve                r.r0 +rrr +rrr +rrr +rrr
    recall_own              +.+0 +++r +++r .... +++r
    recall_own_late         +.l0 ++lr ++lr .... ++lr
    recall_of_others        +.r0 ++rr ++rr rrrr ++rr
    modify                  +.+0 +++r +++r rrrr +++r
    modify_unseen           u.u. uuu. uuu. .... uuu.
    attributes              +.+0 +++r +++r +++r +++r
    counters                +.+0 +++r +++r +++r rrrr
    topics                  r.r0 rrrr rrrr rrrr ++rr
    topics_one              r.r0 rrrr rrrr rrrr ++rr
    confirm                 +.+0 +++r +++r rrrr +++r
    confirm_unseen          u.u. uuu. uuu. .... uuu.
    confirm_for_another     r.r0 rrrr rrrr rrrr rrrr
    read                    +.+0 +++r rrrr rrrr +++r
    read_for_another        r.r0 rrrr rrrr rrrr rrrr
    extend                  +.+0 +++r +++r rrrr +++r
    extend_unseen           u.u. uuu. uuu. .... uuu.
    app_only                r.r0 rrrr rrrr rrrr rrrr";

/// Where permission groups are on, these bits decide instead: that of the community (0: none), and that of the topic.
pub(super) const BITS: [(&str, u64, u64); 10] = [
    ("edit_texts", 1 << 0, 0),
    ("edit_options", 1 << 0, 0),
    ("edit_both", 1 << 0, 0),
    ("kick", 1 << 1, 0),
    ("name", 1 << 1, 0),
    ("topics", 1 << 4, 0),
    ("topics_one", 1 << 4, 1 << 0),
    ("mute", 1 << 5, 1 << 2),
    ("send", 1 << 6, 1 << 3),
    ("recall_of_others", 1 << 9, 1 << 5),
];

/// What an account is in a group, as the columns of the table are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rank {
    Owner,
    Admin,
    Member,
    Outsider,
}

impl Rank {
    pub(super) const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Outsider];

    /// As the end of a row's name.
    fn word(self) -> &'static str {
        ["owner", "admin", "member", "outsider"][self as usize]
    }
}

/// The rows of the table.
pub(super) fn rows() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    TABLE.trim().lines().map(|line| {
        let mut words = line.split_whitespace();
        (words.next().unwrap(), words.collect())
    })
}

/// The cell of the table.
pub(super) fn cell(row: &str, kind: GroupType, rank: Rank) -> char {
    let cells = rows().find(|(name, _)| *name == row).unwrap_or_else(|| panic!("no row {row}")).1;
    let column = GroupType::ALL.iter().position(|listed| *listed == kind).unwrap();
    cells[column].chars().nth(rank as usize).unwrap()
}

/// What became of a deed, as cells say it; others have letters of their own.
pub(super) fn letter(result: &Result<String, Refusal>) -> char {
    match result {
        Ok(_) => '+',
        Err(Refusal::NoSuchGroup) => '0',
        Err(Refusal::OwnerQuits) => 'q',
        Err(Refusal::AlreadyAMember) => 'm',
        Err(Refusal::RecallOver(_)) => 'l',
        Err(Refusal::NoSuchMessage) => 'u',
        Err(
            Refusal::NotPermitted { .. }
            | Refusal::AppOnly
            | Refusal::NotOneself
            | Refusal::NotIn
            | Refusal::Oneself
            | Refusal::Outranked(_)
            | Refusal::OwnerStays(_)
            | Refusal::TypeForbids(_)
            | Refusal::GroupForbids(_),
        ) => 'r',
        Err(_) => '?',
    }
}

/// A group with everything that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Whole {
    pub(super) group: Group,
    pub(super) members: Vec<Member>,
    pub(super) parts: BTreeMap<PartKey, Part>,
    pub(super) messages: BTreeMap<Conversation, BTreeMap<u32, Message>>,
}

impl Whole {
    /// `None` where there is no such group.
    pub(super) async fn read(store: &dyn Store, app: AppId, group: &GroupId) -> Option<Self> {
        let window = MemberWindow::ByJoinTime { offset: 0, limit: usize::MAX };
        let page = match decided(store.members(app, group.clone(), Vec::new(), window).await) {
            Ok(page) => page,
            Err(NoSuchGroup) => return None,
        };
        let snapshot = everything(store, app, &page.group).await;
        // Places in the list differ between stores.
        let group = Group { list_position: 0, ..page.group };
        Some(Self { group, members: page.members, parts: snapshot.parts, messages: snapshot.messages })
    }

    fn member(&self, account: &UserId) -> Option<&Member> {
        self.members.iter().find(|member| member.account == *account)
    }

    fn is_banned(&self, account: &UserId, now: Timestamp) -> bool {
        matches!(self.parts.get(&PartKey::Ban(account.clone())), Some(Part::Ban(until)) if now < *until)
    }

    /// What an account is that does something, or to which something is done.
    pub(super) fn rank(&self, account: &UserId, entered: bool, now: Timestamp) -> Rank {
        let live_admin = self.parts.contains_key(&PartKey::LiveAdmin(account.clone()));
        match self.member(account).map(|member| member.role) {
            _ if self.group.owner.as_ref() == Some(account) => Rank::Owner,
            None if self.group.kind == GroupType::AvChatRoom => match (live_admin, entered) {
                _ if self.is_banned(account, now) => Rank::Outsider,
                (true, _) => Rank::Admin,
                (false, true) => Rank::Member,
                (false, false) => Rank::Outsider,
            },
            Some(Role::Owner | Role::Admin) => Rank::Admin,
            Some(Role::Member) => Rank::Member,
            None => Rank::Outsider,
        }
    }

    /// What something is done to: a live-stream group keeps no list of its visitors, and a ban takes no office.
    fn rank_of_target(&self, account: &UserId) -> Rank {
        self.rank(account, false, Timestamp(u64::MAX))
    }

    fn sees(&self, message: &Message, account: &UserId) -> bool {
        let joined = self.member(account).map_or(u64::MAX, |member| member.joined.0);
        let is_for = match &message.content {
            Content::Sent(body) => {
                body.to.is_empty() || body.to.contains(account) || message.sender == *account
            }
            Content::Tip(_) | Content::Gone(_) => true,
        };
        let since_joining = joined <= message.sent.0 || self.group.history_before_join;
        is_for && since_joining && self.group.log.cleared < message.seq
    }

    fn message(&self, seq: u32, number: Option<usize>) -> Option<&Message> {
        self.messages.get(&place(&self.group.id, number))?.get(&seq)
    }

    /// What the permission groups of a member let it do: in the community, and in a topic.
    fn bits(&self, account: &UserId, number: Option<usize>) -> (u64, u64) {
        let id = permission_group();
        if !self.parts.contains_key(&PartKey::PermissionGroupMember(id.clone(), account.clone())) {
            return (self.group.default_permissions, 0);
        }
        let of_group = match self.parts.get(&PartKey::PermissionGroup(id.clone())) {
            Some(Part::PermissionGroup(group)) => group.permissions,
            Some(_) | None => 0,
        };
        let of_topic = number.map(|number| PartKey::TopicPermission(id, topic(&self.group.id, number)));
        match of_topic.and_then(|key| self.parts.get(&key)) {
            Some(Part::TopicPermission(bits)) => (of_group, *bits),
            Some(_) | None => (of_group, 0),
        }
    }
}

/// An account that does something.
#[derive(Clone, Debug)]
pub(super) struct Doer {
    pub(super) account: UserId,
    /// Whether its client has entered the group.
    pub(super) entered: bool,
    pub(super) now: Timestamp,
}

/// How long accounts may recall what they sent, seconds.
pub(super) const RECALL_SECONDS: u64 = 120;

impl Doer {
    /// The cell of the table that says what becomes of the deed.
    pub(super) fn expected(&self, deed: &Deed, whole: &Whole) -> char {
        let rank = whole.rank(&self.account, self.entered, self.now);
        let row = self.row(deed, whole);
        let by_bits = whole.group.kind == GroupType::Community
            && whole.group.permissions_enabled
            && matches!(rank, Rank::Admin | Rank::Member);
        if row == "recall_own_late" && by_bits {
            return if self.by_bits(deed, "recall_of_others", whole) == Some(true) { '+' } else { 'l' };
        }
        if let Some(may) = self.by_bits(deed, &row, whole).filter(|_| by_bits) {
            return match (may, row.rsplit('_').next().unwrap_or_default()) {
                (false, "oneself") if row == "name_oneself" => '+',
                (false, _) => 'r',
                // Whoever has the right has it over ordinary members, and administrators over accounts outside as well.
                (true, "admin" | "owner") => 'r',
                (true, "oneself") => cell(&row, GroupType::Community, rank),
                (true, "outsider") if rank == Rank::Member => 'r',
                (true, _) => '+',
            };
        }
        cell(&row, whole.group.kind, rank)
    }

    /// Whether the bits of the account let it; `None` where they say nothing.
    fn by_bits(&self, deed: &Deed, row: &str, whole: &Whole) -> Option<bool> {
        let place = if let Deed::Send(number) | Deed::Mute(_, number) | Deed::Recall(number, _) = deed {
            *number
        } else if let Deed::ChangeTopic(number) = deed {
            Some(*number)
        } else {
            None
        };
        let first = row.split('_').next().unwrap_or_default();
        let row = if row == "send_in_topic" { "send" } else { row };
        let (_, of_group, of_topic) =
            BITS.iter().find(|(name, ..)| *name == row || (*name == first && row != "send_as_another"))?;
        let (group_bits, topic_bits) = whole.bits(&self.account, place);
        // In a topic its own bits decide, but for whoever manages topics.
        let in_topic = place.is_some() && row != "topics_one";
        Some((!in_topic && of_group & group_bits != 0) || (place.is_some() && of_topic & topic_bits != 0))
    }

    /// The row of the table in which the deed is.
    pub(super) fn row(&self, deed: &Deed, whole: &Whole) -> String {
        let own = |target: &UserId| *target == self.account;
        let over = |what: &str, target: &UserId| {
            let whom = if own(target) { "oneself" } else { whole.rank_of_target(target).word() };
            format!("{what}_{whom}")
        };
        let pick = |is_first: bool, first: &str, then: &str| (if is_first { first } else { then }).to_owned();
        match deed {
            Deed::Send(number) => pick(number.is_none(), "send", "send_in_topic"),
            Deed::SendAs(other) => pick(own(other), "send", "send_as_another"),
            Deed::EditTexts => "edit_texts".to_owned(),
            Deed::EditOptions => "edit_options".to_owned(),
            Deed::EditBoth => "edit_both".to_owned(),
            Deed::EditPermissions => "edit_permissions".to_owned(),
            Deed::EditLimit => "edit_limit".to_owned(),
            Deed::JoinFor(other) if !own(other) => "join_for_another".to_owned(),
            Deed::Join | Deed::JoinFor(_) if whole.is_banned(&self.account, self.now) => {
                "join_banned".to_owned()
            }
            Deed::Join | Deed::JoinFor(_) => match whole.group.profile.join_option {
                JoinOption::FreeAccess => "join_free".to_owned(),
                JoinOption::NeedPermission => "join_by_permission".to_owned(),
                JoinOption::DisableApply => "join_shut".to_owned(),
            },
            Deed::Invite(_) => match whole.group.invite_option {
                InviteOption::FreeAccess => "invite_free".to_owned(),
                InviteOption::NeedPermission => "invite_by_permission".to_owned(),
                InviteOption::DisableInvite => "invite_shut".to_owned(),
            },
            Deed::Decide(..) => "decide".to_owned(),
            Deed::Kick(target) => over("kick", target),
            Deed::Ban(target) => over("ban", target),
            Deed::Unban(_) => "unban".to_owned(),
            Deed::Mute(target, _) => over("mute", target),
            Deed::Role(target, _) => over("make", target),
            Deed::Name(target) => over("name", target),
            Deed::Receive(other) => pick(own(other), "receive", "receive_of_another"),
            Deed::Transfer(_) => "transfer".to_owned(),
            Deed::QuitFor(other) if !own(other) => "quit_for_another".to_owned(),
            Deed::Quit | Deed::QuitFor(_) => "quit".to_owned(),
            Deed::Dissolve => "dissolve".to_owned(),
            Deed::Recall(number, numbers) => self.recall_row(numbers, *number, whole),
            Deed::Modify(number, seq) => self.seen_row("modify", *seq, *number, whole),
            Deed::Attributes => "attributes".to_owned(),
            Deed::Counters | Deed::DropCounters => "counters".to_owned(),
            Deed::AddTopic | Deed::DropTopic(_) => "topics".to_owned(),
            Deed::ChangeTopic(_) => "topics_one".to_owned(),
            Deed::Confirm(reader, _) if !own(reader) => "confirm_for_another".to_owned(),
            Deed::Confirm(_, seq) => self.seen_row("confirm", *seq, None, whole),
            Deed::Read(reader) => pick(own(reader), "read", "read_for_another"),
            Deed::Extend(seq) => self.seen_row("extend", *seq, None, whole),
            Deed::AppOnly(..) => "app_only".to_owned(),
        }
    }

    /// Whether the deed may change what the group knows of the account.
    fn names(&self, deed: &Deed, account: &UserId) -> bool {
        if let Deed::Invite(target)
        | Deed::Decide(target, _)
        | Deed::Kick(target)
        | Deed::Ban(target)
        | Deed::Unban(target)
        | Deed::Mute(target, _)
        | Deed::Role(target, _)
        | Deed::Name(target) = deed
        {
            return target == account;
        }
        // What a topic knows of members goes with it.
        if let Deed::DropTopic(_) = deed {
            return true;
        }
        let by_itself =
            matches!(deed, Deed::Join | Deed::JoinFor(_) | Deed::Quit | Deed::QuitFor(_) | Deed::Receive(_));
        // What a topic knows of a member begins with the first message there.
        let of_doer = by_itself || matches!(deed, Deed::Send(_) | Deed::SendAs(_) | Deed::Transfer(_));
        (of_doer && self.account == *account) || matches!(deed, Deed::Transfer(target) if target == account)
    }

    fn seen_row(&self, what: &str, seq: u32, number: Option<usize>, whole: &Whole) -> String {
        let is_unseen = |message: &Message| match number {
            // Nothing clears a topic.
            Some(_) => !whole.sees(&Message { seq: u32::MAX, ..message.clone() }, &self.account),
            None => !whole.sees(message, &self.account),
        };
        let is_in = whole.rank(&self.account, self.entered, self.now) != Rank::Outsider;
        let unseen = is_in && whole.message(seq, number).is_some_and(is_unseen);
        if unseen { format!("{what}_unseen") } else { what.to_owned() }
    }

    fn recall_row(&self, numbers: &[u32], number: Option<usize>, whole: &Whole) -> String {
        let named: Vec<&Message> = numbers.iter().filter_map(|seq| whole.message(*seq, number)).collect();
        let all_own = named.iter().all(|message| message.sender == self.account);
        let late = named.iter().any(|message| message.sent.0 + RECALL_SECONDS < self.now.0);
        match (named.is_empty() || !all_own, late) {
            (true, _) => "recall_of_others",
            (false, true) => "recall_own_late",
            (false, false) => "recall_own",
        }
        .to_owned()
    }
}

/// What is wrong with what became of a deed, if anything is.
pub(super) fn judge(
    (doer, deed): (&Doer, &Deed),
    expected: char,
    result: &Result<String, Refusal>,
    (before, after): (&Whole, &Whole),
    has_events: bool,
) -> Result<(), String> {
    let found = letter(result);
    let fits = match expected {
        '+' | 'x' => !"r0qml".contains(found),
        refused => refused == found,
    };
    let concerned: Vec<_> =
        touched(before, after).into_iter().filter(|account| !doer.names(deed, account)).collect();
    if !fits {
        Err(format!("{result:?}, where the table says {expected}"))
    } else if result.is_err() && (before != after || has_events) {
        Err(format!("{result:?}, and yet (events: {has_events}) {before:#?}\nis now {after:#?}"))
    } else if !concerned.is_empty() {
        Err(format!("it changes {concerned:?}, which are not named"))
    } else {
        Ok(())
    }
}

/// The accounts whose membership, role, mute, name or ban is another.
fn touched(before: &Whole, after: &Whole) -> BTreeSet<UserId> {
    let of = |whole: &Whole| {
        let members = whole.members.iter().map(|member| {
            let Member { account, role, muted_until, name_card, receive_option, .. } = member.clone();
            (account, format!("{role:?} {muted_until:?} {name_card:?} {receive_option:?}"))
        });
        let parts = whole.parts.iter().filter_map(|(key, part)| match (key, part) {
            (
                PartKey::Ban(account)
                | PartKey::LiveAdmin(account)
                | PartKey::PermissionGroupMember(_, account),
                _,
            ) => Some((account.clone(), format!("{key:?} {part:?}"))),
            (PartKey::TopicMember(topic, account), Part::TopicMember(member)) => {
                Some((account.clone(), format!("{topic} {:?}", member.muted_until)))
            }
            _ => None,
        });
        members.chain(parts).collect::<BTreeSet<_>>()
    };
    of(before).symmetric_difference(&of(after)).map(|(account, _)| account.clone()).collect()
}

/// The group of a type in these cases.
pub(super) fn group_of(kind: GroupType, name: &str) -> GroupId {
    let prefix = if kind == GroupType::Community { "@TGS#_" } else { "" };
    group_id(&format!("{prefix}{}{name}", kind.code()))
}
