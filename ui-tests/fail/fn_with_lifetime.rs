struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new<'a>(config: &'a lk_plugin::Config) -> Parrot {
    let _ = config;
    Parrot
}

fn main() {}
