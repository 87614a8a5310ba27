134281 checks passed, 0 failed
