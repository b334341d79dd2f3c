//! Several servers over one database, with one bucket.

use super::{announced, come, get, member, patch, ticket, url};
use crate::harness::{APP, Server, Setup, Store, done};
use landfall_test_database::BucketServer;
use serde_json::json;

#[tokio::test]
async fn two_servers_with_one_bucket_take_and_give_the_same_files() {
    let bucket = BucketServer::start("rooms", "id", "s3cret-of-the-bucket").unwrap();
    let files = format!(
        "[files]\nurl = \"s3://rooms/chat\"\n[files.s3]\nendpoint = \"{}\"\naccess_key_id = \"id\"\n\
         secret_access_key = \"s3cret-of-the-bucket\"\n",
        bucket.endpoint()
    );
    let webhook = "[app.uploads]\nquota_bytes = 1_000\n".to_owned();
    let setup = || Setup {
        store: Store::Postgres,
        webhook: webhook.clone(),
        http_and_more: files.clone(),
        ..Setup::default()
    };
    let first = Server::start_with(setup()).await;
    let second = first.beside(setup()).await;
    let (mut at_first, mut at_second) = (first.client().await, second.client().await);
    let members = json!([{ "Member_Account": "ann" }, { "Member_Account": "bob" }]);
    done(
        &mut at_first,
        "import_group",
        json!({ "Type": "Public", "GroupId": "g", "Name": "n", "MemberList": members }),
    )
    .await;
    let (mut ann, mut bob) = (member(&first, "ann").await, member(&second, "bob").await);

    let of_ann = ticket(&mut ann, "a.txt", 600).await;
    let refused = bob.request(announced("TIMFileElem", "b.txt", 401, "text/plain")).await;
    assert_eq!(refused["ErrorCode"], 10007, "the servers count together: {refused}");
    let content: Vec<u8> = (0..600_u32).map(|at| (at % 251) as u8).collect();
    assert_eq!(patch(&mut at_first, url(&of_ann), 0, &content[..200]).await.status, 204);
    assert_eq!(come(&mut at_first, url(&of_ann)).await, 200);
    // What has come is known to the server that got it.
    assert_eq!(come(&mut at_second, url(&of_ann)).await, 0);
    assert_eq!(patch(&mut at_second, url(&of_ann), 0, &content).await.status, 200);
    assert_eq!(come(&mut at_first, url(&of_ann)).await, 600);
    let id = of_ann["UUID"].as_str().unwrap();
    assert_eq!(bucket.objects()[&format!("chat/{APP}/{}/{id}", &id[..2])], content);

    let content_of =
        json!({ "UUID": id, "Url": of_ann["DownloadUrl"], "FileSize": 600, "FileName": "a.txt" });
    let elements = json!([{ "MsgType": "TIMFileElem", "MsgContent": content_of }]);
    let message = json!({ "Command": "send_group_msg", "GroupId": "g", "Random": 7, "MsgBody": elements });
    assert_eq!(ann.request(message).await["ErrorCode"], 0);
    let frame = bob.next_is("message").await;
    let address = frame["MsgBody"][0]["MsgContent"]["Url"].as_str().unwrap();
    for client in [&mut at_first, &mut at_second] {
        let read = get(client, address).await;
        assert!(read.status == 200 && read.body == content, "{}", read.status);
    }
    drop((ann, bob, at_first, at_second));
    second.stop().await;
    first.stop().await;
}
