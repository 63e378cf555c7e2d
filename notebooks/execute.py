"""Runs every notebook from top to bottom and keeps its outputs. Exit status 1 when a cell fails."""

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

FOLDER = Path(__file__).resolve().parent


def main() -> int:
    failed = 0
    for path in sorted(FOLDER.glob("*.ipynb")):
        notebook = nbformat.read(path, as_version=4)
        try:
            NotebookClient(
                notebook,
                timeout=600,
                kernel_name="python3",
                coalesce_streams=True,  # or what a cell prints is cut anew in every run
                resources={"metadata": {"path": str(FOLDER)}},
            ).execute()
        except CellExecutionError as error:
            print(f"{path.name}: {error}", file=sys.stderr)
            failed += 1
            continue
        for cell in notebook.cells:
            # Execution times differ from run to run and say nothing to a reader.
            cell.metadata.pop("execution", None)
        notebook.metadata.pop("language_info", None)
        nbformat.write(notebook, path)
        print(f"{path.name}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} code cells ran")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
