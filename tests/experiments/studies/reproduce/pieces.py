"""A job of many small pieces that goes on from those it finds: `python -m ….pieces NAME=NUMBER …`.

Every piece that is done writes a file of its own; one that is done twice would make two.
"""

import json
import sys
import time
import uuid
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Do what pieces are missing, then leave the result."""
    given = dict(text.split("=", 1) for text in arguments)
    folder = Path(given["hydra.run.dir"])
    if given.get("fails") == "true":
        sys.exit("error: this job fails")
    for number in range(int(given["pieces"])):
        if not list(folder.glob(f"piece-{number}-*")):
            time.sleep(float(given.get("seconds", 0.05)))
            (folder / f"piece-{number}-{uuid.uuid4().hex}").touch()
    decided = [text for text in arguments if not text.startswith("hydra.")]
    scratch = folder / "scratch"
    scratch.write_text(json.dumps({"experiment": "pieces", "overrides": decided}))
    scratch.replace(folder / "result.json")


if __name__ == "__main__":
    main(sys.argv[1:])
