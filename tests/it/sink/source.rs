//! A log in memory.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex};

use chrono::{DateTime, Utc};
use custodian::sink::{Cursor, Document, Lag, Source};
use uuid::Uuid;

use super::server::chain;

#[derive(Default)]
pub struct Log {
    pub chains: BTreeMap<Uuid, Vec<Document>>,
    pub cursors: BTreeMap<Uuid, i64>,
    /// How many cursors are still moved before the database is away.
    pub moves: Option<usize>,
}

#[derive(Clone, Default)]
pub struct Memory(pub Arc<Mutex<Log>>);

pub fn occurred() -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000, 0).unwrap()
}

impl Memory {
    pub fn of(documents: impl IntoIterator<Item = Document>) -> Self {
        let memory = Self::default();
        memory.add(documents);
        memory
    }

    pub fn add(&self, documents: impl IntoIterator<Item = Document>) {
        let mut log = self.0.lock().unwrap();
        for document in documents {
            log.cursors.entry(document.chain).or_default();
            log.chains.entry(document.chain).or_default().push(document);
        }
    }

    pub fn cursor(&self, name: &str) -> i64 {
        self.0.lock().unwrap().cursors[&chain(name)]
    }
}

impl Log {
    fn left(&self, chain: Uuid) -> impl Iterator<Item = &Document> {
        let after = self.cursors[&chain];
        self.chains[&chain].iter().filter(move |document| document.sequence > after)
    }
}

impl Source for Memory {
    type Error = io::Error;

    async fn cursors(&self) -> io::Result<Vec<Cursor>> {
        let log = self.0.lock().unwrap();
        let behind = log.cursors.iter().filter(|(chain, _)| log.left(**chain).next().is_some());
        Ok(behind.map(|(chain, sequence)| Cursor { chain: *chain, sequence: *sequence }).collect())
    }

    async fn read(&self, chain: Uuid, after: i64, limit: usize) -> io::Result<Vec<Document>> {
        let log = self.0.lock().unwrap();
        Ok(log.chains[&chain]
            .iter()
            .filter(|document| document.sequence > after)
            .take(limit)
            .cloned()
            .collect())
    }

    async fn advance(&self, chain: Uuid, sequence: i64) -> io::Result<()> {
        let mut log = self.0.lock().unwrap();
        match &mut log.moves {
            Some(0) => return Err(io::Error::other("the database is away")),
            Some(moves) => *moves -= 1,
            None => {}
        }
        let cursor = log.cursors.get_mut(&chain).unwrap();
        assert!(sequence > *cursor, "a cursor goes backwards");
        *cursor = sequence;
        Ok(())
    }

    async fn lag(&self) -> io::Result<Lag> {
        let log = self.0.lock().unwrap();
        let entries = log.chains.keys().map(|chain| log.left(*chain).count() as u64).sum();
        Ok(Lag { entries, oldest: (entries > 0).then(occurred) })
    }
}
