"""Dry run of a large suite: the time that Snakemake takes to make the DAG of 100 entries, 12 conditions and 20 shards.

Entries are copies of an oracle, a learning-free method, trained ones and one that builds on a trained one, and the
models of three others score them, so that jobs have every kind of input. The peer is the same suite with two shards:
seconds a job of both tell whether the time grows in proportion.
"""

import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ENTRIES, CONDITIONS, SHARDS, LIMIT_S = 100, 12, 20, 60.0


def main() -> int:
    """Print the seconds of both dry runs, and how the larger stands to the limit; 1 where it is over."""
    with tempfile.TemporaryDirectory() as folder:
        _, small_s, small = dry_run(Path(folder), shards=2)
        wall_s, large_s, large = dry_run(Path(folder), shards=SHARDS)
    print(
        f"dry run of {ENTRIES} entries x {CONDITIONS} conditions x {SHARDS} shards, {large} jobs: {wall_s:.0f} s, "
        f"{large_s:.0f} s of them CPU time: {large_s / LIMIT_S:.2f} of the limit of {LIMIT_S:.0f} s; a job takes "
        f"{(large_s / large) / (small_s / small):.2f} times what it takes in a DAG of {small} jobs"
    )
    return int(large_s >= LIMIT_S)


def dry_run(folder: Path, shards: int) -> tuple[float, float, int]:
    """Wall-clock and CPU seconds that a dry run takes, and how many jobs it finds."""
    (folder / "methods.yaml").write_text("\n".join(f"{name}: {kind}" for name, kind in entries().items()) + "\n")
    suite = folder / "dag.yaml"
    suite.write_text(suite_text(shards, folder))
    command = ["cocktail", "run", str(suite), "--cores", "2", "--", "--dry-run", "--quiet", "rules"]
    begin, used = time.perf_counter(), sum(os.times()[2:4])
    done = subprocess.run([sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False)
    wall_s, cpu_s = time.perf_counter() - begin, sum(os.times()[2:4]) - used
    total = re.search(r"^total +(\d+)$", done.stdout + done.stderr, re.MULTILINE)
    if done.returncode or not total:
        sys.exit(done.stdout[-2000:] + done.stderr[-2000:])
    return wall_s, cpu_s, int(total[1])


def entries() -> dict[str, str]:
    """Rows of the copies; `unprocessed` is one entry more."""
    plugins = ("oracle_mask", "decision_directed", "nmf", "mask_network", "mask_beamformer, uses: copy-03")
    return {f"copy-{n:02d}": f"{{plugin: {plugins[n % len(plugins)]}}}" for n in range(ENTRIES - 1)}


def suite_text(shards: int, plugins: Path) -> str:
    """A suite in which every entry runs in every condition."""
    names = [f"room-{n:02d}" for n in range(CONDITIONS)]
    room = (
        "{task: enhance, talkers: 1, array: tablet, reference: image, room: {length_m: [5, 8], width_m: [4, 6], "
        "height_m: [2.5, 3.5], t60_s: [0.2, 0.4], distance_m: [0.3, 0.6], azimuth_deg: [-30, 30]}, "
        "noise: {field: diffuse, kinds: [public], snr_db: [0, 10]}}"
    )
    return "\n".join([
        f"suite: dag\nscenes: {shards}\nshard_size: 1\nplugins: ['{plugins}']\nconditions: [{', '.join(names)}]",
        f"methods: [unprocessed, {', '.join(entries())}]",
        "scorers: {spoofing: lcnn, speaker: xvector, recogniser: ctc}",
        "define:", *(f"  {name}: {room}" for name in names),
    ])  # fmt: skip


if __name__ == "__main__":
    raise SystemExit(main())
