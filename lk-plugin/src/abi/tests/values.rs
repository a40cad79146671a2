//! Every value of the contract, there and back.

use std::fmt::Debug;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::seconds;
use crate::abi::arena::Arena;
use crate::abi::cross::{Bad, Cross, Record, str_of};
use crate::abi::layout::{LkSlice, LkTagged, read};
use crate::abi::values::{LkChatChunk, LkSpeechEvent, LkVadEvent};
use crate::audio::{AudioFrame, SampleRange};
use crate::connect::ConnectOptions;
use crate::error::{Error, ErrorKind, Result, WireError};
use crate::kinds::*;

fn crossed<T: Record>(value: &T) -> Result<T> {
    let arena = Arena::default();
    let record = value.record(&arena);
    // SAFETY: written just now; value and arena are still there.
    Ok(unsafe { T::from_pointer(&raw const record)? })
}

fn assert_crosses<T: Record + PartialEq + Debug>(value: &T) {
    assert_eq!(crossed(value).ok().as_ref(), Some(value));
}

fn frame() -> Result<AudioFrame> {
    AudioFrame::new(vec![1, -2, 3, -4], 48_000, 2)
}

fn usage() -> CompletionUsage {
    CompletionUsage { service_tier: Some("flex".to_owned()), reasoning_tokens: 3, ..CompletionUsage::new(1, u64::MAX) }
}

pub(super) fn speech_event() -> SpeechEvent {
    let word = TimedString {
        confidence: Some(0.25),
        start_time_offset: Some(Duration::ZERO),
        speaker_id: Some("S1".to_owned()),
        ..TimedString::new("hé").with_times(Duration::from_nanos(1), seconds(2))
    };
    let data = SpeechData {
        speaker_id: Some(String::new()),
        is_primary_speaker: Some(false),
        source_languages: vec!["de".into(), "fr".into()],
        source_texts: vec!["eins".to_owned(), String::new()],
        target_languages: vec!["en".into()],
        target_texts: vec!["one".to_owned()],
        metadata: Some("{}".to_owned()),
        ..SpeechData::new("en-US", "hé there").with_confidence(0.5).with_words(vec![word, TimedString::new("x")])
    };
    SpeechEvent {
        recognition_usage: Some(RecognitionUsage { input_tokens: 7, ..RecognitionUsage::of_audio(seconds(3)) }),
        speech_start_time: Some(UNIX_EPOCH + Duration::new(1_700_000_000, 5)),
        speech_end_time: Some(UNIX_EPOCH - Duration::from_nanos(7)),
        ..SpeechEvent::final_transcript(data).with_request_id("r1")
    }
}

#[test]
fn results_cross_whole() -> Result<()> {
    assert_crosses(&speech_event());
    assert_crosses(&SpeechEvent::new(SpeechEventType::StartOfSpeech));
    let mut audio = SynthesizedAudio::new(frame()?, "r").with_final(true).with_segment_id("s").with_delta_text("d");
    audio.timed_transcripts = vec![TimedString::new("w")];
    assert_crosses(&audio);
    let mut call = FunctionToolCall::new("c", "weather", "{\"city\":\"Paris\"}");
    call.extra = Some("{}".to_owned());
    assert_crosses(&ChatChunk::tool_calls("id", vec![call.clone(), call]));
    assert_crosses(&ChatChunk::usage("", usage()));
    assert_crosses(&ChatChunk::text("id", "words"));
    assert_crosses(&ChatChunk::default());
    let mut event =
        VadEvent::new(VadEventType::InferenceDone, SampleRange { start: 1, end: u64::MAX, sample_rate: 16_000 });
    (event.timestamp, event.probability, event.speaking) = (seconds(9), 0.75, true);
    assert_crosses(&event);
    let error = Error::from_status(429, "slow down").with_request_id("r").with_body("{}").with_source("because");
    assert_crosses(&WireError::from(&error));
    assert_crosses(&WireError::from(&Error::config("no")));
    Ok(())
}

#[test]
fn what_is_handed_in_crosses_whole() -> Result<()> {
    let connect = ConnectOptions::default().with_timeout(Duration::MAX);
    let options = RecognizeOptions::default()
        .with_language("pt-BR")
        .with_keyterms(["Ravel", ""])
        .with_start_time_offset(seconds(4));
    assert_crosses(&options);
    assert_crosses(&RecognizeOptions::default());
    // More than 584 years.
    let cut = crossed(&SynthesizeOptions::default().with_connect(connect))?;
    assert_eq!(cut.connect.timeout, Duration::from_nanos(u64::MAX - 1));
    for choice in [ToolChoice::Auto, ToolChoice::Required, ToolChoice::None, ToolChoice::Function("f".to_owned())] {
        let mut options = ChatOptions::default()
            .with_tools([Tool::new("f", "does", "{}")])
            .with_tool_choice(choice)
            .with_parallel_tool_calls(false)
            .with_response_schema("{}");
        options.extra = Some("{}".to_owned());
        assert_crosses(&options);
    }
    assert_crosses(&ChatOptions::default());

    let mut image = ImageContent::new("https://example.com/a.png");
    (image.inference_detail, image.inference_width) = (InferenceDetail::High, Some(u32::MAX));
    let mut speech = AudioContent::from(frame()?);
    speech.transcript = Some("said".to_owned());
    let mut message = ChatMessage::new(ChatRole::User, "look")
        .with_content(ChatContent::Image(image))
        .with_content(ChatContent::Audio(speech));
    (message.transcript_confidence, message.interrupted) = (Some(0.125), true);
    let mut call = FunctionCall::new("c", "weather", "{}");
    call.group_id = Some("g".to_owned());
    let output = FunctionCallOutput::new(&call, "sun").with_error(true);
    let mut context = ChatContext::new();
    context.items.push(ChatItem::Message(message));
    context.items.push(ChatItem::FunctionCall(call));
    context.items.push(ChatItem::FunctionCallOutput(output));
    assert_crosses(&context);

    let arena = Arena::default();
    for input in [RecognizeInput::Frame(frame()?), RecognizeInput::Flush] {
        // SAFETY: written just now; value and arena are still there.
        assert_eq!(unsafe { RecognizeInput::decode(input.encode(&arena)) }.ok(), Some(input));
    }
    for input in [SynthesizeInput::Text("t".to_owned()), SynthesizeInput::Flush] {
        // SAFETY: as above.
        assert_eq!(unsafe { SynthesizeInput::decode(input.encode(&arena)) }.ok(), Some(input));
    }
    Ok(())
}

#[test]
fn a_shorter_struct_of_an_older_writer_reads_with_nothing_in_the_rest() -> Result<()> {
    let arena = Arena::default();
    let chunk = ChatChunk::usage("id", usage());
    let mut record = chunk.record(&arena);
    record.size = std::mem::offset_of!(LkChatChunk, usage) as u32;
    // SAFETY: written just now; the size covers less than is there.
    let read_back = unsafe { ChatChunk::from_pointer(&raw const record) }?;
    assert_eq!(read_back, ChatChunk { usage: None, ..chunk });
    Ok(())
}

#[test]
fn a_longer_struct_of_a_newer_writer_reads_without_the_rest() {
    #[repr(C)]
    struct Newer {
        known: LkVadEvent,
        later: u64,
    }
    let event = VadEvent::new(VadEventType::EndOfSpeech, SampleRange { start: 0, end: 2, sample_rate: 8_000 });
    let mut newer = Newer { known: event.record(&Arena::default()), later: 7 };
    newer.known.size = size_of::<Newer>() as u32;
    // SAFETY: the struct begins with what is known.
    let read_back = unsafe { VadEvent::from_pointer((&raw const newer).cast()) };
    assert_eq!((read_back.ok(), newer.later), (Some(event), 7));
}

#[test]
fn slices_are_read_by_their_stride() -> Result<()> {
    let (one, two) = ("a", "b");
    // Each text with a word behind it that this version does not know.
    let texts = [str_of(one), str_of("?"), str_of(two), str_of("?")];
    let slice = LkSlice { ptr: texts.as_ptr().cast(), len: 2, stride: 2 * size_of_val(&texts[0]) };
    // SAFETY: written just now.
    assert_eq!(unsafe { Vec::<String>::decode(slice) }?, ["a", "b"]);
    Ok(())
}

#[test]
fn codes_of_a_later_version_leave_out_what_they_stand_for() -> Result<()> {
    let arena = Arena::default();
    let mut event = speech_event().record(&arena);
    event.event_type = 99;
    // SAFETY: the texts are gone, but the code is looked at first.
    assert!(matches!(unsafe { SpeechEvent::from_record(&event) }, Err(Bad::Later)));

    let text = ChatContent::Text("kept".to_owned());
    let parts = [LkTagged { code: 99, value: std::ptr::null() }, text.encode(&arena)];
    let slice = LkSlice { ptr: parts.as_ptr().cast(), len: 2, stride: size_of::<LkTagged>() };
    // SAFETY: written just now.
    assert_eq!(unsafe { Vec::<ChatContent>::decode(slice) }?, [text]);
    // SAFETY: numbers.
    unsafe {
        assert_eq!(AlignedTranscript::decode(99)?, AlignedTranscript::None);
        assert_eq!(Option::<ChatRole>::decode(99)?, None);
        assert!(bool::decode(7)?);
    }
    Ok(())
}

#[test]
fn nonsense_is_an_error() -> Result<()> {
    let broken = |bad: Option<Bad>| bad.map(|bad| Error::from(bad).kind());
    let arena = Arena::default();
    let event = SpeechEvent::new(SpeechEventType::EndOfSpeech);
    let mut record: LkSpeechEvent = event.record(&arena);
    record.request_id.ptr = b"\xff\xff".as_ptr();
    record.request_id.len = 2;
    // SAFETY: two bytes that are no text.
    assert_eq!(broken(unsafe { SpeechEvent::from_record(&record) }.err()), Some(ErrorKind::Internal));
    record.request_id.len = usize::MAX;
    // SAFETY: the length is looked at first.
    assert_eq!(broken(unsafe { SpeechEvent::from_record(&record) }.err()), Some(ErrorKind::Internal));
    // SAFETY: null is looked at first, and so are lengths.
    unsafe {
        assert!(ChatContext::from_pointer(std::ptr::null()).is_err());
        assert!(Vec::<String>::decode(LkSlice { ptr: std::ptr::null(), len: 1, stride: 16 }).is_err());
        assert!(
            Vec::<String>::decode(LkSlice { ptr: (&raw const record).cast(), len: usize::MAX, stride: 16 }).is_err()
        );
        assert!(ToolChoice::decode(LkTagged { code: 4, value: std::ptr::null() }).is_err());
    }
    let frame = AudioFrame::new(vec![0; 3], 8_000, 1)?;
    let mut audio = frame.encode(&arena);
    audio.channels = 2;
    audio.samples.len = 1;
    // SAFETY: fewer samples than there are.
    assert_eq!(broken(unsafe { AudioFrame::decode(audio) }.err()), Some(ErrorKind::InvalidInput));
    Ok(())
}

#[test]
fn times_outside_of_the_range_become_the_nearest() {
    let arena = Arena::default();
    let far = SystemTime::UNIX_EPOCH.checked_add(seconds(1 << 40));
    assert_eq!(far.encode(&arena), i64::MAX);
    assert_eq!(None::<SystemTime>.encode(&arena), i64::MIN);
    let none: Option<SystemTime> = None;
    // SAFETY: numbers.
    unsafe {
        assert_eq!(Option::<SystemTime>::decode(i64::MIN).ok(), Some(none));
        let record = read(&raw const *Box::new(ConnectOptions::default().record(&arena)));
        assert_eq!(ConnectOptions::from_record(&record).ok(), Some(ConnectOptions::default()));
    }
}
