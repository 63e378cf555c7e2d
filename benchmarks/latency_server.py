"""The server that `debates-latency` talks to, in a process of its own: it answers after a while, and keeps count.

    python -m benchmarks.latency_server 2.0      prints its address; GET /stats gives the counts, POST /reset clears them

Replies are valid for the step asked and depend on the question alone, so that a run that was killed has the same ones.
"""

import asyncio
import json
import logging
import re
import sys
import time
from collections import Counter
from hashlib import sha256

from aiohttp import web

from benchmarks.chat_server import ChatServer, Question, Said

SUBJECTS = (
    "population age structure",
    "natural gas exports",
    "railway gauges",
    "airports with paved runways",
    "internet users",
    "mobile telephone subscribers",
    "merchant ships",
    "irrigated land",
    "electricity production",
    "border disputes",
    "infant mortality",
    "public debt",
    "coastline and maritime claims",
    "official languages",
    "religious minorities",
    "legislative elections",
    "refugees and displaced persons",
    "crude oil reserves",
    "life expectancy",
    "school enrolment",
    "military expenditures",
    "highest mountains",
    "volcanic eruptions",
    "drinking water sources",
)
WHY = "Many documents of the collection give figures for it and compare them with those of neighbours, year by year."


class Counting(ChatServer):
    """Counts questions by digest of model and prompt, and keeps none of them."""

    def __init__(self, wait_s: float) -> None:
        super().__init__(lambda question: Said(reply(question), wait_s=wait_s, usage=used(question)))
        self.asked: Counter[bytes] = Counter()
        self.first = self.last = 0.0

    async def _serve(self, request: web.Request) -> web.Response:
        began = time.monotonic()
        if request.path == "/reset":
            self.asked.clear()
            self.first = self.last = 0.0
            self.at_once = 0
            return web.json_response({})
        if request.path == "/stats":
            counts = {"calls": self.asked.total(), "distinct": len(self.asked), "at_once": self.at_once}
            return web.json_response({**counts, "seconds": self.last - self.first})
        self.first = self.first or began
        self.asked[sha256(await request.read()).digest()] += 1
        response = await super()._serve(request)
        self.questions.clear()
        self.last = time.monotonic()
        return response


def used(question: Question) -> tuple[int, int]:
    """Tokens in and out, at four characters a token."""
    return (len(question.system) + len(question.user)) // 4, len(reply(question)) // 4


def reply(question: Question) -> str:
    """A valid reply for the shape asked for: about three topics of four are accepted, one of six is removed."""
    shape = question.body["response_format"]["json_schema"]["name"]
    ids = list(dict.fromkeys(re.findall(r'"id": "(T\d+)"', question.user)))
    if shape == "Topics":
        return json.dumps({"topics": _topics(question)})
    if shape == "Reviews":
        scores = dict.fromkeys(("relevance", "distinctiveness", "complementarity", "anchor_value"), 4)
        return json.dumps(
            {"reviews": [{"id": i, "accept": _draw(question, i) % 4 > 0, "reason": WHY, **scores} for i in ids]}
        )
    if shape == "Removals":
        return json.dumps({"removals": [{"id": i, "reason": WHY} for i in ids if _draw(question, i) % 6 == 0]})
    raise ValueError(f"the benchmark's server knows no reply of the shape {shape}")


def _topics(question: Question) -> list[dict[str, str]]:
    """As many as asked for; each model begins at another subject, so that the lists overlap in part."""
    wanted = int(re.findall(r"List (\d+) topics", question.user)[0])
    begin = _draw(question, "begin")
    return [
        {"title": SUBJECTS[(begin + 5 * n) % len(SUBJECTS)].capitalize(), "explanation": WHY}
        for n in range(min(wanted, len(SUBJECTS)))
    ]


def _draw(question: Question, key: str) -> int:
    return int.from_bytes(sha256(f"{question.body['model']} {question.user} {key}".encode()).digest()[:4])


async def serve(wait_s: float) -> None:
    """Serve until the process is killed."""
    logging.getLogger("aiohttp.server").setLevel(logging.CRITICAL)  # a killed client is no news
    server = Counting(wait_s)
    await server.start()
    print(server.base_url, flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(serve(float(sys.argv[1])))
