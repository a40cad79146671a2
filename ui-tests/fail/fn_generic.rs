struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new<T>() -> Parrot {
    Parrot
}

fn main() {}
