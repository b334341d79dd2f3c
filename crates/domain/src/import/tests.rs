use super::*;
use crate::group::GroupType;
use crate::sample::{NOW, founded, group, member, user};

/// Imports `asked` into a group of three places that `known1` owns.
fn join(kind: GroupType, asked: &[NewMember]) -> Result<ImportedMembers, ImportMembersRefusal> {
    let group = founded(group(kind, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap().group;
    let standings: Vec<Standing> = asked
        .iter()
        .map(|member| Standing {
            known: member.account.as_str().starts_with("known"),
            member: member.account == user("known1"),
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
    let mut full =
        founded(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    full.member_count = 3;
    let standing = [Standing { known: true, member: false }];
    let result = import_members(&full, &[member("a")], &standing, UnknownAccounts::Create, NOW);
    assert_eq!(result, Err(ImportMembersRefusal::Full));
}

#[test]
fn unread_counts_back_from_the_last_message() {
    let mut busy =
        founded(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    busy.log.next_seq = 11;
    for (unread, read_seq) in [(0, 10), (3, 7), (10, 0), (99, 0)] {
        let asked = NewMember { unread, ..member("a") };
        let standing = [Standing { known: true, member: false }];
        let change = import_members(&busy, &[asked], &standing, UnknownAccounts::Create, NOW).unwrap();
        assert_eq!(busy.log.read_seq(change.added[0].read), read_seq);
    }
}
