"""The JSON of the npm package `isbn-bisac-tools`: `categories`, each with `heading`, `notes` and `subjects`."""

from __future__ import annotations

from typing import Any

from taxonomy.importing.found import Found, Row, UnreadableError


def is_package_json(data: object) -> bool:
    """Whether `data` has this form."""
    categories = data.get("categories") if isinstance(data, dict) else None
    return isinstance(categories, list) and any(isinstance(c, dict) and "subjects" in c for c in categories)


def read_package_json(data: dict[str, Any]) -> Found:
    """The subjects in order. Raises `UnreadableError` for a part that is not what the form says."""
    found = Found("the JSON of isbn-bisac-tools", [])
    for at, section in enumerate(data["categories"], 1):
        if not isinstance(section, dict) or not isinstance(section.get("subjects"), list):
            raise UnreadableError(f"section {at}: no list 'subjects'")
        heading, notes = section.get("heading"), section.get("notes") or []
        if isinstance(heading, str) and isinstance(notes, list):
            found.notes.setdefault(heading, []).extend(note for note in notes if isinstance(note, str))
        for number, subject in enumerate(section["subjects"], 1):
            where = f"section {at}, subject {number}"
            code = subject.get("code") if isinstance(subject, dict) else None
            label = subject.get("label") if isinstance(subject, dict) else None
            if not isinstance(code, str | None) or not isinstance(label, str):
                raise UnreadableError(f"{where}: no 'code' and 'label' that are text")
            found.rows.append(Row(where, (code or "").strip() or None, label))
    date = data.get("date")
    if isinstance(date, str):
        found.origin = f"as of {date[:10]}"
    return found
