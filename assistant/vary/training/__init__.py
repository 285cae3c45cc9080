"""Training of the model of variations: what needs torch, and what only training needs."""
