use super::*;
use crate::sample::{NOW, create, group, member, text, user};

#[test]
fn a_new_group_starts_at_message_one_with_its_owner_inside() {
    let made = create(group(GroupType::Public, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap();
    assert_eq!((made.group.log.next_seq, made.group.member_count), (1, 1));
    assert_eq!((made.members[0].role, made.members[0].joined), (Role::Owner, Timestamp(1_000)));
    assert!(made.placeholders.is_empty());
    let made = create(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Refuse).unwrap();
    assert_eq!((made.group.owner, made.group.member_count), (None, 0));
}

#[test]
fn what_a_member_of_a_new_group_cannot_be_is_as_if_not_given() {
    let odd = |joined| NewMember {
        role: Role::Admin,
        joined: Some(Timestamp(joined)),
        muted_until: Timestamp(9_000),
        ..member("known2")
    };
    for (kind, joined, expected) in [
        (GroupType::Public, 1_500, (Role::Admin, 1_500, 9_000)),
        (GroupType::Public, 1_000, (Role::Admin, NOW.0, 9_000)),
        (GroupType::Public, 2_000, (Role::Admin, NOW.0, 9_000)),
        (GroupType::Private, 1_500, (Role::Member, 1_500, 0)),
    ] {
        let made = create(group(kind, None, vec![odd(joined)]), UnknownAccounts::Refuse).unwrap();
        let member = &made.members[0];
        assert_eq!((member.role, member.joined.0, member.muted_until.0), expected, "{kind:?} {joined}");
    }
}

#[test]
fn an_owner_among_the_members_keeps_its_name_card_and_is_there_once() {
    let listed = NewMember {
        role: Role::Admin,
        joined: Some(Timestamp(1_500)),
        muted_until: Timestamp(9_000),
        name_card: text("Captain"),
        ..member("known1")
    };
    let members = vec![member("known2"), listed];
    let made = create(group(GroupType::Public, Some("known1"), members), UnknownAccounts::Refuse).unwrap();
    let [owner, _] = &made.members[..] else { panic!("{made:?}") };
    assert_eq!((owner.role, owner.joined, owner.muted_until), (Role::Owner, Timestamp(1_000), Timestamp(0)));
    assert_eq!((&*owner.name_card, made.group.member_count), ("Captain", 2));
}

#[test]
fn unknown_accounts_are_made_or_refused() {
    let with_stranger = || group(GroupType::Public, Some("known1"), vec![member("stranger")]);
    assert_eq!(create(with_stranger(), UnknownAccounts::Create).unwrap().placeholders, [user("stranger")]);
    assert_eq!(
        create(with_stranger(), UnknownAccounts::Refuse),
        Err(NewGroupRefusal::MemberUnknown(Several::of(["stranger"]).unwrap()))
    );
    let owned_by_stranger = group(GroupType::Public, Some("stranger"), Vec::new());
    assert_eq!(create(owned_by_stranger, UnknownAccounts::Refuse), Err(NewGroupRefusal::OwnerUnknown));
}

#[test]
fn taken_generated_ids_are_followed_by_others_and_given_ones_are_not() {
    let generated = IdChoice::Generated(7);
    assert_ne!(generated.candidate(GroupType::Public, 0), generated.candidate(GroupType::Public, 1));
    assert_eq!(generated.candidate(GroupType::Public, 16), None);
    let given = IdChoice::Given(GroupId::parse("g").unwrap());
    assert!(given.candidate(GroupType::Public, 0).is_some());
    assert_eq!(given.candidate(GroupType::Public, 1), None);
}
