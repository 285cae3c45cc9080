"""Drums varied as drums: other grooves, fills, denser and sparser playing."""
