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
    let scored = candidates.into_iter().map(|candidate| {
        let distance = strsim::damerau_levenshtein(&lower, &candidate.to_lowercase());
        (distance, candidate)
    });
    let (distance, candidate) = scored.min_by_key(|&(distance, _)| distance)?;
    let longer = name.chars().count().max(candidate.chars().count());
    (distance <= (longer / 3).max(1)).then_some(candidate)
}
