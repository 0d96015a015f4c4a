//! What is written and what is read back: whole, in place, and refused when damaged.

use super::{BAD, GOOD, WARNS, folder, names, run};
use std::fs;

#[test]
fn a_build_says_what_it_built() {
    let folder = folder(&[("good.yaml", GOOD), ("more.yaml", WARNS)]);
    let at = folder.path();
    let args =
        ["build", "good.yaml", "more.yaml", "-o", "p.aegisb", "--policy-id", "demo", "--revision", "7"];
    let build = run(at, &[&args[..], &["--label", "abc123"]].concat());
    assert_eq!((build.code, build.out.as_str()), (0, ""), "{}", build.err);
    let bytes = fs::read(at.join("p.aegisb")).unwrap();
    let last = build.err.lines().last().unwrap();
    assert!(last.starts_with("built p.aegisb: 2 layers, 4 rules, "), "{last}");
    let size = last.split(", ").nth(2).unwrap().replace(',', "");
    assert_eq!(size, format!("{} bytes", bytes.len()));
    assert!(last.ends_with(" kinds of action") && last.contains(", proved: "), "{last}");
    assert_eq!(run(at, &[&args[..], &["--label", "abc123"]].concat()).code, 0);
    assert_eq!(fs::read(at.join("p.aegisb")).unwrap(), bytes, "the same input gives the same bytes");
    let off = run(at, &["build", "good.yaml", "-o", "off.aegisb", "--verify", "off"]);
    assert!(off.err.trim_end().ends_with(", not verified"), "{}", off.err);
    let inspect = run(at, &["inspect", "p.aegisb"]);
    assert_eq!((inspect.code, inspect.err.as_str()), (0, ""));
    for words in [
        "policy id   demo\n",
        "revision    7\n",
        "label       abc123\n",
        "cost        at most 2 probes, 3 nodes and 2 tests, and 8 steps for each byte of a text\n",
        "  good.yaml\n    3 rules, version 1, scope global\n",
    ] {
        assert!(inspect.out.contains(words), "{words:?}\n{}", inspect.out);
    }
    let ir = run(at, &["inspect", "p.aegisb", "--ir"]);
    assert_eq!((ir.code, ir.err.as_str()), (0, ""));
    let emitted = run(at, &["build", "good.yaml", "more.yaml", "--emit", "ir"]);
    assert_eq!(emitted.code, 0);
    assert!(emitted.out.contains("reads"), "{}", emitted.out);
    assert!(ir.out.contains("reads"), "{}", ir.out);
    assert_eq!(names(at), ["good.yaml", "more.yaml", "off.aegisb", "p.aegisb"]);
}

#[test]
fn an_output_that_cannot_be_written_is_refused_at_once() {
    let folder = folder(&[("good.yaml", GOOD), ("sub/x", "")]);
    let at = folder.path();
    let cases = [
        ("sub", "it is a folder; write `-o sub/policy.aegisb`"),
        ("sub/", "it is a folder; write `-o sub/policy.aegisb`"),
        ("nope/p.aegisb", "the folder `nope` does not exist; create it first"),
        ("good.yaml", "it is one of the layers; write to another file"),
        ("./sub/../good.yaml", "it is one of the layers; write to another file"),
        ("good.yaml/p.aegisb", "the folder `good.yaml` does not exist; create it first"),
        ("-", "an artifact goes into a file, never to standard output; name one"),
        #[cfg(unix)]
        ("/dev/null", "it is a device or a pipe, not a file"),
        ("..", "it is a folder; write `-o ../policy.aegisb`"),
    ];
    for (output, why) in cases {
        let run = run(at, &["build", "good.yaml", "-o", output]);
        assert_eq!(run.code, 2, "{output}\n{}", run.err);
        assert_eq!(run.err, format!("error: cannot write `{output}`: {why}\n"));
    }
    assert_eq!(names(at), ["good.yaml", "sub"]);
    assert_eq!(fs::read_to_string(at.join("good.yaml")).unwrap(), GOOD);
}

#[cfg(unix)]
#[test]
fn a_link_to_nowhere_is_refused() {
    let folder = folder(&[("good.yaml", GOOD)]);
    let at = folder.path();
    std::os::unix::fs::symlink("nowhere.aegisb", at.join("dang.aegisb")).unwrap();
    let why = "it is a link to `nowhere.aegisb`, which does not exist; remove the link";
    for args in [&["build", "good.yaml", "-o", "dang.aegisb"][..], &["init", "--force", "dang.aegisb"]] {
        let run = run(at, args);
        assert_eq!((run.code, run.err), (2, format!("error: cannot write `dang.aegisb`: {why}\n")));
    }
    assert_eq!(names(at), ["dang.aegisb", "good.yaml"]);
}

#[test]
fn a_failing_build_leaves_the_old_file_alone() {
    let folder = folder(&[("good.yaml", GOOD), ("bad.yaml", BAD)]);
    let at = folder.path();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "p.aegisb"]).code, 0);
    let old = fs::read(at.join("p.aegisb")).unwrap();
    for (layer, code) in [("bad.yaml", 1), ("no.yaml", 2)] {
        assert_eq!(run(at, &["build", layer, "-o", "p.aegisb"]).code, code);
        assert_eq!(fs::read(at.join("p.aegisb")).unwrap(), old);
    }
    assert_eq!(names(at), ["bad.yaml", "good.yaml", "p.aegisb"]);
}

#[cfg(unix)]
#[test]
fn a_written_file_has_the_permissions_of_a_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let folder = folder(&[("good.yaml", GOOD), ("plain", "")]);
    let at = folder.path();
    let mode = |name: &str| fs::metadata(at.join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!(run(at, &["build", "good.yaml", "-o", "p.aegisb"]).code, 0);
    assert_eq!(mode("p.aegisb"), mode("plain"), "as any new file, by the umask");
    fs::set_permissions(at.join("p.aegisb"), fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "p.aegisb"]).code, 0);
    assert_eq!(mode("p.aegisb"), 0o600, "as the file that it replaces");
    symlink("p.aegisb", at.join("link.aegisb")).unwrap();
    fs::write(at.join("p.aegisb"), "old").unwrap();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "link.aegisb"]).code, 0);
    assert!(fs::symlink_metadata(at.join("link.aegisb")).unwrap().is_symlink());
    assert_eq!(run(at, &["inspect", "p.aegisb"]).code, 0, "the file behind the link is new");
}

#[test]
fn damaged_and_foreign_artifacts_are_refused() {
    let folder = folder(&[("good.yaml", GOOD), ("a.jsonl", "{\"type\":\"read\",\"target\":\"x\"}\n")]);
    let at = folder.path();
    assert_eq!(run(at, &["build", "good.yaml", "-o", "p.aegisb"]).code, 0);
    let whole = fs::read(at.join("p.aegisb")).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    let mut newer = whole.clone();
    newer[8] = 99;
    let cases: &[(&str, &[u8])] = &[
        ("half", &whole[..whole.len() / 2]),
        ("header alone", &whole[..320]),
        ("empty", b""),
        ("one byte more", &[&whole[..], b"x"].concat()),
        ("one bit wrong", &flipped),
        ("another format", &newer),
        ("yaml", GOOD.as_bytes()),
        ("elf", b"\x7fELF and so on"),
    ];
    for (what, bytes) in cases {
        fs::write(at.join("q.aegisb"), bytes).unwrap();
        for args in [
            &["inspect", "q.aegisb"][..],
            &["eval", "q.aegisb", "--actions", "a.jsonl"],
            &["simulate", "q.aegisb", "read:x"],
            &["explain", "q.aegisb", "read:x"],
        ] {
            let run = run(at, args);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{what} {args:?}");
            assert!(run.err.starts_with("error: cannot load `q.aegisb`: "), "{what}\n{}", run.err);
            assert!(run.err.len() > "error: cannot load `q.aegisb`: \n".len(), "{what}\n{}", run.err);
        }
    }
}
