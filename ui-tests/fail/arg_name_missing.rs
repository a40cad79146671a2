struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
