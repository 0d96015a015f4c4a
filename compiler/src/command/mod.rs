//! What the commands share: `aegisc` and `aegis` are made of it.
//!
//! Only here does the library read the clock and the environment, and print; and but for the files of
//! [`Policy`](crate::Policy), only here does it read and write files. All else is pure. It is public for these two
//! programs alone: no promise of stability covers it, and any version may change it.
//!
//! A program parses its arguments, puts the settings behind them ([`Settings::find`], [`FrontArgs::settle`]), and
//! ends with what [`Shell::end`] makes of what [`check::run`] or another command gives. What a command is asked for
//! goes to standard output, all else to standard error. The variables `AEGISC_…` and the file `aegisc.toml` hold for
//! both programs.

pub mod action;
pub mod args;
pub mod atomic;
pub mod check;
pub mod front;
pub mod input;
pub mod lines;
mod mend;
pub mod output;
mod patch;
pub mod reason;
pub mod settings;
pub mod simulate;
pub mod value;

pub use args::{CheckArgs, Color, TryArgs};
pub use front::FrontArgs;
pub use output::{Done, Failure, Shell};
pub use settings::Settings;
