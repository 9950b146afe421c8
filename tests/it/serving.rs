//! The program, serving, with a client that is signed in.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;

use reqwest::Client;
use serde_json::{Value, json};

use crate::commands::{Server, custodian};
use crate::fixture::text;

/// The program, serving, and a client that is signed in. Dropped, it is killed (SIGKILL).
pub struct Serving {
    /// The process.
    pub server: Server,
    /// Where it serves.
    pub base: String,
    /// The client.
    pub http: Client,
    /// Its access token.
    pub token: String,
}

impl Serving {
    /// Starts it in a folder, with these variables, and signs in as the demo provider's administrator.
    pub async fn begin(folder: &Path, variables: &[(&str, &str)]) -> Self {
        let arguments = ["--listen", "127.0.0.1:0", "--metrics-listen", ""];
        let variables = [variables, &[("CUSTODIAN_LOG", "off")]].concat();
        let mut command = custodian(folder, &arguments, &variables);
        let mut server = Server(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap());
        let said = BufReader::new(server.0.stdout.take().unwrap()).lines().next();
        let said = said.expect("it says where it serves").unwrap();
        let base = said.split_whitespace().last().unwrap().trim_end_matches("/graphql").to_owned();
        let http = Client::builder().no_proxy().build().unwrap();
        let login = "mutation { login(username: \"tenant-admin@acme.example\", password: \"Custodian-Demo-1\") \
            { accessToken } }";
        let mut serving = Self { server, base, http, token: String::new() };
        let answer = serving.ask(login, Value::Null).await;
        serving.token = text(&answer["login"]["accessToken"]).to_owned();
        serving
    }

    /// Its answer, in which there must be no error.
    pub async fn ask(&self, query: &str, variables: Value) -> Value {
        let answer = self.try_ask(query, variables).await.unwrap();
        assert!(answer["errors"].is_null(), "{answer}");
        answer["data"].clone()
    }

    /// Its answer, if it lives to give one.
    pub async fn try_ask(&self, query: &str, variables: Value) -> reqwest::Result<Value> {
        let request = self.http.post(format!("{}/graphql", self.base));
        let request = if self.token.is_empty() { request } else { request.bearer_auth(&self.token) };
        request.json(&json!({ "query": query, "variables": variables })).send().await?.json().await
    }
}
