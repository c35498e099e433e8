"""Runs the notebooks unchanged under other draws and on other machines: which claims still hold?

Draw 0 is the notebook as written; in draw 3 every generator made from a seed draws from the pair of
that seed and 3. A claim that fails stops nothing: it stands in the table, with what was measured.

    python tools/replicate.py                    # all of it, goes on where it stopped
    python tools/replicate.py 07 09 --draws 1-3 --machines haswell
    python tools/replicate.py --list             # the machines at hand
"""

import argparse
import hashlib
import json
import logging
import multiprocessing
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
import numpy as np
import replica_table
from environment import PROJECT
from execute import client_for, kernel_environment, select
from nbclient.exceptions import CellTimeoutError, DeadKernelError
from nbclient.util import run_sync
from replica_machines import Machine, NotAtHand, environment_of, machines

OUT = PROJECT / "build" / "replicate"
DRAWS = range(11)
DRAWS_ELSEWHERE = range(2)  # on machines that are no other processor
SLOWEST_CELL_SECONDS = 900
# What a result depends on besides its notebook, in the course's folder.
SOURCES = ("course_utils/**/*.py", "data/results/*", "tools/replica_kernel/*.py")
# Evaluated in the kernel: what it is, to be shown, and compared with what was asked for.
ABOUT = """', '.join((
    'Python ' + __import__('platform').python_version(),
    'NumPy ' + __import__('numpy').__version__,
    *sorted({f"{info.get('architecture', info['internal_api'])} x {info['num_threads']}"
             for info in __import__('threadpoolctl').threadpool_info()
             if info['user_api'] == 'blas'}),
    *__import__('numpy').show_config(mode='dicts')['SIMD Extensions'].get('found', ())))"""


class NotRun(Exception):
    """A replica that came to no end; nothing of it is stored, and the next call tries again."""


@dataclass(frozen=True)
class Job:
    """One notebook in one replica."""

    path: Path
    machine: Machine
    draw: int

    def __str__(self) -> str:
        return f"{self.path.stem}, {self.machine.name}, draw {self.draw}"

    def file(self, out: Path) -> Path:
        """Where its result is kept."""
        return out / "runs" / self.machine.name / f"draw-{self.draw}" / f"{self.path.stem}.json"


# ---------------------------------------------------------------- one replica, in a worker


async def asked(client, expression: str) -> str:
    """The value of an expression in the kernel, unseen by the notebook. Raises RuntimeError."""
    reply = await client.kc.execute(
        "", silent=True, user_expressions={"it": expression}, reply=True, timeout=120
    )
    answer = reply["content"]["user_expressions"]["it"]
    if answer["status"] != "ok":
        raise RuntimeError(f"{answer['ename']}: {answer['evalue']} in {expression}")
    return answer["data"]["text/plain"]


ask = run_sync(asked)


def run_replica(path: Path, python: Path, settings: Mapping[str, str], core: str = "") -> dict:
    """Run a notebook in a kernel with these settings; nothing is written into the notebook.

    `core` is the kernel that OpenBLAS must have, if it is known.
    Returns its claims, the errors of cells that raised, and what the kernel was. Raises NotRun.
    """
    notebook = nbformat.read(path, as_version=4)
    errors = {}
    start = time.perf_counter()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as scratch:
        record = Path(scratch) / "claims.jsonl"
        record.touch()
        client = client_for(notebook, path.parent, scratch, python, SLOWEST_CELL_SECONDS)
        client.allow_errors = True
        environment = kernel_environment(scratch) | settings
        # code that was compiled for another processor is none of this machine's
        environment["TORCHINDUCTOR_CACHE_DIR"] = str(Path(scratch) / "torch")
        # what a kernel says on its way out, after Ctrl-C, is of no use
        with client.setup_kernel(env=environment, stderr=subprocess.DEVNULL, cleanup_kc=True):
            where = f"__import__('record_claims').install({str(record)!r}, get_ipython())"
            ask(client, where)
            about = ask(client, ABOUT).strip("'")
            if core not in about:
                raise NotRun(f"the kernel should compute as on {core}, but it is {about}")
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type != "code":
                    continue
                ask(client, f"__claims__.begin({cell.id!r})")
                try:
                    client.execute_cell(cell, index)
                except (DeadKernelError, CellTimeoutError) as error:
                    raise NotRun(f"cell {cell.id}: {error}") from error
                for output in cell.outputs:
                    if output.output_type == "error":
                        errors[cell.id] = f"{output.ename}: {output.evalue}"
        claims = [json.loads(line) for line in record.read_text(encoding="utf-8").splitlines()]
    seconds = round(time.perf_counter() - start, 1)
    return {"kernel": about, "seconds": seconds, "errors": errors, "claims": claims}


# ---------------------------------------------------------------- all of them


def sources_digest() -> str:
    """A digest of the code and the results that every notebook uses."""
    found = sorted(path for pattern in SOURCES for path in PROJECT.glob(pattern) if path.is_file())
    digest = hashlib.sha256()
    for path in found:
        digest.update(path.relative_to(PROJECT).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()


def fingerprint(job: Job, sources: str) -> str:
    """A digest of all that the result of a job depends on: another one means that it is stale."""
    cells = [
        (cell.id, cell.source)
        for cell in nbformat.read(job.path, as_version=4).cells
        if cell.cell_type == "code"
    ]
    machine = (job.machine.name, job.machine.what, sorted(job.machine.settings.items()))
    everything = (cells, machine, job.draw, sources, np.__version__, sys.version)
    return hashlib.sha256(repr(everything).encode()).hexdigest()


def stored(job: Job, out: Path, wanted: str) -> dict | None:
    """The result of a job if it is there and not stale."""
    try:
        result = json.loads(job.file(out).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return result if result.get("fingerprint") == wanted else None


def store(result: dict, file: Path) -> None:
    """Keep a result; nobody ever reads half of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    partial = file.with_suffix(".partial")
    partial.write_text(json.dumps(result, ensure_ascii=False), encoding="utf-8")
    partial.replace(file)


def jobs_of(paths: Sequence[Path], chosen: Sequence[Machine], draws: Sequence[int] | None) -> list:
    """All replicas asked for, in the order of draws.

    Without `draws`: all on the processors that stand for many, two on the other machines.
    """
    return [
        Job(path, machine, draw)
        for draw in draws or DRAWS
        for machine in chosen
        if draws or machine.processor or draw in DRAWS_ELSEWHERE
        for path in paths
    ]


def no_last_words() -> None:
    """In a worker: after Ctrl-C, say nothing about the tasks that nbclient leaves behind."""
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)


def finished(
    waiting: Sequence[Job], kernels: Mapping[str, tuple], workers: int
) -> Iterator[tuple[Job, Future]]:
    """Run jobs in worker processes; each comes with its result when it has ended."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=no_last_words) as pool:
        futures = {
            pool.submit(
                run_replica,
                job.path,
                kernels[job.machine.name][0],
                kernels[job.machine.name][1] | {"COURSE_DRAW": str(job.draw)},
                job.machine.core,
            ): job
            for job in waiting
        }
        try:
            for future in as_completed(futures):
                yield futures[future], future
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def prepared(chosen: Sequence[Machine], out: Path) -> dict[str, tuple]:
    """Python and settings for each machine; one that cannot be had here is named and left out."""
    kernels = {}
    for machine in chosen:
        try:
            kernels[machine.name] = environment_of(machine, out / "machines")
        except NotAtHand as problem:
            print(f"{machine.name} ({machine.what}) is left out. {problem}", flush=True)
    return kernels


def run_all(jobs: Sequence[Job], sources: str, out: Path, workers: int, fresh: bool) -> int:
    """Run what is not stored yet, with a line for each; returns how many came to no end."""
    wanted = {job: fingerprint(job, sources) for job in jobs}
    waiting = [job for job in jobs if fresh or stored(job, out, wanted[job]) is None]
    print(f"{len(jobs)} replicas of notebooks, {len(jobs) - len(waiting)} stored already")
    kernels = prepared(list({job.machine.name: job.machine for job in waiting}.values()), out)
    waiting = [job for job in waiting if job.machine.name in kernels]
    start, failures = time.perf_counter(), 0
    for number, (job, future) in enumerate(finished(waiting, kernels, workers), start=1):
        left = (time.perf_counter() - start) / number * (len(waiting) - number) / 60
        try:
            result = future.result()
        except (NotRun, RuntimeError) as problem:
            failures += 1
            text = f"came to no end, and is tried again next time: {problem}"
        else:
            store(result | {"fingerprint": wanted[job]}, job.file(out))
            wrong = sum(not claim["held"] for claim in result["claims"])
            text = f"{len(result['claims'])} claims, {wrong} false"
            text += f", {len(result['errors'])} cells raised" if result["errors"] else ""
            text += f"; {result['seconds']:.0f} s"
        print(f"{number:4d} of {len(waiting)}  {job}: {text}  ({left:.0f} min left)", flush=True)
    return failures


def write_table(
    paths: Sequence[Path],
    known: Mapping[str, Machine],
    sources: str,
    out: Path,
    kept: Path | None = None,
) -> int:
    """Write the tables of all results stored and not stale; returns how many claims fail."""
    by_stem = {path.stem: path for path in paths}
    results = {}
    for file in sorted((out / "runs").glob("*/draw-*/*.json")):
        name, draw = file.parts[-3], int(file.parts[-2].removeprefix("draw-"))
        if name in known and file.stem in by_stem:
            job = Job(by_stem[file.stem], known[name], draw)
            result = stored(job, out, fingerprint(job, sources))
            if result is not None:
                results[file.stem, name, draw] = result
    if not results:
        print("Nothing is stored yet, so there is no table.")
        return 0
    table = replica_table.of_replicas(results)
    summary = replica_table.of_claims(table)
    machines = {
        name: f"{known[name].what} ({result['kernel']})" for (_, name, _), result in results.items()
    }
    replica_table.write(table, summary, machines, out)
    print(replica_table.in_words(summary, table))
    print(f"All of it: {out / 'claims.html'} and the tables beside it.")
    if kept:
        draws = sorted({draw for _, _, draw in results})
        command = f"make replicate; draws {', '.join(map(str, draws))}"
        replica_table.keep(summary, machines, command, kept)
    return int(summary.fails.sum())


def arguments_of(argv: Sequence[str] | None) -> argparse.Namespace:
    """The options of the command line; ends the program with a message if one is wrong."""

    def draws(text):
        first, _, last = text.partition("-")
        if not first.isdecimal() or (last and not last.isdecimal()):
            raise argparse.ArgumentTypeError(
                f"it is {text!r}, expected a number, or two as in 1-10"
            )
        return range(int(first), int(last or first) + 1)

    def workers(text):
        if not text.isdecimal() or not int(text):
            raise argparse.ArgumentTypeError(f"it is {text!r}, expected a whole number from 1")
        return int(text)

    parser = argparse.ArgumentParser(prog="replicate.py", description=__doc__.splitlines()[0])
    add = parser.add_argument
    add("notebooks", nargs="*", help="number, beginning of the name, or path")
    add("--draws", type=draws, nargs="+", help="as in 0 3 or 1-10 (0-10; 0-1 on other machines)")
    add("--machines", nargs="+", metavar="NAME", help="some of those that --list shows (all)")
    add("--list", action="store_true", help="only show the machines at hand")
    add("--jobs", type=workers, default=2, help="workers (2)")
    add("--out", type=Path, default=OUT, help="folder for results and tables (build/replicate)")
    add("--keep", type=Path, metavar="FILE", help="write the table to be committed, too")
    add("--fresh", action="store_true", help="run again what is stored, too")
    return parser.parse_args(argv)


def main(argv: Sequence[str] | None = None) -> int:
    """Returns 0 if every claim holds where it must, 1 if not, 2 for a wrong call."""
    options = arguments_of(argv)
    known = machines()
    if options.list:
        for machine in known.values():
            print(f"{machine.name:14} {machine.what}")
        return 0
    unknown = sorted(set(options.machines or ()) - set(known))
    if unknown:
        print(
            f"no machine {', '.join(unknown)} here; there are {', '.join(known)}", file=sys.stderr
        )
        return 2
    try:
        paths = select(options.notebooks)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    chosen = [known[name] for name in options.machines or known]
    draws = sorted({draw for part in options.draws or () for draw in part})
    out = options.out.expanduser().resolve()
    sources = sources_digest()  # now: what is changed meanwhile counts next time
    jobs = jobs_of(paths, chosen, draws)
    try:
        failures = run_all(jobs, sources, out, options.jobs, options.fresh)
    except KeyboardInterrupt:
        print("\nStopped. What has ended is stored: the next call goes on from there.")
        return 130
    wrong = write_table(paths, known, sources, out, options.keep)
    return 1 if failures or wrong else 0


if __name__ == "__main__":
    sys.exit(main())
