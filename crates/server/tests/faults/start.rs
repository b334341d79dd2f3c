//! Starts that cannot succeed.

use crate::server::{Home, command};
use std::fs;

#[tokio::test]
async fn a_directory_that_is_in_use_is_named() {
    let home = Home::new();
    let server = home.start().await;
    let second = home.command().output().unwrap();
    let said = String::from_utf8(second.stderr).unwrap();
    assert_eq!(second.status.code(), Some(1), "{said}");
    assert!(said.contains(home.data().to_str().unwrap()) && said.contains("in use"), "{said}");
    assert!(second.stdout.is_empty(), "it said that it listens");
    assert_eq!(server.readiness().await.0, 200, "the first one is disturbed");
    server.stop().await;
    // And it is free again at once.
    home.start().await.stop().await;
}

#[test]
fn every_problem_of_the_configuration_is_shown_at_once() {
    let home = Home::new();
    let content = "listen = \"nowhere\"\nstore.url = \"sqlite:x\"\nspeed = 3\nlimits.mode = \"strict\"\n";
    fs::write(home.config(), content).unwrap();
    let refused = command(&home.config()).output().unwrap();
    let said = String::from_utf8(refused.stderr).unwrap();
    assert_eq!(refused.status.code(), Some(2), "{said}");
    for named in ["listen", "store.url", "speed", "limits.mode", "app"] {
        assert!(said.contains(named), "{named} is not in: {said}");
    }
    assert!(!home.data().exists(), "a refused start left a data directory");
}
