"""Roles: who can be seated, what is said of those who cannot, and roles of other people's packages."""

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import pytest

from agents import roles
from agents.messages import Brief, Candidate, Critique, Kind, Seat
from agents.roles import find_role, role
from litelong import UsageError

REPOSITORY = Path(roles.__file__).parents[1]

GOOD = """
from agents.messages import Critique
from agents.roles import role


class Skeptic:
    async def criticise(self, brief, candidates):
        return [Critique(c.proposal.proposal_id, "skeptic", brief.round, False, "no") for c in candidates]


@role("skeptic", kind="critic", model="lexical")
def skeptic(seat, library):
    return Skeptic()
"""

ASKING = """
import asyncio, warnings
from agents.messages import Brief, Candidate, Evidence, Proposal, Seat
from agents.roles import find_role

with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    found = find_role("skeptic", "critic", "lexical", "debate.critics.0")
    find_role("skeptic", "critic", "lexical", "debate.critics.0")
    find_role("judge", "judge", "lexical", "debate.judges.0")
assert (found.name, found.kind, found.model) == ("skeptic", "critic", "lexical")
agent = found.factory(Seat("critic-1", "critic", "skeptic", "lexical"), None)
shown = [Candidate(Proposal("p", "proposer-1", 1, "t", "e"), Evidence("p", 1, 1, 1.0, 1.0, 0.1, 1))]
said = asyncio.run(agent.criticise(Brief("c", "c", 1, (), 1), shown))
assert [(c.proposal_id, c.accept) for c in said] == [("p", False)]
for warning in caught:
    print(warning.category.__name__, warning.message)
"""


@pytest.fixture
def registry(monkeypatch: pytest.MonkeyPatch) -> None:
    """The registry as it is, to be changed at will."""
    find_role("judge", "judge", "lexical", "test")
    monkeypatch.setattr(roles, "_roles", dict(roles._roles))


class Optimist:
    """A critic that likes everything."""

    async def criticise(self, brief: Brief, candidates: Sequence[Candidate]) -> list[Critique]:
        return [Critique(c.proposal.proposal_id, "o", brief.round, accept=True, reason="fine") for c in candidates]


@pytest.mark.parametrize("kind", ["proposer", "critic", "judge"])
def test_the_lexical_panel_is_there(kind: Kind) -> None:
    found = find_role(kind, kind, "lexical", f"debate.{kind}s.0")
    assert (found.name, found.kind, found.model) == (kind, kind, "lexical")


@pytest.mark.usefixtures("registry")
def test_a_registered_role_is_found_with_its_factory() -> None:
    @role("optimist", kind="critic", model="lexical")
    def optimist(seat: Seat, library: object) -> Optimist:
        return Optimist()

    found = find_role("optimist", "critic", "lexical", "debate.critics.0")
    assert found.factory is cast(Callable[..., object], optimist)
    with pytest.raises(UsageError, match="did you mean 'optimist'"):
        find_role("optimst", "critic", "lexical", "debate.critics.0")


def test_an_unknown_role_names_the_key_the_nearest_and_those_there_are() -> None:
    with pytest.raises(UsageError) as caught:
        find_role("critc", "critic", "lexical", "debate.critics.0")
    said = str(caught.value)
    assert said.startswith(
        "debate.critics.0: unknown role 'critc' for model 'lexical'; did you mean 'critic'? there are: "
    )
    assert "judge" not in said, "only roles of the seat's kind can help"


def test_what_a_person_wrote_stays_one_short_line() -> None:
    for name, model in (("x\n" * 500, "lexical"), ("critic", "y\n" * 500)):
        with pytest.raises(UsageError, match=r"^[^\n]{1,300}$"):
            find_role(name, "critic", model, "debate.critics.0")


def test_a_role_in_a_seat_of_another_kind_is_refused() -> None:
    with pytest.raises(UsageError, match=r"debate\.judges\.1: role 'critic' is a critic, and this seat is a judge's"):
        find_role("critic", "judge", "lexical", "debate.judges.1")


@pytest.mark.parametrize("model", ["gpt-9", "", "lexica"])
def test_an_unknown_model_is_refused_with_the_one_there_is(model: str) -> None:
    with pytest.raises(UsageError, match=r"^debate\.critics\.0: model '[^']*' .*lexical"):
        find_role("critic", "critic", model, "debate.critics.0")


def installed(folder: Path, name: str, entries: dict[str, str], modules: dict[str, str]) -> None:
    """What pip leaves behind of a package with entry points."""
    for module, text in modules.items():
        (folder / f"{module}.py").write_text(text)
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"{entry} = {target}" for entry, target in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[litelong.roles]", *lines, ""]))


def ask(folder: Path) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", ASKING],
        env={"PYTHONPATH": f"{folder}:{REPOSITORY}", "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


@pytest.mark.parametrize("target", ["skeptic_roles", "skeptic_roles:skeptic"])
def test_an_installed_package_adds_its_roles(tmp_path: Path, target: str) -> None:
    installed(tmp_path, "skeptic", {"skeptic": target}, {"skeptic_roles": GOOD})
    assert ask(tmp_path) == []


def test_a_broken_package_warns_once_each_and_does_not_stop_the_others(tmp_path: Path) -> None:
    installed(tmp_path, "a_broken", {"broken": "a_broken_roles"}, {"a_broken_roles": "raise RuntimeError('no luck')"})
    installed(tmp_path, "b_absent", {"absent": "no_such_module_at_all"}, {})
    installed(tmp_path, "c_wrong", {"wrong": "skeptic_roles:nobody"}, {})
    installed(tmp_path, "z_skeptic", {"skeptic": "skeptic_roles"}, {"skeptic_roles": GOOD})
    said = sorted(ask(tmp_path))
    assert len(said) == 3
    assert all(line.startswith("RuntimeWarning litelong.roles: ") for line in said)
    assert "'absent' did not load: ModuleNotFoundError" in said[0]
    assert "'broken' did not load: RuntimeError('no luck')" in said[1]
    assert "'wrong' did not load: AttributeError" in said[2]
