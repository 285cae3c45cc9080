"""Songs as files that any DAW takes in: folders of stems, and .dawproject."""
