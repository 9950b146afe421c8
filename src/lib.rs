//! Custodian: the customer-data API of an internet provider, in which every field is authorised.
//!
//! # The way of a request
//!
//! ```text
//! http       the rate of the address, size, type, headers, request id, time ─ bearer token → Viewer
//! app        the rate of the viewer, one snapshot of the policy, the rights of his role
//! authz      measure the document ─ guard it: which fields are clear, masked, denied; arguments and inputs too
//! features   objects over rows; rows through Scoped only; personal data through Pii only
//! authz      answer: denied keys get null, one error per denied field, extensions.access
//! http       status, media type, headers
//! ```
//!
//! Data flow one way: request → [`authn::Viewer`] → [`authz::Rights`] and plan → rows → values → answer.
//!
//! Authorisation is decided once per operation. Who may read `Customer.email` depends on the role, not on the row; which
//! rows there are is a condition in the SQL. So [`authz::guard`] walks the parsed document once, looks every
//! `Type.field` up in a table that casbin filled when the policy was loaded, and replaces what is denied before anything
//! runs: its cost does not grow with the rows.
//!
//! # Floors
//!
//! A module uses only modules of its own floor or below; `tests/it/rules.rs` reads the `use` lines.
//!
//! | floor | modules |
//! |---|---|
//! | 1 | [`config`], [`error`], [`clock`] |
//! | 2 | [`crypto`], [`database`], [`vault`], [`store`], [`scanner`], [`news`], [`sink`], [`authn`], [`rates`] |
//! | 3 | [`authz`], [`audit`] |
//! | 4 | [`graphql`], [`numbers`], [`mail`] and [`accounts`], then the features: [`tenants`], [`resellers`], [`users`], [`customers`], [`services`], [`billing`], [`support`], [`calls`], [`session`], [`access`], [`clients`], [`history`], [`trail`], [`documents`], [`alerts`], [`containment`], [`incidents`], [`live`] |
//! | 5 | [`node`], [`reveal`], [`downloads`], [`schema`], [`seed`], [`reload`], [`trusted`], [`app`] |
//! | 6 | [`http`] |
//!
//! # Invariants and their keepers
//!
//! | invariant | keeper |
//! |---|---|
//! | every field, argument and input field is decided; what is not is denied | [`authz::policy`] refuses to load, so nothing starts; `tests/it/coverage.rs` |
//! | no resolver checks a role | the role is read in `authz` and in the viewer's own object only; `tests/it/rules.rs` |
//! | no statement passes row scope by | [`authz::Scoped`]; clippy's `disallowed-methods`, each exception with its reason |
//! | one that does reaches no row of others all the same | row-level security on PostgreSQL: the policies of the migration, told by [`database::Settings`] in each transaction; the service's role owns nothing; `tests/it/row_security.rs` |
//! | personal data are stored sealed: nothing else is taken by the columns of their types | [`authz::sealing`] seals on the way in and opens on the way out; checks in the migrations (`sealed`) |
//! | what nobody sees opens no key: of rows that were read those columns are open whose field the operation shows, and those asked for by name | [`authz::Scoped::opening`], [`authz::Operation::show`] |
//! | each change of a customer's row is on record, with what was there | [`authz::changes`], called where rows are written; `tests/it/history` |
//! | personal data become part of an answer in one place | [`authz::Pii`]; `expose` is disallowed elsewhere; the types of `custodian_entity::personal` neither print nor serialise |
//! | what the guard would let through by mistake still comes out masked | [`authz::Pii`] and [`authz::Withheld`] read the rights of the operation; none means masked |
//! | a filter looks at no row the viewer does not reach | links and lists are followed by sub-selects of [`authz::Scoped`]; `tests/it/rows/property.rs` |
//! | where a value can be given, it tells nothing of what is not clear | `tests/it/arguments/oracle.rs`; an input object it does not know fails `tests/it/arguments/inputs.rs` |
//! | a denied field is nullable | checked when the policy is loaded |
//! | what is unmasked is read as everything is, under rights in which these fields alone are clear | [`reveal::Reader`], [`authz::Rights::revealing`]; `tests/it/reveal.rs` reveals every field that can be |
//! | a mutation or look-up records what it did, in its own transaction | [`audit::recorded`] is the only way to a transaction that writes, but for the count of guesses, which stays whatever comes of them, and the state of letters |
//! | nothing of the log is changed, taken out, put in or moved without its showing, and its chains are linear whoever writes | `audit`'s chain: the end of a chain is locked by whoever adds to it; signed heads in another place; `tests/it/audit` |
//! | what is shipped of the log is in order, at least once, and each entry one document, whoever ships and whenever he is cut off | `audit`'s cursors go forward only, and only after the server's answer; [`sink`]; `tests/it/sink`, `tests/it/audit/shipping.rs` |
//! | what is RESTRICTED and shown in clear is on record before it leaves, and so is what was denied | [`authz::disclosing`] notes rows where they are read, [`audit::Journal`] writes; `tests/it/audit` |
//! | of an entry about reading each customer it was about is told, and no other | [`audit::verify`] compares count and digest; `tests/it/audit/{tampered,asked}.rs` |
//! | whose data were shown learns when, which and what for, and not to whom | `policy/policy.csv`, `Disclosure`; `tests/it/audit/asked.rs` |
//! | what a user may do so often only is counted in the transaction that records it | [`audit::counted`] |
//! | who guesses is stopped before anything is hashed, and learns nothing from it | [`accounts::Accounts::attempt`]; `tests/it/accounts/guessing.rs`, `tests/it/clients/guessing.rs` |
//! | a customer's e-mail address becomes another only once somebody confirms it who reads its mail | `emailVerificationConfirm` alone changes it; `tests/it/verification/change.rs` |
//! | the schema is executed under the guard | clippy's `disallowed-methods`; a probe at every start |
//! | little is read for who has no token | [`authz::nesting`], before anything is parsed; `benches/tokenless.rs` |
//! | an API client with a manifest runs nothing else | [`trusted`], asked where a request is executed and where a subscription begins; `tests/it/clients/trusted.rs` |
//! | introspection shows a role what it can use, and nothing else | [`authz::introspection`]; the schema that holds the rest answers none; `tests/it/introspection.rs`, against the policy files |
//! | query texts, variables and values are not logged | `tests/it/leaks.rs` |
//! | nobody gives or makes a role that holds more than he does | [`authz::Rights::beyond`], asked by each mutation of `users`; `tests/it/roles.rs` |
//! | nobody decides about an account that holds more than he does, and somebody is left who can give roles | `users::account_mutation`; `tests/it/accounts/ended.rs` |
//! | no text takes the number of a payment card | [`graphql::validate`]; `tests/it/bad_input/cards.rs` tries each text of each mutation |
//! | there is no row of a document without its content, whenever a server dies; content without a row is swept away | [`documents`]: the object is put before the row is added; `tests/it/documents/killed.rs` |
//! | content is sent to who may have it now, and that he has it is on record before the first byte | [`downloads`]; `tests/it/uploads/content.rs` |
//! | a file is of one format from its first byte to its last, and a PDF does nothing when it is opened | [`documents::inspect`]; `tests/it/documents/inspect` |
//! | a document is clean by one exact reply of the scanner to all of it, and by nothing else | [`scanner`]; `tests/it/scanner.rs` |
//! | a letter is sent once and read by nobody before; who asks for a link learns nothing | [`mail`]; `tests/it/mail` |
//! | what a field held once is shown no further than the field is, and a change of a row out of reach is not told of | [`authz::Past`], [`authz::history`]; `tests/it/history` |
//! | no number of a payment card is stored, and the token under which a processor charges is in no answer | [`graphql::validate`]; the token's type has no mask and no scalar; `tests/it/billing/methods.rs` |
//! | a session that ended is refused by every instance at the next request | [`authn::authenticate`] finds an account only by a session that goes on; [`news`] is sooner, never needed; `tests/it/sessions` |
//! | an entry of the log is judged once by each rule, whichever instances watch and whenever they are cut off | [`alerts`]: the cursor of a chain is locked, and moved in the transaction that raises; `tests/it/alerts` |
//! | a breach keeps what the law wants of it: no deadline later than the law's, what is late has its reason, nothing leaves the register | [`incidents`], which asks clocks of the operation only; `tests/it/incidents` |
//! | what is done about an account, an API client or a reseller at once counts at every instance from the next request on, and lifting it restores what was there | [`authn::admitted_by`] and [`authn::client`] ask one table; `tests/it/containment.rs` |
//! | a token has a session or is an API client's; neither passes as the other | [`authn::token`]; `tests/it/clients/apart.rs` |
//! | of a session's refresh tokens at most one can be exchanged | the lock on its row, in `session`; `tests/it/sessions/refresh.rs` |
//! | a token does what its role may and one of its scopes may too, field by field; no scope holds what makes tokens | [`authz::policy`], which loads no other; `tests/it/matrix/scopes.rs` executes every scope × field |
//! | no address from a token is called, and no issuer speaks for more than one provider | [`authn::external`]; `tests/it/external.rs` |
//! | a mask of free text knows all it must hide, or shows nothing | `support::known`; `tests/it/clients/narrowed.rs` |
//! | what carries a customer's reseller follows it to another, and so does what is being added meanwhile | triggers on `customer` and its followers (`migration/src/follow.rs`); `tests/it/resellers/{moves,races}.rs`, which find the tables by their columns |
//! | what the people of a reseller held when it was suspended stays ended | [`accounts::end_reseller`]; `tests/it/resellers/standing.rs` |
//! | a client bound to a reseller reaches that reseller's rows alone | [`authn::Identity::bound_to`]; `tests/it/clients/bound.rs` |
//! | who listens is told what he could have read at that moment, and of nothing that is not permanent | [`live`]: each event is one execution under the guard, with the rights of then; `audit::recorded` alone tells, after the commit; `tests/it/live/told.rs` |
//! | what ends the right to a request ends a socket within a minute, and at once where it is known | `app::Seat` asks as a request does; `tests/it/live/ended.rs` |
//! | who takes nothing of what is told costs a bounded queue, and nobody waits for him | `app::live`, `http::socket`; `tests/it/live/{many,slow}.rs` |
//! | a request sees one policy, and a broken one is never in force | [`reload`]; `tests/it/roles/reload.rs` |
//! | a secret that is exchanged costs no request, and what cannot be used is not taken | `app` tries it first, [`database::Renewal`] retires connections between two uses; `tests/it/secrets` |
//! | labels of metrics are names of ours | [`authz::tally`]; `tests/it/counted.rs`, `tests/it/leaks.rs` |
//! | the policy does what the access matrix says | `tests/it/matrix.rs`, by executing every field as every role |
//! | a sealed value opens in its place, with the keys of its owner; a key that was destroyed is gone for good | [`vault`]; `tests/it/vault` |
//! | a document opens what it shows, and no key besides | [`authz::sealing`]; `tests/it/sealing/opened.rs` counts |
//! | a dump, the log of writes, the data folder and Redis hold nothing sealed in clear | the types of `custodian_entity::personal`, and a check on each column; `tests/it/sealing/dump.rs` |
//! | what does not open is shown nowhere and written over by nothing | `tests/it/sealing/damaged.rs` |
//! | who is found by a name has it now; an erased customer is found by nothing, in a restored backup neither | [`authz::words`], called by whatever writes names; the key store, asked at each start; `tests/it/customers/search.rs` |
//! | the store of documents holds nothing in clear, and a content opens whole, in order and in its own object, or not at all | [`store`]; `tests/it/store` |
//! | a key that is kept in clear between requests is gone at the next one after any key was destroyed | [`vault`]: the key store counts what it destroys, asked before what is kept is used; `tests/it/vault/kept.rs` |
//! | a rotation killed anywhere loses nothing | the state is in the rows ([`vault`]); `tests/it/commands/keys.rs` |
//! | who opens connections and says nothing, or asks more than can be done, takes nothing from others | [`http`]'s connections have places, by address too, and heads a time; `tests/it/http/connections.rs` |
//! | whoever asks, from wherever, is counted before anything is done for him; without Redis by each instance | [`rates`]; `app` for operations, [`http`] for requests; `tests/it/rates` |
//! | production sends nothing in clear, and does not serve as for trying out | [`config`], by every command; `serve`; `tests/it/commands/configuration.rs` |
//! | nothing of a file is read of whom the service does not know, no other site's page can send one, and no more of it is held than is asked for | [`http`], [`graphql::upload`]; `tests/it/uploads` |
//! | no content of a document is shown by a browser as a page of ours, and no part of one passes for the whole | [`http`]; `tests/it/uploads/content.rs` |
//! | the table says what casbin says, and an explanation what the table says | `tests/it/policy/oracle.rs` |
//!
//! Absent on purpose: attribute guards (they are passed by on interfaces and arguments), a cache of decisions (the
//! table is one), joins for row scope (rows carry their owners), relations between entities (they are followed through
//! loaders, under row scope).
//!
//! # How to add a field
//!
//! 1. The column: `entity/src/….rs`, and a new migration (old ones are frozen). Personal data get a type of
//!    `custodian_entity::personal` and a column of `sealed`: nothing else is needed for them to be stored sealed. Where they
//!    are kept as long as something else than the rest of the row, [`authz::Rows::kept_by`] says so; where they are looked
//!    for, [`authz::Rows::indexed`]. On PostgreSQL a column that is to be changed may need its `GRANT UPDATE`.
//! 2. One method in the feature's `object.rs`; personal data return [`authz::Pii`], values without a mask that some
//!    role is denied [`authz::Withheld`].
//! 3. A line in `policy/fields.csv`, and in `policy/policy.csv` the group it belongs to. Without them nothing starts.
//! 4. If it can be given or filtered by: the input's member, and its line in `policy/inputs.csv`.
//! 5. `cargo run -- schema > schema.graphql`; the tests then ask for the new cells of the matrix.
//!
//! # How to add an entity
//!
//! 1. `entity/src/`: the model and its id in `id.rs`; a migration with the indexes of its lists.
//! 2. [`authz::rows`]: how each scope becomes a condition; in the migration, for PostgreSQL: row-level security on, a
//!    policy that says it again, and what the service may do with the table. Rows of a customer: a line in
//!    [`authz::history`], and one in `FOLLOWERS` of the migration that moves customers, or `follows_customer`. Rows that carry their customer's reseller
//!    follow it: `follows_customer`.
//! 3. A feature folder: `object.rs` (`nodes!`), `query.rs`, mutations; its roots in [`schema`], its id in [`node`].
//! 4. `policy/`: rows, groups, operations, inputs. Seed data. Tests.

pub mod access;
pub mod accounts;
pub mod alerts;
pub mod app;
pub mod audit;
pub mod authn;
pub mod authz;
pub mod billing;
pub mod calls;
pub mod clients;
pub mod clock;
pub mod config;
pub mod containment;
pub mod crypto;
pub mod customers;
pub mod database;
pub mod documents;
pub mod downloads;
pub mod error;
pub mod graphql;
pub mod history;
pub mod http;
pub mod incidents;
pub mod live;
pub mod mail;
pub mod news;
pub mod node;
pub mod numbers;
pub mod rates;
pub mod reload;
pub mod resellers;
pub mod reveal;
pub mod scanner;
pub mod schema;
pub mod seed;
pub mod services;
pub mod session;
pub mod sink;
pub mod store;
pub mod support;
pub mod tenants;
pub mod trail;
pub mod trusted;
pub mod users;
pub mod vault;
