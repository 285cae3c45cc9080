"""How good variations are: judged against what people wrote, on music that the makers have not seen."""
