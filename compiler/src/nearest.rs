//! The nearest of several names, for "did you mean".

/// The candidate nearest to `name`, if one is near enough to be meant.
///
/// Nearness is the Damerau-Levenshtein distance over lower-cased characters; near enough is a third
/// of the longer name, at least one edit.
///
/// # Examples
///
/// ```
/// assert_eq!(aegisc::diag::nearest("aproval", ["approval", "match"]), Some("approval"));
/// assert_eq!(aegisc::diag::nearest("owner", ["approval", "match"]), None);
/// ```
#[must_use]
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let length = lower.chars().count();
    let letters = Letters::of(&lower);
    let scored = candidates.into_iter().filter_map(|candidate| {
        let other = candidate.chars().count();
        let most = (length.max(other) / 3).max(1);
        if length.abs_diff(other) > most {
            return None;
        }
        let candidate_lower = candidate.to_lowercase();
        // Each letter that the other lacks takes an edit of its own.
        if length.max(other).saturating_sub(letters.shared(&candidate_lower)) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate_lower);
        (distance <= most).then_some((distance, candidate))
    });
    scored.min_by_key(|&(distance, _)| distance).map(|(_, candidate)| candidate)
}

/// How often a text has each character; characters of other scripts may share a place.
struct Letters([usize; 128]);

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Letters([0; 128]);
        for c in text.chars() {
            if let Some(count) = letters.count(c) {
                *count += 1;
            }
        }
        letters
    }

    fn count(&mut self, c: char) -> Option<&mut usize> {
        let place = usize::try_from(u32::from(c)).ok()? % self.0.len();
        self.0.get_mut(place)
    }

    /// How many characters another text has in common with this one, in whatever order: no fewer than it has.
    fn shared(&self, other: &str) -> usize {
        let mut left = Letters(self.0);
        let mut common = |c| match left.count(c) {
            Some(count) if *count > 0 => {
                *count -= 1;
                true
            }
            _ => false,
        };
        other.chars().filter(|&c| common(c)).count()
    }
}

/// The candidate for which `name` is surely a slip: at most two edits away, with no other as near.
pub(crate) fn slip<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = name.to_lowercase();
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .collect();
    scored.sort_unstable();
    match scored.as_slice() {
        [(distance, _), (other, _), ..] if distance == other => None,
        [(distance @ ..=2, name), ..] if distance * 3 <= name.chars().count() => Some(name),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::slip;

    #[test]
    fn a_slip_has_one_meaning() {
        let conditions = ["param_gt", "param_gte", "param_eq", "weekdays"];
        assert_eq!(slip("weekday", conditions), Some("weekdays"));
        assert_eq!(slip("Param_EQ", conditions), Some("param_eq"));
        assert_eq!(slip("param_gtt", conditions), None, "one edit from two names");
        assert_eq!(slip("param_greater", conditions), None);
        assert_eq!(slip("lwo", ["low", "high"]), Some("low"));
        assert_eq!(slip("lo", ["low", "high"]), Some("low"));
        assert_eq!(slip("ow", ["low", "high"]), Some("low"));
        assert_eq!(slip("no", ["low", "high"]), None);
    }
}
