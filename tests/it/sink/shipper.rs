//! Rounds of shipping: nothing lost, nothing twice, in order, and how long to wait.

use std::io;
use std::time::Duration;

use custodian::sink::{Lag, Next, Round, Shipper, Source, Trouble};

use super::pure;
use super::server::{Reply, Server, chain, document, poison};
use super::source::{Memory, occurred};
use crate::logs;
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    pure(suite, "sink::a long log is shipped in order", a_long_log_is_shipped_in_order);
    pure(suite, "sink::chains share a round", chains_share_a_round);
    pure(
        suite,
        "sink::a part that failed is sent again and no more than that counts",
        a_part_that_failed_is_sent_again_and_no_more_than_that_counts,
    );
    pure(suite, "sink::a busy server is obeyed", a_busy_server_is_obeyed);
    pure(
        suite,
        "sink::an answer that is cut moves nothing and doubles nothing",
        an_answer_that_is_cut_moves_nothing_and_doubles_nothing,
    );
    pure(
        suite,
        "sink::a cursor that could not be moved is moved the next time",
        a_cursor_that_could_not_be_moved_is_moved_the_next_time,
    );
    pure(suite, "sink::two who ship the same log make one of it", two_who_ship_the_same_log_make_one_of_it);
    pure(
        suite,
        "sink::nothing is sent before the template is there",
        nothing_is_sent_before_the_template_is_there,
    );
    pure(
        suite,
        "sink::a poison document does not block and is not shown",
        a_poison_document_does_not_block_and_is_not_shown,
    );
}

fn shipper(log: &Memory, server: &Server) -> Shipper<Memory> {
    // The middle of all numbers.
    Shipper::new(log.clone(), server.sink(), || 1 << 63)
}

async fn step(shipper: &mut Shipper<Memory>) -> Round<io::Error> {
    shipper.step(occurred() + chrono::TimeDelta::seconds(90)).await
}

fn after(millis: u64) -> Next {
    Next::After(Duration::from_millis(millis))
}

async fn a_long_log_is_shipped_in_order() {
    let server = Server::start().await;
    let log = Memory::of((1..=1200).map(|sequence| document("a", sequence)));
    let mut shipper = shipper(&log, &server);
    let first = step(&mut shipper).await;
    assert_eq!((first.next, first.taken, log.cursor("a")), (Next::Now, 1000, 1000));
    let lag = first.lag.unwrap();
    assert_eq!(lag, Lag { entries: 200, oldest: Some(occurred()) });
    assert_eq!(lag.behind(occurred() + chrono::TimeDelta::seconds(90)), Duration::from_secs(90));
    assert_eq!(step(&mut shipper).await.next, Next::Now);
    let last = step(&mut shipper).await;
    assert_eq!((last.next, last.lag, log.cursor("a")), (Next::Idle, Some(Lag::default()), 1200));
    assert_eq!(Lag::default().behind(occurred()), Duration::ZERO);
    let sent: Vec<_> = server.bulks().iter().flat_map(super::server::Seen::ids).collect();
    assert_eq!(sent, (1..=1200).map(|sequence| format!("a-{sequence}")).collect::<Vec<_>>());
}

async fn chains_share_a_round() {
    let server = Server::start().await;
    let log =
        Memory::of((1..=600).flat_map(|sequence| ["a", "b", "c"].map(|chain| document(chain, sequence))));
    let mut shipper = shipper(&log, &server);
    assert_eq!(step(&mut shipper).await.taken, 999);
    assert_eq!(["a", "b", "c"].map(|chain| log.cursor(chain)), [333; 3]);
}

async fn a_part_that_failed_is_sent_again_and_no_more_than_that_counts() {
    let server = Server::start().await;
    let log = Memory::of((1..=5).map(|sequence| document("a", sequence)).chain([document("b", 1)]));
    let mut shipper = shipper(&log, &server);
    server.reply(Reply::Except(vec![("a-3", 429, "es_rejected_execution_exception")]));
    let round = step(&mut shipper).await;
    assert_eq!((round.next, round.taken, log.cursor("a"), log.cursor("b")), (after(500), 3, 2, 1));
    assert_eq!(round.lag.unwrap().entries, 3);
    assert_eq!(step(&mut shipper).await.next, Next::Now);
    assert_eq!(log.cursor("a"), 5);
    assert_eq!(server.bulks()[1].ids(), ["a-3", "a-4", "a-5"]);
    assert_eq!(server.keys().len(), 6);
}

async fn a_busy_server_is_obeyed() {
    let server = Server::start().await;
    let log = Memory::of([document("a", 1)]);
    let mut shipper = shipper(&log, &server);
    // 90 seconds after 22:13:20: the date is 30 seconds off.
    let date = "Tue, 14 Nov 2023 22:15:20 GMT";
    for (status, value, wait) in
        [(429, "7", 7000), (503, "120", 120_000), (429, date, 30_000), (429, "86400", 900_000)]
    {
        server.reply(Reply::Status(status, vec![("retry-after", value.to_owned())]));
        let round = step(&mut shipper).await;
        assert_eq!((round.next, round.taken, log.cursor("a")), (after(wait), 0, 0), "{value}");
        assert!(!round.trouble.unwrap().to_string().contains("SECRET"));
    }
    // Those that say nothing, or nothing that helps, are left alone for longer each time.
    for (value, wait) in [(None, 500), (Some("soon"), 1000), (Some("0"), 2000), (None, 4000), (None, 8000)] {
        let headers = value.map(|value| ("retry-after", value.to_owned())).into_iter().collect();
        server.reply(Reply::Status(429, headers));
        assert_eq!(step(&mut shipper).await.next, after(wait));
    }
    assert_eq!(step(&mut shipper).await.next, Next::Now);
    log.add([document("a", 2)]);
    server.reply(Reply::Status(500, vec![]));
    assert_eq!(step(&mut shipper).await.next, after(500));
}

async fn an_answer_that_is_cut_moves_nothing_and_doubles_nothing() {
    let server = Server::start().await;
    let log = Memory::of((1..=3).map(|sequence| document("a", sequence)));
    let mut shipper = shipper(&log, &server);
    server.reply(Reply::Cut);
    let round = step(&mut shipper).await;
    assert_eq!((round.next, log.cursor("a")), (after(500), 0));
    // The server has them, and nobody knows.
    assert_eq!(server.keys().len(), 3);
    let round = step(&mut shipper).await;
    assert_eq!((round.next, round.taken, log.cursor("a")), (Next::Now, 3, 3));
    assert_eq!(server.keys(), ["a-1", "a-2", "a-3"]);
}

async fn a_cursor_that_could_not_be_moved_is_moved_the_next_time() {
    let server = Server::start().await;
    let log = Memory::of([document("a", 1), document("b", 1)]);
    log.0.lock().unwrap().moves = Some(1);
    let mut shipper = shipper(&log, &server);
    let round = step(&mut shipper).await;
    assert!(matches!(round.trouble, Some(Trouble::Source(_))));
    assert_eq!((round.next, log.cursor("a"), log.cursor("b")), (after(500), 1, 0));
    log.0.lock().unwrap().moves = None;
    assert_eq!(step(&mut shipper).await.next, Next::Now);
    assert_eq!((log.cursor("b"), server.keys().len()), (1, 2));
}

async fn two_who_ship_the_same_log_make_one_of_it() {
    let server = Server::start().await;
    let log = Memory::of((1..=50).map(|sequence| document("a", sequence)));
    let copy = Memory::of(log.read(chain("a"), 0, 100).await.unwrap());
    let (mut one, mut other) = (shipper(&log, &server), shipper(&copy, &server));
    let rounds = tokio::join!(step(&mut one), step(&mut other));
    assert_eq!((rounds.0.next, rounds.1.next), (Next::Now, Next::Now));
    assert_eq!((log.cursor("a"), copy.cursor("a"), server.keys().len()), (50, 50, 50));
}

async fn nothing_is_sent_before_the_template_is_there() {
    let server = Server::start().await;
    let log = Memory::of([document("a", 1)]);
    let mut shipper = shipper(&log, &server);
    server.with(|inner| inner.put.push_back(Reply::Status(503, vec![])));
    assert_eq!(step(&mut shipper).await.next, after(500));
    assert!(server.bulks().is_empty());
    step(&mut shipper).await;
    step(&mut shipper).await;
    let puts = server.with(|inner| inner.seen.iter().filter(|seen| seen.method == "PUT").count());
    assert_eq!((puts, server.bulks().len()), (3, 1));
}

async fn a_poison_document_does_not_block_and_is_not_shown() {
    let begun = logs::mark();
    let server = Server::start().await;
    let log = Memory::of([document("aud_poison", 1), poison("aud_poison", 2), document("aud_poison", 3)]);
    let mut shipper = shipper(&log, &server);
    let round = step(&mut shipper).await;
    assert_eq!((round.next, round.taken, round.rejected, log.cursor("aud_poison")), (Next::Now, 2, 1, 3));
    // The last of the log waits until one goes in after it.
    log.add([poison("aud_poison", 4)]);
    let round = step(&mut shipper).await;
    assert_eq!((round.next, round.rejected, log.cursor("aud_poison")), (after(500), 0, 3));
    log.add([document("b", 1)]);
    let round = step(&mut shipper).await;
    assert_eq!((round.next, round.rejected, log.cursor("aud_poison"), log.cursor("b")), (Next::Now, 1, 4, 1));
    let lines = logs::since(begun);
    for entry in ["aud_poison-2", "aud_poison-4"] {
        let told = format!(
            r#"an entry of the log cannot be shipped entry="{entry}" kind="mapper_parsing_exception""#
        );
        assert_eq!(lines.matches(&told).count(), 1, "{entry}");
    }
    assert!(!lines.contains("SECRET-CONTENT"), "a document is in the log");
}
