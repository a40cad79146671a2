//! Nothing is lost, however often instances and streams come and go.

use std::process::Command;

use lk_plugin::{
    AudioFrame, ChatContext, ChatOptions, ChatRole, Config, Llm, RecognizeOptions, Registry, Stt, SynthesizeOptions,
    Tts, Vad,
};
use pollster::block_on;

use super::build::fixture;
use super::{Folder, load};

fn cycle(registry: &Registry, context: &ChatContext, frame: &AudioFrame) {
    let config = Config::new();
    let llm = registry.create::<dyn Llm>("fake", &config).unwrap();
    block_on(llm.chat(context, &ChatOptions::default()).unwrap().collect_response()).unwrap();
    drop(llm.chat(context, &ChatOptions::default()).unwrap());
    let stt = registry.create::<dyn Stt>("fake", &config).unwrap();
    block_on(stt.stream(&RecognizeOptions::default()).unwrap().feed(vec![frame.clone()]).collect()).unwrap();
    drop(stt.recognize(frame.as_ref(), &RecognizeOptions::default()));
    let tts = registry.create::<dyn Tts>("fake", &config).unwrap();
    block_on(tts.synthesize("hi", &SynthesizeOptions::default()).unwrap().collect_frame()).unwrap();
    let (vad, mut events) = (registry.create::<dyn Vad>("fake", &config).unwrap(), Vec::new());
    vad.stream().unwrap().push(frame.as_ref(), &mut events).unwrap();
    // Errors cross in memory of their own.
    assert!(llm.chat(context, &ChatOptions::default().with_response_schema("{}")).is_err());
}

#[test]
#[ignore = "half of the test below: as many cycles as LK_CYCLES says"]
fn cycles() {
    let count = std::env::var("LK_CYCLES").map_or(100, |count| count.parse().unwrap());
    // Without a helper process: valgrind would follow it.
    let registry = Registry::empty();
    registry.load_path(&Folder::of(&[&fixture("wraps-fake")]).options());
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hi");
    let frame = AudioFrame::new(vec![0; 320], 16_000, 1).unwrap();
    for _ in 0..count {
        cycle(&registry, &context, &frame);
    }
}

#[test]
fn a_hundred_cycles_work() {
    let registry = load(&[&fixture("wraps-fake")]);
    let mut context = ChatContext::new();
    context.add_message(ChatRole::User, "hi");
    let frame = AudioFrame::new(vec![0; 320], 16_000, 1).unwrap();
    (0..100).for_each(|_| cycle(&registry, &context, &frame));
}

#[test]
#[expect(clippy::print_stdout, reason = "the figures are what one runs it for")]
#[ignore = "needs valgrind, and minutes: cargo test -p integration-tests --test loading -- --ignored ten_thousand"]
fn ten_thousand_cycles_lose_nothing() {
    fixture("wraps-fake");
    let in_use = |count: &str| {
        let ran = Command::new("valgrind")
            .args(["--leak-check=full", "--errors-for-leak-kinds=definite"])
            .arg(std::env::current_exe().unwrap())
            .args(["--ignored", "--exact", "cycles::cycles", "--test-threads=1"])
            .env("LK_CYCLES", count)
            .output()
            .unwrap();
        let report = String::from_utf8_lossy(&ran.stderr).into_owned();
        assert!(ran.status.success() && String::from_utf8_lossy(&ran.stdout).contains("1 passed"), "{report}");
        let number = |line: &str, after: &str| {
            let rest = line.split_once(after)?.1;
            let digits: String = rest.chars().take_while(|letter| !letter.is_alphabetic()).collect();
            digits.replace([',', ' '], "").parse::<u64>().ok()
        };
        let of = |after: &str| report.lines().find_map(|line| number(line, after));
        ((of("in use at exit:").unwrap(), of("definitely lost:").unwrap_or(0)), report)
    };
    // What is lost for good is what a loaded file keeps for good: its plugins' descriptions.
    let (few, _) = in_use("1000");
    let (many, report) = in_use("10000");
    println!("in use at exit and lost: {few:?} bytes after 1,000 cycles, {many:?} after 10,000");
    assert!(many <= few, "{few:?} bytes after 1,000 cycles, {many:?} after 10,000\n{report}");
}
