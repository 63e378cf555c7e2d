"""Keeps the documentation true: generated parts equal the code, every command that it shows runs, and so does its Python.

A page's `sh` and `python` blocks run in order in one empty folder. Python of a page without commands speaks of a run that is not
there: its imports are tried. A `yaml` block must be a valid configuration.

python docs/check.py           check; exit status 1 when something differs or fails
python docs/check.py --write   write the generated parts anew
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
GENERATED = re.compile(r"(<!-- generated: (?P<name>[a-z-]+) -->\n)(?P<body>.*?)(<!-- end -->)", re.DOTALL)
BLOCK = re.compile(r"^```(sh|python|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)
IMPORT = re.compile(r"^(?:import|from) .*", re.MULTILINE)
PROMPT = re.compile(r"prompt: ([\w/-]+\.md)")
LOAD = "import sys, yaml; from graph import load_config; load_config({'corpus': {'path': 'demo'}, **yaml.safe_load(sys.argv[1])})"
PAGES = ["README.md", *(str(p.relative_to(ROOT)) for p in sorted((ROOT / "docs").glob("*.md")))]
COMMANDS = (
    "", "demo", "init", "plan", "run", "index", "search", "debate", "inspect", "validate", "report", "export", "repack",
    "taxonomy", "taxonomy import", "taxonomy show", "taxonomy stats", "taxonomy export",
)  # fmt: skip


def graph_picture(name: str) -> str:
    """One graph as Mermaid, drawn from the code."""
    from graph import build_debate, build_pipeline, load_config

    with tempfile.TemporaryDirectory() as folder:
        text = "Tides move the sea. " * 400
        (Path(folder) / "a.txt").write_text(text)
        config = load_config(
            {"corpus": {"path": folder + "/a.txt"}, "packing": {"context_length": 64}}, out=folder + "/run"
        )
        graph = build_debate(config) if name == "debate" else build_pipeline(config)
        return "```mermaid\n" + graph.get_graph().draw_mermaid().strip() + "\n```\n"


def command_reference() -> str:
    """`--help` of every command."""
    parts = []
    for command in COMMANDS:
        text = litelong([*command.split(), "--help"], ROOT).stdout.strip()
        parts.append(f"## litelong {command}".rstrip() + f"\n\n```text\n{text}\n```\n")
    return "\n".join(parts)


def litelong(arguments: list[str], cwd: Path) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "COLUMNS": "100", "TERM": "dumb"}
    command = [str(Path(sys.executable).with_name("litelong")), *arguments]
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True)


def listing(name: str) -> str:
    """A file of the example package."""
    path = ROOT / "examples" / "litelong-skeptic" / "litelong_skeptic" / f"{name}.py"
    return f"```python\n{path.read_text()}```\n"


def generated(name: str) -> str:
    if name.startswith("example-"):
        return listing(name.removeprefix("example-"))
    return command_reference() if name == "commands" else graph_picture(name)


def refresh(page: Path, *, write: bool) -> Iterator[str]:
    """Compare (or write) the generated parts of a page; yields what differs."""
    text = page.read_text()
    fresh = GENERATED.sub(lambda m: m[1] + generated(m["name"]) + m[4], text)
    if fresh != text:
        if write:
            page.write_text(fresh)
        else:
            yield f"{page.name}: a generated part is out of date; run: python docs/check.py --write"


def run_blocks(page: Path) -> Iterator[str]:
    """Run the page's blocks in order in one empty folder; yields what fails."""
    blocks = BLOCK.findall(page.read_text())
    alone = all(language != "sh" for language, _ in blocks)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        environment = {**os.environ, "PATH": path, "TERM": "dumb"}
        for number, (language, block) in enumerate(blocks, 1):
            for prompt in PROMPT.findall(block):
                (Path(folder) / prompt).parent.mkdir(exist_ok=True)
                (Path(folder) / prompt).write_text("You are strict.\n")
            command = {
                "sh": ["bash", "-euo", "pipefail", "-c", block],
                "python": [sys.executable, "-c", "\n".join(IMPORT.findall(block)) if alone else block],
                "yaml": [sys.executable, "-c", LOAD, block],
            }[language]
            done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
            if done.returncode:
                yield f"{page.name}: {language} block {number} failed ({done.returncode}): {done.stderr.strip()[-400:]}"


def main() -> int:
    write = "--write" in sys.argv[1:]
    faults = []
    for name in PAGES:
        faults += refresh(ROOT / name, write=write)
        if not write:
            faults += run_blocks(ROOT / name)
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"documentation: {len(PAGES)} pages, generated parts and commands are true")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
