struct Cage<T>(T);

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl<T> Cage<T> {
    fn new() -> Self {
        loop {}
    }
}

fn main() {}
