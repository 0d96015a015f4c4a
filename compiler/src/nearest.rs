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
    let scored = candidates.into_iter().filter_map(|candidate| {
        let other = candidate.chars().count();
        let most = (length.max(other) / 3).max(1);
        // Each letter that the other lacks takes an edit of its own.
        if length.max(other) - shared(&lower, candidate) > most {
            return None;
        }
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        (distance <= most).then_some((distance, candidate))
    });
    scored.min_by_key(|&(distance, _)| distance).map(|(_, candidate)| candidate)
}

/// How many characters two texts have in common, in whatever order.
fn shared(a: &str, b: &str) -> usize {
    let mut left: Vec<char> = a.chars().collect();
    let common = |c: &char| left.iter().position(|other| other == c).map(|at| left.swap_remove(at)).is_some();
    b.to_lowercase().chars().filter(common).count()
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
