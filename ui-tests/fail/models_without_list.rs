struct Parrot;

#[lk_plugin::lk_plugin(
    kind = "llm", name = "parrot",
    models = "model.onnx"
)]
fn new() -> Parrot {
    Parrot
}

fn main() {}
