//! Layers -> layers with every mend made that their diagnostics carry.
//!
//! A mend can bring more to light: a key that was misspelt is read at last, and so is what is wrong with its
//! value. So the layers are checked and mended again until nothing is left to mend. A file that its mends
//! would make unreadable stays as it was before that pass.

use crate::diag::{self, Code, Decisions};
use crate::source::{Position, SourceMap};
use crate::{Checked, LayerSource, Options, check, yaml};

/// The most passes. Mends that undo each other end here.
const PASSES: usize = 10;

/// What [`mend`] gives.
#[derive(Debug)]
pub struct Mended {
    /// The layers, of which those with mends have other bytes than before.
    pub layers: Vec<LayerSource>,
    /// The mends, in the order in which they were made.
    pub mends: Vec<Mend>,
    /// The layers that kept mends for want of a way to make them, as positions in the list.
    pub refused: Vec<usize>,
    /// What a check of the mended layers says.
    pub checked: Checked,
}

/// One mend that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mend {
    /// The position of the layer in the list.
    pub layer: usize,
    /// Where it begins, in the text as it was in its pass.
    pub position: Position,
    /// What it is for.
    pub code: Code,
    /// What it does.
    pub message: String,
    /// What becomes of the decisions.
    pub decisions: Decisions,
}

/// Checks layers, makes the mends that the findings carry, and checks again, until nothing is left to mend
/// or ten passes are over.
///
/// A lint that `options` allow mends nothing. All bytes outside the mended places stay as they are: comments,
/// line ends, a byte-order mark.
///
/// # Examples
///
/// ```
/// use aegisc::{LayerSource, Options, mend};
///
/// let bytes = b"rules:\r\n  - {aproval: forbid}".to_vec();
/// let mended = mend(vec![LayerSource { path: "team.yaml".into(), bytes }], &Options::default());
/// assert_eq!(mended.layers[0].bytes, b"rules:\r\n  - {approval: block}");
/// assert_eq!(mended.mends.len(), 2);
/// assert!(mended.checked.policy.is_some());
/// ```
#[must_use]
pub fn mend(mut layers: Vec<LayerSource>, options: &Options) -> Mended {
    let mut checked = check(layers.clone(), options);
    let mut mends = Vec::new();
    let mut refused = Vec::new();
    for _ in 0..PASSES {
        let before = mends.len();
        for mended in diag::mend(&checked.diagnostics, &checked.sources) {
            let index = mended.file.index();
            let file = checked.sources.file(mended.file);
            let Some(layer) = layers.get_mut(index).filter(|_| !refused.contains(&index)) else { continue };
            let Some(bytes) = encoded(&layer.bytes, file.text(), &mended.text) else { continue };
            if faults(&mended.text, &options.limits) > faults(file.text(), &options.limits) {
                refused.push(index);
                continue;
            }
            layer.bytes = bytes;
            mends.extend(mended.mends.iter().map(|(code, fix)| Mend {
                layer: index,
                position: file.position(fix.span.start),
                code: *code,
                message: fix.message.clone(),
                decisions: fix.decisions,
            }));
        }
        if mends.len() == before {
            break;
        }
        checked = check(layers.clone(), options);
    }
    Mended { layers, mends, refused, checked }
}

/// The bytes of a file whose text is exchanged; `None` if its bytes are not its text, with a mark before it
/// or none.
fn encoded(bytes: &[u8], text: &str, mended: &str) -> Option<Vec<u8>> {
    let mark = bytes.strip_suffix(text.as_bytes())?;
    matches!(mark, b"" | b"\xEF\xBB\xBF").then(|| [mark, mended.as_bytes()].concat())
}

/// How many errors of YAML a text has.
fn faults(text: &str, limits: &yaml::Limits) -> usize {
    let mut sources = SourceMap::new();
    let file = sources.add("", text);
    let mut found = Vec::new();
    let document = yaml::parse(file, &sources, limits, &mut found);
    found.len() + usize::from(document.is_none())
}
