//! What is read: layers and artifacts, with the paths under which they are shown.

use super::front::FrontArgs;
use super::output::{Done, Failure, FindingsTo, Shell};
use crate::{LayerSource, Output};
use aegis_vm::Policy;
use aegis_vm::format::{Header, MAGIC};
use std::fs::File;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};
use zerocopy::FromBytes;

/// Reads the layers; `-` is standard input.
///
/// What is more than a limit is not read: one layer may be one byte longer, so that the front end can say so.
///
/// # Errors
///
/// They cannot be read, or are more than the limits allow.
pub fn layers(paths: &[PathBuf], front: &FrontArgs) -> Result<Vec<LayerSource>, Failure> {
    let (longest, most) = (front.limits().file_bytes, front.policy_limits().layers);
    if paths.len() > most {
        let count = paths.len();
        return Err(Failure::new(format!(
            "{count} layers are more than the limit of {most} (`--max-layers`)"
        )));
    }
    if paths.iter().filter(|path| is_standard_input(path)).count() > 1 {
        return Err(Failure::new("standard input (`-`) can be one layer only"));
    }
    let mut layers = Vec::with_capacity(paths.len());
    let mut total = 0_usize;
    for path in paths {
        let layer = layer(path, longest)?;
        total = total.saturating_add(layer.bytes.len());
        layers.push(layer);
        if total > longest && layers.len() > 1 {
            return Err(Failure::new(format!(
                "the layers up to `{}` are together longer than the limit of {longest} bytes (`--max-file`)",
                path.display()
            )));
        }
    }
    Ok(layers)
}

fn layer(path: &Path, limit: usize) -> Result<LayerSource, Failure> {
    let bytes = if is_standard_input(path) { read(io::stdin().lock(), limit) } else { open(path, limit) };
    let bytes = bytes.map_err(|error| Failure::new(format!("cannot read `{}`: {error}", path.display())))?;
    if bytes.starts_with(&MAGIC) {
        let message =
            format!("`{}` is a compiled artifact; a layer is the YAML it is made from", path.display());
        return Err(Failure::Message(message));
    }
    Ok(LayerSource { path: shown_path(path), bytes })
}

fn open(path: &Path, limit: usize) -> io::Result<Vec<u8>> {
    read(file(path)?, limit)
}

fn file(path: &Path) -> io::Result<File> {
    let file = File::open(path)?;
    if file.metadata()?.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder; name the files in it"));
    }
    Ok(file)
}

/// The stream of action lines; `-` is standard input.
///
/// # Errors
///
/// The file cannot be opened.
pub fn actions(path: &Path) -> io::Result<Box<dyn Read + Send>> {
    if is_standard_input(path) {
        return Ok(Box::new(io::stdin()));
    }
    let file = File::open(path)?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a folder"));
    }
    Ok(Box::new(file))
}

/// At most one byte more than the limit, so that the front end can say that it was passed.
fn read(from: impl Read, limit: usize) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    from.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether a path is `-`.
pub fn is_standard_input(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// A loaded policy, or the word that its layers are at fault.
pub enum Loaded {
    /// Ready to decide.
    Policy(Box<Policy>),
    /// The findings were shown.
    Refused,
}

impl Loaded {
    /// The end of a command whose policy was refused.
    pub const REFUSED: Done = Done::PolicyAtFault;
}

/// A policy from one artifact, or from layers in order, whose findings are shown.
///
/// # Errors
///
/// The files cannot be read, do not go together, or are damaged.
pub fn policy(paths: &[PathBuf], front: &FrontArgs, shell: &Shell) -> Result<Loaded, Failure> {
    let (artifacts, layers): (Vec<&PathBuf>, Vec<&PathBuf>) =
        paths.iter().partition(|path| has_extension(path, &["aegisb"]));
    match (artifacts.as_slice(), layers.as_slice()) {
        ([artifact], []) => Ok(Loaded::Policy(Box::new(self::artifact(artifact)?))),
        ([], [_, ..]) => compile(paths, front, shell),
        ([], []) => Err(Failure::new("a policy is missing: name an artifact, or layers in order")),
        ([_, _, ..], _) => {
            Err(Failure::new("only one artifact can be the policy: build its layers together"))
        }
        ([artifact], [layer, ..]) => Err(Failure::new(format!(
            "`{}` is compiled and cannot be layered with `{}`: build the layers together",
            artifact.display(),
            layer.display()
        ))),
    }
}

/// Loads an artifact.
///
/// # Errors
///
/// It cannot be read, or is damaged or foreign.
pub fn artifact(path: &Path) -> Result<Policy, Failure> {
    load(path, artifact_bytes(path)?)
}

/// Reads an artifact's bytes, unchecked: no more than its header says, so that a file without end is refused
/// as any other.
///
/// # Errors
///
/// The file cannot be read.
pub fn artifact_bytes(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |error| Failure::new(format!("cannot load `{}`: {error}", path.display()));
    let mut file = file(path).map_err(cannot)?;
    let mut bytes = read(file.by_ref(), size_of::<Header>()).map_err(cannot)?;
    if let Ok((header, _)) = Header::read_from_prefix(&bytes)
        && header.magic == MAGIC
    {
        // One byte more is read, so that a file that is too long shows.
        let length = usize::try_from(header.file_length.get()).unwrap_or(usize::MAX);
        let rest = read(file, length.saturating_sub(bytes.len())).map_err(cannot)?;
        bytes.extend(rest);
    }
    Ok(bytes)
}

/// Checks and loads the bytes of an artifact.
///
/// # Errors
///
/// They are damaged or foreign.
pub fn load(path: &Path, bytes: impl Into<Vec<u8>> + AsRef<[u8]>) -> Result<Policy, Failure> {
    let shown = path.display();
    if has_extension(path, &["yaml", "yml"]) && !bytes.as_ref().starts_with(&MAGIC) {
        let artifact = path.with_extension("aegisb");
        return Err(Failure::new(format!(
            "cannot load `{shown}`: it is no compiled artifact; build it first: `aegisc build {shown} -o {}`",
            artifact.display()
        )));
    }
    Policy::from_bytes(bytes).map_err(|error| Failure::new(format!("cannot load `{shown}`: {error}")))
}

fn compile(paths: &[PathBuf], front: &FrontArgs, shell: &Shell) -> Result<Loaded, Failure> {
    let Some(output) = compiled(layers(paths, front)?, front, shell)? else { return Ok(Loaded::Refused) };
    let policy = Policy::from_bytes(output.artifact)
        .map_err(|error| Failure::new(format!("the compiled policy does not load: {error}")))?;
    Ok(Loaded::Policy(Box::new(policy)))
}

/// Compiles layers, and shows what is found; `None` if that is why there is no output.
///
/// # Errors
///
/// The compiler cannot make an artifact of them.
pub fn compiled(
    layers: Vec<LayerSource>,
    front: &FrontArgs,
    shell: &Shell,
) -> Result<Option<Output>, Failure> {
    let compilation =
        crate::compile(layers, &front.options()).map_err(|error| Failure::new(error.to_string()))?;
    let counts =
        shell.findings(&compilation.diagnostics, &compilation.sources, front.show(), FindingsTo::Error)?;
    if compilation.output.is_none() {
        shell.refused(counts, front.format());
    }
    Ok(compilation.output)
}

/// Whether a path ends in one of these extensions, in any case.
pub fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    extension.is_some_and(|found| extensions.iter().any(|wanted| found.eq_ignore_ascii_case(wanted)))
}

/// The path as messages and artifacts show it: as given, relative to the working folder; of an
/// absolute one elsewhere the file name alone, so that a build does not depend on where it runs.
pub fn shown_path(path: &Path) -> String {
    if is_standard_input(path) {
        return "<stdin>".to_owned();
    }
    let folder = std::env::current_dir().unwrap_or_default();
    relative(path, &folder)
}

fn relative(path: &Path, folder: &Path) -> String {
    let plain = plain(path);
    let inside = if plain.is_absolute() { plain.strip_prefix(folder).ok() } else { Some(plain.as_path()) };
    let shown = match inside {
        Some(inside) => inside,
        None => Path::new(plain.file_name().unwrap_or(plain.as_os_str())),
    };
    let parts: Vec<_> = shown.components().map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// The path without `.` and, where an absolute path names them, without `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if path.is_absolute() => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(all(test, unix))]
mod tests {
    use super::relative;
    use std::path::Path;

    #[test]
    fn shown_paths_do_not_depend_on_the_machine() {
        let cases = [
            ("base.yaml", "base.yaml"),
            ("./base.yaml", "base.yaml"),
            ("teams/./web.yaml", "teams/web.yaml"),
            ("../common/base.yaml", "../common/base.yaml"),
            ("/home/me/project/teams/web.yaml", "teams/web.yaml"),
            ("/home/me/project/../base.yaml", "base.yaml"),
            ("/etc/aegis/base.yaml", "base.yaml"),
            ("/home/me/projects/base.yaml", "base.yaml"),
        ];
        for (path, shown) in cases {
            assert_eq!(relative(Path::new(path), Path::new("/home/me/project")), shown, "{path}");
        }
    }
}
