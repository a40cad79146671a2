struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot", license =)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
