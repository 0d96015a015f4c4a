//! `aegisc lints`: the lints with their levels, or the page of one.

use crate::args::LintsArgs;
use aegisc::command::output::{Done, ERROR, FAINT, Failure, STRONG, Shell, WARNING};
use aegisc::diag::{Level, LevelSetting, Levels, Lint};
use std::fmt::Write;

pub(crate) fn run(args: &LintsArgs, shell: &Shell) -> Result<Done, Failure> {
    let mut text = String::new();
    match &args.name {
        None => {
            for &lint in Lint::ALL {
                line(&mut text, lint);
            }
        }
        Some(name) => {
            Levels::new().set(name, LevelSetting::Allow).map_err(|error| Failure::new(error.to_string()))?;
            let name = name.replace('-', "_");
            let Some(&lint) = Lint::ALL.iter().find(|lint| lint.name() == name) else {
                return Err(Failure::new(format!("`{name}` stands for several lints; name one")));
            };
            describe(&mut text, lint);
        }
    }
    shell.out(&text)?;
    Ok(Done::Fine)
}

/// The word for a level, padded outside its colour.
fn level(lint: Lint) -> (&'static str, anstyle::Style) {
    match lint.default_level() {
        Level::Error => ("deny", ERROR),
        Level::Warn => ("warn", WARNING),
        Level::Note => ("note", FAINT),
    }
}

fn line(text: &mut String, lint: Lint) {
    let (word, style) = level(lint);
    // Writing to a string cannot fail.
    let _ = writeln!(text, "{style}{word}{style:#}  {:<24}  {}", lint.name(), lint.summary());
}

fn describe(text: &mut String, lint: Lint) {
    let (word, style) = level(lint);
    let (name, summary, page) = (lint.name(), lint.summary(), lint.page());
    let _ = writeln!(text, "{STRONG}{name}{STRONG:#} ({style}{word}{style:#} by default)\n\n{summary}\n");
    let mut indent = "";
    for line in page.lines() {
        match line {
            "```yaml" => indent = "    ",
            "```" => indent = "",
            line => {
                let _ = writeln!(text, "{}", format!("{indent}{line}").trim_end());
            }
        }
    }
    let _ = writeln!(
        text,
        "\nFor a line: # aegisc: allow({name})\nFor a run:  -A {name} (allow), -W {name} (warn), -D {name} (deny)"
    );
}
