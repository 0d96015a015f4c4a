//! RFC 3339 times, as actions carry them.
