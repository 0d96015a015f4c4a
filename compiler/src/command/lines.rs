//! Action lines from a stream, in batches of bounded size.

use crate::time::parse_rfc3339;
use aegis_vm::{JsonAction, Timestamp};
use std::io::{self, BufRead, BufReader, Read};
use std::ops::Range;

/// Room that is kept from line to line.
const KEPT: usize = 1 << 20;
/// A batch that has so many bytes takes no further line.
const BATCH: usize = 1 << 18;
/// Nor does one of so many lines: short ones have answers too.
const MOST_LINES: usize = 1 << 11;

/// What a line holds, without its line break.
#[derive(Clone, Copy)]
pub enum Content<'a> {
    /// All of its bytes.
    Whole(&'a [u8]),
    /// It was longer than so many bytes, and is not kept.
    LongerThan(usize),
}

/// Lines that are not blank, each with its number, from 1.
#[derive(Debug, Default)]
pub struct Batch {
    bytes: Vec<u8>,
    /// The number of each line, and where it stands; nothing of one that is too long.
    lines: Vec<(u64, Option<Range<usize>>)>,
    longest: usize,
}

impl Batch {
    /// Whether the stream has ended.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// The lines with their numbers.
    pub fn lines(&self) -> impl Iterator<Item = (u64, Content<'_>)> {
        self.lines.iter().map(|(number, place)| {
            let content = place.clone().and_then(|place| self.bytes.get(place));
            (*number, content.map_or(Content::LongerThan(self.longest), Content::Whole))
        })
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.bytes.shrink_to(KEPT);
        self.lines.clear();
    }
}

/// Reads an action and the time that it names.
///
/// # Errors
///
/// Why the line is no action.
pub fn read(line: Content<'_>) -> Result<(JsonAction<'_>, Option<Timestamp>), String> {
    let bytes = match line {
        Content::Whole(bytes) => bytes,
        Content::LongerThan(limit) => {
            return Err(format!("the line is longer than the limit of {limit} bytes (`--max-line`)"));
        }
    };
    let action = JsonAction::read(bytes).map_err(|error| error.to_string())?;
    let now = match action.now() {
        Ok(None) => None,
        Ok(Some(text)) => Some(parse_rfc3339(text).map_err(|error| format!("`now`: {error}"))?),
        Err(kind) => {
            let found = kind.with_article();
            return Err(format!("`now` must be a string such as `2026-03-18T14:30:00Z`, found {found}"));
        }
    };
    Ok((action, now))
}

/// The lines of a stream.
pub struct Lines<R> {
    from: BufReader<R>,
    number: u64,
    longest: usize,
    /// What ended the reading, once the lines before it were given.
    failed: Option<io::Error>,
}

impl<R: Read> Lines<R> {
    /// The lines of `from`, of which none is kept that has more than `longest` bytes.
    pub fn new(from: R, longest: usize) -> Self {
        Lines { from: BufReader::with_capacity(1 << 16, from), number: 0, longest, failed: None }
    }

    /// Whether the next line has to be waited for.
    pub fn would_wait(&self) -> bool {
        !self.from.buffer().contains(&b'\n')
    }

    /// Fills a batch with the lines up to where more have to be waited for; with none at the end. An error comes after
    /// the lines before it.
    ///
    /// # Errors
    ///
    /// The stream's.
    pub fn fill(&mut self, batch: &mut Batch) -> io::Result<()> {
        batch.clear();
        batch.longest = self.longest;
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        let has_room = |batch: &Batch| batch.bytes.len() < BATCH && batch.lines.len() < MOST_LINES;
        while batch.is_empty() || !self.would_wait() && has_room(batch) {
            match self.line(batch) {
                Ok(true) => {}
                Err(error) if !batch.is_empty() => {
                    self.failed = Some(error);
                    break;
                }
                Ok(false) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Adds a line, unless it is blank; whether there was one.
    fn line(&mut self, batch: &mut Batch) -> io::Result<bool> {
        let start = batch.bytes.len();
        self.number = self.number.saturating_add(1);
        let most = u64::try_from(self.longest).unwrap_or(u64::MAX).saturating_add(1);
        let read = self.from.by_ref().take(most).read_until(b'\n', &mut batch.bytes)?;
        if read == 0 {
            return Ok(false);
        }
        if batch.bytes.ends_with(b"\n") {
            batch.bytes.pop();
        } else if read > self.longest {
            self.from.skip_until(b'\n')?;
            batch.bytes.truncate(start);
            batch.lines.push((self.number, None));
            return Ok(true);
        }
        if self.number == 1 && batch.bytes.starts_with(b"\xef\xbb\xbf") {
            batch.bytes.drain(..3);
        }
        let end = batch.bytes.len();
        match batch.bytes.get(start..).is_some_and(|line| line.iter().all(u8::is_ascii_whitespace)) {
            true => batch.bytes.truncate(start),
            false => batch.lines.push((self.number, Some(start..end))),
        }
        Ok(true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines, and then an error.
    struct Broken(&'static [u8]);

    impl Read for Broken {
        fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
            match self.0.read(to) {
                Ok(0) => Err(io::Error::other("gone")),
                read => read,
            }
        }
    }

    #[test]
    fn an_error_comes_after_the_lines_before_it() -> io::Result<()> {
        let mut lines = Lines::new(Broken(b"a\n\nb\nrest"), 100);
        let mut batch = Batch::default();
        lines.fill(&mut batch)?;
        assert_eq!(batch.lines().map(|(number, _)| number).collect::<Vec<_>>(), [1, 3]);
        assert!(lines.fill(&mut batch).is_err_and(|error| error.to_string() == "gone"));
        Ok(())
    }
}
