struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "鸚鵡")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
