"""A shim for tools that still call it; everything stands in setup.cfg."""

from setuptools import setup

setup()
