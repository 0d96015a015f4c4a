//! Keeps a policy in service: what decides now, which file it came from, and how another takes its place.

#![forbid(unsafe_code)]

pub mod policy;
