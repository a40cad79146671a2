struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = NAME)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
