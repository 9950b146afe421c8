//! How far a long command is: a bar on a terminal, else a line for each tenth, both on standard error.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

/// How far it is.
pub(super) enum Progress {
    /// On a terminal.
    Bar(ProgressBar),
    /// Elsewhere.
    Lines {
        /// Of how many.
        count: u64,
        /// Of what.
        things: &'static str,
        /// How many tenths were told.
        tenths: AtomicU64,
    },
}

impl Progress {
    /// Nothing is done yet of so many of these things.
    pub(super) fn new(count: u64, things: &'static str) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self::Lines { count, things, tenths: AtomicU64::new(0) };
        }
        let bar = ProgressBar::new(count);
        let template = format!("{{wide_bar}} {{human_pos}} of {{human_len}} {things}, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style);
        }
        Self::Bar(bar)
    }

    /// So many are done.
    pub(super) fn show(&self, done: u64) {
        match self {
            Self::Bar(bar) => bar.set_position(done),
            Self::Lines { count, things, tenths } => {
                let now = done.saturating_mul(10) / count.max(&1);
                if tenths.swap(now, Ordering::Relaxed) != now {
                    let _ = writeln!(std::io::stderr(), "{done} of {count} {things}");
                }
            }
        }
    }

    /// Nothing more is told.
    pub(super) fn end(&self) {
        if let Self::Bar(bar) = self {
            bar.finish_and_clear();
        }
    }
}
