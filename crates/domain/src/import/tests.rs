use super::*;
use crate::group::GroupType;
use crate::sample::{CREATED, NOW, create, group, member, user};

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
    use MemberOutcome::{AlreadyMember, Failed, Imported};
    let at = |seconds| NewMember { joined: Some(Timestamp(seconds)), ..member("known2") };
    let cases: [(GroupType, NewMember, MemberOutcome); 9] = [
        (GroupType::Public, member("known2"), Imported),
        (GroupType::Public, member("known1"), AlreadyMember),
        (GroupType::Public, at(1_000), Failed),
        (GroupType::Public, at(1_001), Imported),
        (GroupType::Public, at(1_999), Imported),
        (GroupType::Public, at(2_000), Failed),
        (GroupType::Public, NewMember { role: Role::Owner, ..member("known2") }, Failed),
        (GroupType::Public, NewMember { role: Role::Admin, ..member("known2") }, Imported),
        (GroupType::Private, NewMember { role: Role::Admin, ..member("known2") }, Failed),
    ];
    for (kind, asked, expected) in cases {
        assert_eq!(
            join(kind, std::slice::from_ref(&asked)).unwrap().outcomes,
            [expected],
            "{kind:?} {asked:?}"
        );
    }
    let stranger_among_known = join(GroupType::Public, &[member("stranger"), member("known2")]).unwrap();
    assert_eq!(stranger_among_known.outcomes, [Failed, Imported]);
    let twice = join(GroupType::Public, &[member("known2"), member("known2")]).unwrap();
    assert_eq!(twice.outcomes, [Imported, AlreadyMember]);
}

#[test]
fn a_full_group_takes_as_many_as_fit() {
    let change = join(GroupType::Public, &["known2", "known3", "known4"].map(member)).unwrap();
    assert_eq!(change.outcomes, [MemberOutcome::Imported, MemberOutcome::Imported, MemberOutcome::Failed]);
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
