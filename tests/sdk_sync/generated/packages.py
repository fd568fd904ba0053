"""Generates packages of the documents in `documents`, each once, and imports them."""

import atexit
import functools
import importlib
import shutil
import sys
import tempfile
from pathlib import Path

from ai_spine.sdk_sync.generators.python.endpoints.config import Config
from ai_spine.sdk_sync.generators.python.endpoints.package import EndpointsGenerator
from ai_spine.sdk_sync.openapi import read_openapi

DOCUMENTS = Path(__file__).parents[1] / "documents"


@functools.lru_cache(maxsize=None)
def folder():
    """Return a folder for all packages, which is on the path."""
    made = Path(tempfile.mkdtemp(prefix="generated-"))
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    return made


@functools.lru_cache(maxsize=None)
def generated(name, models="attrs"):
    """Return the generator that has written the package of a document."""
    return generate(DOCUMENTS / f"{name}.yaml", f"{name}_{models}", models)


def generate(path, package, models="attrs", config=Config()):
    """Write the package of a document, and return the generator."""
    read = read_openapi(path)
    generator = EndpointsGenerator(
        read.spec,
        package,
        folder() / package,
        config=config,
        models=models,
        format=False,
        problems=[str(each) for each in read.problems],
        left_out=read.left_out,
    )
    generator.generate_sync()
    return generator


def package_of(name, models="attrs", module=None):
    """Return the package of a document, or one of its modules."""
    generator = generated(name, models)
    path = str(generator.output_dir)
    if path not in sys.path:
        sys.path.append(path)
        importlib.invalidate_caches()
    more = "" if module is None else f".{module}"
    return importlib.import_module(f"{generator.package_name}{more}")
