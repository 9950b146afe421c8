//! The four files of a policy, and what can be wrong with them.

use std::path::Path;

/// The policy cannot be used. One line, naming file and line.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file cannot be read.
    #[error("{file}: {source}")]
    Unreadable {
        /// Which file.
        file: String,
        /// Why.
        source: std::io::Error,
    },
    /// A line is wrong.
    #[error("{file}:{line}: {problem}")]
    Line {
        /// Which file.
        file: &'static str,
        /// Which line, from 1.
        line: u64,
        /// What is wrong with it.
        problem: String,
    },
    /// Something is missing as a whole.
    #[error("policy: {0}")]
    Incomplete(String),
    /// casbin refuses it.
    #[error("policy: {0}")]
    Casbin(#[from] casbin::Error),
}

/// The texts of the four files.
#[derive(Clone, Debug)]
pub struct PolicyFiles {
    /// `model.conf`
    pub model: String,
    /// `policy.csv`
    pub policy: String,
    /// `fields.csv`
    pub fields: String,
    /// `inputs.csv`
    pub inputs: String,
}

impl PolicyFiles {
    /// The policy that is part of the program.
    pub fn built_in() -> Self {
        Self {
            model: include_str!("../../../policy/model.conf").to_owned(),
            policy: include_str!("../../../policy/policy.csv").to_owned(),
            fields: include_str!("../../../policy/fields.csv").to_owned(),
            inputs: include_str!("../../../policy/inputs.csv").to_owned(),
        }
    }

    /// The policy in this folder, or without one the built-in.
    ///
    /// # Errors
    /// As [`Self::from_folder`].
    pub fn of(folder: Option<&Path>) -> Result<Self, PolicyError> {
        folder.map_or_else(|| Ok(Self::built_in()), Self::from_folder)
    }

    /// The policy in a folder that holds all four files.
    ///
    /// # Errors
    /// [`PolicyError::Unreadable`], naming the file.
    pub fn from_folder(folder: &Path) -> Result<Self, PolicyError> {
        let read = |name: &str| {
            let path = folder.join(name);
            std::fs::read_to_string(&path)
                .map_err(|source| PolicyError::Unreadable { file: path.display().to_string(), source })
        };
        Ok(Self {
            model: read("model.conf")?,
            policy: read("policy.csv")?,
            fields: read("fields.csv")?,
            inputs: read("inputs.csv")?,
        })
    }
}

/// A CSV line with its number.
pub(super) type Line = (u64, Vec<String>);

/// The lines of a file, without empty ones and comments.
pub(super) fn lines(file: &'static str, text: &str, findings: &mut Vec<PolicyError>) -> Vec<Line> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .comment(Some(b'#'))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut lines = Vec::new();
    for record in reader.records() {
        match record {
            Ok(record) => {
                let number = record.position().map_or(0, csv::Position::line);
                lines.push((number, record.iter().map(str::to_owned).collect()));
            }
            Err(error) => findings.push(PolicyError::Line {
                file,
                line: error.position().map_or(0, csv::Position::line),
                problem: "not a line of comma-separated values".to_owned(),
            }),
        }
    }
    lines
}

/// Reads each line; one that cannot be used is found and left out.
pub(super) fn each_line(
    file: &'static str,
    lines: &[Line],
    findings: &mut Vec<PolicyError>,
    mut read: impl FnMut(u64, &[&str]) -> Result<(), String>,
) {
    for (line, tokens) in lines {
        let words: Vec<&str> = tokens.iter().map(String::as_str).collect();
        if let Err(problem) = read(*line, &words) {
            findings.push(PolicyError::Line { file, line: *line, problem });
        }
    }
}

/// Finds what a file should decide about and does not.
pub(super) fn require_all(
    file: &str,
    needed: impl Iterator<Item = String>,
    is_there: impl Fn(&str) -> bool,
    findings: &mut Vec<PolicyError>,
) {
    let missing: Vec<String> = needed.filter(|name| !is_there(name)).collect();
    if !missing.is_empty() {
        let problem = format!("{file} decides nothing about: {}", missing.join(", "));
        findings.push(PolicyError::Incomplete(problem));
    }
}
