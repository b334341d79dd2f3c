use super::*;
use proptest::prelude::*;

proptest! {
    #[test]
    fn keys_read_back_and_keep_the_order(app: u32, names in ("[ -~]{1,32}", "[ -~]{1,32}"), ids in ("[ -~]{1,48}", "[ -~]{1,48}"), positions: (u64, u64)) {
        let app = AppId(app);
        let (one, two) = (UserId::parse(&names.0).unwrap(), UserId::parse(&names.1).unwrap());
        let (here, there) = (GroupId::parse(&ids.0).unwrap(), GroupId::parse(&ids.1).unwrap());
        let (in_group, of_account) = (member(app, &here, &one), joined(app, &one, &here));
        prop_assert_eq!(member_account(&in_group, &here), one.as_str().as_bytes());
        prop_assert!(member_account(&group(app, &here), &here).is_empty());
        prop_assert_eq!(joined_group(&of_account, &one), here.as_str().as_bytes());
        prop_assert_eq!(list_position(&list(app, positions.0)), Some(positions.0));
        prop_assert_eq!(RowKey::parse(&account(app, &one)), Some(RowKey::Account(app, one.clone())));
        let kicked = RowKey::LeftBehind(app, one.clone());
        prop_assert_eq!(RowKey::parse(&left_behind(app, &one)), Some(kicked));
        prop_assert_eq!(RowKey::parse(&group(app, &here)), Some(RowKey::Group(app, here.clone())));
        let came = RowKey::Origin(app, here.clone());
        prop_assert_eq!(RowKey::parse(&origin(app, &here)), Some(came));
        prop_assert_eq!(group_of_job(&of_job(app, JobId(positions.0), &here)), Some(here.clone()));
        let (start, end) = all_of_job(app, JobId(positions.0), None);
        let key = of_job(app, JobId(positions.0), &here);
        prop_assert!(start < key && key < end);
        prop_assert_eq!(all_of_job(app, JobId(positions.0), Some(&here)).0, key);
        prop_assert_eq!(RowKey::parse(&in_group), Some(RowKey::Member(app, here.clone(), one.clone())));
        let ban = PartKey::Ban(two.clone());
        let hanging = part(app, &here, &parts::name(&ban));
        prop_assert_eq!(RowKey::parse(&hanging), Some(RowKey::Part(app, here.clone(), ban)));
        let first = u32::try_from(positions.0 & 0xffff_ffff).unwrap();
        let said = page(app, &here, "", first);
        let expected = RowKey::Messages(app, here.clone(), Conversation::Group, first);
        prop_assert_eq!(RowKey::parse(&said), Some(expected));
        prop_assert_eq!(page_of(&said), Some(first));
        let recorded = day(app, first, &here, names.1.as_str());
        prop_assert_eq!(day_of(&recorded), Some((first, here.clone(), names.1.as_str())));
        let start = part(app, &here, &PartName { kind: 3, name: names.0.clone() });
        for sweep in [
            Sweep::Group(app, here.clone()),
            Sweep::Account(app, one.clone()),
            Sweep::Parts(app, here.clone(), start),
            Sweep::Messages(app, here.clone(), names.0.clone()),
        ] {
            prop_assert_eq!(Sweep::parse(&sweep.key()), Some(sweep));
        }
        prop_assert_eq!(list(app, positions.0).cmp(&list(app, positions.1)), positions.0.cmp(&positions.1));
        prop_assert_eq!(member(app, &here, &one).cmp(&member(app, &here, &two)), one.cmp(&two));
        prop_assert_eq!(member(app, &here, &one) == member(app, &there, &one), here == there);
        prop_assert!(member(app, &here, &one).starts_with(&group(app, &here)));
    }
}
