"""The long description; all else stands in setup.cfg."""

import re
from pathlib import Path

from setuptools import setup

REPOSITORY = "https://github.com/Dataframe-Consulting/ai-spine-sdk-python"
readme = Path(__file__).with_name("README.md").read_text(encoding="utf-8")
# A package index knows no files of ours: pictures and links have to lead to the repository.
readme = re.sub(r"(!\[[^]]*\]\()(?!http)", rf"\1{REPOSITORY}/raw/main/", readme)
readme = re.sub(r"(\]\()(?!http)", rf"\1{REPOSITORY}/blob/main/", readme)

setup(long_description=readme)
