"""How good timbres are, judged by what had no part in making them."""
