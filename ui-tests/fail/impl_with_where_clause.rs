struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Parrot
where
    u8: Copy,
{
    fn new() -> Self {
        Parrot
    }
}

fn main() {}
