//! How many rules a bench's workloads may have.

/// At most a thousand where benches are only tried (`--test`), a hundred thousand otherwise; a million
/// if `AEGIS_BENCH_LARGE` is set.
pub(crate) fn largest() -> usize {
    let tried = std::env::args().any(|word| word == "--test");
    match std::env::var_os("AEGIS_BENCH_LARGE") {
        Some(_) => 1_000_000,
        None if tried => 1_000,
        None => 100_000,
    }
}
