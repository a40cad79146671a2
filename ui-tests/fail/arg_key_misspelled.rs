struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", nam = "parrot")]
fn new() -> Parrot {
    Parrot
}

fn main() {}
