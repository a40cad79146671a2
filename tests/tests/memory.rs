//! What things cost. A Silero stream: little, one copy of the weights for all, and nothing per frame once it is warm. The
//! way to a plugin, by name or for each frame: nothing. A conversation: no more in an hour than in a minute.
//!
//! One test at a time in this binary, because the counters are the process's.

use std::sync::{Arc, Mutex};

use lk_go::voice::{Session, SessionOptions, VoicePlugins};
use lk_plugin::{AudioFrameRef, Config, Kind, Llm, PluginKind, Registry, Stt, Tts, Vad, VadStream};
use lk_plugins as _;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

static ALONE: Mutex<()> = Mutex::new(());

/// A minute of faint noise, which is no speech.
fn noise(rate: u32) -> Vec<i16> {
    let mut state = 1_u32;
    let mut sample = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 26) as i16 - 32
    };
    (0..rate * 60).map(|_| sample()).collect()
}

fn push_all(stream: &mut dyn VadStream, samples: &[i16], rate: u32) -> lk_plugin::Result<usize> {
    let mut events = Vec::with_capacity(16);
    let mut count = 0;
    for frame in samples.chunks(rate as usize / 100) {
        events.clear();
        stream.push(AudioFrameRef::new(frame, rate, 1)?, &mut events)?;
        count += events.len();
    }
    Ok(count)
}

#[test]
fn a_stream_is_small_and_a_frame_allocates_nothing() -> lk_plugin::Result<()> {
    let _alone = ALONE.lock();
    let _profiler = dhat::Profiler::builder().testing().build();
    let held = || dhat::HeapStats::get().curr_bytes;
    let blocks = || dhat::HeapStats::get().total_blocks;

    let registry = Registry::global();
    let vad = registry.create::<dyn Vad>("silero", &Config::new())?;
    let with_weights = held();
    let again = registry.create::<dyn Vad>("silero", &Config::new())?;
    assert!(held() - with_weights < 4_096, "a second instance must share the weights");

    for rate in [16_000, 48_000, 44_100, 8_000] {
        let samples = noise(rate);
        let before = held();
        let mut stream = again.stream()?;
        push_all(stream.as_mut(), &samples, rate)?;
        let cost = held() - before;
        assert!(cost < 1024 * 1024, "{rate} Hz: {cost} bytes a stream");

        let warm = blocks();
        let count = push_all(stream.as_mut(), &samples, rate)?;
        assert!(count > 1_800, "{rate} Hz: {count} windows");
        assert_eq!(blocks() - warm, 1, "{rate} Hz: the caller's event buffer, and nothing else");
        stream.flush()?;
        assert!(held() - before <= cost, "{rate} Hz: a flush must not cost memory");
    }
    drop(vad);
    Ok(())
}

#[test]
fn nothing_on_the_way_to_a_plugin_allocates() -> lk_plugin::Result<()> {
    let _alone = ALONE.lock();
    let registry = Registry::global();
    let vad = registry.create::<dyn Vad>("fake", &Config::from_json(r#"{"speech": []}"#)?)?;
    let (mut stream, samples) = (vad.stream()?, noise(16_000));
    push_all(stream.as_mut(), &samples, 16_000)?;

    let _profiler = dhat::Profiler::builder().testing().build();
    let count = push_all(stream.as_mut(), &samples, 16_000)?;
    assert!(count > 1_800, "{count} intervals");
    assert_eq!(dhat::HeapStats::get().total_blocks, 1, "the caller's event buffer, and nothing else");
    for name in ["fake", "silero", "openai", "not-there", "a-name-that-is-too-long-for-a-key"] {
        assert_eq!(registry.get(Kind::Vad, name).is_some(), matches!(name, "fake" | "silero"), "{name}");
    }
    assert_eq!(dhat::HeapStats::get().total_blocks, 1, "a look-up");
    Ok(())
}

fn create<K: PluginKind + ?Sized>(json: &str) -> lk_plugin::Result<Arc<K>> {
    Ok(Arc::from(Registry::global().create::<K>("fake", &Config::from_json(json)?)?))
}

/// A turn in each twelve seconds for an hour, whose answers are too long and cut off.
fn talkative() -> lk_plugin::Result<VoicePlugins> {
    let speech: Vec<String> = (0..300).map(|turn| format!("{0}.5, {1}.5", turn * 12, turn * 12 + 9)).collect();
    let answer = "and so on ".repeat(12);
    Ok(VoicePlugins::new(
        create::<dyn Vad>(&format!(r#"{{"speech": [{}]}}"#, speech.join(", ")))?,
        create::<dyn Stt>(r#"{"interim_every": 0}"#)?,
        create::<dyn Llm>(&format!(r#"{{"replies": ["{answer}"], "chunk_characters": 40}}"#))?,
        create::<dyn Tts>(r#"{"sample_rate": 8000, "voice": "silence"}"#)?,
    ))
}

/// The most memory that so many minutes of conversation need at once, in bytes, and how many turns there were.
fn conversation(minutes: usize) -> lk_plugin::Result<(usize, u64)> {
    let plugins = talkative()?;
    let _profiler = dhat::Profiler::builder().testing().build();
    let options = SessionOptions::default().with_max_context_items(20).with_live(true, false);
    let (mut session, mut turns) = (Session::new(plugins, options)?, 0);
    pollster::block_on(async {
        for _ in 0..minutes * 60 * 10 {
            session.hear(AudioFrameRef::new(&[1; 800], 8_000, 1)?).await?;
            turns = session.take_events().map(|event| event.turn).max().unwrap_or(turns);
        }
        Ok::<_, lk_plugin::Error>(())
    })?;
    Ok((dhat::HeapStats::get().max_bytes, turns))
}

#[test]
fn an_hour_of_conversation_needs_no_more_memory_than_two_minutes() -> lk_plugin::Result<()> {
    let _alone = ALONE.lock();
    let ((short, _), (long, turns)) = (conversation(2)?, conversation(60)?);
    assert_eq!(turns, 300);
    assert!(
        long < short + short / 10 && long < 2 * 1024 * 1024,
        "{long} bytes at most in an hour, {short} in two minutes"
    );
    Ok(())
}
