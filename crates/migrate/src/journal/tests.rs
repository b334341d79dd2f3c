use super::*;
use std::fs;

fn owner() -> Owner {
    Owner { server: "http://chat.example/".to_owned(), app: 7 }
}

const OF: Conversation = Conversation { group: 3, topic: 0 };

#[tokio::test]
async fn receipts_are_there_after_opening_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.journal");
    let journal = Journal::open(&path, &owner()).unwrap();
    assert_eq!(journal.new_group(), 0);
    let group = GroupReceipt { number: 3, made: Made::ByUs, profile: 9 };
    let message = MessageReceipt { content: 5, seq: 6 };
    let conversation = ConversationReceipt { last_seq: 6, last_ms: 7_000, messages: 2 };
    let read = ReadReceipt { unread: 1, messages: 2 };
    let receipts = vec![
        Receipt::Account { account: "ann".to_owned(), content: 1 },
        Receipt::Group { id: "g".to_owned(), group },
        Receipt::Topic { group: 3, topic: hash("t"), profile: 2 },
        Receipt::Member { group: 3, account: hash("ann"), content: 4 },
        Receipt::Message { of: OF, identity: 8, message },
        Receipt::Conversation { of: OF, conversation },
        Receipt::Read { of: OF, account: hash("ann"), read },
        Receipt::File { file: 1, content: 2, place: Place::At("/a".to_owned(), 3) },
        Receipt::File { file: 2, content: 0, place: Place::Gone("a.txt".to_owned()) },
        Receipt::Source("a.jsonl".to_owned()),
    ];
    journal.write(receipts).await.unwrap();
    assert!(matches!(Journal::open(&path, &owner()), Err(JournalError::InUse(_))));
    drop(journal);
    let journal = Journal::open(&path, &owner()).unwrap();
    assert_eq!((journal.account("ann").unwrap(), journal.account("ben").unwrap()), (Some(1), None));
    assert_eq!((journal.group("g").unwrap(), journal.group("h").unwrap()), (Some(group), None));
    assert_eq!(journal.topic(3, "t").unwrap(), Some(2));
    assert_eq!(journal.member(3, "ann").unwrap(), Some(4));
    assert_eq!(journal.message(OF, &[7, 8]).unwrap(), Some(message));
    assert_eq!(journal.message(Conversation { topic: 1, ..OF }, &[8]).unwrap(), None);
    assert_eq!(journal.conversation(OF).unwrap(), conversation);
    assert_eq!(journal.read(OF, "ann").unwrap(), Some(read));
    assert_eq!(journal.file(1).unwrap(), Some((2, Place::At("/a".to_owned(), 3))));
    assert_eq!(journal.file(2).unwrap(), Some((0, Place::Gone("a.txt".to_owned()))));
    assert_eq!(journal.file(3).unwrap(), None);
    assert_eq!(journal.groups("", 9).unwrap(), [("g".to_owned(), group)]);
    assert_eq!(journal.groups("g", 9).unwrap(), []);
    assert_eq!(journal.new_group(), 4);
}

#[tokio::test]
async fn an_undone_group_has_no_receipt_and_its_number_is_not_given_again() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.journal");
    let journal = Journal::open(&path, &owner()).unwrap();
    let group = GroupReceipt { number: journal.new_group(), made: Made::ByUs, profile: 9 };
    journal.write(vec![Receipt::Group { id: "g".to_owned(), group }]).await.unwrap();
    journal.write(vec![Receipt::Undone { id: "g".to_owned() }]).await.unwrap();
    assert_eq!(journal.group("g").unwrap(), None);
    drop(journal);
    assert_eq!(Journal::open(&path, &owner()).unwrap().new_group(), 1);
}

#[test]
fn a_journal_of_another_server_or_app_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.journal");
    drop(Journal::open(&path, &owner()).unwrap());
    for other in [Owner { app: 8, ..owner() }, Owner { server: "http://b/".to_owned(), app: 7 }] {
        let error = Journal::open(&path, &other).err().unwrap().to_string();
        assert!(error.contains("belongs to app 7 of http://chat.example/"), "{error}");
    }
}

#[test]
fn the_names_of_this_machine_for_itself_are_one() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.journal");
    let at = |host: &str| Owner { server: format!("http://{host}:8080/"), app: 7 };
    drop(Journal::open(&path, &at("localhost")).unwrap());
    for host in ["127.0.0.1", "[::1]", "localhost"] {
        assert!(Journal::open(&path, &at(host)).is_ok(), "{host}");
    }
    assert!(Journal::open(&path, &Owner { server: "http://localhost:8081/".to_owned(), app: 7 }).is_err());
}

#[test]
fn a_file_that_is_no_journal_or_a_damaged_one_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.journal");
    fs::write(&path, "{\"t\":\"group\"}\n".repeat(1_000)).unwrap();
    assert!(matches!(Journal::open(&path, &owner()), Err(JournalError::NotAJournal(_))));
    fs::remove_file(&path).unwrap();
    drop(Journal::open(&path, &owner()).unwrap());
    let whole = fs::read(&path).unwrap();
    for cut in [1, 100, 5_000, whole.len() / 2] {
        fs::write(&path, whole.get(..cut).unwrap()).unwrap();
        assert!(header::check(&path).is_err() || cut == 1, "cut off at {cut}");
        assert!(Journal::open(&path, &owner()).is_err(), "cut off at {cut}");
    }
    // Bytes of the header that are others: sizes, and the slots.
    for place in (12..32).chain([64, 100, 190, 200, 300]) {
        let mut damaged = whole.clone();
        damaged.iter_mut().skip(place).take(if place < 32 { 1 } else { 20 }).for_each(|byte| *byte ^= 0x55);
        fs::write(&path, &damaged).unwrap();
        if header::check(&path).is_ok() {
            // The engine does not panic.
            drop(Database::create(&path));
        }
        drop(Journal::open(&path, &owner()));
    }
    let other = Database::create(directory.path().join("other")).unwrap();
    let transaction = other.begin_write().unwrap();
    transaction.open_table(redb::TableDefinition::<u64, u64>::new("theirs")).unwrap();
    transaction.commit().unwrap();
    drop(other);
    let opened = Journal::open(&directory.path().join("other"), &owner());
    assert!(matches!(opened, Err(JournalError::NotAJournal(_))));
}
