//! Timers need no runtime: under pollster, in tokio's without its own, and for a reader who was away.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::{Context, Waker};
use std::time::Duration;

use futures_core::Stream;
use lk_plugin::adapters::LlmFallback;
use lk_plugin::monitor::Monitor;
use lk_plugin::{ChatContext, ChatOptions, Kind, Llm, LlmStream};

use crate::options;
use crate::scripted::Scripted;
use crate::scripted::Step::*;

fn silent_then_hello() -> (Arc<Scripted>, LlmStream) {
    let first = Arc::new(Scripted::new("first", [Silence]));
    let members: [(&str, Arc<dyn Llm>); 2] =
        [("first", Arc::clone(&first) as _), ("second", Arc::new(Scripted::new("second", [Say("hello")])))];
    let llm = LlmFallback::with_options(members, options(Kind::Llm), &Monitor::default()).unwrap();
    (first, llm.chat(&ChatContext::new(), &ChatOptions::default()).unwrap())
}

#[test]
fn under_pollster() {
    let (_, answer) = silent_then_hello();
    assert_eq!(pollster::block_on(answer.collect_response()).unwrap().text, "hello");
}

#[test]
fn under_tokio_without_its_timers() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (_, answer) = silent_then_hello();
    assert_eq!(runtime.block_on(answer.collect_response()).unwrap().text, "hello");
}

#[test]
fn a_reader_who_was_away_does_not_fail_the_member() {
    let (first, mut answer) = silent_then_hello();
    let mut context = Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut answer).poll_next(&mut context).is_pending());
    // Far longer than the attempt may take: but nobody polled, so the member could not have answered.
    std::thread::sleep(Duration::from_millis(400));
    assert!(Pin::new(&mut answer).poll_next(&mut context).is_pending());
    assert_eq!((first.calls(), first.open.load(Ordering::SeqCst)), (1, 1), "it has another chance");
    assert_eq!(pollster::block_on(answer.collect_response()).unwrap().text, "hello");
}
