"""Makes wheels and source distributions: python-wheels.py OUT WANTED.json; prints a JSON list of their files.

An entry with `debian` repacks what a Debian package has installed; others are made of the entry's own files.
"""

import base64
import csv
import hashlib
import importlib.metadata
import io
import json
import os
import subprocess
import sys
import sysconfig
import tarfile
import zipfile

OUT = sys.argv[1]
DIST_PACKAGES = "/usr/lib/python3/dist-packages/"


def metadata(name, version, requires=(), requires_python=None):
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}"]
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {each}" for each in requires]
    return "\n".join(lines) + "\n"


def write_wheel(name, version, tag, files, meta, entry_points):
    stem = f"{name.replace('-', '_')}-{version}"
    info = f"{stem}.dist-info"
    files = dict(files)
    files[f"{info}/METADATA"] = meta.encode()
    pure = "true" if tag.endswith("-any") else "false"
    files[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: spec\nRoot-Is-Purelib: {pure}\nTag: {tag}\n".encode()
    if entry_points:
        files[f"{info}/entry_points.txt"] = entry_points.encode()
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for path, data in sorted(files.items()):
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.writerow([path, f"sha256={digest}", len(data)])
    rows.writerow([f"{info}/RECORD", "", ""])
    files[f"{info}/RECORD"] = record.getvalue().encode()
    file = f"{stem}-{tag}.whl"
    with zipfile.ZipFile(os.path.join(OUT, file), "w") as archive:
        for path, data in files.items():
            # A fixed time, so that the same entry gives the same bytes.
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return file


def write_source(name, version, files, meta):
    stem = f"{name}-{version}"
    file = f"{stem}.tar.gz"
    with tarfile.open(os.path.join(OUT, file), "w:gz") as archive:
        for path, data in {**files, "PKG-INFO": meta.encode()}.items():
            entry = tarfile.TarInfo(f"{stem}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return file


def from_debian(entry):
    found = importlib.metadata.distribution(entry["name"])
    files = {}
    for package in entry["debian"]:
        for path in subprocess.run(["dpkg", "-L", package], check=True, capture_output=True, text=True).stdout.split("\n"):
            inside = path[len(DIST_PACKAGES):]
            if not path.startswith(DIST_PACKAGES) or not os.path.isfile(path) or ".egg-info" in inside or ".dist-info" in inside:
                continue
            with open(path, "rb") as file:
                files[inside] = file.read()
    native = any(path.endswith(".so") for path in files)
    number = "%d%d" % sys.version_info[:2]
    tag = f"cp{number}-cp{number}-{sysconfig.get_platform().replace('-', '_')}" if native else "py3-none-any"
    meta = metadata(entry["name"], found.version, entry.get("requires", []))
    return write_wheel(entry["name"], found.version, tag, files, meta, found.read_text("entry_points.txt"))


def made(entry):
    files = {path: text.encode() for path, text in entry["files"].items()}
    meta = metadata(entry["name"], entry["version"], entry.get("requires", []), entry.get("requires_python"))
    if entry.get("source"):
        return write_source(entry["name"], entry["version"], files, meta)
    lines = [f"{command} = {target}\n" for command, target in entry.get("commands", {}).items()]
    return write_wheel(entry["name"], entry["version"], entry.get("tag", "py3-none-any"), files, meta, "[console_scripts]\n" + "".join(lines))


os.makedirs(OUT, exist_ok=True)
written = []
with open(sys.argv[2]) as wanted:
    for entry in json.load(wanted):
        file = from_debian(entry) if "debian" in entry else made(entry)
        with open(os.path.join(OUT, file), "rb") as data:
            sha256 = hashlib.sha256(data.read()).hexdigest()
        version = importlib.metadata.version(entry["name"]) if "debian" in entry else entry["version"]
        written.append({"name": entry["name"], "version": version, "file": file, "sha256": sha256, "requiresPython": entry.get("requires_python")})
json.dump(written, sys.stdout)
