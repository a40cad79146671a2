//! Plugins that use tokio, under hosts that do not (feature `tokio`).

use std::time::Duration;

use lk_plugin::runtime::on_tokio;
use lk_plugin::{
    AudioFrame, AudioFrameRef, BoxFuture, Config, RecognizeInput, RecognizeOptions, RecognizeStream, Registry, Result,
    SpeechData, SpeechEvent, Stt, SttCapabilities, boxed, lk_plugin,
};

/// Takes its time, as a provider would.
struct Slow;

#[lk_plugin(kind = "stt", name = "slow")]
impl Slow {
    fn new() -> Self {
        Self
    }
}

impl Stt for Slow {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default().with_streaming(true)
    }

    fn recognize(&self, _: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        boxed(on_tokio(async {
            tokio::time::sleep(Duration::from_millis(1)).await;
            Ok(SpeechEvent::final_transcript(SpeechData::new("en", "slow")))
        }))
    }

    fn stream(&self, _: &RecognizeOptions) -> Result<RecognizeStream> {
        Ok(RecognizeStream::from_fn(|mut input, mut events| {
            on_tokio(async move {
                while let Some(item) = input.next().await {
                    if let RecognizeInput::Frame(frame) = item {
                        // On the plugin's own runtime, whoever polls this.
                        let text = tokio::spawn(async move { frame.samples().len().to_string() }).await;
                        let text = text.map_err(|error| lk_plugin::Error::unsupported("lost").with_source(error))?;
                        events.send(SpeechEvent::final_transcript(SpeechData::new("en", text))).await?;
                    }
                }
                Ok(())
            })
        }))
    }
}

async fn one_call_and_one_stream(stt: &dyn Stt) -> Result<Vec<String>> {
    let frame = AudioFrame::new(vec![0; 160], 16_000, 1)?;
    let options = RecognizeOptions::default();
    let event = stt.recognize(frame.as_ref(), &options).await?;
    let events = stt.stream(&options)?.feed(vec![frame; 3]).collect().await?;
    Ok(std::iter::once(event).chain(events).map(|event| event.text().to_owned()).collect())
}

#[test]
fn a_plugin_with_tokio_works_under_a_host_without() -> Result<()> {
    let stt = Registry::global().create::<dyn Stt>("slow", &Config::new())?;
    let texts = pollster::block_on(one_call_and_one_stream(stt.as_ref()))?;
    assert_eq!(texts, ["slow", "160", "160", "160"]);
    Ok(())
}

#[test]
fn and_under_a_host_with_a_tokio_of_its_own_that_has_no_timers() -> Result<()> {
    let stt = Registry::global().create::<dyn Stt>("slow", &Config::new())?;
    let host = tokio::runtime::Builder::new_current_thread()
        .build()
        .map_err(|error| lk_plugin::Error::unsupported("no host").with_source(error))?;
    let texts = host.block_on(one_call_and_one_stream(stt.as_ref()))?;
    assert_eq!(texts, ["slow", "160", "160", "160"]);
    // Dropped in the middle of its sleep, outside of any runtime.
    let frame = AudioFrame::new(Vec::new(), 16_000, 1)?;
    let mut pending = stt.recognize(frame.as_ref(), &RecognizeOptions::default());
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    assert!(pending.as_mut().poll(&mut context).is_pending());
    drop(pending);
    Ok(())
}
