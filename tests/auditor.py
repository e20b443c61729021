"""An auditor's own check of an export, by nothing but the file and the description of its form: no line of ours."""

from __future__ import annotations

import hashlib
import json
import sys
from datetime import datetime
from itertools import pairwise
from pathlib import Path


def audit(file: Path) -> dict[str, object]:
    """Return whether the chain holds, and what the records show of a day."""
    header, *records = [json.loads(line) for line in file.read_text(encoding="ascii").splitlines()]
    holds = header["records"] == len(records) and header["head"] == records[-1]["hash"]
    for number, record in enumerate(records):
        claimed = record.pop("hash")
        written = json.dumps(record, sort_keys=True, separators=(",", ":"))
        holds = holds and hashlib.sha256(written.encode("ascii")).hexdigest() == claimed
        holds = holds and (number == 0 or record["previous"] == records[number - 1]["hash"])
        record["hash"] = claimed
    days = {(each["body"]["feed"], each["body"]["day"]): each["body"] for each in records if each["sort"] == "coverage"}
    configs = [each for each in records if each["sort"] == "config"]
    return {
        "holds": holds,
        "gaps": [
            [day["feed"], day["gap_from"], day["gap"]]
            for day in days.values()
            if day["gap"] > 3 * seconds(day["first"], day["last"]) / day["polls"]
        ],
        "outages": [[day["feed"], day["failures"], day["outage"]] for day in days.values() if day["failures"]],
        "configs": [
            after["at"] for before, after in pairwise(configs) if before["body"]["sha256"] != after["body"]["sha256"]
        ],
    }


def seconds(begin: str, end: str) -> float:
    """Return the time from one moment to another."""
    return (datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds()


if __name__ == "__main__":
    print(json.dumps(audit(Path(sys.argv[1]))))
