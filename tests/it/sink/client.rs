//! What is sent, what answers mean, and whom nothing is sent to.

use custodian::config::{Config, PublicUrl};
use custodian::sink::{OpenSearch, Rejected, SetupError, SinkError};
use serde_json::{Value, json};

use super::pure;
use super::server::{Reply, Server, chain, document, poison, sink};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.pure(
        "sink::settings that make no sense are refused without repeating them",
        settings_that_make_no_sense_are_refused_without_repeating_them,
    );
    pure(suite, "sink::credentials go into the header", credentials_go_into_the_header);
    pure(
        suite,
        "sink::the template is strict and once more is the same",
        the_template_is_strict_and_once_more_is_the_same,
    );
    pure(suite, "sink::documents are created under their ids", documents_are_created_under_their_ids);
    pure(
        suite,
        "sink::sent again they are done and stay as they were",
        sent_again_they_are_done_and_stay_as_they_were,
    );
    pure(
        suite,
        "sink::a document to be sent again holds its chain and no other",
        a_document_to_be_sent_again_holds_its_chain_and_no_other,
    );
    pure(
        suite,
        "sink::a poison document is passed over when others go in",
        a_poison_document_is_passed_over_when_others_go_in,
    );
    pure(suite, "sink::an index that takes nothing loses nothing", an_index_that_takes_nothing_loses_nothing);
    pure(suite, "sink::requests are split by number and by size", requests_are_split_by_number_and_by_size);
    pure(
        suite,
        "sink::what is too large for the server is sent in parts",
        what_is_too_large_for_the_server_is_sent_in_parts,
    );
    pure(suite, "sink::no request follows one that failed", no_request_follows_one_that_failed);
    pure(suite, "sink::a redirect is not followed", a_redirect_is_not_followed);
    pure(
        suite,
        "sink::an answer that does not end is not read to its end",
        an_answer_that_does_not_end_is_not_read_to_its_end,
    );
    pure(
        suite,
        "sink::an answer to something else counts for nothing",
        an_answer_to_something_else_counts_for_nothing,
    );
    pure(
        suite,
        "sink::a broken conversation is told without its content",
        a_broken_conversation_is_told_without_its_content,
    );
}

fn refused(change: impl FnOnce(&mut Config)) -> SetupError {
    let mut config = Config { opensearch_url: PublicUrl::parse("https://a.example"), ..Config::default() };
    change(&mut config);
    match OpenSearch::from_config(&config) {
        Ok(_) => panic!("it is taken"),
        Err(error) => error,
    }
}

fn settings_that_make_no_sense_are_refused_without_repeating_them() {
    let key = refused(|config| config.opensearch_api_key = Some("SECRET\r\nx: y".into()));
    assert!(matches!(key, SetupError::Credentials) && !key.to_string().contains("SECRET"), "{key}");
    let missing = refused(|config| config.opensearch_ca_file = Some("/nowhere.pem".into()));
    assert!(missing.to_string().starts_with("/nowhere.pem: "), "{missing}");
    let no_pem = refused(|config| config.opensearch_ca_file = Some("Cargo.toml".into()));
    assert!(matches!(no_pem, SetupError::NoCertificate { .. }));
    assert!(OpenSearch::from_config(&Config::default()).unwrap().is_none(), "nothing is shipped by default");
}

async fn credentials_go_into_the_header() {
    let server = Server::start().await;
    let with_key = sink(&server.url, |config| config.opensearch_api_key = Some("aWQ6a2V5".into()));
    with_key.bulk(&[document("a", 1)]).await;
    let with_password = sink(&server.url, |config| {
        config.opensearch_user = "Aladdin".to_owned();
        config.opensearch_password = Some("open sesame".into());
    });
    with_password.bulk(&[document("a", 2)]).await;
    server.sink().bulk(&[document("a", 3)]).await;
    let headers: Vec<_> =
        server.bulks().iter().map(|seen| seen.headers.get("authorization").cloned()).collect();
    assert_eq!(headers[0].as_ref().unwrap(), "ApiKey aWQ6a2V5");
    assert_eq!(headers[1].as_ref().unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    assert_eq!(headers[2], None);
}

async fn the_template_is_strict_and_once_more_is_the_same() {
    let server = Server::start().await;
    let sink = sink(&format!("{}/es/", server.url), |_| {});
    sink.ensure_template().await.unwrap();
    sink.ensure_template().await.unwrap();
    // There is no index yet, or another keeps it.
    for status in [404, 403] {
        server.with(|inner| inner.put.push_back(Reply::Status(200, vec![])));
        server.with(|inner| inner.put.push_back(Reply::Status(status, vec![])));
        sink.ensure_template().await.unwrap();
    }
    let seen = server.with(|inner| inner.seen.clone());
    let uris: Vec<_> = seen.iter().map(|seen| seen.uri.as_str()).collect();
    let each = ["/es/_index_template/custodian-audit", "/es/custodian-audit/_mapping"];
    assert_eq!(uris, [each, each, each, each].concat());
    assert!(seen[0].body == seen[2].body && seen[1].body == seen[3].body);
    let template: Value = serde_json::from_str(&seen[0].body).unwrap();
    let mappings = &template["template"]["mappings"];
    assert_eq!(template["index_patterns"], json!(["custodian-audit", "custodian-audit-*"]));
    assert_eq!(mappings["dynamic"], "strict");
    assert_eq!(mappings["properties"]["ip"]["type"], "keyword");
    assert_eq!(
        mappings["properties"]["ip"]["fields"]["address"],
        json!({ "type": "ip", "ignore_malformed": true })
    );
    assert_eq!(mappings["properties"]["occurredAt"]["type"], "date");
    assert_eq!(mappings["properties"]["details"], json!({ "type": "object", "enabled": false }));
    assert_eq!(*mappings, serde_json::from_str::<Value>(&seen[1].body).unwrap());
    server.with(|inner| inner.put.push_back(Reply::Status(403, vec![])));
    assert!(matches!(sink.ensure_template().await, Err(SinkError::Status { .. })));
}

async fn documents_are_created_under_their_ids() {
    let server = Server::start().await;
    let answer = server.sink().bulk(&[document("a", 7), document("b", 1), document("a", 8)]).await;
    assert_eq!(answer.done, [(chain("a"), 8), (chain("b"), 1)].into());
    assert!(answer.taken == 3 && answer.rejected.is_empty() && answer.trouble.is_none());
    let [seen] = &server.bulks()[..] else { panic!("one request") };
    assert_eq!(seen.ids(), ["a-7", "b-1", "a-8"]);
    assert!(seen.uri.starts_with("/custodian-audit/_bulk?filter_path=items."), "{}", seen.uri);
    assert_eq!(seen.headers["content-type"], "application/x-ndjson");
    assert!(seen.body.starts_with("{\"create\":{\"_id\":\"a-7\"}}\n{\"id\":\"a-7\""));
}

async fn sent_again_they_are_done_and_stay_as_they_were() {
    let server = Server::start().await;
    let sink = server.sink();
    sink.bulk(&[document("a", 1), document("a", 2)]).await;
    let mut changed = document("a", 2);
    changed.body = json!({ "other": true });
    let answer = sink.bulk(&[document("a", 1), changed, document("a", 3)]).await;
    assert_eq!(answer.done[&chain("a")], 3);
    assert!(answer.trouble.is_none());
    assert_eq!(server.keys(), ["a-1", "a-2", "a-3"]);
    server.with(|inner| assert_eq!(inner.documents["a-2"], document("a", 2).body));
}

async fn a_document_to_be_sent_again_holds_its_chain_and_no_other() {
    let server = Server::start().await;
    let errors = [
        (429, "es_rejected_execution_exception"),
        (503, "unavailable_shards_exception"),
        (403, "cluster_block_exception"),
        (404, "index_not_found_exception"),
        (409, "resource_already_exists_exception"),
    ];
    for (status, kind) in errors {
        server.with(|inner| inner.documents.clear());
        server.reply(Reply::Except(vec![("a-2", status, kind)]));
        let documents =
            [document("a", 1), document("a", 2), document("b", 1), document("a", 3), document("b", 2)];
        let answer = server.sink().bulk(&documents).await;
        assert_eq!(answer.done, [(chain("a"), 1), (chain("b"), 2)].into(), "{kind}");
        let text = answer.trouble.unwrap().to_string();
        assert_eq!(text, format!("{}: documents are refused: {kind}", server.url.replace("http://", "")));
    }
    server.reply(Reply::Except(vec![("a-1", 503, "unavailable_shards_exception")]));
    let answer = server.sink().bulk(&[document("a", 1), document("a", 2)]).await;
    assert_eq!((answer.done.len(), answer.taken), (0, 0));
}

async fn a_poison_document_is_passed_over_when_others_go_in() {
    let server = Server::start().await;
    let answer =
        server.sink().bulk(&[document("a", 1), poison("a", 2), document("a", 3), poison("b", 1)]).await;
    assert_eq!(answer.done, [(chain("a"), 3), (chain("b"), 1)].into());
    let rejected = |id: &str| Rejected { id: id.to_owned(), kind: "mapper_parsing_exception".to_owned() };
    assert_eq!(answer.rejected, [rejected("a-2"), rejected("b-1")]);
    assert!(!format!("{answer:?}").contains("SECRET"), "{answer:?}");
    // A type that is none is not repeated.
    server.reply(Reply::Except(vec![("c-1", 400, "the SECRET content")]));
    let answer = server.sink().bulk(&[document("c", 1), document("c", 2)]).await;
    assert_eq!(answer.rejected[0].kind, "unknown");
}

async fn an_index_that_takes_nothing_loses_nothing() {
    let server = Server::start().await;
    let fault = "illegal_argument_exception";
    server.reply(Reply::Except(vec![("a-1", 400, fault), ("a-2", 400, fault), ("b-1", 400, fault)]));
    let documents = [document("a", 1), document("a", 2), document("b", 1)];
    let answer = server.sink().bulk(&documents).await;
    assert!(answer.done.is_empty() && answer.rejected.is_empty());
    assert!(matches!(answer.trouble, Some(SinkError::Refused { kind, .. }) if kind == fault));
    assert_eq!(server.sink().bulk(&documents).await.taken, 3);
}

async fn requests_are_split_by_number_and_by_size() {
    let server = Server::start().await;
    let many: Vec<_> = (1..=1200).map(|sequence| document("a", sequence)).collect();
    assert_eq!(server.sink().bulk(&many).await.done[&chain("a")], 1200);
    let sizes = |server: &Server| server.bulks().iter().map(|seen| seen.ids().len()).collect::<Vec<_>>();
    assert_eq!(sizes(&server), [500, 500, 200]);
    let server = Server::start().await;
    let mut large: Vec<_> = (1..=6).map(|sequence| document("a", sequence)).collect();
    for (document, mebibytes) in large.iter_mut().zip([2, 2, 2, 6, 1, 1]) {
        document.body = json!({ "text": "x".repeat(mebibytes << 20) });
    }
    assert_eq!(server.sink().bulk(&large).await.done[&chain("a")], 6);
    assert_eq!(sizes(&server), [2, 1, 1, 2]);
}

async fn what_is_too_large_for_the_server_is_sent_in_parts() {
    let server = Server::start().await;
    server.with(|inner| inner.most = Some(3));
    let mut documents: Vec<_> = (1..=10).map(|sequence| document("a", sequence)).collect();
    let answer = server.sink().bulk(&documents).await;
    assert!(answer.done[&chain("a")] == 10 && answer.trouble.is_none());
    // One that is too large alone is passed over.
    documents = (1..=10).map(|sequence| document("b", sequence)).collect();
    documents[4].body = json!({ "text": "gigantic" });
    let answer = server.sink().bulk(&documents).await;
    assert_eq!((answer.done[&chain("b")], answer.taken), (10, 9));
    assert_eq!(answer.rejected, [Rejected { id: "b-5".to_owned(), kind: "payload_too_large".to_owned() }]);
}

async fn no_request_follows_one_that_failed() {
    let server = Server::start().await;
    let many: Vec<_> = (1..=1200).map(|sequence| document("a", sequence)).collect();
    server.reply(Reply::Except(vec![]));
    server.reply(Reply::Status(503, vec![]));
    let answer = server.sink().bulk(&many).await;
    assert_eq!(answer.done[&chain("a")], 500);
    assert!(matches!(answer.trouble, Some(SinkError::Status { .. })));
    assert_eq!(server.bulks().len(), 2);
    server.reply(Reply::Except(vec![("a-1000", 429, "es_rejected_execution_exception")]));
    server.with(|inner| inner.bulk.push_front(Reply::Except(vec![])));
    assert_eq!(server.sink().bulk(&many).await.done[&chain("a")], 999);
    assert_eq!(server.bulks().len(), 4);
}

async fn a_redirect_is_not_followed() {
    let (server, other) = (Server::start().await, Server::start().await);
    for status in [301, 302, 303, 307, 308] {
        let there = format!("{}/custodian-audit/_bulk?SECRET", other.url);
        server.reply(Reply::Status(status, vec![("location", there)]));
        let answer = server.sink().bulk(&[document("a", 1)]).await;
        assert!(answer.done.is_empty());
        let text = answer.trouble.unwrap().to_string();
        assert!(text.contains(&format!("answered with {status}")) && !text.contains("SECRET"), "{text}");
    }
    assert!(other.with(|inner| inner.seen.is_empty()));
}

async fn an_answer_that_does_not_end_is_not_read_to_its_end() {
    let server = Server::start().await;
    server.reply(Reply::Huge);
    let answer = server.sink().bulk(&[document("a", 1)]).await;
    assert!(answer.done.is_empty());
    assert!(matches!(answer.trouble, Some(SinkError::TooLarge { limit: 1_048_576, .. })));
}

async fn an_answer_to_something_else_counts_for_nothing() {
    let server = Server::start().await;
    let answers = [
        "<html>SECRET</html>",
        "{}",
        r#"{"items":[]}"#,
        r#"{"items":[{"create":{"_id":"a-2","status":201}},{"create":{"_id":"a-1","status":201}}]}"#,
        r#"{"items":[{"create":{"_id":"a-1","status":201}}]}"#,
        r#"{"items":[{"index":{"_id":"a-1","status":201}},{"index":{"_id":"a-2","status":201}}]}"#,
        r#"{"items":[{"create":{"_id":"a-1","status":201}},{"create":{"_id":"a-2","status":201}"#,
    ];
    for text in answers {
        server.reply(Reply::Text(text));
        let answer = server.sink().bulk(&[document("a", 1), document("a", 2)]).await;
        assert!(answer.done.is_empty(), "{text}");
        assert!(matches!(&answer.trouble, Some(SinkError::Malformed { .. })), "{text}");
        assert!(!format!("{answer:?}").contains("SECRET"));
    }
}

async fn a_broken_conversation_is_told_without_its_content() {
    let server = Server::start().await;
    server.reply(Reply::Cut);
    let cut = server.sink().bulk(&[document("a", 1)]).await.trouble.unwrap().to_string();
    assert!(cut.ends_with(": the conversation broke off"), "{cut}");
    server.reply(Reply::Silence);
    let hurried = sink(&server.url, |config| config.opensearch_timeout_seconds = 1);
    let late = hurried.bulk(&[document("a", 1)]).await;
    assert!(late.trouble.unwrap().to_string().ends_with(": no answer in time"));
    // TLS to a server that speaks none.
    let encrypted = format!("{}/SECRET", server.url.replace("http", "https"));
    let text = sink(&encrypted, |_| {}).ensure_template().await.unwrap_err().to_string();
    assert!(text.contains("no connection, or no TLS") && !text.contains("SECRET"), "{text}");
    let nobody = sink("http://127.0.0.1:1", |_| {});
    let text = nobody.ensure_template().await.unwrap_err().to_string();
    assert!(text.starts_with("127.0.0.1:1: no connection"), "{text}");
}
