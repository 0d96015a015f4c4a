//! The mends of diagnostics -> the mended text of each file, in one pass.
//!
//! All places count in the text as it was found, so mends that touch one another cannot be made together:
//! the first by place is made, and a check of the mended text finds what is left of the others.

use super::{Code, Diagnostic, Fix};
use crate::source::{FileId, SourceMap};

/// A file after one pass.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MendedFile<'d> {
    /// The file.
    pub file: FileId,
    /// Its text with the mends made, every other byte as it was.
    pub text: String,
    /// The mends that were made, in the order of their places, each with what it is for.
    pub mends: Vec<(Code, &'d Fix)>,
}

/// Makes the mends that diagnostics carry, in the files that have some, in the order of the files.
///
/// Hand over what [`Levels`](super::Levels) left: an allowed lint mends nothing then. A mend that
/// overlaps or touches an earlier one of its file is left out.
///
/// # Examples
///
/// ```
/// use aegisc::{LayerSource, Options, check, diag};
///
/// let bytes = b"rules:\n  - aproval: block # never\n".to_vec();
/// let checked = check(vec![LayerSource { path: "team.yaml".into(), bytes }], &Options::default());
/// let mended = diag::mend(&checked.diagnostics, &checked.sources);
/// assert_eq!(mended[0].text, "rules:\n  - approval: block # never\n");
/// ```
#[must_use]
pub fn mend<'d>(diagnostics: &'d [Diagnostic], sources: &SourceMap) -> Vec<MendedFile<'d>> {
    let mut mends: Vec<(Code, &Fix)> = diagnostics
        .iter()
        .filter_map(|diagnostic| Some((diagnostic.code, diagnostic.fix.as_ref()?)))
        .collect();
    mends.sort_by_key(|(_, fix)| fix.span);
    let of_one_file = mends.chunk_by(|(_, one), (_, other)| one.span.file == other.span.file);
    of_one_file.filter_map(|mends| mend_file(mends, sources)).collect()
}

/// Makes mends of one file, sorted by their places; `None` if none can be made.
fn mend_file<'d>(mends: &[(Code, &'d Fix)], sources: &SourceMap) -> Option<MendedFile<'d>> {
    let file = mends.first()?.1.span.file;
    let source = sources.file(file).text();
    let mut mended = MendedFile { file, text: String::with_capacity(source.len()), mends: Vec::new() };
    // Where the last mend ended.
    let mut end = None;
    for &(code, fix) in mends {
        let range = fix.span.range();
        let changes = source.get(range.clone()).is_some_and(|text| text != fix.replacement);
        if !changes || end.is_some_and(|end| range.start <= end) {
            continue;
        }
        mended.text.push_str(source.get(end.unwrap_or(0)..range.start)?);
        mended.text.push_str(&fix.replacement);
        mended.mends.push((code, fix));
        end = Some(range.end);
    }
    mended.text.push_str(source.get(end?..)?);
    Some(mended)
}
