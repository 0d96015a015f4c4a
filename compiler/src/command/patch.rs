//! Two texts of a file -> a unified diff with colours, which `patch -p1` and `git apply` take.

use super::output::{ADDED, PLACE, REMOVED, STRONG};
use anstyle::Style;
use similar::udiff::UnifiedHunkHeader;
use similar::{ChangeTag, TextDiff};
use std::fmt::Write;

/// Lines shown before and after a change.
const CONTEXT: usize = 3;

/// The changes from `old` to `new`; nothing if they are the same.
///
/// A line ends with its line feed alone: a carriage return is part of it, as `patch` has it.
pub(super) fn unified(path: &str, old: &str, new: &str) -> String {
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = String::new();
    for hunk in diff.grouped_ops(CONTEXT).iter().filter(|hunk| !hunk.is_empty()) {
        if out.is_empty() {
            line(&mut out, STRONG, &format!("--- {}", name("a/", path)));
            line(&mut out, STRONG, &format!("+++ {}", name("b/", path)));
        }
        line(&mut out, PLACE, &UnifiedHunkHeader::new(hunk).to_string());
        for change in hunk.iter().flat_map(|op| diff.iter_changes(op)) {
            let (sign, style) = match change.tag() {
                ChangeTag::Equal => (' ', Style::new()),
                ChangeTag::Delete => ('-', REMOVED),
                ChangeTag::Insert => ('+', ADDED),
            };
            let text = change.value();
            line(&mut out, style, &format!("{sign}{}", text.strip_suffix('\n').unwrap_or(text)));
            if !text.ends_with('\n') {
                out.push_str("\\ No newline at end of file\n");
            }
        }
    }
    out
}

fn line(out: &mut String, style: Style, text: &str) {
    // Writing to a string does not fail.
    let _ = writeln!(out, "{style}{text}{style:#}");
}

/// A path as git writes it: quoted where it holds what would end it, with a tab behind it if it has spaces.
fn name(side: &str, path: &str) -> String {
    if !path.contains(|c: char| c.is_control() || matches!(c, '"' | '\\')) {
        let end = if path.contains(' ') { "\t" } else { "" };
        return format!("{side}{path}{end}");
    }
    let mut quoted = format!("\"{side}");
    for c in path.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => {
                for byte in c.encode_utf8(&mut [0; 4]).bytes() {
                    let _ = write!(quoted, "\\{byte:03o}");
                }
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::{name, unified};

    fn plain(path: &str, old: &str, new: &str) -> String {
        anstream::adapter::strip_str(&unified(path, old, new)).to_string()
    }

    #[test]
    fn shows_changes_with_three_lines_around() {
        let old = "1\n2\n3\n4\n5\r\n6\n7\n8\n9\n10\n11\n12\n13\n14";
        let new = old.replace("5\r", "five\r").replace("14", "end");
        let expected = "--- a/x.yaml\n+++ b/x.yaml\n@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\r\n+five\r\n 6\n 7\n 8\n\
            @@ -11,4 +11,4 @@\n 11\n 12\n 13\n-14\n\\ No newline at end of file\n+end\n\
            \\ No newline at end of file\n";
        assert_eq!(plain("x.yaml", old, &new), expected);
        assert_eq!(plain("x.yaml", old, old), "");
    }

    #[test]
    fn names_that_need_it_are_quoted() {
        let cases = [
            ("a.yaml", "b/a.yaml"),
            ("팀.yaml", "b/팀.yaml"),
            ("a b.yaml", "b/a b.yaml\t"),
            ("a\"b\\c.yaml", "\"b/a\\\"b\\\\c.yaml\""),
            ("a\nb.yaml", "\"b/a\\012b.yaml\""),
        ];
        for (path, expected) in cases {
            assert_eq!(name("b/", path), expected);
        }
    }
}
