#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""report.py RUN: read RUN/guest.out (see guest/compare for what is in it), write RUN/results.json,
RUN/fio/ and RUN/dd/, print the table. A figure that is missing or makes no sense is an error."""

import json
import os
import pathlib
import statistics
import sys

SIZES = {"4K": 4096, "64K": 65536, "1M": 1048576}
PAGE = 4096
# All cases, in the table's order, and what a figure is for.
CASES = {f"{what}-{size}": "call" if size == "4K" else "page"
         for what in ("new", "over", "read", "rndover", "rndread") for size in SIZES}
CASES |= {"dd-new-1M": "page", "dd-read-1M": "page",
          "poems-create": "file", "poems-unlink": "file", "unlink-big": "page"}
POEM_PAGES = 8
NO_COPY = ("poems-unlink", "unlink-big")


def fail(text):
    sys.exit(f"report.py: {text}")


class Run:
    """What the guest said."""

    def __init__(self, out):
        self.info = {}
        self.files = {}
        self.stamps = []    # (round, fs, job, begin, end)
        self.raw = {}       # (round, fs, case) -> [(ns, units), ...]
        name, kept = None, []
        for line in out.read_text(errors="replace").splitlines():
            word = line.split()
            if name is not None:
                if line == f"end {name}":
                    self.files[name] = "\n".join(kept) + "\n"
                    name, kept = None, []
                else:
                    kept.append(line)
            elif not word:
                continue
            elif word[0] == "file" and len(word) == 2:
                name = word[1]
            elif word[0] == "info":
                self.info[word[1]] = " ".join(word[2:])
            elif word[0] == "raw" and len(word) == 6:
                self.add(int(word[1]), word[2], word[3], int(word[4]), int(word[5]))
            elif word[0] == "stamp" and len(word) == 6:
                self.stamps.append((int(word[1]), word[2], word[3], int(word[4]), int(word[5])))
        self.fio()
        for word in ("kernel", "bed", "rounds", "filesystems", "copy", "fio", "dd"):
            if word not in self.info:
                fail(f"the guest did not say its {word}")
        self.rounds = int(self.info["rounds"])
        self.icount = self.info["bed"] == "tcg-icount"
        self.fs = ["memcpy", *self.info["filesystems"].split()]

    def add(self, number, fs, case, ns, units):
        self.raw.setdefault((number, fs, case), []).append((ns, units))

    def fio(self):
        """fio's jobs: the time from the stamps, what was done in it from fio's own report."""
        jobs = {}
        for name, text in list(self.files.items()):
            if not name.startswith("fio/"):
                continue
            # fio writes a note about each prerun and postrun into its report, before it begins
            text = text[text.find("{\n"):]
            self.files[name] = text
            for job in json.loads(text)["jobs"]:
                jobs[name, job["jobname"]] = job
        for number, fs, name, begin, end in self.stamps:
            job = jobs.get((f"fio/{fs}-{number}.json", name))
            if not job:
                fail(f"fio reports no job {name} on {fs} in round {number}")
            case = name.rsplit("-", 1)[0]
            done = job["read"]["io_bytes"] + job["write"]["io_bytes"]
            if job["error"] or not done:
                fail(f"fio job {name} on {fs} in round {number}: error {job['error']}, {done} bytes")
            self.add(number, fs, case, end - begin, done // PAGE)

    def figure(self, number, fs, case):
        """Nanoseconds a unit of that round; of two lengths the difference counts. None where a real
        clock was so disturbed that the longer took less time."""
        taken = sorted(self.raw.get((number, fs, case), []), key=lambda pair: pair[1])
        lengths = 1 if case.startswith(("copy", "poems", "unlink")) else 2
        if len(taken) != lengths:
            fail(f"{case} on {fs} in round {number}: {len(taken)} measurements instead of {lengths}")
        (ns, units), (less_ns, less_units) = taken[-1], taken[0] if lengths == 2 else (0, 0)
        if units <= less_units:
            fail(f"{case} on {fs} in round {number}: both lengths are {units} units")
        return (ns - less_ns) / (units - less_units) if ns > less_ns else None

    def copy(self, number, case):
        """The copy alone in that case."""
        if case == "poems-create":
            return self.figure(number, "memcpy", "copy-32K") * POEM_PAGES
        return self.figure(number, "memcpy", "copy-" + case.rsplit("-", 1)[1])

    def results(self):
        for case, per in CASES.items():
            for fs in self.fs:
                if fs == "memcpy" and case in NO_COPY:
                    continue
                values = [self.copy(number, case) if fs == "memcpy" else self.figure(number, fs, case)
                          for number in range(1, self.rounds + 1)]
                values = [value for value in values if value is not None]
                wanted = self.rounds if self.icount else self.rounds // 2 + 1
                if len(values) < wanted:
                    fail(f"{case} on {fs}: only {len(values)} of {self.rounds} rounds gave a figure")
                yield {"case": case, "fs": fs, "per": per,
                       "bed": self.info["bed"], "driver": driver(case),
                       "unit": "instructions" if self.icount else "ns",
                       "median": round(statistics.median(values), 2),
                       "min": round(min(values), 2), "max": round(max(values), 2),
                       "runs": len(values)}


def driver(case):
    """What made the calls: fio, dd, or a program of ours."""
    if case.startswith(("poems", "unlink")):
        return "bench"
    return "dd" if case.startswith("dd-") else "fio"


def host():
    cpu = "unknown"
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            cpu = line.split(": ", 1)[1]
            break
    return {"cpu": cpu, "cores": os.cpu_count()}


def number(value):
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def spread(result):
    return 100 * (result["max"] - result["min"]) / result["median"]


def table(run, document):
    found = {(r["case"], r["fs"]): r for r in document["results"]}
    shown = [fs for fs in run.fs if fs != "memcpy"]

    print(f"scriptfs compared, Linux {document['kernel']}, bed {document['bed']}, "
          f"{run.rounds} interleaved rounds")
    if run.icount:
        print("Figures are INSTRUCTIONS (the guest's clock counts them; the same on every machine), not time:")
    else:
        print("Figures are nanoseconds" + ("" if run.info["bed"] == "kvm"
                                           else ", of an EMULATED processor: not speed") + ":")
    print(f"medians, and the ratio to ramfs. CPU without erms and fsrm: the kernel copies by "
          f"{run.info['copy']},\n\"memcpy\" is that copy alone. {run.info['fio']}, {run.info['dd']}.\n")

    print(f"{'':18}{'memcpy':>7}" + "".join(f"{fs:>15}" for fs in shown))
    for case, per in CASES.items():
        copy = found.get((case, "memcpy"))
        line = f"{case + ', ' + per:18}" + (f"{number(copy['median']):>7}" if copy else f"{'-':>7}")
        base = found.get((case, "ramfs"))
        for fs in shown:
            value = found[case, fs]["median"]
            ratio = f"{value / base['median']:.2f}" if base else ""
            line += f"{number(value):>9}{ratio:>6}"
        print(line)

    # a difference of two noisy times would say nothing
    if run.icount:
        print("\nbeyond the copy")
        for case in ("new-1M", "over-1M", "read-1M", "poems-create"):
            copy = found[case, "memcpy"]["median"]
            print(f"{case + ', ' + CASES[case]:18}{'':7}"
                  + "".join(f"{number(found[case, fs]['median'] - copy):>9}{'':6}" for fs in shown))

    widest = max(document["results"], key=spread)
    print("""
new: fio's open() creates the file (no truncation of an old one), each call extends it. over, read,
rndover, rndread: a file that is there. The cost of the system call and fio's own are included, starting
and ending a job is not. dd-new reads /dev/zero, which clears a page more. poems: 1000 files (tmpfs-huge:
100) of 32 KiB, create + write + close, then unlink all. unlink-big: one file, the whole call.""")
    if run.rounds > 1:
        print(f"Largest spread between rounds: {spread(widest):.1f} % of the median "
              f"({widest['case']} on {widest['fs']}).")


def main():
    if len(sys.argv) != 2:
        fail("usage: report.py RUN")
    folder = pathlib.Path(sys.argv[1])
    run = Run(folder / "guest.out")
    for name, text in run.files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    document = {"schema": 2, "kernel": run.info["kernel"], "bed": run.info["bed"],
                "unit": "instructions" if run.icount else "ns",
                "rounds": run.rounds, "host": host(), "results": list(run.results())}
    (folder / "results.json").write_text(json.dumps(document, indent=1) + "\n")
    table(run, document)


main()
