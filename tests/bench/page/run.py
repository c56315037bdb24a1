"""run.py [--runs 5] [--sites a,b] [--dir DIR] [--reuse]: the light engine beside
Lighthouse's mobile run on real landing pages, over HTTP/1.1 and HTTP/2.

npm packages go into DIR (default build/bench-page), Chromium is Debian's
chromium-headless-shell (CHROME_PATH).  Two tables: the model over Chromium's
own requests, and the whole engine, which has to find them itself.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

import table

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[2]
NODE_MAJOR = 22


def node(directory):
    """Lighthouse 13 wants a newer node than Debian has: npm has it, too."""
    return str(directory / "node_modules/.bin/node")


def install(directory):
    directory.mkdir(parents=True, exist_ok=True)
    if (directory / "node_modules/lighthouse").exists():
        return
    listing = subprocess.run(
        ["node", "--input-type=module", "-e",
         f"import {{packages}} from '{HERE}/sites.mjs';"
         "console.log(packages.join(' '))"],
        capture_output=True, text=True, check=True).stdout.split()
    (directory / "package.json").write_text("{}")
    subprocess.run(["npm", "install", "--no-audit", "--no-fund",
                    f"node@{NODE_MAJOR}", *listing],
                   cwd=directory, check=True, stdout=subprocess.DEVNULL)


def lighthouse(directory, version, args, sites):
    out = directory / f"lighthouse-{version}.jsonl"
    if not args.reuse:
        out.unlink(missing_ok=True)
        subprocess.run([node(directory), str(HERE / "lighthouse.mjs"),
                        str(directory / "node_modules"), str(out), version,
                        str(args.runs), *sites], check=True)
    found = {}
    for line in out.read_text().splitlines():
        run = json.loads(line)
        found.setdefault(run["site"], []).append(run)
    return found


def model(build, requests):
    done = subprocess.run([build / "tests/bench_page_model"],
                          input=table.model_lines(requests),
                          capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def engine(build, directory, version, site, requests):
    """Ours as a user runs it; the server of sites.mjs runs meanwhile."""
    port = 18443 + (version == "http2")
    hosts = {r["url"].split("/")[2] for r in requests
             if r["url"].split("/")[2].endswith(f":{port}")}
    hosts.add(f"{site}.test:{port}")
    command = [build / "collector/leadline", "probe",
               f"https://{site}.test:{port}/", "--kind", "page", "--json",
               "--ca", directory / "cert.pem"]
    for host in sorted(hosts):
        command += ["--resolve", f"{host}:127.0.0.1"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode not in (0, 1):
        sys.exit(f"probe of {site}: {done.stderr}")
    return json.loads(done.stdout)["page"]


def serve(directory, version):
    return subprocess.Popen(
        [node(directory), "--input-type=module", "-e",
         f"import {{serve}} from '{HERE}/sites.mjs';"
         f"await serve({{modules: '{directory}/node_modules', "
         f"dir: '{directory}', http2: {json.dumps(version == 'http2')}, "
         f"port: {18443 + (version == 'http2')}}}); console.log('ready');"],
        stdout=subprocess.PIPE, text=True)


def measure_engine(build, directory, version, seen):
    server = serve(directory, version)
    try:
        server.stdout.readline()
        return {site: engine(build, directory, version, site,
                             runs[-1]["requests"])
                for site, runs in seen.items()}
    finally:
        server.terminate()
        server.wait()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--sites", default="")
    parser.add_argument("--dir", type=pathlib.Path,
                        default=ROOT / "build/bench-page")
    parser.add_argument("--build", type=pathlib.Path,
                        default=ROOT / "build/dev")
    parser.add_argument("--model-only", action="store_true")
    parser.add_argument("--reuse", action="store_true",
                        help="what Lighthouse said the last time")
    args = parser.parse_args()
    directory = args.dir.resolve()
    install(directory)
    sites = [s for s in args.sites.split(",") if s]
    alone, whole, missed, asked = [], [], [], 0
    for version in ("http1", "http2"):
        seen = lighthouse(directory, version, args, sites)
        for site, runs in seen.items():
            alone.append(table.row(site, version, runs,
                                   model(args.build, runs[-1]["requests"])))
        if args.model_only:
            continue
        ours = measure_engine(args.build, directory, version, seen)
        for site, runs in seen.items():
            whole.append(table.row(site, version, runs, ours[site]))
            asked += len(runs[-1]["requests"])
            missed += [(site, *miss) for miss in table.recall(
                runs[-1]["requests"],
                [r["url"] for r in ours[site]["resources"]])]
    table.print_rows(alone, "The model over Chromium's own requests")
    if whole:
        table.print_rows(whole, "The light engine")
        print(f"\nrequests found: {asked - len(missed)} of {asked} "
              f"({1 - len(missed) / asked:.1%})")
        for site, url, who in missed:
            print(f"  missed on {site}: {url} ({who})")


if __name__ == "__main__":
    os.environ.setdefault("CHROME_PATH", "/usr/bin/chromium-headless-shell")
    main()
