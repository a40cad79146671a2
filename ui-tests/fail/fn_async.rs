struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
async fn new() -> Parrot {
    Parrot
}

fn main() {}
