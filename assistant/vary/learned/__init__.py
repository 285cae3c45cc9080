"""The learned model of variations: music as steps, a small network in numpy, sampling under hard constraints."""
