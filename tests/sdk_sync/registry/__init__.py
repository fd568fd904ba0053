"""Tests of where schemas are kept, and how they get there."""
