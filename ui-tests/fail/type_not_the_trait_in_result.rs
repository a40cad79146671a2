struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new() -> lk_plugin::Result<Parrot> {
    Ok(Parrot)
}

fn main() {}
