struct Parrot;

#[lk_plugin::lk_plugin(
    kind = "llm", name = "parrot",
    models(file(name = "m.onnx", url = "https://example.org/m.onnx", size = 99999999999999999999, sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
