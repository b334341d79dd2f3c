//! `landfall console-user`.

use super::visitor::{Console, console_user, location_with_users};
use crate::harness::{DataLocation, Server, Setup, Store};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn users_are_added_listed_and_removed() {
    let setup = Setup::default();
    let location = location_with_users(&setup).await;
    let (code, listed, _) = console_user(&location, &setup, &["list"], "").await;
    assert_eq!((code, listed.as_str()), (0, "eve\tviewer\nroot\tadministrator\n"));
    let (code, said, _) = console_user(&location, &setup, &["add", "ann"], "").await;
    assert_eq!(code, 0, "{said}");
    let password = said.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
    assert_eq!(password.len(), 20, "{said}");
    let (code, said, _) =
        console_user(&location, &setup, &["password", "eve", "--password-stdin"], "a new password\r\n").await;
    assert_eq!(code, 0, "{said}");
    let (code, _, _) = console_user(&location, &setup, &["remove", "root"], "").await;
    assert_eq!(code, 0);

    for (arguments, input, code, why) in [
        (&["add", "ann"][..], "", 1, "there is a user ann already"),
        (&["remove", "root"], "", 1, "there is no user root"),
        (&["add", "Bob"], "", 2, "must be 1 to 32 lower-case letters"),
        (&["add", "bob", "--role", "owner"], "", 2, "must be viewer or administrator"),
        (&["add", "bob", "--password-stdin"], "short", 2, "the password has 5 bytes; 10 to 256 are needed"),
        (&["add", "bob", "--password-stdin"], "", 2, "the password has 0 bytes"),
    ] {
        let (found, _, failed) = console_user(&location, &setup, arguments, input).await;
        assert_eq!(found, code, "{arguments:?}: {failed}");
        assert!(failed.contains(why), "{arguments:?}: {failed}");
    }
    let console = Console { server: Server::start_in(location, setup).await };
    let mut visitor = console.visitor().await;
    assert_eq!(visitor.sign_in("root", super::ROOT_PASSWORD).await.status, 403);
    assert_eq!(visitor.sign_in("eve", "a new password").await.status, 303);
    let mut ann = console.visitor().await;
    assert_eq!(ann.sign_in("ann", &password).await.status, 303);
    drop((visitor, ann));
    console.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_running_server_users_are_added_at_any_time() {
    for store in [Store::Embedded, Store::Postgres] {
        let setup = || Setup { store, ..Setup::default() };
        let server = Server::start_in(DataLocation::new(store), setup()).await;
        let (code, said, failed) = console_user(server.location(), &setup(), &["add", "ann"], "").await;
        assert_eq!((code, failed.as_str()), (0, ""), "{said}");
        let password = said.lines().find_map(|line| line.strip_prefix("password: ")).unwrap().to_owned();
        let (code, _, failed) = console_user(server.location(), &setup(), &["add", "ann"], "").await;
        assert_eq!(code, 1);
        assert!(failed.contains("there is a user ann already"), "{failed}");
        let (_, listed, _) = console_user(server.location(), &setup(), &["list"], "").await;
        assert_eq!(listed, "ann\tadministrator\n");
        let console = Console { server };
        let mut ann = console.visitor().await;
        assert_eq!(ann.sign_in("ann", &password).await.status, 303);
        drop(ann);
        console.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_embedded_store_in_use_without_a_console_is_left_alone() {
    let off = "[console]\nenabled = false".to_owned();
    let server = Server::start_with(Setup { http_and_more: off, ..Setup::default() }).await;
    let (code, _, failed) = console_user(server.location(), &Setup::default(), &["add", "ann"], "").await;
    assert_eq!(code, 1);
    assert!(failed.contains("does not answer in console.sock; stop it first"), "{failed}");
    server.stop().await;
}
