//! What a Silero stream costs: little, one copy of the weights for all, and nothing per frame once it is warm.
//!
//! One test alone in this binary, because the counters are the process's.

use lk_plugin::{AudioFrameRef, Config, Registry, Vad, VadStream};
use lk_plugins as _;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

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
