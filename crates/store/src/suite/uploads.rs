//! Files that members upload: room, arrival, use and end.

use super::{APP, at_once, context, user};
use landfall_domain::context::Context;
use landfall_domain::error::OperationError;
use landfall_domain::people::Subject;
use landfall_domain::people::fact::{Fact, FactFamily, FactKey, FactRange};
use landfall_domain::people::operation::import_people;
use landfall_domain::people::operations::uploads::{
    AnnounceUpload, FinishUpload, ForgetUpload, RetireUpload, UploadRefusal, UseUploads,
};
use landfall_domain::people::snapshot::PeopleNeeds;
use landfall_domain::people::upload::{Upload, UploadId, UploadState};
use landfall_domain::store::Store;
use landfall_domain::time::Timestamp;

const DAY: u64 = 86_400;

fn at(now: u64) -> Context {
    Context { now: Timestamp(now), ..context() }
}

fn id(number: u8) -> UploadId {
    UploadId::of([number; 24])
}

/// A file of ten bytes, in an app that has room for seven of them.
fn announce(number: u8) -> AnnounceUpload {
    let (account, content_type) = (user(&format!("a{}", number % 3)), "image/png".into());
    AnnounceUpload { id: id(number), account, bytes: 10, content_type, quota_bytes: 70 }
}

/// The uploads that are known, and the bytes that they have together.
async fn known(store: &dyn Store) -> (Vec<Upload>, u64) {
    let ranges = vec![FactRange::all(Subject::App, FactFamily::Uploads)];
    let facts = vec![(Subject::App, FactKey::UploadedBytes)];
    let needs = PeopleNeeds { ranges, facts, ..PeopleNeeds::default() };
    let (mut uploads, mut bytes) = (Vec::new(), 0);
    for fact in store.people(APP, needs).await.unwrap().facts.into_values() {
        if let Fact::Upload(upload) = fact {
            uploads.push(upload);
        } else {
            let Fact::UploadedBytes(total) = fact else { panic!("{fact:?}") };
            bytes = total;
        }
    }
    (uploads, bytes)
}

pub(crate) async fn uploads_share_the_room_of_their_app_and_give_it_back(store: &dyn Store) {
    let announced = (0..20).map(|number| import_people(store, at(100), announce(number)));
    let announced = at_once(announced).await;
    let taken: Vec<_> =
        (0..20).zip(&announced).filter(|(_, done)| done.is_ok()).map(|(number, _)| number).collect();
    assert_eq!(taken.len(), 7, "{announced:?}");
    for refused in announced.into_iter().filter_map(Result::err) {
        let OperationError::Refused(UploadRefusal::NoRoom { used: 70 }) = refused else {
            panic!("{refused:?}")
        };
    }
    let finish = |number: u8| FinishUpload { id: id(number), account: user(&format!("a{}", number % 3)) };
    for number in &taken[..3] {
        assert!(import_people(store, at(200), finish(*number)).await.unwrap());
    }
    import_people(store, at(300), UseUploads(vec![id(taken[0]), id(99)])).await.unwrap();
    let (uploads, bytes) = known(store).await;
    let first = Upload {
        account: user(&format!("a{}", taken[0] % 3)),
        bytes: 10,
        content_type: "image/png".into(),
        state: UploadState::Whole,
        used: true,
        touched: Timestamp(300),
    };
    assert_eq!((uploads.len(), bytes, &uploads[0]), (7, 70, &first));

    // Of those that go, only the one that is used stays, whatever the number of servers that remove them.
    for _ in 0..2 {
        for number in &taken {
            let retired = at_once((0..2).map(|_| {
                import_people(store, at(300 + DAY), RetireUpload { id: id(*number), message_days: 0 })
            }))
            .await;
            for retired in retired {
                if retired.unwrap() {
                    import_people(store, at(300 + DAY), ForgetUpload(id(*number))).await.unwrap();
                }
            }
        }
    }
    assert_eq!(known(store).await, (vec![first], 10));
    // The accounts may announce again, and one that is deleted takes no file with it.
    store.delete_accounts(at(400 + DAY), vec![user("a0"), user("a1"), user("a2")]).await.unwrap();
    assert!(import_people(store, at(400 + DAY), announce(50)).await.is_ok());
    assert_eq!(known(store).await.1, 20);
}
