"""Builds a Python environment of the distribution's modules: python-environment.py WANTED.json OUT"""

import importlib.machinery
import importlib.metadata
import json
import os
import sys

with open(sys.argv[1]) as file:
    wanted = json.load(file)
out = sys.argv[2]


def is_there(module):
    """Whether the module can be found, without running it."""
    path = None
    for part in module.split("."):
        spec = importlib.machinery.PathFinder.find_spec(part, path)
        if spec is None:
            return module in sys.builtin_module_names
        path = spec.submodule_search_locations
    return True


def commands(distribution):
    try:
        found = importlib.metadata.distribution(distribution).entry_points
    except importlib.metadata.PackageNotFoundError:
        return []
    return [entry for entry in found if entry.group == "console_scripts"]


missing = [module for module in wanted if not is_there(module["import"])]
if missing:
    names = ", ".join(module["attr"] for module in missing)
    packages = " ".join(dict.fromkeys(module["apt"] for module in missing))
    print(
        f"error: the host package set has no Python module {names}: apt-get install {packages}, or use a real nixpkgs",
        file=sys.stderr,
    )
    sys.exit(1)

version = "%d.%d" % sys.version_info[:2]
bin_dir = os.path.join(out, "bin")
os.makedirs(bin_dir)
os.makedirs(os.path.join(out, "lib", "python" + version, "site-packages"))
for name in ("python3", "python", "python" + version):
    os.symlink("/usr/bin/python3", os.path.join(bin_dir, name))

# A virtual environment: `sys.prefix` is this directory, the modules stay the distribution's.
with open(os.path.join(out, "pyvenv.cfg"), "w") as file:
    file.write("home = /usr/bin\ninclude-system-site-packages = true\nversion = %d.%d.%d\n" % sys.version_info[:3])

for module in wanted:
    for entry in commands(module["dist"]):
        script = os.path.join(bin_dir, entry.name)
        if os.path.lexists(script):
            continue
        function = entry.attr or "main"
        with open(script, "w") as file:
            file.write(
                f"#!{bin_dir}/python3\n"
                "import sys\n"
                f"from {entry.module} import {function.split('.')[0]}\n"
                f"sys.argv[0] = {entry.name!r}\n"
                f"sys.exit({function}())\n"
            )
        os.chmod(script, 0o755)
