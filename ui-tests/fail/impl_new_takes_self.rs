struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Parrot {
    fn new(&self) -> Self {
        Parrot
    }
}

fn main() {}
