//! `lk-go plugin download-files` from outside, against a server that does what a script says. The plugins that declare the
//! files are in shared objects made by hand.

#![cfg(target_os = "linux")]

use std::error::Error;
use std::fs;
use std::process::{Command, Output, Stdio};

use integration_tests::model_files::{Machine, content, model, plain, rest, sha256, whole};
use integration_tests::program::{binary, lk_go, stderr, stdout};
use integration_tests::server::{Reply, Server};
use serde_json::{Value, json};

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

#[track_caller]
fn assert_code(output: &Output, code: i32, message: &str) {
    let text = format!("{}{}", stdout(output), stderr(output));
    assert_eq!(output.status.code(), Some(code), "{text}");
    assert!(text.contains(message), "`{message}` is not in: {text}");
    // No progress bar where no terminal is.
    assert!(!text.contains('\r') && !text.contains("panicked"), "{text:?}");
}

/// The `state` and `kept` of each file of a run with `--format json`.
fn states(output: &Output) -> Result<Vec<(String, u64)>> {
    let document: Value = serde_json::from_slice(&output.stdout)?;
    let files = document["files"].as_array().ok_or("files")?;
    let state =
        |file: &Value| (file["state"].as_str().unwrap_or_default().to_owned(), file["kept"].as_u64().unwrap_or(9));
    Ok(files.iter().map(state).collect())
}

#[test]
fn a_file_comes_once_and_is_checked_without_the_network() -> Result {
    let server = Server::start([whole()]);
    let machine = Machine::with_one_file(&server)?;
    let dry = machine.run(&["--dry-run"])?;
    assert_code(&dry, 0, "97.66 KiB would be downloaded; nothing was");
    let missing = machine.run(&["--verify", "--format", "json"])?;
    assert_eq!((missing.status.code(), states(&missing)?), (Some(1), vec![("missing".to_owned(), 0)]));
    assert_eq!(fs::read_dir(machine.models.path())?.count(), 0);

    let downloaded = machine.run(&[])?;
    assert_code(&downloaded, 0, "downloaded  vad/gate");
    assert!(stdout(&downloaded).contains(&machine.model("model.bin").display().to_string()), "{}", stdout(&downloaded));
    assert_eq!((fs::read(machine.model("model.bin"))?, machine.names()?), (content(), vec!["model.bin".to_owned()]));
    for name in ["vad/gate", "gate"] {
        assert_code(&machine.run(&[name])?, 0, "present  vad/gate");
    }
    assert_code(&machine.run(&["--verify"])?, 0, "present");
    assert_eq!(server.requests().len(), 1);
    assert_eq!(server.requests()[0].header("accept-encoding"), Some("identity"));

    fs::write(machine.model("model.bin"), [7; 100_000])?;
    assert_code(&machine.run(&["--verify"])?, 1, "warning: `model.bin` of vad/gate: its SHA-256 is ");
    fs::write(machine.model("model.bin"), [7; 10])?;
    assert_code(&machine.run(&["--verify"])?, 1, "it has 10 bytes, and 100000 are declared");
    Ok(())
}

#[test]
fn a_damaged_file_is_replaced() -> Result {
    let server = Server::start([whole()]);
    let machine = Machine::with_one_file(&server)?;
    fs::create_dir(machine.models.path().join("fixture"))?;
    fs::write(machine.model("model.bin"), "damaged")?;
    assert_code(&machine.run(&[])?, 0, "is downloaded again: it has 7 bytes");
    assert_eq!(fs::read(machine.model("model.bin"))?, content());
    Ok(())
}

#[test]
fn a_cut_is_mended_within_the_run() -> Result {
    let cut = plain("200 OK\r\netag: \"one\"", &content(), 30_000).cut();
    let again =
        plain("206 Partial\r\netag: \"one\"\r\ncontent-range: bytes 30000-99999/100000", &content()[30_000..], 7).cut();
    let server = Server::start([cut, again, Reply::new(503), rest(30_007)]);
    let machine = Machine::with_one_file(&server)?;
    assert_code(&machine.run(&[])?, 0, "downloaded");
    assert_eq!((fs::read(machine.model("model.bin"))?, machine.names()?), (content(), vec!["model.bin".to_owned()]));
    let asked: Vec<_> = server
        .requests()
        .iter()
        .map(|request| (request.header("range").map(str::to_owned), request.header("if-range").map(str::to_owned)))
        .collect();
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(asked[0], (None, None));
    assert_eq!(asked[1], (some("bytes=30000-"), some("\"one\"")));
    assert_eq!(asked[3], (some("bytes=30007-"), some("\"one\"")));
    Ok(())
}

#[test]
fn what_came_before_a_failure_is_kept_for_the_next_run() -> Result {
    let cut = || plain("200 OK", &content(), 30_000).cut();
    let server = Server::start([cut(), Reply::new(404), rest(30_000)]);
    let machine = Machine::with_one_file(&server)?;
    assert_code(&machine.run(&[])?, 6, "/model.bin` answered 404 not found");
    assert_eq!(fs::read(machine.part())?, content()[..30_000]);
    let dry = machine.run(&["--dry-run", "--format", "json"])?;
    assert_eq!(states(&dry)?, [("missing".to_owned(), 30_000)]);
    assert_code(&machine.run(&["--dry-run"])?, 0, "68.36 KiB would be downloaded");
    assert_code(&machine.run(&[])?, 0, "downloaded");
    assert_eq!(server.requests()[2].header("range"), Some("bytes=30000-"));
    assert_eq!((fs::read(machine.model("model.bin"))?, machine.names()?), (content(), vec!["model.bin".to_owned()]));
    Ok(())
}

#[test]
fn a_server_that_ignores_ranges_or_sends_others_is_asked_for_the_whole() -> Result {
    let wrong = plain("206 Partial\r\ncontent-range: bytes 5-9/100000", b"wrong", 5);
    for replies in [vec![whole()], vec![wrong, whole()], vec![plain("416 Range", b"", 0), whole()]] {
        let server = Server::start(replies);
        let machine = Machine::with_one_file(&server)?;
        fs::create_dir(machine.models.path().join("fixture"))?;
        fs::write(machine.part(), &content()[..30_000])?;
        assert_code(&machine.run(&[])?, 0, "downloaded");
        assert_eq!(fs::read(machine.model("model.bin"))?, content());
        let asked: Vec<bool> = server.requests().iter().map(|request| request.header("range").is_some()).collect();
        assert!(asked == [true] || asked == [true, false], "{asked:?}");
    }
    Ok(())
}

#[test]
fn parts_that_do_not_fit_together_are_forgotten() -> Result {
    let server = Server::start([rest(30_000), whole()]);
    let machine = Machine::with_one_file(&server)?;
    fs::create_dir(machine.models.path().join("fixture"))?;
    fs::write(machine.part(), [7; 30_000])?;
    assert_code(&machine.run(&[])?, 0, "downloaded");
    assert_eq!(server.requests()[1].header("range"), None);
    // Nor is one that is longer than the file.
    let server = Server::start([whole()]);
    let machine = Machine::with_one_file(&server)?;
    fs::create_dir(machine.models.path().join("fixture"))?;
    fs::write(machine.part(), [7; 100_001])?;
    assert_code(&machine.run(&[])?, 0, "downloaded");
    assert_eq!(server.requests()[0].header("range"), None);
    Ok(())
}

#[test]
fn what_is_not_the_declared_file_is_refused_and_leaves_nothing() -> Result {
    let mut other = content();
    other[50_000] ^= 1;
    let longer = [content(), vec![0]].concat();
    for (reply, message) in [
        (
            plain("200 OK", &other, other.len()),
            format!("has the SHA-256 {}, and {} is", sha256(&other), sha256(&content())),
        ),
        (plain("200 OK", &longer, longer.len()), "has 100001 bytes, and 100000 are declared".to_owned()),
        (Reply::new(200).bytes(longer.clone()), "more than the 100000 bytes came that are declared".to_owned()),
        (Reply::new(404), "answered 404 not found".to_owned()),
        (Reply::new(403), "answered 403 forbidden".to_owned()),
    ] {
        let server = Server::start([reply]);
        let machine = Machine::with_one_file(&server)?;
        let refused = machine.run(&[])?;
        assert_code(&refused, 6, &message);
        assert_code(&refused, 6, "error: `model.bin` of vad/gate: ");
        assert_code(&refused, 6, "failed  vad/gate");
        assert_eq!((machine.names()?, server.requests().len()), (Vec::new(), 1), "{message}");
    }
    Ok(())
}

#[test]
fn one_failure_does_not_keep_the_others_from_coming() -> Result {
    let server = Server::start([Reply::new(404), whole()]);
    let url = |name: &str| format!("{}/{name}", server.url());
    let shared = model("b.bin", &url("b.bin"), &content());
    let mut evil = model("evil.bin", "file:///etc/passwd", b"x");
    let mut hidden = model("../../evil.bin", &url("evil.bin"), b"x");
    hidden["name"] = json!("../../evil.bin");
    evil["sha256"] = json!("00");
    let conflict = model("b.bin", &url("other.bin"), b"another");
    let machine = Machine::new(&[
        ("gate", &[model("a.bin", &url("a.bin"), &content()), shared.clone()]),
        ("other", &[shared, evil, hidden, model("c.bin", "file:///etc/passwd", b"x")]),
        ("third", &[conflict]),
    ])?;
    let done = machine.run(&["--format", "json"])?;
    assert_eq!(done.status.code(), Some(6));
    let words: Vec<String> = states(&done)?.into_iter().map(|(word, _)| word).collect();
    assert_eq!(words, ["failed", "downloaded", "failed", "failed", "failed", "failed"]);
    let document: Value = serde_json::from_slice(&done.stdout)?;
    assert_eq!(document["files"][1]["plugins"], json!(["vad/gate", "vad/other"]));
    assert_eq!(document["files"][3]["path"], Value::Null);
    for message in [
        "`00` is no SHA-256",
        "`../../evil.bin` is not a file name",
        "`file:///etc/passwd` is no URL that can be downloaded",
        "`vad/gate` and `vad/other` declares another file of that name",
    ] {
        assert!(stderr(&done).contains(message), "`{message}` is not in: {}", stderr(&done));
    }
    assert_eq!((machine.names()?, server.requests().len()), (vec!["b.bin".to_owned()], 2));
    // Only what is asked for.
    assert_code(&machine.run(&["vad/gat"])?, 5, "there is no plugin `vad/gat`; did you mean `vad/gate`?");
    assert_code(&machine.run(&["vad/silero"])?, 0, "no plugin here wants a model file");
    Ok(())
}

#[test]
fn redirects_are_followed_but_not_out_of_tls() -> Result {
    let server = Server::start([whole()]);
    let first = Server::start([Reply::new(302).header("location", &format!("{}/x?signature=secret", server.url()))]);
    let machine = Machine::with_one_file(&first)?;
    assert_code(&machine.run(&[])?, 0, "downloaded");

    let server = Server::start([]);
    let leaving = || Reply::new(302).header("location", &format!("{}/x?signature=secret", server.url()));
    let staying = Reply::new(307).header("location", "/v1/elsewhere");
    let secure = Server::https([leaving(), staying, Reply::new(200).bytes(content())]);
    let machine = Machine::with_one_file(&secure)?;
    let run = || -> Result<Output> {
        let mut command = lk_go()?;
        for proxy in ["http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"] {
            command.env_remove(proxy);
        }
        let command = command.args(["plugin", "download-files"]).envs(machine.environment());
        Ok(command.env("SSL_CERT_FILE", secure.ca_file()).output()?)
    };
    let refused = run()?;
    assert_code(&refused, 6, "the server redirects from `https` to `http`, where anybody could answer");
    assert!(!stderr(&refused).contains("secret"), "{}", stderr(&refused));
    assert_eq!((server.requests().len(), secure.requests().len()), (0, 1));
    assert_code(&run()?, 0, "downloaded");
    // Whom the system does not trust is not asked.
    let stranger = Server::https([Reply::new(200).bytes(content())]);
    let machine =
        Machine::new(&[("gate", &[model("model.bin", &format!("{}/model.bin", stranger.url()), &content())])])?;
    assert_code(&machine.run(&["--verify"])?, 1, "missing");
    assert_eq!(stranger.requests().len(), 0);
    Ok(())
}

#[test]
fn a_full_disk_is_told_and_what_came_is_kept() -> Result {
    let server = Server::start([whole(), rest(0)]);
    let machine = Machine::with_one_file(&server)?;
    // To the process a limit to the size of files looks as a full disk does: the write fails. The signal is ignored.
    let limited = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 64; exec \"$0\" plugin download-files"])
        .arg(binary()?)
        .envs(machine.environment())
        .env("NO_COLOR", "1")
        .output()?;
    assert_code(&limited, 6, "cannot be written; make room, and run this again: what came so far is kept");
    let kept = fs::read(machine.part())?;
    assert!(!kept.is_empty() && content().starts_with(&kept), "{} bytes", kept.len());

    let server = Server::start([rest(kept.len())]);
    let resumed = Machine::with_one_file(&server)?;
    fs::create_dir(resumed.models.path().join("fixture"))?;
    fs::copy(machine.part(), resumed.part())?;
    assert_code(&resumed.run(&[])?, 0, "downloaded");
    assert_eq!(server.requests()[0].header("range"), Some(format!("bytes={}-", kept.len()).as_str()));
    Ok(())
}

#[test]
fn ctrl_c_keeps_what_came_and_one_file_has_one_process() -> Result {
    let server = Server::start([plain("200 OK", &content(), 30_000).hold(), rest(30_000)]);
    let machine = Machine::with_one_file(&server)?;
    let child = Command::new(binary()?)
        .args(["plugin", "download-files", "--format", "json"])
        .envs(machine.environment())
        .env("NO_COLOR", "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    assert!(server.wait_for_requests(1));
    assert_code(&machine.run(&[])?, 6, "another process is downloading it now; wait until that one has done");
    while fs::metadata(machine.part())?.len() < 30_000 {
        std::thread::yield_now();
    }
    Command::new("kill").args(["-INT", &child.id().to_string()]).status()?;
    let output = child.wait_with_output()?;
    assert_code(&output, 130, "interrupted; what came so far is kept");
    assert_code(&machine.run(&[])?, 0, "downloaded");
    assert_eq!(fs::read(machine.model("model.bin"))?, content());
    Ok(())
}

#[test]
fn the_folder_must_not_depend_on_where_one_stands() -> Result {
    let machine = Machine::new(&[])?;
    let refused = lk_go()?.args(["plugin", "download-files"]).env("LK_MODEL_DIR", "models").output()?;
    assert_code(&refused, 3, "`LK_MODEL_DIR` is `models`, which depends on where a program is started");
    assert_code(&machine.run(&[])?, 0, "no plugin here wants a model file");
    Ok(())
}
