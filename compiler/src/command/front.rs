//! The flags of every command that reads layers: levels of lints, the form of findings, limits.

use super::args::VerifyArg;
use super::settings::Settings;
use crate::diag::{LevelSetting, Levels};
use crate::{Options, PolicyLimits, Verify, yaml};
use clap::{Arg, ArgAction, ArgMatches, Args, FromArgMatches, ValueEnum};

/// How layers are read and their findings are shown.
#[derive(Debug, Args)]
pub struct FrontArgs {
    #[command(flatten)]
    levels: LevelArgs,
    /// Cap every lint at this level.
    #[arg(long, value_enum, value_name = "LEVEL", help_heading = "Lints")]
    cap_lints: Option<Cap>,
    /// How findings are shown [default: pretty].
    #[arg(long, value_enum, help_heading = "Lints")]
    format: Option<Format>,
    /// The deepest nesting in a layer [default: 128].
    #[arg(long, value_name = "N", value_parser = depth, help_heading = "Limits")]
    max_depth: Option<usize>,
    /// The most nodes after aliases are expanded, as a multiple of the nodes written [default: 10].
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    max_expansion: Option<usize>,
    /// The longest scalar, in bytes [default: 1048576].
    #[arg(long, value_name = "BYTES", value_parser = count, help_heading = "Limits")]
    max_scalar: Option<usize>,
    /// The most nodes that a layer writes [default: 40000000].
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    max_nodes: Option<usize>,
    /// The longest layer, in bytes; also the most of all layers together [default: 536870912].
    #[arg(long, value_name = "BYTES", value_parser = count, help_heading = "Limits")]
    max_file: Option<usize>,
    /// The most layers [default: 1000].
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    max_layers: Option<usize>,
    /// The most rules [default: 1000000].
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    max_rules: Option<usize>,
    /// The most findings that are shown, errors before the others [default: 10000 in forms for people].
    #[arg(long, value_name = "N", value_parser = count, help_heading = "Limits")]
    max_findings: Option<usize>,
    /// What stands behind the flags.
    #[arg(skip)]
    settings: Settings,
}

/// How findings are shown, and how many.
#[derive(Clone, Copy, Debug)]
pub struct Show {
    /// In which form.
    pub format: Format,
    /// How many at most.
    pub most: usize,
}

/// More findings nobody reads.
const MOST_FINDINGS: usize = 2_000;

/// What a line holds takes up to fifty times its length.
const LONGEST_LINE: usize = 4 << 20;

/// The deepest nesting that can be asked for: what a stack surely holds.
const DEEPEST: usize = 1024;

/// Reads a depth of nesting.
pub(super) fn depth(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(depth @ 1..=DEEPEST) => Ok(depth),
        _ => Err(format!("expected a whole number from 1 to {DEEPEST}")),
    }
}

/// Reads the value of a flag that counts.
///
/// # Errors
///
/// It is no whole number.
pub fn count(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "expected a whole number from 0".to_owned())
}

impl FrontArgs {
    /// Puts the settings of the file and the environment behind the flags.
    pub fn settle(&mut self, settings: Settings) {
        self.settings = settings;
    }

    /// The options of a front end run, everything else at its default.
    pub fn options(&self) -> Options {
        let mut levels = self.settings.levels.clone();
        levels.extend(&self.levels.0);
        if let Some(cap) = self.cap_lints {
            levels.cap(cap.into());
        }
        Options {
            levels,
            limits: self.limits(),
            policy_limits: self.policy_limits(),
            verify: self.verify(None),
            ..Options::default()
        }
    }

    /// A limit: the flag, else the setting of its name, else the default.
    fn limit(&self, flag: Option<usize>, name: &str, default: usize) -> usize {
        flag.or(self.settings.limit(name)).unwrap_or(default)
    }

    /// Limits on the policy.
    pub(super) fn policy_limits(&self) -> PolicyLimits {
        let default = PolicyLimits::default();
        PolicyLimits {
            layers: self.limit(self.max_layers, "max-layers", default.layers),
            rules: self.limit(self.max_rules, "max-rules", default.rules),
        }
    }

    /// Limits on each layer.
    pub(super) fn limits(&self) -> yaml::Limits {
        let default = yaml::Limits::default();
        yaml::Limits {
            depth: self.limit(self.max_depth, "max-depth", default.depth),
            expansion: self.limit(self.max_expansion, "max-expansion", default.expansion),
            nodes: self.limit(self.max_nodes, "max-nodes", default.nodes),
            scalar_bytes: self.limit(self.max_scalar, "max-scalar", default.scalar_bytes),
            file_bytes: self.limit(self.max_file, "max-file", default.file_bytes),
        }
    }

    /// The longest action line of a command that reads them.
    pub fn longest_line(&self, flag: Option<usize>) -> usize {
        self.limit(flag, "max-line", LONGEST_LINE)
    }

    /// How findings are shown. Programs get all of them.
    pub fn show(&self) -> Show {
        let format = self.format();
        let most = if format.is_data() { usize::MAX } else { MOST_FINDINGS };
        Show { format, most: self.limit(self.max_findings, "max-findings", most) }
    }

    /// The form in which findings are shown.
    pub(super) fn format(&self) -> Format {
        self.format.or(self.settings.format).unwrap_or_default()
    }

    /// How much to verify, where a command has a flag for it.
    pub fn verify(&self, flag: Option<VerifyArg>) -> Verify {
        flag.or(self.settings.verify).unwrap_or_default().into()
    }
}

/// The cap on lints.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Cap {
    /// Deny nothing
    Warn,
    /// Say nothing
    Allow,
}

impl From<Cap> for LevelSetting {
    fn from(cap: Cap) -> Self {
        match cap {
            Cap::Warn => LevelSetting::Warn,
            Cap::Allow => LevelSetting::Allow,
        }
    }
}

/// How findings are shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// With the lines that they are about
    #[default]
    Pretty,
    /// One line each
    Short,
    /// One JSON object a line; `check` prints this form and those below to standard output
    Json,
    /// One SARIF 2.1.0 document, for code scanning and editors
    Sarif,
    /// Annotations of a GitHub workflow
    Github,
}

impl Format {
    /// Whether people read it on standard error, wherever it was asked for.
    pub(super) fn is_for_people(self) -> bool {
        matches!(self, Format::Pretty | Format::Short)
    }

    /// Whether programs read it, so that no last line for people may stand among it. (GitHub takes
    /// its commands out of a log that people read.)
    pub fn is_data(self) -> bool {
        matches!(self, Format::Json | Format::Sarif)
    }
}

/// `-A`, `-W` and `-D`, in the order in which they stand on the command line: of two that concern a
/// lint the later one wins. By hand, because a derived struct loses the order between flags.
#[derive(Clone, Debug, Default)]
struct LevelArgs(Levels);

const LEVEL_FLAGS: [(&str, char, LevelSetting, &str); 3] = [
    ("allow", 'A', LevelSetting::Allow, "Do not say this lint; `all` for every one"),
    ("warn", 'W', LevelSetting::Warn, "Say this lint, and compile"),
    ("deny", 'D', LevelSetting::Deny, "Refuse to compile on this lint; `warnings` for all that warn"),
];

impl Args for LevelArgs {
    fn augment_args(command: clap::Command) -> clap::Command {
        command.args(LEVEL_FLAGS.map(|(name, short, _, help)| {
            Arg::new(name)
                .short(short)
                .long(name)
                .value_name("LINT")
                .action(ArgAction::Append)
                .value_parser(lint_name)
                .help(help)
                .help_heading("Lints")
        }))
    }

    fn augment_args_for_update(command: clap::Command) -> clap::Command {
        Self::augment_args(command)
    }
}

fn lint_name(name: &str) -> Result<String, crate::diag::UnknownLint> {
    Levels::new().set(name, LevelSetting::Allow).map(|()| name.to_owned())
}

impl FromArgMatches for LevelArgs {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, clap::Error> {
        let mut args = LevelArgs::default();
        args.update_from_arg_matches(matches)?;
        Ok(args)
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), clap::Error> {
        let mut flags = Vec::new();
        for (id, _, setting, _) in LEVEL_FLAGS {
            let names = matches.get_many::<String>(id).unwrap_or_default();
            let places = matches.indices_of(id).unwrap_or_default();
            flags.extend(places.zip(names).map(|(place, name)| (place, name, setting)));
        }
        flags.sort_by_key(|&(place, ..)| place);
        for (_, name, setting) in flags {
            self.0
                .set(name, setting)
                .map_err(|e| clap::Error::raw(clap::error::ErrorKind::ValueValidation, e))?;
        }
        Ok(())
    }
}
