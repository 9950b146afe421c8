//! `custodian import customers`, with the program itself: also when it is killed.

use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Output, Stdio};

use custodian_entity::choice::{AddressType, AuthorKind, CustomerStatus, CustomerType};
use custodian_entity::personal::{AddressLine, ConfidentialAmount, Email, Name, PastValue, Phone};
use custodian_entity::{address, change_record, customer, reseller, user};
use sea_orm::{ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use serde_json::json;

use super::{Server, custodian, run};
use crate::app::TestApp;
use crate::fixture::{ADMIN, Log, account, all};
use crate::past::{all_open, is_sealed};
use crate::suite::Suite;

pub(super) fn register(suite: &mut Suite) {
    suite.both("commands::import adds customers from CSV and JSON lines, sealed, once", files);
    suite.both("commands::import changes what a line says otherwise, with its history", changes);
    suite.both("commands::import tells of each bad line by number and field, never the value", bad_lines);
    suite.both("commands::import looks and writes nothing in a dry run", dry_run);
    suite.both("commands::import that is killed goes on where it was", killed);
    suite.both("commands::import takes accounts along, and their hashes are replaced", accounts);
    suite.both("commands::import refuses what it cannot begin", refusals);
}

/// Runs `import customers FILE …` on a file of this name and content, reporting into `report.csv`.
fn import(app: &TestApp, name: &str, content: impl AsRef<[u8]>, arguments: &[&str]) -> Output {
    fs::write(app.database().folder.path().join(name), content).unwrap();
    run(app.database().folder.path(), &line(name, arguments), &variables(app))
}

fn line<'a>(name: &'a str, arguments: &[&'a str]) -> Vec<&'a str> {
    let whose = ["import", "customers", name, "--tenant", "acme.example", "--report", "report.csv"];
    [&whose, arguments].concat()
}

fn variables(app: &TestApp) -> [(&str, &str); 3] {
    let database = app.database();
    [
        ("CUSTODIAN_DATABASE_URL", &database.owner_url),
        ("CUSTODIAN_DATA_DIR", database.folder.path().to_str().unwrap()),
        ("CUSTODIAN_LOG", "error"),
    ]
}

/// Everything is taken, with these counts.
#[track_caller]
fn taken(output: Output, counts: &str) {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{counts}, 0 refused\n"), "{errors}");
    assert_eq!(output.status.code(), Some(0), "{errors}");
}

/// Lines are refused, with these counts; gives the report without its first line.
#[track_caller]
fn refused(app: &TestApp, output: &Output, counts: &str) -> String {
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{counts}\n"), "{errors}");
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("report.csv"), "{errors}");
    report(app)
}

fn report(app: &TestApp) -> String {
    let text = fs::read_to_string(app.database().folder.path().join("report.csv")).unwrap();
    text.strip_prefix("line,field,code,message\n").unwrap().to_owned()
}

/// The customers that were imported, by what the other system calls them.
async fn imported(app: &TestApp) -> Vec<customer::Model> {
    let mut rows = all_open::<customer::Entity>(app).await;
    rows.retain(|row| row.external_reference.as_ref().is_some_and(|it| it.starts_with("crm-")));
    rows.sort_by(|one, other| one.external_reference.cmp(&other.external_reference));
    rows
}

/// What is in the tables that an import writes: how much, and of the customers also what.
async fn state(app: &TestApp) -> ([usize; 3], Vec<customer::Model>) {
    let count = [
        all::<address::Entity>(app).await.len(),
        all::<user::Entity>(app).await.len(),
        all::<change_record::Entity>(app).await.len(),
    ];
    let mut customers = all::<customer::Entity>(app).await;
    customers.sort_by_key(|row| row.id);
    (count, customers)
}

const CSV: &str = "\u{feff}externalReference,type,displayName,email,phone,creditLimit,dateOfBirth,status,\
    serviceLine1,servicePostalCode,serviceCity,serviceCountryCode,billingLine1,billingCountryCode,companyName\r\n\
    crm-1,INDIVIDUAL,Ada Quillfeather,Ada.Q@Crm.Example,+44 20 7946 0958,5000,1990-12-31,ACTIVE,\
    \"7, Inkwell Row\r\n\",EC1A 1AA,London,GB,9 Ledger Lane,GB,\r\n\
    crm-2,COMPANY,Vellum & Sons,,,,,,,,,,,,\"Vellum \"\"&\"\" Sons, Ltd\"\r\n";

async fn files(app: TestApp) {
    let mut log = Log::mark(&app).await;
    let tenant = account(&app, ADMIN).await.tenant_id;
    let numbers = all::<customer::Entity>(&app).await.into_iter().filter(|row| row.tenant_id == tenant);
    let last = numbers.map(|row| row.customer_number).max().unwrap();
    taken(import(&app, "crm.csv", CSV, &[]), "2 added, 0 changed, 0 as they were");
    let event = log.one(&app, "CUSTOMERS_IMPORTED").await;
    assert_eq!(event.details, json!({ "added": 2, "changed": 0 }));
    assert_eq!((event.actor_id, event.tenant_id), (None, Some(tenant)));

    let rows = imported(&app).await;
    let [ada, vellum] = rows.as_slice() else { panic!("{rows:?}") };
    assert!(last < ada.customer_number && ada.customer_number < vellum.customer_number, "one series");
    assert_eq!((ada.kind, ada.status, ada.version), (CustomerType::Individual, CustomerStatus::Active, 1));
    assert_eq!(ada.display_name, Name::new("Ada Quillfeather"));
    assert_eq!(ada.email, Some(Email::new("Ada.Q@crm.example")));
    assert_eq!(ada.phone, Some(Phone::new("+442079460958")));
    assert_eq!(ada.credit_limit, Some(ConfidentialAmount::new(5000)));
    assert_eq!(vellum.status, CustomerStatus::Prospect);
    assert_eq!(vellum.company_name.as_deref(), Some("Vellum \"&\" Sons, Ltd"));
    let mut addresses = all_open::<address::Entity>(&app).await;
    addresses.retain(|row| row.customer_id == ada.id);
    addresses.sort_by_key(|row| row.kind != AddressType::Service);
    let lines: Vec<_> = addresses.iter().map(|row| (row.kind, row.line1.clone(), row.is_primary)).collect();
    let expected = [(AddressType::Service, "7, Inkwell Row"), (AddressType::Billing, "9 Ledger Lane")];
    assert_eq!(lines, expected.map(|(kind, line)| (kind, AddressLine::new(line), true)));

    // What is stored is sealed, and found all the same.
    assert!(is_sealed("customer", "email") && is_sealed("address", "line1"));
    let stored = all::<customer::Entity>(&app).await.into_iter().find(|row| row.id == ada.id).unwrap();
    assert!(stored.email.unwrap().expose().is_none() && stored.display_name.expose().is_none());
    let support = app.login(ADMIN).await;
    let document =
        "{ customerLookup(by: { email: \"ada.q@CRM.example\" }) { externalReference displayName } }";
    let found = support.query(document, json!(null)).await;
    let expected = json!([{ "externalReference": "crm-1", "displayName": "Ada Quillfeather" }]);
    assert_eq!(found.ok()["customerLookup"], expected);

    // The same again, in either form, changes nothing and is no event.
    log.gained(&app).await;
    let before = state(&app).await;
    taken(import(&app, "crm.csv", CSV, &["--no-update"]), "0 added, 0 changed, 2 as they were");
    let lines = "{\"externalReference\": \"crm-1\", \"type\": \"INDIVIDUAL\", \"displayName\": \"Ada Quillfeather\", \
        \"creditLimit\": 5000, \"phone\": null, \"riskScore\": \"\"}\r\n\n";
    taken(import(&app, "crm.jsonl", lines, &[]), "0 added, 0 changed, 1 as they were");
    assert_eq!(state(&app).await, before);
    log.none(&app).await;

    // The customers of a partner are others, and may be called the same.
    let line = "{\"externalReference\": \"crm-1\", \"type\": \"INDIVIDUAL\", \"displayName\": \"Ada N\"}";
    taken(import(&app, "crm.jsonl", line, &["--reseller", "NORTH"]), "1 added, 0 changed, 0 as they were");
    let north = all::<reseller::Entity>(&app).await.into_iter().find(|row| row.code == "NORTH").unwrap();
    assert!(imported(&app).await.iter().any(|row| row.reseller_id == Some(north.id)));
}

async fn changes(app: TestApp) {
    taken(import(&app, "crm.csv", CSV, &[]), "2 added, 0 changed, 0 as they were");
    let mut log = Log::mark(&app).await;
    let line = |more: &str| {
        format!(
            "{{\"externalReference\": \"crm-1\", \"type\": \"INDIVIDUAL\", \"displayName\": \"Ada Q\"{more}}}"
        )
    };
    let said =
        line(", \"status\": \"CLOSED\", \"serviceLine1\": \"8 Inkwell Row\", \"serviceCountryCode\": \"GB\"");
    let before = state(&app).await;
    let output = import(&app, "crm.jsonl", &said, &["--no-update"]);
    let reasons = refused(&app, &output, "0 added, 0 changed, 0 as they were, 1 refused");
    assert_eq!(reasons, "1,externalReference,TAKEN,\"is there already, and differs\"\n");
    for (field, more) in
        [("email", ", \"email\": \"other@crm.example\""), ("type", ", \"type\": \"SOLE_TRADER\"")]
    {
        let output = import(&app, "crm.jsonl", line(more), &[]);
        let reasons = refused(&app, &output, "0 added, 0 changed, 0 as they were, 1 refused");
        assert_eq!(reasons, format!("1,{field},INVALID,is not changed by an import\n"));
    }
    assert_eq!(state(&app).await, before, "what is refused changes nothing");
    log.none(&app).await;

    taken(import(&app, "crm.jsonl", &said, &[]), "0 added, 1 changed, 0 as they were");
    assert_eq!(log.one(&app, "CUSTOMERS_IMPORTED").await.details, json!({ "added": 0, "changed": 1 }));
    let rows = imported(&app).await;
    assert_eq!((rows[0].version, rows[0].status), (2, CustomerStatus::Active));
    assert_eq!(rows[0].phone, Some(Phone::new("+442079460958")), "what is not said stays");
    let mut records = all_open::<change_record::Entity>(&app).await;
    records.retain(|record| record.customer_id == rows[0].id);
    records.sort_by(|one, other| one.field.cmp(&other.field));
    let told: Vec<_> = (records.iter())
        .map(|it| {
            (it.field.as_str(), it.old_value.clone(), it.new_value.clone(), it.actor_kind, it.changed_by)
        })
        .collect();
    let past = |text: &str| Some(PastValue::new(text));
    let expected = [
        ("displayName", past("Ada Quillfeather"), past("Ada Q"), AuthorKind::System, None),
        ("line1", past("7, Inkwell Row"), past("8 Inkwell Row"), AuthorKind::System, None),
    ];
    assert_eq!(told, expected);
    taken(import(&app, "crm.jsonl", &said, &[]), "0 added, 0 changed, 1 as they were");
    let again = said.replace('8', "9");
    taken(import(&app, "crm.jsonl", again, &[]), "0 added, 1 changed, 0 as they were");
    let records = all::<change_record::Entity>(&app).await;
    let versions = records.iter().filter(|it| it.customer_id == rows[0].id && it.field == "line1");
    let mut versions: Vec<_> = versions.map(|record| record.version).collect();
    versions.sort_unstable();
    assert_eq!(versions, [1, 2], "of an address, how often it was changed");
}

/// A column that a line gets besides what each needs, the value, and what is told of it.
const BAD: [(&str, &str, &str); 20] = [
    ("externalReference", "", "externalReference,REQUIRED,a value is needed"),
    ("type", "", "type,REQUIRED,a value is needed"),
    ("type", "PLANTED", "type,INVALID,is not a value of this kind"),
    (
        "displayName",
        "Planted 4111 1111 1111 1111",
        "displayName,INVALID,holds what may be the number of a payment card",
    ),
    ("displayName", "\"Planted\nname\"", "displayName,INVALID,holds control characters"),
    ("type", "COMPANY", "companyName,REQUIRED,a company has a name"),
    ("email", "planted", "email,INVALID,is not an e-mail address"),
    ("email", "IN USE", "email,TAKEN,is in use already"),
    ("phone", "planted", "phone,INVALID,is not a telephone number"),
    ("dateOfBirth", "31.12.1990", "dateOfBirth,INVALID,is not a value of this kind"),
    ("dateOfBirth", "2190-12-31", "dateOfBirth,INVALID,lies in the future"),
    ("creditLimit", "12.50", "creditLimit,INVALID,is not a value of this kind"),
    ("riskScore", "101", "riskScore,INVALID,\"lies between 0 and 100\""),
    ("status", "ANONYMIZED", "status,INVALID,\"is not PROSPECT, ACTIVE, SUSPENDED or CLOSED\""),
    ("serviceCity", "Plantedtown", "serviceLine1,REQUIRED,a value is needed"),
    ("username", "planted@acme.example", "passwordHash,REQUIRED,a value is needed"),
    ("passwordHash", "planted", "username,REQUIRED,a value is needed"),
    ("taxId", "Planted/?", "taxId,INVALID,is not 4 to 32 letters and digits"),
    ("externalReference", "crm-good", "externalReference,TAKEN,stands in the file before"),
    ("email", "ada@crm.example", "email,TAKEN,is in use already"),
];

async fn bad_lines(app: TestApp) {
    let columns = [
        "externalReference",
        "type",
        "displayName",
        "email",
        "phone",
        "dateOfBirth",
        "creditLimit",
        "riskScore",
        "status",
        "serviceCity",
        "username",
        "passwordHash",
        "taxId",
    ];
    let mut file = format!("{}\ncrm-good,INDIVIDUAL,Ada,ada@crm.example,,,,,,,,,\n", columns.join(","));
    let mut expected: Vec<String> = Vec::new();
    let tenant = account(&app, ADMIN).await.tenant_id;
    let direct = all_open::<customer::Entity>(&app).await.into_iter();
    let direct = direct.filter(|row| row.tenant_id == tenant && row.reseller_id.is_none());
    let in_use = direct.filter_map(|row| row.email?.expose().cloned()).next().unwrap();
    for (n, (bad, value, reason)) in BAD.iter().enumerate() {
        let value = if *value == "IN USE" { &in_use } else { *value };
        let number = file.lines().count() + 1;
        expected.push(format!("{number},{reason}"));
        let field = |column: &&str| match *column {
            column if column == *bad => value.to_owned(),
            "externalReference" => format!("crm-{n}"),
            "type" => "INDIVIDUAL".to_owned(),
            "displayName" => "Ada".to_owned(),
            _ => String::new(),
        };
        let fields: Vec<String> = columns.iter().map(field).collect();
        writeln!(file, "{}", fields.join(",")).unwrap();
    }
    let number = file.lines().count() + 1;
    let mut file = file.into_bytes();
    file.extend(b"crm-a,INDIVIDUAL,Planted,too few\ncrm-b,INDIVIDUAL,Planted \xe9,,,,,,,,,,\n");
    file.extend(b"crm-last,INDIVIDUAL,Ada,,,,,,,,,,\ncrm-open,INDIVIDUAL,\"Planted,,,,,,,,,,\ncrm-z,INDIVIDUAL,A,,,,,,,,,,\n");
    expected.push(format!("{number},,INVALID,\"has 4 fields, not 13\""));
    expected.push(format!("{},displayName,INVALID,is not UTF-8", number + 1));
    expected.push(format!("{},,INVALID,\"has 3 fields, not 13\"", number + 3));
    let output = import(&app, "crm.csv", file, &["--batch", "7"]);
    let reasons = refused(&app, &output, "2 added, 0 changed, 0 as they were, 23 refused");
    // Some carry more than one reason: those are told too.
    let told: Vec<String> = reasons.lines().map(|line| line.replace('"', "")).collect();
    for reason in expected {
        let reason = reason.replace('"', "");
        assert!(told.contains(&reason), "no {reason} in {reasons}");
    }
    for value in ["lanted", "4111", &in_use, "ada@", "crm-", "12.50", "2190"] {
        assert!(!reasons.contains(value), "{value} is in {reasons}");
        assert!(!String::from_utf8_lossy(&output.stderr).contains(value), "{value}");
    }
    let references: Vec<_> =
        imported(&app).await.into_iter().filter_map(|row| row.external_reference).collect();
    assert_eq!(references, ["crm-good", "crm-last"], "the others leave nothing");

    let lines =
        "externalReference,type,displayName\r\n\r\ncrm-x,,\"A\r\n\"\r\n\r\n\r\ncrm-y,,\"B\"\r\n".to_owned();
    for lines in [lines.replace('\r', ""), lines] {
        let output = import(&app, "crm.csv", lines, &[]);
        let reasons = refused(&app, &output, "0 added, 0 changed, 0 as they were, 2 refused");
        let (line, reason) = ("type,REQUIRED", "a value is needed");
        assert_eq!(reasons, format!("3,{line},{reason}\n7,{line},{reason}\n"), "as an editor counts lines");
    }

    let lines =
        "[1]\n{\"externalReference\": {}}\n{\"planted\": 1}\n{\"planted\n{\"password\": \"Planted-1\"}\n";
    let output = import(&app, "crm.jsonl", lines, &[]);
    let reasons = refused(&app, &output, "0 added, 0 changed, 0 as they were, 5 refused");
    let expected = "1,,INVALID,is no JSON object\n2,externalReference,INVALID,is neither text nor number\n\
        3,,INVALID,has a member that is no column\n4,,INVALID,is no JSON object\n\
        5,,INVALID,has a member that is no column\n";
    assert_eq!(reasons, expected);
}

/// So many customers as a file, every tenth with an account.
fn many(count: usize) -> String {
    let mut file = "externalReference,type,displayName,email,username,passwordHash\n".to_owned();
    let hash = bcrypt::hash("Vellum-7", 4).unwrap();
    for n in 0..count {
        let (username, hash) =
            if n % 10 == 0 { (format!("crm-{n}@acme.example"), hash.as_str()) } else { (String::new(), "") };
        writeln!(file, "crm-{n:05},INDIVIDUAL,Ada {n},ada.{n}@crm.example,{username},{hash}").unwrap();
    }
    file
}

async fn dry_run(app: TestApp) {
    let keys = || run(app.database().folder.path(), &["keys", "status", "--json"], &variables(&app)).stdout;
    let mut log = Log::mark(&app).await;
    let (before, keys_before) = (state(&app).await, keys());
    let mut file = many(25);
    file += "crm-00001,INDIVIDUAL,Ada,,,\ncrm-x,INDIVIDUAL,Ada,ada.3@crm.example,,\n";
    let output = import(&app, "crm.csv", &file, &["--dry-run", "--batch", "5"]);
    let reasons =
        refused(&app, &output, "25 added, 0 changed, 0 as they were, 2 refused (nothing was written)");
    let expected = "27,externalReference,TAKEN,stands in the file before\n28,email,TAKEN,is in use already\n";
    assert_eq!(reasons, expected);
    assert_eq!(state(&app).await, before);
    assert_eq!(keys(), keys_before, "not even a key");
    log.none(&app).await;
    let output = import(&app, "crm.csv", &file, &["--batch", "5"]);
    assert_eq!(
        refused(&app, &output, "25 added, 0 changed, 0 as they were, 2 refused"),
        expected,
        "as foretold"
    );
    assert_eq!(log.gained(&app).await.len(), 5, "an event for each batch");
}

async fn killed(app: TestApp) {
    let file = many(3_000);
    let folder = app.database().folder.path();
    fs::write(folder.join("crm.csv"), &file).unwrap();
    let line = line("crm.csv", &["--batch", "100"]);
    let mut command = custodian(folder, &line, &variables(&app));
    let mut importing = Server(command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
    let first = BufReader::new(importing.0.stderr.take().unwrap()).lines().next().unwrap().unwrap();
    assert!(first.ends_with(" bytes"), "{first}");
    importing.0.kill().unwrap();
    importing.0.wait().unwrap();

    let kept = imported(&app).await.len() as u64;
    assert!(kept > 0 && kept < 3_000 && kept.is_multiple_of(100), "{kept} were kept: whole batches");
    let accounts = user::Entity::find().filter(user::Column::PasswordHash.starts_with("$2"));
    assert_eq!(accounts.clone().count(app.db()).await.unwrap(), kept / 10);

    let output = run(folder, &line, &variables(&app));
    taken(output, &format!("{} added, 0 changed, {kept} as they were", 3_000 - kept));
    let rows = imported(&app).await;
    assert_eq!(accounts.count(app.db()).await.unwrap(), 300);
    let mut numbers: Vec<u64> =
        (rows.iter()).map(|row| row.customer_number.trim_start_matches("C-").parse().unwrap()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers.len(), 3_000);
    assert!(numbers.windows(2).all(|two| two[0] + 1 == two[1]), "numbers without gaps");
}

async fn accounts(app: TestApp) {
    let version = bcrypt::Version::TwoY;
    let hash = bcrypt::hash_with_result("Vellum-7", 4).unwrap().format_for_version(version);
    let head = "externalReference,type,displayName,email,username,passwordHash\n";
    let whole =
        "$argon2id$v=19$m=19456,t=2,p=1$Y3VzdG9kaWFuLm5vYm9keQ$bm9ib2R5IGhhcyB0aGlzIHBhc3N3b3JkIGhhc2ghISE";
    let bad = [
        "Vellum-7".to_owned(),
        hash.replacen("$04$", "$31$", 1),
        hash.replacen("$2y$", "$2x$", 1),
        hash[..59].to_owned(),
        whole.replace("argon2id", "argon2i"),
        whole.replace("m=19456", "m=4194304"),
        whole.replace("t=2", "t=1000"),
        whole.rsplit_once('$').unwrap().0.to_owned(),
    ];
    let mut file = head.to_owned();
    for (n, hash) in bad.iter().enumerate() {
        writeln!(file, "crm-{n},INDIVIDUAL,Ada,ada.{n}@crm.example,ada.{n}@acme.example,\"{hash}\"").unwrap();
    }
    writeln!(file, "crm-8,INDIVIDUAL,Ada,,ada.8@acme.example,{hash}").unwrap();
    writeln!(file, "crm-9,INDIVIDUAL,Ada,ada.9@crm.example,ada.9@other.example,{hash}").unwrap();
    writeln!(file, "crm-a,INDIVIDUAL,Ada,ada.a@crm.example,Support@acme.example,{hash}").unwrap();
    writeln!(file, "crm-b,INDIVIDUAL,Ada,ada@crm.example,Ada@Acme.Example,{hash}").unwrap();
    let reasons =
        refused(&app, &import(&app, "crm.csv", file, &[]), "1 added, 0 changed, 0 as they were, 11 refused");
    let of_hash = "passwordHash,INVALID,\"is no hash of bcrypt or Argon2id, or one that takes too much\"";
    let mut expected: Vec<String> = (2..10).map(|number| format!("{number},{of_hash}")).collect();
    expected.push("10,email,REQUIRED,a value is needed".to_owned());
    expected.push("11,username,INVALID,does not end in @acme.example".to_owned());
    expected.push("12,username,TAKEN,is in use already".to_owned());
    assert_eq!(reasons.lines().collect::<Vec<_>>(), expected);

    let made = account(&app, "ada@acme.example").await;
    assert_eq!((made.password_hash.as_deref(), made.must_change_password), (Some(hash.as_str()), false));
    let login = |password: &'static str| {
        let document = format!(
            "mutation {{ login(username: \"ada@acme.example\", password: {}) {{ viewer {{ role displayName }} }} }}",
            json!(password)
        );
        let client = app.anonymous();
        async move { client.query(&document, json!(null)).await }
    };
    assert_eq!(login("Vellum-8").await.code(), Some("UNAUTHENTICATED"));
    let viewer = login("Vellum-7").await.ok()["login"]["viewer"].clone();
    assert_eq!(viewer, json!({ "role": "customer", "displayName": made.display_name }));
    let replaced = account(&app, "ada@acme.example").await.password_hash.unwrap();
    assert!(replaced.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{replaced}");
    login("Vellum-7").await.ok();
    assert_eq!(account(&app, "ada@acme.example").await.password_hash, Some(replaced), "once");

    // An account that is there is not the file's any more.
    let line = format!("{head}crm-b,INDIVIDUAL,Ada,ada@crm.example,other@acme.example,{hash}\n");
    taken(import(&app, "crm.csv", line, &[]), "0 added, 0 changed, 1 as they were");
}

async fn refusals(app: TestApp) {
    let before = state(&app).await;
    let good = "externalReference,type,displayName\ncrm-1,INDIVIDUAL,Ada\n";
    let long = format!("{good}crm-2,INDIVIDUAL,\"{}", "Planted\n".repeat(200_000));
    let cases: [(&str, &[u8], &[&str], &str); 9] = [
        ("crm.txt", good.as_bytes(), &[], "neither .csv nor .jsonl"),
        ("crm.csv", b"", &[], "is empty"),
        (
            "crm.csv",
            b"crm-1,INDIVIDUAL,Planted\n",
            &[],
            "column 1 of the first line is none of externalReference,",
        ),
        ("crm.csv", b"externalReference,password\n", &[], "column 2 of the first line"),
        ("crm.csv", b"externalReference,externalReference\n", &[], "there twice"),
        ("crm.csv", b"\xff\xfee\0x\0", &[], "is UTF-16"),
        ("crm.csv", good.as_bytes(), &["--reseller", "NOWHERE"], "--reseller"),
        ("crm.csv", good.as_bytes(), &["--batch", "0"], "--batch"),
        ("crm.csv", long.as_bytes(), &[], "line 3: a line is longer than 1 MiB"),
    ];
    for (name, content, arguments, part) in cases {
        let output = import(&app, name, content, arguments);
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        assert!(errors.contains(part) && !errors.contains("Planted"), "no {part:?} in {errors}");
        assert!(output.stdout.is_empty());
    }
    let folder = app.database().folder.path();
    fs::write(folder.join("crm.csv"), good).unwrap();
    for (arguments, part) in [
        (["import", "customers", "none.csv", "--tenant", "acme.example"].as_slice(), "none.csv"),
        (&["import", "customers", "crm.csv", "--tenant", "nobody.example"], "--tenant"),
        (&["import", "customers", "crm.csv"], "--tenant"),
        (
            &["import", "customers", "crm.csv", "--tenant", "acme.example", "--report", "./crm.csv"],
            "--report",
        ),
    ] {
        super::assert_refused(&run(folder, arguments, &variables(&app)), part);
    }
    assert_eq!(fs::read_to_string(folder.join("crm.csv")).unwrap(), good);
    assert_eq!(state(&app).await, before);
}
