struct Parrot;

#[lk_plugin::lk_plugin(kind = "llm", name = "parrot")]
impl Clone for Parrot {
    fn clone(&self) -> Self {
        Parrot
    }
}

fn main() {}
