use super::*;

fn report() -> Report {
    Report {
        title: "Import".to_owned(),
        source: "Slack export: 2 channels <of> \"ours\"".to_owned(),
        server: "http://127.0.0.1:8080/".to_owned(),
        started: "2026-11-30 12:00:00 UTC".to_owned(),
        seconds: 61.0,
        finished: true,
        counts: vec![Count { kind: "messages".to_owned(), imported: 20_000, failed: 1, ..Count::default() }],
        faults: vec![FaultCount {
            code: "length".to_owned(),
            count: 1,
            example: "line 7, Name: 31 bytes; at most 30 are allowed".to_owned(),
        }],
        notes: vec![Note { text: "names were cut".to_owned(), count: 3 }],
        progress: vec![Sample { seconds: 0.0, records: 0 }, Sample { seconds: 61.0, records: 20_000 }],
        group_sizes: vec![SizeCount { messages: "11-100".to_owned(), groups: 2 }],
        calls: vec![CallCount { answer: "0".to_owned(), count: 2 }],
        slowed_down: 2,
        failed_records: Some("a.failed.jsonl".to_owned()),
        next: vec!["Mend the file and run the same command again.".to_owned()],
    }
}

#[test]
fn the_text_says_what_happened_and_what_to_do_next() {
    let expected = "\
Import finished after 1 min 1 s: 20,000 records written

                  imported     updated   unchanged      failed
  messages          20,000           0           0           1

Faults:
          1  length: line 7, Name: 31 bytes; at most 30 are allowed
Settled by defaults:
          3  names were cut
The server was too busy 2 times; the calls slowed down.
Records that failed, with the reason beside each: a.failed.jsonl
Mend the file and run the same command again.
";
    assert_eq!(report().text(), expected);
}

#[test]
fn the_page_stands_alone_and_escapes_what_it_shows() {
    let page = report().html();
    assert!(page.contains("Slack export: 2 channels &lt;of&gt; &quot;ours&quot;"));
    for fetched in ["<script", "src=", "href=", "@import", "url("] {
        assert!(!page.contains(fetched), "{fetched}");
    }
    assert!(page.matches("<svg").count() == 3 && page.ends_with("</html>\n"));
}

#[test]
fn the_json_has_every_count() {
    let json: serde_json::Value = serde_json::from_str(&report().json()).unwrap();
    assert_eq!(json["counts"][0]["imported"], 20_000);
    assert_eq!(json["faults"][0]["code"], "length");
}

#[test]
fn numbers_and_times_are_written_for_people() {
    assert_eq!([0, 999, 1_000, 1_234_567].map(grouped), ["0", "999", "1,000", "1,234,567"]);
    assert_eq!([0.25, 41.0, 200.0, 18_720.0].map(span), ["0.2 s", "41 s", "3 min 20 s", "5 h 12 min"]);
}
