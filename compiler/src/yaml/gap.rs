//! What stands between scalars: indicators, blanks, comments, tags, anchors and directives.
//!
//! The event parser allows more here than YAML 1.1 does, and the events do not show it: tabs as
//! blanks, keys without text, keys whose colon stands on a later line.

/// What one gap holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Gap {
    /// The first tab outside comments.
    pub(super) tab: Option<usize>,
    /// The last `?` that is an indicator.
    pub(super) question: Option<usize>,
    /// The first `:` that is an indicator.
    pub(super) colon: Option<usize>,
    /// The last `-` that is an indicator.
    pub(super) dash: Option<usize>,
    /// The first tag or anchor.
    pub(super) property: Option<usize>,
    /// The `|` or `>` of a block scalar.
    pub(super) block: Option<usize>,
}

/// Looks over `from..to`; a gap that runs backwards is empty.
pub(super) fn look(source: &str, from: usize, to: usize) -> Gap {
    let mut gap = Gap::default();
    let mut at = from;
    let bytes = source.as_bytes().get(..to).unwrap_or_default();
    let skip = |at: usize, ends: fn(&u8) -> bool| {
        let rest = bytes.get(at..).unwrap_or_default();
        at + rest.iter().position(ends).unwrap_or(rest.len())
    };
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\t' => gap.tab = gap.tab.or(Some(at)),
            b'?' => gap.question = Some(at),
            b':' => gap.colon = gap.colon.or(Some(at)),
            b'-' => gap.dash = Some(at),
            b'|' | b'>' => {
                gap.block = Some(at);
                return gap;
            }
            // Comments and directives run to the end of the line.
            b'#' | b'%' => {
                at = skip(at, |b| matches!(b, b'\n' | b'\r'));
                continue;
            }
            // So that no character of a tag or anchor is taken for an indicator.
            b'!' | b'&' => {
                gap.property = gap.property.or(Some(at));
                at = skip(at, |b| matches!(b, b' ' | b'\t' | b'\n' | b'\r'));
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    gap
}

/// The end of the line that `at` stands in.
pub(super) fn end_of_line(source: &str, at: usize) -> usize {
    let rest = source.get(at..).unwrap_or_default();
    at + rest.find(['\n', '\r']).unwrap_or(rest.len())
}

/// The first character from `at` on that is no blank, line break or comment.
pub(super) fn next_written(source: &str, mut at: usize) -> Option<(usize, u8)> {
    let mut comment = false;
    loop {
        let byte = *source.as_bytes().get(at)?;
        match byte {
            b'\n' | b'\r' => comment = false,
            b'#' => comment = true,
            b' ' | b'\t' => {}
            _ if comment => {}
            _ => return Some((at, byte)),
        }
        at += 1;
    }
}
