//! Where a literal stands in a text: the places of its rarest byte are looked at, one after the other.

use memchr::memchr;

/// Where a literal, which is not empty, stands first in a text. `rarest` is the place of the byte to look for;
/// whichever it is, the answer is the same.
pub(crate) fn find(text: &str, literal: &str, rarest: usize) -> Option<usize> {
    let (haystack, needle) = (text.as_bytes(), literal.as_bytes());
    let byte = *needle.get(rarest)?;
    let mut from = rarest;
    // A text may have the rarest byte everywhere: then a search without a square takes over.
    let mut tries = haystack.len() / needle.len() + 4;
    while let Some(at) = memchr(byte, haystack.get(from..)?) {
        let start = from + at - rarest;
        if haystack.get(start..)?.starts_with(needle) {
            return Some(start);
        }
        tries -= 1;
        if tries == 0 {
            return text.find(literal);
        }
        from += at + 1;
    }
    None
}

#[cfg(test)]
mod tests {
    use super::find;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn as_a_plain_search(text in "[abé]{0,40}", literal in "[abé]{1,4}") {
            for rarest in 0..literal.len() {
                prop_assert_eq!(find(&text, &literal, rarest), text.find(&literal));
            }
        }
    }

    #[test]
    fn as_a_plain_search_in_a_text_of_one_byte() {
        for length in 0..200 {
            for literal in ["a", "aa", "ab", "ba", "aaaaaaab"] {
                for end in ["", "b"] {
                    let text = "a".repeat(length) + end;
                    for rarest in 0..literal.len() {
                        assert_eq!(find(&text, literal, rarest), text.find(literal));
                    }
                }
            }
        }
    }

    #[test]
    fn nothing_at_a_place_that_is_not_there() {
        assert_eq!(find("ab", "ab", 2), None);
        assert_eq!(find("ab", "", 0), None);
    }
}
