use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use lk_plugin::adapters::{FallbackOptions, LlmFallback};
use lk_plugin::monitor::{Monitor, MonitorEvent, MonitorEvents};
use lk_plugin::{ChatContext, ChatOptions, ErrorKind, Kind, Llm, Result};
use pollster::block_on;

use crate::scripted::Scripted;
use crate::scripted::Step::*;
use crate::{availability, options, recovery};

fn fallback(members: &[&Arc<Scripted>], options: FallbackOptions) -> (LlmFallback, MonitorEvents) {
    let (monitor, events) = Monitor::channel();
    let names = ["first", "second", "third"];
    let members = names.into_iter().zip(members).map(|(name, llm)| (name, Arc::clone(llm) as Arc<dyn Llm>));
    (LlmFallback::with_options(members, options, &monitor).unwrap(), events)
}

fn ask(llm: &dyn Llm) -> Result<String> {
    let answer = llm.chat(&ChatContext::new(), &ChatOptions::default())?;
    Ok(block_on(answer.collect_response())?.text)
}

/// Waits until nobody asks it any more.
fn until_idle(llm: &Scripted) {
    while llm.open.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
}

#[test]
fn members_are_tried_in_order_and_failures_are_told() {
    let first = Arc::new(Scripted::new("first", [Fail(503)]));
    let second = Arc::new(Scripted::new("second", [Silence]));
    let third = Arc::new(Scripted::new("third", [Say("here I am")]));
    let (llm, mut events) = fallback(&[&first, &second, &third], options(Kind::Llm));
    assert_eq!(ask(&llm).unwrap(), "here I am");
    assert_eq!(availability(&mut events), ["first-", "second-"]);
    // Now the others are passed over. Each was told not to try again itself.
    assert_eq!(ask(&llm).unwrap(), "here I am");
    assert_eq!(third.asked.lock().unwrap().as_slice(), ["0 retries"; 2]);
}

#[test]
fn connected_but_silent_is_a_failure() {
    let first = Arc::new(Scripted::new("first", [Silence]));
    let second = Arc::new(Scripted::new("second", [Say("hello")]));
    let (llm, mut events) = fallback(&[&first, &second], options(Kind::Llm));
    let began = Instant::now();
    assert_eq!(ask(&llm).unwrap(), "hello");
    assert!(began.elapsed() >= Duration::from_millis(50));
    let mut told = std::iter::from_fn(|| events.try_next());
    let error = told.find_map(|event| if let MonitorEvent::Error(report) = event { Some(report) } else { None });
    let error = error.unwrap();
    assert_eq!((&*error.label, error.error.code, error.recoverable), ("first", ErrorKind::ApiTimeout.code(), true));
    drop(llm);
    // The silent attempt was given up, not left alone; the probe goes with the fallback.
    until_idle(&first);
}

#[test]
fn what_is_out_is_not_said_again_unless_asked() {
    let steps = [SayAndFail("I was just about to")];
    let first = Arc::new(Scripted::new("first", steps.clone()));
    let second = Arc::new(Scripted::new("second", [Say("all of it")]));
    let (llm, _events) = fallback(&[&first, &second], options(Kind::Llm));
    let mut answer = llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap();
    block_on(async {
        for _ in 0..2 {
            assert_eq!(answer.next().await.unwrap().unwrap().id, "first-1");
        }
        let error = answer.next().await.unwrap().unwrap_err();
        assert_eq!(error.status(), Some(500));
        assert!(answer.next().await.is_none());
    });
    assert_eq!(second.calls(), 0);

    let first = Arc::new(Scripted::new("first", steps));
    let (llm, _events) = fallback(&[&first, &second], options(Kind::Llm).with_switch_after_output(true));
    assert_eq!(ask(&llm).unwrap(), "I was just about toall of it");
}

#[test]
fn nothing_is_seen_of_an_attempt_that_came_to_nothing() {
    let first = Arc::new(Scripted::new("first", [Fail(503)]));
    let second = Arc::new(Scripted::new("second", [Say("hello")]));
    let (llm, _events) = fallback(&[&first, &second], options(Kind::Llm));
    let chunks = block_on(llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap().collect()).unwrap();
    assert!(chunks.iter().all(|chunk| chunk.id == "second-1"), "{chunks:?}");
}

#[test]
fn a_stall_in_the_middle_is_an_error_and_not_a_hang() {
    let first = Arc::new(Scripted::new("first", [SayAndStall("well")]));
    let (llm, _events) = fallback(&[&first], options(Kind::Llm));
    let error = ask(&llm).unwrap_err();
    assert_eq!((error.kind(), error.message()), (ErrorKind::ApiTimeout, "nothing came within 50ms"));
}

#[test]
fn all_that_fail_are_named_with_their_reasons() {
    let first = Arc::new(Scripted::new("first", [Fail(401)]));
    let second = Arc::new(Scripted::new("second", [Nothing]));
    let (llm, _events) = fallback(&[&first, &second], options(Kind::Llm));
    let error = ask(&llm).unwrap_err();
    assert_eq!(
        error.to_string(),
        "all members of the `llm` fallback failed: `first`: the server is ill (status 401); `second`: the answer has \
         nothing in it"
    );
    // One of them may work next time.
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::ApiConnection, true));

    let (llm, _events) = fallback(&[&first], options(Kind::Llm));
    let error = ask(&llm).unwrap_err();
    assert_eq!((error.kind(), error.status(), error.is_retryable()), (ErrorKind::ApiStatus, Some(401), false));
}

#[test]
fn only_what_may_help_is_tried_again() {
    let first = Arc::new(Scripted::new("first", [Fail(503), Fail(503), Say("third time lucky")]));
    let (llm, mut events) = fallback(&[&first], options(Kind::Llm).with_retries(2, Duration::from_millis(1)));
    assert_eq!(ask(&llm).unwrap(), "third time lucky");
    assert_eq!(availability(&mut events), Vec::<String>::new(), "it was never given up");

    let first = Arc::new(Scripted::new("first", [Fail(401)]));
    let (llm, _events) = fallback(&[&first], options(Kind::Llm).with_retries(2, Duration::ZERO));
    ask(&llm).unwrap_err();
    // The call, and the probe after it.
    assert!(first.calls() <= 2, "{}", first.calls());
}

#[test]
fn a_caller_who_asks_wrong_makes_nobody_unavailable() {
    let first = Arc::new(Scripted::new("first", [Refuse]));
    let (llm, mut events) = fallback(&[&first, &first], options(Kind::Llm));
    let error = ask(&llm).unwrap_err();
    assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::InvalidInput, false));
    assert_eq!(availability(&mut events), Vec::<String>::new());
}

#[test]
fn a_member_that_answers_again_is_first_again() {
    // The call; the probe that follows it finds it well.
    let first = Arc::new(Scripted::new("first", [Fail(503), Say("I am back")]));
    let second = Arc::new(Scripted::new("second", [Say("meanwhile")]));
    let (llm, mut events) = fallback(&[&first, &second], options(Kind::Llm));
    assert_eq!(ask(&llm).unwrap(), "meanwhile");
    recovery(&mut events, "first");
    assert_eq!(ask(&llm).unwrap(), "I am back");
    assert_eq!(second.calls(), 1);
}

#[test]
fn when_none_is_available_all_are_tried() {
    let first = Arc::new(Scripted::new("first", [Fail(503), Fail(503), Fail(503), Say("at last")]));
    // One probe, and no second one for ever.
    let (llm, mut events) = fallback(&[&first], options(Kind::Llm).with_probe_interval(Duration::MAX));
    ask(&llm).unwrap_err();
    while first.calls() < 2 {
        std::thread::yield_now();
    }
    until_idle(&first);
    ask(&llm).unwrap_err();
    assert_eq!(ask(&llm).unwrap(), "at last");
    assert_eq!(availability(&mut events), ["first-", "first+"]);
}

#[test]
fn probes_end_with_the_fallback() {
    let first = Arc::new(Scripted::new("first", [Fail(503), Silence]));
    let second = Arc::new(Scripted::new("second", [Say("hello")]));
    let patient = options(Kind::Llm).with_attempt_timeout(Duration::from_secs(3600));
    let (llm, mut events) = fallback(&[&first, &second], patient);
    ask(&llm).unwrap();
    // The probe asks on its thread, whenever that comes to it.
    while first.open.load(Ordering::SeqCst) == 0 {
        std::thread::yield_now();
    }
    drop(llm);
    until_idle(&first);
    assert_eq!(first.calls(), 2);
    assert_eq!(availability(&mut events), ["first-"]);
}

#[test]
fn dropping_an_answer_gives_the_attempt_up() {
    let first = Arc::new(Scripted::new("first", [SayAndStall("well")]));
    let (llm, mut events) = fallback(&[&first], options(Kind::Llm).with_attempt_timeout(Duration::from_secs(3600)));
    let mut answer = llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap();
    block_on(answer.next()).unwrap().unwrap();
    assert_eq!(first.open.load(Ordering::SeqCst), 1);
    drop(answer);
    assert_eq!(first.open.load(Ordering::SeqCst), 0);
    assert_eq!(availability(&mut events), Vec::<String>::new());
}

#[test]
fn nobody_is_no_fallback() {
    let nobody = Vec::<(&str, Arc<dyn Llm>)>::new();
    let error = LlmFallback::new(nobody).err().unwrap();
    assert_eq!(error.to_string(), "a fallback needs at least one member; give the first choice first");
}
