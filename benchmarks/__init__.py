"""Ratios and counts measured in one run, beside what was asked for; `make bench` prints them all."""
