struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new(config: &lk_plugin::Config, voice: String) -> Parrot {
    let _ = (config, voice);
    Parrot
}

fn main() {}
