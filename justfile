# Shortcuts; each recipe is a command that works without just.

# What runs before a change lands.
check:
    .ci/run

# All tests (the README's command).
test:
    cargo test --workspace

# The second tier, hours: all that follows. Each wants something of its own, and says so when it is missing.
full: check supply-chain linker-matrix miri model sanitizers endurance fuzz book claims real instructions bench compare bench-openai startup build-cost process

# Licences, unused dependencies, each feature, lowest versions, the oldest compiler, packages (wants cargo-deny, cargo-machete, cargo-hack, nightly and the oldest toolchain).
supply-chain:
    tests/supply-chain.sh

# Look-up and build of the registry against other ways, a plugin in a file against one linked in, and the forward pass.
bench:
    cargo bench -p lk-plugin --bench registry
    cargo bench -p lk-plugin --features dynamic --bench dynamic
    cargo bench -p lk-plugins --bench silero

# Ten thousand cycles of a loaded plugin under valgrind lose nothing, and a plugin of the nightly compiler works (wants both).
endurance:
    cargo test -p integration-tests --test loading -- --ignored --nocapture

# The boundary of plugin files under Miri, both sides in one process, three minutes (wants nightly with miri and rust-src).
miri:
    MIRIFLAGS=-Zmiri-disable-isolation cargo +nightly miri test -p lk-plugin --lib abi

# Fuzzes all targets, or one, for so many seconds each (wants nightly and cargo-fuzz).
fuzz target="all" seconds="600":
    tests/fuzz/run.sh {{target}} {{seconds}}

# The boundary and loaded files under AddressSanitizer, LeakSanitizer and ThreadSanitizer (wants nightly with rust-src).
sanitizers:
    tests/sanitizers.sh

# Who adds to a registry and who reads it, readers and reporters of a monitor, each in tens of thousands of orders.
model:
    RUSTFLAGS="--cfg shuttle" CARGO_TARGET_DIR=target/shuttle cargo test -p lk-plugin --lib --features monitor ::model::

# Notes survive release builds, LTO, -Oz and strip with each linker that is installed (Debian: binutils, lld, mold).
linker-matrix:
    tests/linker-matrix.sh

# What a streamed token costs, beside async-openai, bare reqwest and, with `--python PYTHON`, openai's own package for Python.
bench-openai *arguments:
    cargo run --release --manifest-path lk-plugins/benches/openai/Cargo.toml --target-dir target/openai-bench -- {{arguments}}

# Instructions and allocations of the hot paths, held to a table (wants valgrind; installs gungraun's runner into target/).
instructions:
    tests/instructions/run.sh

# What starting lk-go costs, beside an empty program (wants Python).
startup:
    python3 lk-go/benches/startup.py

# What an author's build costs, beside linkme, inventory and typetag (wants Python).
build-cost:
    python3 lk-plugin/benches/author_build.py

# What a program with 10,000 plugins takes from start to end, beside a static array and inventory (wants Python, minutes).
process:
    python3 lk-plugin/benches/process.py --without typetag

# The book, into target/book (wants mdbook).
book:
    mdbook build docs

# The commands behind what the README and the book claim (docs/claims.md), and which of them fail.
claims:
    tests/claims.sh

# The Silero detector beside onnxruntime, one core, one run, with the gates of docs/performance/silero.md (wants Python and onnxruntime).
compare:
    python3 lk-plugins/benches/silero_vs_onnxruntime.py

# The network on another architecture, by emulation (Debian: qemu-user, gcc-aarch64-linux-gnu; rustup target add aarch64-unknown-linux-gnu).
neon:
    CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER='qemu-aarch64 -L /usr/aarch64-linux-gnu' cargo test --target aarch64-unknown-linux-gnu -p lk-plugins --no-default-features --features silero --lib silero

# Accept what the compiler says now in the ui tests; read the diff before you commit it.
bless:
    TRYBUILD=overwrite cargo test -p ui-tests

# The openai plugins against servers that others wrote: aimock, Whisper, Piper (wants Node.js and Python; 900 MB).
real:
    tests/real/run.sh

# Mutants of the vad, the registry, the config and the macros against their tests, hours (wants cargo-mutants).
mutants *subjects:
    tests/mutants.sh {{subjects}}
