# A host that others send through.
CFG_SEND = 1
CFG_LOCAL = 1
