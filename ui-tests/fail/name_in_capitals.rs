struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "OpenAI")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
