//! What intents are found by: of each stretch of 64 rows, the sessions of its intents and the times between which they
//! lie.
//!
//! An index over all intents costs as much for each as the row itself. Rows stand nearly in the order of their times,
//! and a session's rows close to each other, so that it is enough to know which stretches to read: as a block range
//! index (BRIN) of PostgreSQL has it. A stretch is written with its last row; whoever reads looks at all of the last
//! one, which is not complete.

use crate::audit::RecordId;
use rusqlite::{Connection, params};

/// The rows of a stretch: those whose numbers, divided by this, are its own.
pub(in crate::audit) const ROWS: RecordId = 64;

/// Whether a row is the last of its stretch.
pub(in crate::audit) fn ends_with(id: RecordId) -> bool {
    id % ROWS == ROWS - 1
}

/// What is known of the stretch that is not complete.
#[derive(Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Stretch {
    /// The first row that was looked at.
    from: RecordId,
    /// Of the intents, the earliest and the latest.
    pub(in crate::audit) times: Option<(i64, i64)>,
    pub(in crate::audit) sessions: Vec<i64>,
}

impl Stretch {
    /// Nothing is known before this row.
    pub(in crate::audit) fn from(from: RecordId) -> Self {
        Stretch { from, ..Stretch::default() }
    }

    /// Takes an intent in.
    pub(in crate::audit) fn add(&mut self, time: i64, session: i64) {
        let (earliest, latest) = self.times.unwrap_or((time, time));
        self.times = Some((earliest.min(time), latest.max(time)));
        if !self.sessions.contains(&session) {
            self.sessions.push(session);
        }
    }

    /// Writes the stretch that ends with this row, and begins the next.
    pub(super) fn write(&mut self, connection: &Connection, last: RecordId) -> rusqlite::Result<()> {
        let next = Stretch::from(last.saturating_add(1));
        let mut stretch = std::mem::replace(self, next);
        let first = last - (ROWS - 1);
        // There is no row 0.
        if stretch.from > first.max(1) {
            stretch = Stretch::from(first);
            let sql = "SELECT time, session FROM record WHERE id BETWEEN ? AND ? AND intent IS NULL";
            let mut rows = connection.prepare_cached(sql)?;
            let mut rows = rows.query([first, last])?;
            while let Some(row) = rows.next()? {
                stretch.add(row.get(0)?, row.get(1)?);
            }
        }
        let id = last / ROWS;
        let (earliest, latest) = stretch.times.unzip();
        let sql = "INSERT INTO stretch (id, earliest, latest) VALUES (?, ?, ?)";
        connection.prepare_cached(sql)?.execute(params![id, earliest, latest])?;
        for session in stretch.sessions {
            let sql = "INSERT INTO session_stretch (session, stretch) VALUES (?, ?)";
            connection.prepare_cached(sql)?.execute([session, id])?;
        }
        Ok(())
    }
}
