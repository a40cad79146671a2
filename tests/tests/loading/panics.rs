//! Panics in a loaded file: errors in the host, whose own panic hook hears nothing of them.

use lk_plugin::{
    AudioFrameRef, ChatContext, ChatOptions, Config, Error, ErrorKind, Llm, RecognizeOptions, Registry, Stt,
    SynthesizeOptions, Tts, Vad,
};
use pollster::block_on;

use super::build::fixture;
use super::load;

fn panicking(place: &str) -> Config {
    let mut config = Config::new();
    config.insert("panic_at", place);
    config
}

fn assert_boom<T>(result: Result<T, Error>, place: &str) {
    let error = result.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Panic, "{error}");
    assert!(error.to_string().contains(&format!("boom in {place}")), "{error}");
}

fn registry() -> Registry {
    load(&[&fixture("all-kinds")])
}

#[test]
fn in_the_constructor() {
    let registry = registry();
    assert_boom(registry.create::<dyn Stt>("any", &panicking("new")), "new");
    let error = registry.create::<dyn Stt>("any", &panicking("error")).err().unwrap();
    assert_eq!((error.kind(), error.status(), error.request_id()), (ErrorKind::ApiStatus, Some(401), Some("r1")));
    assert_eq!((error.message(), error.chain()), ("stt/any: the key is wrong", vec!["a cause".to_owned()]));
    assert!(registry.create::<dyn Stt>("any", &Config::new()).is_ok());
}

#[test]
fn in_calls_polls_and_pushes() {
    let registry = registry();
    let frame = AudioFrameRef::new(&[0; 4], 16_000, 1).unwrap();
    let stt = registry.create::<dyn Stt>("any", &panicking("poll")).unwrap();
    assert_boom(block_on(stt.recognize(frame, &RecognizeOptions::default())), "poll");
    let stt = registry.create::<dyn Stt>("any", &panicking("stream")).unwrap();
    for _ in 0..2 {
        // Poisoned: the same from then on.
        assert_boom(stt.stream(&RecognizeOptions::default()), "stream");
    }
    let tts = registry.create::<dyn Tts>("any", &panicking("synthesize")).unwrap();
    assert_boom(tts.synthesize("x", &SynthesizeOptions::default()), "synthesize");
    let llm = registry.create::<dyn Llm>("any", &panicking("chat")).unwrap();
    assert_boom(llm.chat(&ChatContext::new(), &ChatOptions::default()), "chat");
    let llm = registry.create::<dyn Llm>("any", &panicking("poll")).unwrap();
    for _ in 0..2 {
        // The stream alone is lost.
        let stream = llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap();
        assert_boom(block_on(stream.collect_response()), "poll");
    }
    let vad = registry.create::<dyn Vad>("any", &panicking("push")).unwrap();
    let mut stream = vad.stream().unwrap();
    for _ in 0..2 {
        assert_boom(stream.push(frame, &mut Vec::new()), "push");
    }
}

#[test]
fn in_a_drop() {
    let registry = registry();
    drop(registry.create::<dyn Llm>("any", &panicking("drop")).unwrap());
    let vad = registry.create::<dyn Vad>("any", &panicking("drop")).unwrap();
    let mut stream = vad.stream().unwrap();
    drop(vad);
    let frame = AudioFrameRef::new(&[0; 4], 16_000, 1).unwrap();
    stream.push(frame, &mut Vec::new()).unwrap();
}
