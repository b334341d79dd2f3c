//! Compares the data of a server, or of its store, with what its clients know.

use crate::load::{Book, owner, tag};
use crate::server::{APP, Home, Server};
use landfall_domain::account::UnknownAccounts;
use landfall_domain::context::Context;
use landfall_domain::ids::{GroupId, UserId};
use landfall_domain::member::Role;
use landfall_domain::store::MemberWindow;
use landfall_domain::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeSet;

const LIST: &str = "group_open_http_svc/get_appid_group_list";
const INFO: &str = "group_open_http_svc/get_group_info";
/// Groups in one call.
const PER_QUERY: usize = 50;
/// About how many lists of members are read one by one: of more groups, only some are checked this closely.
const MEMBER_LISTS_MAX: usize = 1_000;

/// Every acknowledged group exists; every existing group was imported and is complete; the count is right.
pub(crate) async fn holds(server: &Server, book: &Book) {
    let mut client = server.client().await;
    let mut found = BTreeSet::new();
    let mut next = json!(0);
    loop {
        let page = client.call(LIST, &json!({"Limit": 1_000, "Next": next})).await.unwrap();
        let rows = page["GroupIdList"].as_array().unwrap();
        found.extend(rows.iter().map(|row| row["GroupId"].as_str().unwrap().to_owned()));
        next = page["Next"].clone();
        if next == 0 {
            assert_eq!(page["TotalCount"], found.len(), "the count is not the length of the list");
            break;
        }
    }
    let lost: Vec<_> = book.acknowledged.difference(&found).collect();
    assert!(lost.is_empty(), "{} acknowledged groups are lost: {lost:?}", lost.len());
    let asked: BTreeSet<_> = book.acknowledged.union(&book.unknown).cloned().collect();
    let odd: Vec<_> = found.difference(&asked).collect();
    assert!(odd.is_empty(), "{odd:?} was never imported");
    let asked: Vec<_> = asked.into_iter().collect();
    for ids in asked.chunks(PER_QUERY) {
        let filter = json!({
            "MemberInfoFilter": ["Role"],
            "AppDefinedDataFilter_Group": ["Tag"],
            "GroupBaseInfoFilter": ["Owner_Account", "MemberNum", "NextMsgSeq"],
        });
        let question = json!({"GroupIdList": ids, "ResponseFilter": filter});
        let answer = client.call(INFO, &question).await.unwrap();
        for (id, row) in ids.iter().zip(answer["GroupInfo"].as_array().unwrap()) {
            check_row(id, row, found.contains(id));
        }
    }
}

fn check_row(id: &str, row: &Value, listed: bool) {
    assert_eq!(row["GroupId"], id);
    if !listed {
        assert_eq!(row["ErrorCode"], 10_010, "a group exists that is not in the list: {row}");
        return;
    }
    assert_eq!(row["ErrorCode"], 0, "{row}");
    assert_eq!(row["Owner_Account"], owner(id), "{row}");
    assert_eq!(row["MemberNum"], 1, "{row}");
    assert_eq!(row["NextMsgSeq"], 1, "{row}");
    assert_eq!(row["MemberList"], json!([{"Member_Account": owner(id), "Role": "Owner"}]), "{row}");
    assert_eq!(row["AppDefinedData"], json!([{"Key": "Tag", "Value": tag(id)}]), "{row}");
}

/// The index of every owner has its groups: deleting the owners removes them from all existing groups.
/// Changes the data of servers that are stopped, so it comes last.
pub(crate) async fn owners_are_indexed(home: &Home, book: &Book) {
    let store = home.open_store().await;
    let owners: BTreeSet<String> = book.acknowledged.union(&book.unknown).map(|id| owner(id)).collect();
    let of_acknowledged: BTreeSet<String> = book.acknowledged.iter().map(|id| owner(id)).collect();
    let names: Vec<_> = owners.iter().map(|name| UserId::parse(name).unwrap()).collect();
    let context = Context { app: APP, now: Timestamp(1), unknown: UnknownAccounts::Refuse };
    let existed = store.delete_accounts(context, names).await.unwrap();
    for (owner, existed) in owners.iter().zip(existed) {
        assert!(existed || !of_acknowledged.contains(owner), "the account {owner} is lost");
    }
    let page = store.list_groups(APP, None, 0, usize::MAX).await.unwrap();
    assert!(book.acknowledged.len() <= page.ids.len());
    let listed: BTreeSet<&GroupId> = page.ids.iter().collect();
    assert_eq!(listed.len(), page.ids.len(), "a group is in the list twice");
    for ids in page.ids.chunks(PER_QUERY) {
        for group in store.groups(APP, ids.to_vec()).await.unwrap() {
            let group = group.unwrap();
            let left = (group.owner.clone(), group.member_count);
            assert_eq!(left, (None, 0), "{} keeps an owner whose account is gone", group.id);
        }
    }
    for id in page.ids.iter().step_by(1 + page.ids.len() / MEMBER_LISTS_MAX) {
        let window = MemberWindow::ByName { after: None, limit: 1 };
        let page = store.members(APP, id.clone(), Vec::<Role>::new(), window).await.unwrap();
        assert_eq!(page.members, Vec::new(), "{id} lists an owner whose account is gone");
    }
}
