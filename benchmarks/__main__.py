"""`python -m benchmarks [NAME ...]`: runs the benchmarks, each in a process of its own, and prints their tables."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    scripts = sorted(path for path in HERE.glob("*.py") if path.stem not in {"__main__", "__init__", "report"})
    chosen = [path for path in scripts if not names or path.stem in names]
    failed = 0
    for path in chosen:
        print(f"\n{path.stem}", flush=True)
        failed |= subprocess.run(
            [sys.executable, "-m", f"benchmarks.{path.stem}"], check=False, cwd=HERE.parent
        ).returncode
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
