//! A file in the layout of an earlier minor version, written by hand: its tables and structs are shorter.

use lk_plugin::{AudioFrameRef, Config, ErrorKind, SampleRange, Vad, VadEvent, VadEventType};

use super::{build, load};

#[test]
fn a_file_of_an_older_layout_works_and_lacks_only_what_came_later() {
    let registry = load(&[&build::raw("none", &build::notes([1, 0]))]);
    let vad = registry.create::<dyn Vad>("raw", &Config::new()).unwrap();
    assert_eq!(vad.capabilities().update_interval.as_millis(), 20);
    // Getters that are null or not there do what the trait's defaults do.
    assert_eq!((vad.model(), vad.provider(), vad.min_silence_duration()), ("unknown", "unknown", None));
    vad.prewarm();
    let (mut stream, mut events) = (vad.stream().unwrap(), Vec::new());
    let frame = AudioFrameRef::new(&[1; 512], 16_000, 1).unwrap();
    for _ in 0..3 {
        stream.push(frame, &mut events).unwrap();
    }
    // The one of a later version is left out, and a short event has nothing in what it lacks.
    let none = SampleRange { start: 0, end: 0, sample_rate: 0 };
    let mut wanted = VadEvent::new(VadEventType::InferenceDone, none);
    wanted.samples_index = 3 * 512;
    assert_eq!((events.len(), events[2]), (3, wanted));
    assert!(stream.audio(&events[2]).is_none());
    // A number without an error.
    assert_eq!(stream.flush().err().unwrap().kind(), ErrorKind::Unsupported);
    stream.end_input(&mut events).unwrap();
}
