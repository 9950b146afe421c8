//! The scalar that stands for a file.

use async_graphql::{EmptySubscription, InputObject, Object, Request, Schema, Value, Variables};
use custodian::graphql::upload::Upload;
use serde_json::json;

use crate::suite::runtime;

struct Query;

#[Object]
impl Query {
    async fn nothing(&self) -> bool {
        true
    }
}

struct Mutation;

#[derive(InputObject)]
struct Input {
    files: Vec<Item>,
}

#[derive(InputObject)]
struct Item {
    file: Upload,
}

#[Object]
impl Mutation {
    async fn take(&self, file: Upload) -> String {
        format!("{file:?}")
    }

    async fn take_all(&self, input: Input) -> String {
        input.files.iter().map(|item| format!("{:?}", item.file)).collect()
    }
}

/// Whoever could write one in JSON or in a document would name a file that is not his to name, or that does not exist.
#[expect(clippy::disallowed_methods, reason = "a schema of this test's own, without rows")]
pub fn has_no_form() {
    let schema = Schema::new(Query, Mutation, EmptySubscription);
    let execute = |document: &str, variables: Variables| {
        let answer = runtime().block_on(schema.execute(Request::new(document).variables(variables)));
        answer.into_result().map(|answer| answer.data.to_string())
    };
    let one = "mutation($file: Upload!) { take(file: $file) }";
    let all = "mutation($input: Input!) { takeAll(input: $input) }";
    let forged = [
        json!(null),
        json!(0),
        json!("0"),
        json!("\u{0}"),
        json!([0]),
        json!([[0]]),
        json!(true),
        json!({"binary": [0]}),
        json!({"$binary": "AA=="}),
        json!("#__graphql_file__:0"),
        json!("data:;base64,AA=="),
    ];
    for value in forged {
        let given = Variables::from_json(json!({ "file": value }));
        assert!(execute(one, given).is_err(), "{value} was taken for a file");
        let given = Variables::from_json(json!({ "input": { "files": [{ "file": value }] } }));
        assert!(execute(all, given).is_err(), "{value} was taken for a file");
    }
    for literal in
        ["null", "0", "\"\"", "\"#__graphql_file__:0\"", "[0]", "FILE", "{binary: [0]}", "1.5", "true"]
    {
        let document = format!("mutation {{ take(file: {literal}) }}");
        assert!(execute(&document, Variables::default()).is_err(), "{literal} was taken for a file");
    }
    // Bytes of another length are none either.
    for bytes in [vec![], vec![0, 0]] {
        let mut given = Variables::default();
        given.insert(async_graphql::Name::new("file"), Value::Binary(bytes.into()));
        assert!(execute(one, given).is_err());
    }
    let mut given = Variables::from_json(json!({ "input": { "files": [{}, {}] } }));
    if let Some(Value::Object(input)) = given.get_mut("input")
        && let Some(Value::List(files)) = input.get_mut("files")
    {
        for (number, file) in (0..).zip(files) {
            let Value::Object(file) = file else { panic!("an object") };
            file.insert(async_graphql::Name::new("file"), Upload::numbered(number).into_value());
        }
    }
    assert_eq!(execute(all, given).unwrap(), "{takeAll: \"Upload(0)Upload(1)\"}");
}
