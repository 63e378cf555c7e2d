"""`litelong report`: a finished run as one page, made of the run's own files and nothing else.

Read are the manifest, the configuration, the ledger, the topics, the plan, and of the samples only those that are shown; of
the index only titles and sources. So a page can be made where the corpus no longer is, and takes no more memory for a run of
a hundred thousand samples than for a small one. The same run gives the same bytes: the page has no clock.
"""

from pathlib import Path

from graph.progress import Progress, Quiet, Tick
from graph.reporting.account import account_of
from graph.reporting.files import of_the_run, read_json
from graph.reporting.samples import samples_in, samples_of
from graph.reporting.topics import topics_of
from graph.rundir import RunDir
from litelong import UsageError
from tools.files import ignore, write_atomic
from tools.report.contents import Report
from tools.report.page import page

FILE = "report/index.html"


def write_report(path: Path, out: Path | None = None, progress: Progress | None = None) -> Path:
    """Write the page of the run in `path` to `out` (none: `report/index.html` in the run), whole or not at all.

    Raises `UsageError` when there is no run, it is not finished or damaged, or the page cannot be written.
    """
    run = RunDir.open(path)
    if run.stage("report") is None:
        raise UsageError(f"{path}: the run is not finished, so there is nothing to report yet; run it again to go on")
    with (progress or Quiet()).stage("report", samples_in(run)) as tick:
        return write_page(run, out, tick)


def write_page(run: RunDir, out: Path | None = None, tick: Tick = ignore) -> Path:
    """`write_report` of a run that is packed. `tick` is called with the number of samples just read of its plan."""
    target = out or run.path / FILE
    if target.is_dir():
        raise UsageError(f"--out {target}: is a folder; name a file")
    made = page(gather(run, tick))
    try:
        write_atomic(target, made)
    except OSError as error:
        raise UsageError(f"{target}: cannot be written ({error.strerror}); choose another file with --out") from None
    return target


def gather(run: RunDir, tick: Tick = ignore) -> Report:
    """Everything that the page says. Raises `UsageError` where a file is missing or is not what the run wrote."""
    config = run.config()
    ledger, usage = read_json(run, "ledger.json"), read_json(run, "usage.json")
    with of_the_run(run, "ledger.json, usage.json"):
        account = account_of(run, config, ledger, usage)
        tokens, indexed = ledger["tokens"], ledger["documents"]["indexed"]
        count, length, placed = tokens["samples"], tokens["context_length"], tokens["placed"]
    return Report(
        name=config.run.name,
        recipe=config.packing.recipe,
        context_length=length,
        count=count,
        placed=placed,
        indexed=indexed,
        account=account,
        topics=topics_of(run, ledger) if run.stage("curate") else None,
        samples=samples_of(run, config, tick),
    )
