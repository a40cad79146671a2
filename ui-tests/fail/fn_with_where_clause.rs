struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
fn new() -> Parrot
where
    u8: Copy,
{
    Parrot
}

fn main() {}
