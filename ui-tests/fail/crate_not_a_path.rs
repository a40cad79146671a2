struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", crate = "my agent")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
