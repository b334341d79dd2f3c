use super::*;
use crate::fields::{CustomField, FieldKey};
use crate::group::GroupType;
use crate::sample::{CREATED, NOW, create, group, member, text, user};

/// Imports `asked` into a group of three places that `known1` owns.
fn join(kind: GroupType, asked: &[NewMember]) -> Result<ImportedMembers, ImportMembersRefusal> {
    let group = create(group(kind, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap().group;
    let standings: Vec<Standing> = asked
        .iter()
        .map(|member| Standing {
            known: member.account.as_str().starts_with("known"),
            joined: (member.account == user("known1")).then_some(CREATED),
        })
        .collect();
    import_members(&group, asked, &standings, UnknownAccounts::Refuse, NOW)
}

#[test]
fn each_member_gets_its_own_outcome() {
    use MemberOutcome::{AlreadyMember, Imported, Refused};
    use TimeProblem::{NotAfterCreation, NotBeforeNow};
    let at = |seconds| NewMember { joined: Some(Timestamp(seconds)), ..member("known2") };
    let untimely = |problem| Refused(MemberRefusal::JoinTime(problem));
    let (early, late) = (
        untimely(NotAfterCreation { time: CREATED, created: CREATED }),
        untimely(NotBeforeNow { time: NOW, now: NOW }),
    );
    let no_admins = Refused(MemberRefusal::NoAdmins(GroupType::Private));
    let cases: [(GroupType, NewMember, MemberOutcome); 9] = [
        (GroupType::Public, member("known2"), Imported),
        (GroupType::Public, member("known1"), AlreadyMember),
        (GroupType::Public, at(1_000), early),
        (GroupType::Public, at(1_001), Imported),
        (GroupType::Public, at(1_999), Imported),
        (GroupType::Public, at(2_000), late),
        (
            GroupType::Public,
            NewMember { role: Role::Owner, ..member("known2") },
            Refused(MemberRefusal::Owner),
        ),
        (GroupType::Public, NewMember { role: Role::Admin, ..member("known2") }, Imported),
        (GroupType::Private, NewMember { role: Role::Admin, ..member("known2") }, no_admins),
    ];
    for (kind, asked, expected) in cases {
        assert_eq!(
            join(kind, std::slice::from_ref(&asked)).unwrap().outcomes,
            [expected],
            "{kind:?} {asked:?}"
        );
    }
    let stranger_among_known = join(GroupType::Public, &[member("stranger"), member("known2")]).unwrap();
    assert_eq!(stranger_among_known.outcomes, [Refused(MemberRefusal::AccountUnknown), Imported]);
    let twice = join(GroupType::Public, &[member("known2"), member("known2")]).unwrap();
    assert_eq!(twice.outcomes, [Imported, AlreadyMember]);
}

#[test]
fn a_full_group_takes_as_many_as_fit() {
    let change = join(GroupType::Public, &["known2", "known3", "known4"].map(member)).unwrap();
    let full = MemberOutcome::Refused(MemberRefusal::Full(3));
    assert_eq!(change.outcomes, [MemberOutcome::Imported, MemberOutcome::Imported, full]);
    assert_eq!(change.added.len(), 2);
    assert_eq!(join(GroupType::Public, &[member("stranger")]), Err(ImportMembersRefusal::NoAccountKnown));
}

#[test]
fn nobody_fits_into_a_full_group() {
    let mut full = create(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    full.member_count = 3;
    let standing = [Standing { known: true, joined: None }];
    let result = import_members(&full, &[member("a")], &standing, UnknownAccounts::Create, NOW);
    assert_eq!(result, Err(ImportMembersRefusal::Full));
}

#[test]
fn unread_counts_back_from_the_last_message() {
    let mut busy = create(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    busy.log.next_seq = 11;
    for (unread, read_seq) in [(0, 10), (3, 7), (10, 0), (99, 0)] {
        let asked = NewMember { unread, ..member("a") };
        let standing = [Standing { known: true, joined: None }];
        let change = import_members(&busy, &[asked], &standing, UnknownAccounts::Create, NOW).unwrap();
        assert_eq!(busy.log.read_seq(change.added[0].read), read_seq);
    }
}

#[test]
fn a_member_that_is_there_may_have_joined_earlier_and_not_later() {
    let there = create(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Refuse).unwrap().group;
    let again = |known: u64, times: &[Option<u64>]| {
        let asked: Vec<_> = times
            .iter()
            .map(|time| NewMember {
                joined: time.map(Timestamp),
                role: Role::Admin,
                unread: 3,
                ..member("known2")
            })
            .collect();
        let standings = vec![Standing { known: true, joined: Some(Timestamp(known)) }; times.len()];
        let change = import_members(&there, &asked, &standings, UnknownAccounts::Refuse, NOW).unwrap();
        assert_eq!(change.outcomes, vec![MemberOutcome::AlreadyMember; times.len()]);
        assert_eq!((change.added, change.placeholders), (vec![], vec![]));
        change
            .earlier
            .into_iter()
            .map(|(account, time)| (account == user("known2"), time.0))
            .collect::<Vec<_>>()
    };
    for (known, times, expected) in [
        // As it is imported without a time: now.
        (2_000, vec![Some(1_500)], vec![(true, 1_500)]),
        (1_500, vec![Some(1_499)], vec![(true, 1_499)]),
        (1_500, vec![None], vec![]),
        (1_500, vec![Some(1_500)], vec![]),
        (1_500, vec![Some(1_501)], vec![]),
        // Before the group was made, and after now.
        (1_500, vec![Some(1_000)], vec![]),
        (3_000, vec![Some(2_000)], vec![]),
        // Twice in one call.
        (2_000, vec![Some(1_500), Some(1_400), Some(1_600)], vec![(true, 1_400)]),
    ] {
        assert_eq!(again(known, &times), expected, "{known} {times:?}");
    }
}

#[test]
fn a_refusal_names_the_value_and_what_it_may_be() {
    let time = |time| check_time(Timestamp(time), CREATED, NOW).unwrap_err();
    for (refusal, text) in [
        (MemberRefusal::Owner, "Role is Owner, not Admin or Member"),
        (MemberRefusal::NoAdmins(GroupType::Private), "Role is Admin, which Private groups do not have"),
        (MemberRefusal::JoinTime(time(7)), "JoinTime 7 is not after the group's CreateTime, 1000"),
        (MemberRefusal::JoinTime(time(2_001)), "JoinTime 2001 is not before now, 2000"),
        (MemberRefusal::AccountUnknown, "the account is not imported"),
        (MemberRefusal::Full(3), "the group is full: MaxMemberNum is 3"),
    ] {
        assert_eq!(refusal.to_string(), text);
    }
}

#[test]
fn a_new_member_keeps_its_name_card_and_fields_and_a_present_one_does_not_take_them() {
    let field = CustomField { key: FieldKey::parse("Team").unwrap(), value: text("ops") };
    let named = |name| NewMember { name_card: text("Captain"), fields: vec![field.clone()], ..member(name) };
    let change = join(GroupType::Public, &[named("known2"), named("known1")]).unwrap();
    let [added] = &change.added[..] else { panic!("{change:?}") };
    assert_eq!((&*added.name_card, &added.fields), ("Captain", &vec![field]));
    assert_eq!(change.outcomes[1], MemberOutcome::AlreadyMember);
}
