"""Say what checkov has found in template.yaml; fail, too, for a skip without a reason or a use.

    python -m scripts.read_checkov checkov.json

A skip that nothing asks for would hide the next mistake.
"""

import json
import sys
from pathlib import Path

from scripts.transform_template import read_template


def main() -> int:
    """Print every failed check and every idle skip; return the exit status."""
    results = json.loads(Path(sys.argv[1]).read_text("utf-8"))["results"]
    wrong = [
        f"{row['resource']}: {row['check_id']} {row['check_name']}"
        for row in results["failed_checks"]
    ]
    used = {
        (row["check_id"], row["resource"].rsplit(".", 1)[-1]) for row in results["skipped_checks"]
    }
    for name, resource in read_template()["Resources"].items():
        for skip in resource.get("Metadata", {}).get("checkov", {}).get("skip", []):
            if len(skip.get("comment", "")) < 20:
                wrong.append(f"{name}: {skip['id']} is skipped without a reason")
            if (skip["id"], name) not in used:
                wrong.append(f"{name}: {skip['id']} is skipped, and does not fail")
    if results["parsing_errors"] or not results["passed_checks"]:
        wrong.append("checkov could not read the template")
    sys.stdout.writelines(f"{line}\n" for line in wrong)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
