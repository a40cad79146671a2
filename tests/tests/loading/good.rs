//! Files that load, and what their plugins do then.

use std::process::Command;
use std::sync::{Arc, Mutex};

use integration_tests::server::{Reply, Server};
use lk_plugin::dynamic::{LogSink, Probe};
use lk_plugin::{
    AudioFrame, AudioFrameRef, ChatContext, ChatOptions, ChatRole, Config, ErrorKind, Kind, Llm, RecognizeOptions,
    Registry, Stt, SynthesizeOptions, Tts, Vad, VadEventType,
};
use pollster::block_on;

use super::build::{self, fixture, names};
use super::{Folder, load};

fn asked(text: &str) -> ChatContext {
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, text);
    context
}

#[test]
fn the_openai_plugins_in_a_file_speak_to_a_server() {
    let registry = load(&[&build::openai()]);
    assert_eq!(names(&registry), ["llm/openai", "stt/openai", "tts/openai"]);
    let chunk = r#"{"id":"1","choices":[{"index":0,"delta":{"content":"from a file"},"finish_reason":"stop"}]}"#;
    let server = Server::start([
        Reply::sse([chunk, "[DONE]"]),
        Reply::json(200, r#"{"text": "heard by a file"}"#),
        Reply::new(200).header("content-type", "audio/pcm").bytes(vec![1; 48_000]),
        Reply::json(401, r#"{"error": {"message": "no such key"}}"#).header("x-request-id", "req_7"),
    ]);
    let mut config = Config::new();
    config.insert("base_url", server.url());
    config.insert("api_key", "test-key");

    let llm = registry.create::<dyn Llm>("openai/gpt-4o-mini", &config).unwrap();
    assert_eq!(llm.model(), "gpt-4o-mini");
    let answer = block_on(llm.chat(&asked("hi"), &ChatOptions::default()).unwrap().collect_response()).unwrap();
    assert_eq!(answer.text, "from a file");

    let stt = registry.create::<dyn Stt>("openai", &config).unwrap();
    let second = AudioFrame::new(vec![0; 16_000], 16_000, 1).unwrap();
    let event = block_on(stt.recognize(second.as_ref(), &RecognizeOptions::default())).unwrap();
    assert_eq!(event.text(), "heard by a file");

    let tts = registry.create::<dyn Tts>("openai", &config).unwrap();
    let speech = tts.synthesize("hello", &SynthesizeOptions::default()).unwrap();
    assert_eq!(block_on(speech.collect_frame()).unwrap().sample_rate(), tts.sample_rate());

    // Status, request id and body are there on this side too; the key is not.
    let refused = llm.chat(&asked("hi"), &ChatOptions::default()).unwrap();
    let error = block_on(refused.collect_response()).unwrap_err();
    assert_eq!((error.kind(), error.status(), error.request_id()), (ErrorKind::ApiStatus, Some(401), Some("req_7")));
    assert!(!format!("{error:?}").contains("test-key"), "{error:?}");
    // The file checks the config before the plugin does, with all problems at once.
    config.insert("temprature", 1);
    let error = registry.create::<dyn Llm>("openai", &config).err().unwrap();
    assert!(error.to_string().contains("did you mean `temperature`?"), "{error}");
}

#[test]
fn a_host_without_built_ins_loads_fake_and_calls_its_four_factories() {
    // `lk-plugins` is not named in this test, so it is not linked.
    assert!(Registry::linked().unwrap().plugins().is_empty());
    let registry = load(&[&fixture("wraps-fake")]);
    assert_eq!(names(&registry), ["llm/fake", "stt/fake", "tts/fake", "vad/fake"]);
    let plugin = registry.get(Kind::Stt, "fake").unwrap();
    assert!(plugin.source().ends_with("/libwraps_fake.so"), "{}", plugin.source());
    assert_eq!((plugin.package(), plugin.version(), plugin.license()), ("lk-plugins", "0.1.0", Some("Apache-2.0")));

    let mut config = Config::new();
    config.insert("transcripts", vec!["good morning"]);
    let stt = registry.create::<dyn Stt>("fake", &config).unwrap();
    assert_eq!(stt.model(), "fake");
    let second = AudioFrame::new(vec![0; 16_000], 16_000, 1).unwrap();
    let event = block_on(stt.recognize(second.as_ref(), &RecognizeOptions::default())).unwrap();
    assert_eq!(event.text(), "good morning");
    let stream = stt.stream(&RecognizeOptions::default()).unwrap();
    let events = block_on(stream.feed(vec![second.clone(); 3]).collect()).unwrap();
    assert_eq!(events.iter().map(|event| event.text()).rfind(|text| !text.is_empty()), Some("good morning"));

    let tts = registry.create::<dyn Tts>("fake", &Config::new()).unwrap();
    let whole = tts.synthesize("one two three", &SynthesizeOptions::default()).unwrap();
    let whole = block_on(whole.collect_frame()).unwrap();
    assert_eq!((whole.sample_rate(), whole.channels()), (tts.sample_rate(), tts.channels()));
    let live = tts.stream(&SynthesizeOptions::default()).unwrap().feed(["one ", "two ", "three"]);
    assert!(!block_on(live.collect()).unwrap().is_empty());

    let llm = registry.create::<dyn Llm>("fake", &Config::new()).unwrap();
    let answer = block_on(llm.chat(&asked("hi"), &ChatOptions::default()).unwrap().collect_response()).unwrap();
    assert_eq!(answer.text, "you said: hi");

    let vad = registry.create::<dyn Vad>("fake", &Config::new()).unwrap();
    let (mut stream, mut events) = (vad.stream().unwrap(), Vec::new());
    stream.push(second.as_ref(), &mut events).unwrap();
    let start = events.iter().find(|event| event.event_type == VadEventType::StartOfSpeech).unwrap();
    assert!(!stream.audio(start).unwrap().samples().is_empty());
}

#[test]
fn loaded_plugins_keep_the_contract_as_linked_ones_do() {
    let registry = load(&[&fixture("wraps-fake"), &build::example()]);
    for plugin in registry.plugins() {
        let report = lk_plugin::conformance::check(&plugin, &Config::new());
        assert!(report.is_clean() && !report.outcomes.is_empty(), "{report}");
    }
    assert_eq!(registry.plugins().len(), 5);
}

#[test]
fn a_config_is_checked_against_the_note_before_the_file_is_asked() {
    let registry = load(&[&fixture("other-allocator")]);
    let plugin = registry.get(Kind::Llm, "marking").unwrap();
    assert_eq!(plugin.fields().unwrap()[0].name, "prefix");
    let mut config = Config::new();
    config.insert_text("prefix", "");
    config.insert("prefx", 1);
    let error = registry.create::<dyn Llm>("marking", &config).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Config);
    let text = error.to_string();
    assert!(text.contains("2 problems") && text.contains("did you mean `prefix`"), "{text}");
}

#[test]
fn a_plugin_with_another_allocator_gives_and_takes() {
    let registry = load(&[&fixture("other-allocator")]);
    let mut config = Config::new();
    config.insert_text("prefix", "so: ");
    let llm = registry.create::<dyn Llm>("marking", &config).unwrap();
    let mut stream = llm.chat(&asked("one two"), &ChatOptions::default()).unwrap();
    let (mut text, mut failure) = (String::new(), None);
    while let Some(chunk) = block_on(stream.next()) {
        match chunk {
            Ok(chunk) => text.push_str(&chunk.delta.unwrap().content.unwrap()),
            Err(error) => failure = Some(error),
        }
    }
    assert_eq!((text.as_str(), failure.unwrap().status()), ("so: one two", Some(500)));
    let refused = llm.chat(&ChatContext::new(), &ChatOptions::default()).err().unwrap();
    assert_eq!((refused.kind(), refused.chain()), (ErrorKind::InvalidInput, vec!["the context is empty".to_owned()]));
}

#[test]
fn deadlines_of_adapters_work_inside_a_file_under_any_executor() {
    let registry = load(&[&fixture("all-kinds")]);
    let llm = registry.create::<dyn Llm>("patient", &Config::new()).unwrap();
    let answer = || llm.chat(&asked("hello"), &ChatOptions::default()).unwrap().collect_response();
    assert_eq!(block_on(answer()).unwrap().text, "0/1 1/1 2/1");
    let tokio = tokio::runtime::Builder::new_current_thread().build().unwrap();
    assert_eq!(tokio.block_on(answer()).unwrap().text, "0/1 1/1 2/1");
}

#[test]
fn plugins_with_tokio_inside_run_under_any_executor() {
    let registry = load(&[&fixture("all-kinds")]);
    let stt = registry.create::<dyn Stt>("any", &Config::new()).unwrap();
    let frame = AudioFrame::new(vec![0; 5], 16_000, 1).unwrap();
    let use_all = || async {
        let event = stt.recognize(frame.as_ref(), &RecognizeOptions::default()).await.unwrap();
        assert_eq!(event.text(), "5 samples");
        let stream = stt.stream(&RecognizeOptions::default()).unwrap();
        let events = stream.feed(vec![frame.clone(); 4]).collect().await.unwrap();
        assert_eq!(events.iter().map(|event| event.text()).collect::<Vec<_>>(), ["5"; 4]);
        let llm = registry.create::<dyn Llm>("any", &Config::new()).unwrap();
        let answer = llm.chat(&asked("x"), &ChatOptions::default()).unwrap().collect_response().await.unwrap();
        assert_eq!(answer.text, "0/1 1/1 2/1");
        // Dropped in the middle of a nap, with this file's timer in it.
        let mut half = llm.chat(&asked("x"), &ChatOptions::default()).unwrap();
        half.next().await.unwrap().unwrap();
        drop(half);
        drop(stt.recognize(frame.as_ref(), &RecognizeOptions::default()));
    };
    block_on(use_all());
    // On a runtime of the host's own tokio, which is not the file's.
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(use_all());
    let tts = registry.create::<dyn Tts>("any", &Config::new()).unwrap();
    let audio = block_on(tts.synthesize("abc", &SynthesizeOptions::default()).unwrap().collect_frame()).unwrap();
    assert_eq!((audio.samples().len(), audio.channels()), (6, 2));
}

#[test]
fn several_threads_use_one_instance_at_once() {
    let registry = load(&[&fixture("all-kinds")]);
    let llm: Arc<dyn Llm> = registry.create::<dyn Llm>("any", &Config::new()).unwrap().into();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let llm = Arc::clone(&llm);
            std::thread::spawn(move || {
                let stream = llm.chat(&asked("x"), &ChatOptions::default()).unwrap();
                block_on(stream.collect_response()).unwrap().text
            })
        })
        .collect();
    for thread in threads {
        assert_eq!(thread.join().unwrap(), "0/1 1/1 2/1");
    }
}

#[test]
fn what_plugins_log_reaches_the_host() {
    let said = Arc::new(Mutex::new(Vec::new()));
    let sink = {
        let said = Arc::clone(&said);
        LogSink::new(3, move |record| {
            let line = (record.level, record.message.to_owned(), record.is_panic);
            said.lock().unwrap().push(line);
        })
    };
    // A file of its own, since the first host that a file meets stays its host.
    let folder = Folder::of(&[]);
    folder.add(&fixture("all-kinds"), "own.so");
    let registry = Registry::empty();
    let report = registry.load_path(&folder.options().with_log(sink).without_probe());
    assert_eq!(report.files[0].probe, Probe::NotProbed);
    let mut config = Config::new();
    config.insert("panic_at", "push");
    let vad = registry.create::<dyn Vad>("any", &config).unwrap();
    let frame = AudioFrameRef::new(&[0], 16_000, 1).unwrap();
    let error = vad.stream().unwrap().push(frame, &mut Vec::new()).err().unwrap();
    assert!(error.to_string().contains("src/lib.rs:"), "where it was is told: {error}");
    let said = said.lock().unwrap();
    assert!(said.contains(&(2, "made with 3".to_owned(), false)), "{said:?}");
    assert!(said.iter().any(|(level, text, _)| *level == 3 && text.contains("traced")), "{said:?}");
    assert!(said.contains(&(1, "boom in push".to_owned(), true)), "{said:?}");
    assert!(!said.iter().any(|(_, text, _)| text == "too much"), "{said:?}");
}

#[test]
fn the_same_crates_are_libraries_that_link_side_by_side_and_are_listed_from_the_program() {
    let folder = tempfile::TempDir::new().unwrap();
    let sources = concat!(env!("CARGO_TARGET_TMPDIR"), "/loading/sources");
    fixture("all-kinds");
    let manifest = format!(
        "[package]\nname = \"both\"\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
         lk-plugin = {{ path = \"{0}/../lk-plugin\" }}\nall-kinds = {{ path = \"{sources}/all-kinds\" }}\n\
         other-allocator = {{ path = \"{sources}/other-allocator\" }}\n",
        env!("CARGO_MANIFEST_DIR")
    );
    std::fs::create_dir(folder.path().join("src")).unwrap();
    std::fs::write(folder.path().join("Cargo.toml"), manifest).unwrap();
    let main = "use all_kinds as _;\nuse other_allocator as _;\n\
                fn main() { assert_eq!(lk_plugin::Registry::global().plugins().len(), 6); }";
    std::fs::write(folder.path().join("src/main.rs"), main).unwrap();
    // Another that says no more than that.
    std::fs::create_dir(folder.path().join("src/bin")).unwrap();
    std::fs::write(folder.path().join("src/bin/names.rs"), "use all_kinds as _;\nfn main() {}").unwrap();
    std::fs::copy(format!("{sources}/Cargo.lock"), folder.path().join("Cargo.lock")).unwrap();
    let mut cargo = integration_tests::cargo::cargo().unwrap();
    let ran = cargo.args(["build", "--quiet"]).current_dir(folder.path()).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let target = integration_tests::cargo::target().unwrap().join("debug");
    assert!(Command::new(target.join("both")).status().unwrap().success());

    // What the other program says of itself, without running: also stripped, by the library and by `lk-go`.
    let file = folder.path().join("stripped");
    let program = target.join("names");
    let strips = Command::new("strip").args(["-s", "-o"]).arg(&file).arg(&program).status();
    if !strips.is_ok_and(|status| status.success()) {
        std::fs::copy(&program, &file).unwrap();
    }
    let contents = lk_plugin::dynamic::inspect(&file).unwrap();
    let found: Vec<String> = contents.plugins.iter().map(ToString::to_string).collect();
    assert_eq!(
        (found, contents.module),
        (["llm/any", "llm/patient", "stt/any", "tts/any", "vad/any"].map(String::from).into(), None)
    );
    let both = lk_plugin::dynamic::inspect(target.join("both")).unwrap();
    assert_eq!((both.plugins.len(), both.module), (6, None));
    let listed = Command::new(build::lk_go()).args(["plugin", "list", "--format", "json"]).arg(&file).output().unwrap();
    let list: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    let plugin = &list["plugins"][0];
    assert_eq!(
        (&plugin["kind"], &plugin["package"], &plugin["version"]),
        (&"llm".into(), &"all-kinds".into(), &"0.3.0".into())
    );
    assert_eq!(plugin["schema"]["properties"]["panic_at"]["type"], "string");
}

#[test]
fn the_example_is_listed_and_used_by_lk_go() {
    let folder = Folder::of(&[&build::example()]);
    let home = tempfile::TempDir::new().unwrap();
    let lk_go = |arguments: &[&str]| {
        let ran = Command::new(build::lk_go())
            .args(arguments)
            .env("LK_PLUGIN_PATH", folder.0.path())
            .env("XDG_CACHE_HOME", home.path())
            .output()
            .unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        String::from_utf8(ran.stdout).unwrap()
    };
    for arguments in [&["plugin", "list"][..], &["plugin", "list", "--probe"]] {
        let list = lk_go(arguments);
        let row = list.lines().find(|line| line.contains("energy")).unwrap();
        assert!(row.contains("libenergy_vad.so") && row.contains("Hears speech where it is loud"), "{row}");
    }
    // Probed once, remembered by content.
    assert_eq!(home.path().join("lk-plugin/probed").read_dir().unwrap().count(), 1);
    let recording = concat!(env!("CARGO_MANIFEST_DIR"), "/golden/austen_16k.wav");
    let edges = lk_go(&["vad", recording, "--plugin", "energy", "--set", "threshold=-35", "--format", "json"]);
    assert!(edges.lines().count() >= 6, "{edges}");
}

#[test]
#[ignore = "needs the nightly compiler, which builds for a minute: cargo test -p integration-tests --test loading -- --ignored nightly"]
fn a_plugin_built_by_the_nightly_compiler_works() {
    let registry = load(&[&build::fixture_by_nightly("all-kinds")]);
    let llm = registry.create::<dyn Llm>("any", &Config::new()).unwrap();
    let answer = block_on(llm.chat(&asked("x"), &ChatOptions::default()).unwrap().collect_response()).unwrap();
    assert_eq!(answer.text, "0/1 1/1 2/1");
    let mut config = Config::new();
    config.insert("panic_at", "chat");
    let llm = registry.create::<dyn Llm>("any", &config).unwrap();
    let error = llm.chat(&asked("x"), &ChatOptions::default()).err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Panic);
}
