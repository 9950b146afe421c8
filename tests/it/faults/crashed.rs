//! An upload dies at its n-th statement (FA2): whichever that is, no row is without its content, and what is left over is
//! swept.

use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use custodian::app::App;
use custodian::config::StoreUrl;
use custodian_entity::document;
use custodian_entity::id::TypedId;
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use super::prompt;
use crate::app::TestApp;
use crate::database::connect;
use crate::documents::samples;
use crate::suite::Suite;
use crate::uploads::clients::{CUSTOMER, upload};
use crate::uploads::content::get;

pub(super) fn register(suite: &mut Suite) {
    suite.both("faults::an upload that dies at any statement leaves no row without its content", at_any);
}

/// More statements than an upload takes.
const MOST: usize = 200;

/// The files of the objects in the store.
fn objects(app: &TestApp) -> Vec<PathBuf> {
    fn below(folder: &Path) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("a folder can be listed").path());
        paths.flat_map(|path| if path.is_dir() { below(&path) } else { vec![path] }).collect()
    }
    let StoreUrl::Folder(folder) = app.database().config().store_url else {
        panic!("a folder is the default")
    };
    below(&folder)
}

/// Sweeps the store, in which all is old: the clock of tests is not that of files.
async fn sweep(app: &TestApp) {
    for object in objects(app) {
        let file = std::fs::File::options().write(true).open(object).expect("an object can be opened");
        file.set_modified(SystemTime::UNIX_EPOCH).expect("a file has a time");
    }
    app.service.sweep_documents(Duration::ZERO).await.expect("it can be swept");
}

async fn at_any(mut app: TestApp) {
    // Counts down to the statement that dies.
    let left: Arc<AtomicUsize> = Arc::new(AtomicUsize::new(usize::MAX));
    let counted = left.clone();
    let mut db = connect(&app.database().url).await.expect("the address made the database");
    db.set_metric_callback(move |_| {
        let before = counted.fetch_sub(1, Ordering::SeqCst);
        if before == 1 {
            // As a panic goes on, without the line that the first of it prints.
            resume_unwind(Box::new("it dies here"));
        }
    });
    // Who signs in does so elsewhere.
    app.token(CUSTOMER).await;
    let service = App::on(app.database().config(), app.clock.clone(), db).await.expect("it starts");
    (app.router, app.service) = (custodian::http::router(service.clone()), service);
    let content = samples::png_of(50_000);
    let (mut died, mut orphans) = (0, 0);
    for number in 1..=MOST {
        left.store(number, Ordering::SeqCst);
        let answer = prompt("an upload", upload(&app, "0", "a.png", "image/png", &content)).await;
        let is_over = left.swap(usize::MAX, Ordering::SeqCst);
        let rows = document::Entity::find().filter(document::Column::ObjectName.is_not_null());
        let rows = rows.all(app.db()).await.expect("the database answers");
        for row in &rows {
            // Of other customers' there are none.
            let (status, _, _) = get(&app, CUSTOMER, &row.id.encode(), &[]).await;
            assert!(
                [200, 404].contains(&status.as_u16()),
                "statement {number}: a row without its content: {status}"
            );
        }
        orphans += objects(&app).len() - rows.len();
        sweep(&app).await;
        assert_eq!(
            objects(&app).len(),
            rows.len(),
            "statement {number}: the sweep leaves what rows name, and no more"
        );
        if is_over > 0 && is_over <= number {
            assert!(answer.errors().is_empty(), "{}", answer.text);
            assert!(died > 10, "an upload takes more statements than {died}");
            assert!(orphans > 0, "none died between content and row: this test sees nothing");
            return;
        }
        died += 1;
        assert_eq!(answer.code(), Some("INTERNAL"), "statement {number}: {}", answer.text);
    }
    panic!("an upload takes more than {MOST} statements");
}
