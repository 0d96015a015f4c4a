//! `aegisc bench`: a policy -> what its decisions take on this machine.
//!
//! Every way to ask gives the same answers before any is timed. Nothing is taken from elsewhere: the clock's own
//! cost is measured and taken off, and what a figure wavers by is said beside it.

mod actions;
mod chart;
mod compare;
mod count;
mod growth;
mod limits;
mod measure;
mod prepared;
mod report;
mod rows;
mod threads;

use crate::args::BenchArgs;
use actions::Actions;
use aegis_vm::{Policy, Timestamp};
use aegisc::command::input::{self, has_extension, is_standard_input};
use aegisc::command::output::{Done, Failure, Shell};
use aegisc::command::{FrontArgs, atomic};
use aegisc::{LayerSource, hir};
pub(crate) use limits::Limit;
use measure::Clock;
use report::{About, Machine, Report};
use std::fs;
use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

/// The most threads that decide at once.
const MOST_THREADS: usize = 1_024;

pub(crate) fn run(args: &BenchArgs, shell: &Shell) -> Result<Done, Failure> {
    if let Some(path) = args.json.as_ref().filter(|path| !is_standard_input(path)) {
        check_output(path, "json")?;
    }
    if let Some(path) = &args.svg {
        check_output(path, "svg")?;
    }
    for output in args.json.iter().chain(&args.svg) {
        let same = |input: &&PathBuf| matches!((fs::canonicalize(input), fs::canonicalize(output)), (Ok(one), Ok(two)) if one == two);
        if let Some(input) = args.policy.iter().chain(&args.actions).find(same) {
            return Err(Failure::new(format!(
                "cannot write `{}`: it is what is read as `{}`; name another file",
                output.display(),
                input.display()
            )));
        }
    }
    if args.fail_above.iter().any(|limit| matches!(limit, Limit::Ratio(_))) && args.compare.is_none() {
        return Err(Failure::new("`--fail-above ratio=…` needs `--compare`"));
    }
    let Some(subject) = Subject::read(&args.policy, &args.front, shell)? else {
        return Ok(Done::PolicyAtFault);
    };
    if args.growth {
        growth::rules(&subject)?;
    }
    // What cannot be compared should say so before minutes of measuring.
    let other = match &args.compare {
        Some(path) => Some(Other::read(path, args, shell)?),
        None => None,
    };
    let report = measured(args, &subject, other.as_ref())?;
    // Files and limits first: who reads the table may go away.
    if let Some(path) = args.json.as_ref().filter(|path| !is_standard_input(path)) {
        write(path, &format!("{:#}\n", report.json()))?;
    }
    if let Some(path) = &args.svg {
        let picture =
            chart::svg(&report).map_err(|why| Failure::new(format!("cannot draw the picture: {why}")))?;
        write(path, &picture)?;
    }
    let passed: Vec<String> = args
        .fail_above
        .iter()
        .flat_map(|limit| limit.passed(&report.rows, report.comparison.as_ref()))
        .collect();
    passed.iter().for_each(|what| shell.error(what));
    match &args.json {
        Some(path) if is_standard_input(path) => shell.data(&format!("{:#}\n", report.json()))?,
        _ => shell.out(&report.table())?,
    }
    Ok(if passed.is_empty() { Done::Fine } else { Done::PolicyAtFault })
}

fn measured(args: &BenchArgs, subject: &Subject, other: Option<&Other>) -> Result<Report, Failure> {
    let policy = &subject.policy;
    let at = args.at.unwrap_or_else(|| Timestamp::from(SystemTime::now()));
    let (clock, time) = (Clock::new(), args.seconds);
    let actions = match &args.actions {
        Some(path) => Actions::from_file(path, args.front.longest_line(args.max_line), at)?,
        None => Actions::of(subject.meant.as_ref(), at)?,
    };
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let most = args.threads.map_or(cores, usize::from).min(MOST_THREADS);
    let (load, first) = load(subject, &actions, time);
    let rows = rows::all(policy, &actions, clock, time)?;
    let count_prepared = prepared::with(policy, &actions, |requests| {
        count::of(&actions.order, time, |at| rows::decided(policy, &actions, requests, at))
    });
    let comparison = match other {
        Some(Other::Saved(saved)) => Some(saved.beside(&rows, actions.values.len(), &cpu())),
        Some(Other::Policy(other)) => {
            Some(compare::beside(policy, &other.policy, &other.name, &actions, time))
        }
        None => None,
    };
    Ok(Report {
        policy: About {
            name: subject.name.clone(),
            digest: policy.digest(),
            rules: policy.rules().count(),
            bytes: subject.bytes.len(),
            load,
            first,
        },
        machine: Machine { cpu: cpu(), cores, clock },
        date: today(),
        actions: actions.values.len(),
        from: actions.from.clone(),
        threads: threads::throughput(policy, &actions.few(), most, time / 2)?,
        prepared: count_prepared,
        json: count::of(&actions.order, time, |at| rows::of_line(policy, &actions, at)),
        growth: match args.growth {
            true => growth::measure(subject, &args.front, clock, at, time / 4)?,
            false => Vec::new(),
        },
        rows,
        comparison,
    })
}

/// What is measured.
pub(super) struct Subject {
    name: String,
    bytes: Vec<u8>,
    policy: Policy,
    /// The policy as its layers mean it; of an artifact nothing.
    meant: Option<hir::Policy>,
    layers: Vec<LayerSource>,
}

impl Subject {
    /// `None` if the layers are at fault, which was said.
    fn read(paths: &[PathBuf], front: &FrontArgs, shell: &Shell) -> Result<Option<Self>, Failure> {
        let is_artifact = |path: &PathBuf| has_extension(path, &["aegisb"]);
        if !paths.iter().any(is_artifact) {
            let layers = input::layers(paths, front)?;
            let name = layers.iter().map(|layer| layer.path.as_str()).collect::<Vec<_>>().join(" ");
            let Some(output) = input::compiled(layers.clone(), front, shell)? else { return Ok(None) };
            let policy = Policy::from_bytes(output.artifact.as_slice())
                .map_err(|error| Failure::new(format!("the compiled policy does not load: {error}")))?;
            return Ok(Some(Subject {
                name,
                bytes: output.artifact,
                policy,
                meant: Some(output.policy),
                layers,
            }));
        }
        let artifact = match paths {
            [artifact] => artifact,
            _ => {
                return Err(Failure::new(
                    "only one artifact can be the policy, and nothing is layered with it",
                ));
            }
        };
        let bytes = input::artifact_bytes(artifact)?;
        let policy = input::load(artifact, bytes.as_slice())?;
        let name = input::shown_path(artifact);
        Ok(Some(Subject { name, bytes, policy, meant: None, layers: Vec::new() }))
    }
}

/// Medians of loading the bytes and of the first decision after that, in nanoseconds.
fn load(subject: &Subject, actions: &Actions, time: Duration) -> (f64, f64) {
    const LEAST: usize = 3;
    const MOST: usize = 1_001;
    let requests = prepared::by_name(actions);
    let (mut loads, mut firsts) = (Vec::new(), Vec::new());
    let started = Instant::now();
    for &at in actions.order.iter().cycle().take(MOST) {
        if loads.len() >= LEAST && started.elapsed() > time {
            break;
        }
        let bytes = subject.bytes.clone();
        let start = Instant::now();
        let Ok(policy) = Policy::from_bytes(bytes) else { break };
        loads.push(start.elapsed().as_secs_f64() * 1e9);
        let start = Instant::now();
        black_box(rows::decided(&policy, actions, &requests, at));
        firsts.push(start.elapsed().as_secs_f64() * 1e9);
    }
    let median = |mut figures: Vec<f64>| {
        figures.sort_by(f64::total_cmp);
        figures.get(figures.len() / 2).copied().unwrap_or(f64::NAN)
    };
    (median(loads), median(firsts))
}

/// What `--compare` names.
enum Other {
    Saved(compare::Saved),
    Policy(Box<Subject>),
}

impl Other {
    /// Figures of an earlier run if the file is called JSON, else another policy.
    fn read(path: &Path, args: &BenchArgs, shell: &Shell) -> Result<Self, Failure> {
        if has_extension(path, &["json"]) {
            return compare::Saved::read(path).map(Other::Saved);
        }
        match Subject::read(&[path.to_owned()], &args.front, shell)? {
            Some(other) => Ok(Other::Policy(Box::new(other))),
            None => Err(Failure::new(format!("cannot compare with `{}`: it is refused", path.display()))),
        }
    }
}

/// Refuses what could not be written after minutes of measuring, and what is named like something else: `--compare`
/// tells figures from a policy by the name.
fn check_output(path: &Path, extension: &str) -> Result<(), Failure> {
    let refuse = |why: String| Failure::new(format!("cannot write `{}`: {why}", path.display()));
    if !has_extension(path, &[extension]) {
        return Err(refuse(format!("name it `….{extension}`")));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    match folder {
        _ if path.exists() => atomic::check_writable(path).map_err(|error| refuse(error.to_string())),
        Some(folder) if !folder.is_dir() => {
            Err(refuse(format!("the folder `{}` does not exist; create it first", folder.display())))
        }
        _ => Ok(()),
    }
}

fn write(path: &Path, text: &str) -> Result<(), Failure> {
    atomic::write(path, text.as_bytes())
        .map_err(|error| Failure::new(format!("cannot write `{}`: {error}", path.display())))
}

/// What the system calls the processor.
fn cpu() -> String {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model = text.lines().find_map(|line| line.strip_prefix("model name")?.trim().strip_prefix(':'));
    model.map_or_else(
        || format!("{} on {}", std::env::consts::ARCH, std::env::consts::OS),
        |model| model.trim().to_owned(),
    )
}

fn today() -> String {
    chrono::Utc::now().format("%Y-%m-%d").to_string()
}
