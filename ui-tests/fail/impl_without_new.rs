struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Parrot {
    fn hatch() -> Self {
        Parrot
    }
}

fn main() {}
