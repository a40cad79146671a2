struct Parrot;

#[lk_plugin::lk_plugin(
    kind = "llm", name = "parrot",
    models(file(name = "m.onnx", name = "n.onnx", url = "https://example.org/m.onnx", size = 1, sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"))
)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
