use super::*;
use crate::group::JoinOption;
use crate::text::Text;

const NOW: Timestamp = Timestamp(2_000);

fn user(name: &str) -> UserId {
    UserId::parse(name).unwrap()
}

fn member(name: &str) -> ImportMember {
    ImportMember {
        account: user(name),
        role: Role::Member,
        joined: None,
        unread: 0,
        muted_until: Timestamp(0),
    }
}

fn group(kind: GroupType, owner: Option<&str>, members: Vec<ImportMember>) -> ImportGroup {
    ImportGroup {
        id: IdChoice::Generated(7),
        kind,
        profile: Profile {
            name: Text::stored("n".to_owned()),
            introduction: Text::default(),
            notification: Text::default(),
            face_url: Text::default(),
            fields: Vec::new(),
            max_members: 3,
            join_option: JoinOption::NeedPermission,
        },
        owner: owner.map(user),
        members,
        support_topic: false,
        created: Timestamp(1_000),
    }
}

fn imported(import: ImportGroup, unknown: UnknownAccounts) -> Result<ImportedGroup, ImportGroupRefusal> {
    let id = import.id.candidate(import.kind, 0).unwrap();
    let known = |account: &UserId| Ok::<_, std::convert::Infallible>(account.as_str().starts_with("known"));
    let Ok(result) = import_group(import, id, 1, unknown, NOW, known);
    result
}

#[test]
fn a_new_group_starts_at_message_one_with_its_owner_inside() {
    let made =
        imported(group(GroupType::Public, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap();
    assert_eq!((made.group.next_message_seq, made.group.member_count), (1, 1));
    assert_eq!((made.members[0].role, made.members[0].joined), (Role::Owner, Timestamp(1_000)));
    assert!(made.placeholders.is_empty());
    let made = imported(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Refuse).unwrap();
    assert_eq!((made.group.owner, made.group.member_count), (None, 0));
}

#[test]
fn what_a_member_of_a_new_group_cannot_be_is_as_if_not_given() {
    let odd = |joined| ImportMember {
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
        let made = imported(group(kind, None, vec![odd(joined)]), UnknownAccounts::Refuse).unwrap();
        let member = &made.members[0];
        assert_eq!((member.role, member.joined.0, member.muted_until.0), expected, "{kind:?} {joined}");
    }
}

#[test]
fn unknown_accounts_are_made_or_refused() {
    let with_stranger = || group(GroupType::Public, Some("known1"), vec![member("stranger")]);
    assert_eq!(imported(with_stranger(), UnknownAccounts::Create).unwrap().placeholders, [user("stranger")]);
    assert_eq!(imported(with_stranger(), UnknownAccounts::Refuse), Err(ImportGroupRefusal::MemberUnknown));
    let owned_by_stranger = group(GroupType::Public, Some("stranger"), Vec::new());
    assert_eq!(imported(owned_by_stranger, UnknownAccounts::Refuse), Err(ImportGroupRefusal::OwnerUnknown));
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

/// Imports `asked` into a group of three places that `known1` owns.
fn join(kind: GroupType, asked: &[ImportMember]) -> Result<ImportedMembers, ImportMembersRefusal> {
    let group = imported(group(kind, Some("known1"), Vec::new()), UnknownAccounts::Refuse).unwrap().group;
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
    let at = |seconds| ImportMember { joined: Some(Timestamp(seconds)), ..member("known2") };
    let cases: [(GroupType, ImportMember, MemberOutcome); 9] = [
        (GroupType::Public, member("known2"), Imported),
        (GroupType::Public, member("known1"), AlreadyMember),
        (GroupType::Public, at(1_000), Failed),
        (GroupType::Public, at(1_001), Imported),
        (GroupType::Public, at(1_999), Imported),
        (GroupType::Public, at(2_000), Failed),
        (GroupType::Public, ImportMember { role: Role::Owner, ..member("known2") }, Failed),
        (GroupType::Public, ImportMember { role: Role::Admin, ..member("known2") }, Imported),
        (GroupType::Private, ImportMember { role: Role::Admin, ..member("known2") }, Failed),
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
        imported(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    full.member_count = 3;
    let standing = [Standing { known: true, member: false }];
    let result = import_members(&full, &[member("a")], &standing, UnknownAccounts::Create, NOW);
    assert_eq!(result, Err(ImportMembersRefusal::Full));
}

#[test]
fn unread_counts_back_from_the_last_message() {
    let mut busy =
        imported(group(GroupType::Public, None, Vec::new()), UnknownAccounts::Create).unwrap().group;
    busy.next_message_seq = 11;
    for (unread, read_seq) in [(0, 10), (3, 7), (10, 0), (99, 0)] {
        let asked = ImportMember { unread, ..member("a") };
        let standing = [Standing { known: true, member: false }];
        let change = import_members(&busy, &[asked], &standing, UnknownAccounts::Create, NOW).unwrap();
        assert_eq!(change.added[0].read_seq, read_seq);
    }
}
