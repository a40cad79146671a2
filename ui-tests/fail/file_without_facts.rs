struct Parrot;

#[lk_plugin::lk_plugin(
    kind = "llm", name = "parrot",
    models(file)
)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
