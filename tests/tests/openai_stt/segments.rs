//! Live streams by requests: transcripts that come as they are written.

use super::*;

#[test]
fn each_segment_is_a_request_whose_transcript_comes_as_it_is_written() {
    let pause = Duration::from_millis(50);
    let first =
        Reply::sse([delta("Hello")]).pause(pause).event(&delta(" there")).pause(pause).event(&done("Hello there."));
    let server = Server::start([first.header("x-request-id", "req-1"), Reply::sse([done("Bye.")])]);
    let segments = vec![frames(16_000, 0, 10), frames(16_000, 3_200, 5)];
    let events = flushed(stream(&server.url(), json!({"use_sse": true})), segments).unwrap();
    let wanted = [
        ("interim_transcript", "Hello"),
        ("interim_transcript", "Hello there"),
        ("final_transcript", "Hello there."),
        ("recognition_usage", ""),
        ("final_transcript", "Bye."),
        ("recognition_usage", ""),
    ];
    assert_eq!(told(&events), wanted);
    assert_eq!(events[2].request_id, "req-1");
    assert_eq!(events[4].alternatives[0].start_time, Duration::from_millis(200));
    let usage = events[3].recognition_usage.unwrap();
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.audio_duration), (5, 2, Duration::from_millis(200)));
    let requests = server.requests();
    assert!(fields(&requests[0]).ends_with(&pairs(&[("response_format", "json"), ("stream", "true")])));
    let wav = form(&requests[1]).remove(0).2;
    let samples: Vec<i16> = hound::WavReader::new(&wav[..]).unwrap().samples().map(|sample| sample.unwrap()).collect();
    assert_eq!(samples, ramp(3_200..4_800));
}

#[test]
fn servers_that_do_not_know_streaming_or_its_end_still_serve() {
    let server = Server::start([text("whole"), Reply::sse([delta("no"), delta(" end"), "[DONE]".to_owned()])]);
    let segments = vec![frames(16_000, 0, 5), frames(16_000, 0, 5)];
    let events = flushed(stream(&server.url(), json!({"use_sse": true})), segments).unwrap();
    let finals: Vec<_> = told(&events).into_iter().filter(|(kind, _)| *kind == "final_transcript").collect();
    assert_eq!(finals, [("final_transcript", "whole"), ("final_transcript", "no end")]);
}

#[test]
fn a_transcript_that_breaks_off_is_an_error_and_tried_again_only_if_nothing_was_told() {
    let run = |replies: Vec<Reply>| {
        let server = Server::start(replies);
        let config = json!({"use_sse": true, "max_retry": 1});
        let events = block_on(stream(&server.url(), config).feed(frames(16_000, 0, 5)).collect());
        (events, server.requests().len())
    };
    let (events, requests) = run(vec![Reply::sse([": nothing"]).cut(), Reply::sse([done("Again.")])]);
    assert_eq!((told(&events.unwrap())[0], requests), (("final_transcript", "Again."), 2));
    for broken in [
        Reply::sse([delta("half")]).pause(Duration::from_millis(100)),
        Reply::sse([delta("half")]).pause(Duration::from_millis(100)).cut(),
        Reply::sse([delta("half")])
            .pause(Duration::from_millis(100))
            .event(r#"{"type": "error", "error": {"message": "x"}}"#),
    ] {
        let (events, requests) = run(vec![broken, Reply::sse([done("never")])]);
        let error = events.unwrap_err();
        assert!(error.kind().is_api() && !error.is_retryable(), "{error}");
        assert_eq!(requests, 1);
    }
}
