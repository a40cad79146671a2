use lk_plugin::{AudioFrameRef, BoxFuture, RecognizeOptions, Result, SpeechEvent, Stt, SttCapabilities, lk_plugin};

struct Ear;

impl Stt for Ear {
    fn capabilities(&self) -> SttCapabilities {
        SttCapabilities::default()
    }

    fn recognize(&self, _: AudioFrameRef<'_>, _: &RecognizeOptions) -> BoxFuture<'_, Result<SpeechEvent>> {
        lk_plugin::boxed(async { Err(lk_plugin::Error::unsupported("deaf")) })
    }
}

#[lk_plugin(kind = "stt", name = "boxed")]
fn boxed() -> Box<dyn Stt> {
    Box::new(Ear)
}

#[lk_plugin(kind = "stt", name = "boxed-in-result")]
fn boxed_in_result() -> Result<Box<dyn Stt>> {
    Ok(Box::new(Ear))
}

#[lk_plugin(kind = "stt", name = "shared")]
fn shared() -> std::sync::Arc<dyn Stt> {
    std::sync::Arc::new(Ear)
}

#[lk_plugin(kind = "stt", name = "opaque")]
fn opaque() -> impl Stt {
    Ear
}

#[lk_plugin(kind = "stt", name = "opaque-in-result")]
fn opaque_in_result() -> Result<impl Stt, String> {
    Ok(Ear)
}

fn main() {
    for name in ["boxed", "boxed-in-result", "shared", "opaque", "opaque-in-result"] {
        let made = lk_plugin::Registry::global().create::<dyn Stt>(name, &lk_plugin::Config::new());
        assert!(made.is_ok(), "{:?}", made.err());
    }
}
