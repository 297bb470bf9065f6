# A router: mail of its cron jobs goes out through a queue; nobody reads here.
CFG_SEND = 1
CFG_LOCAL = 0
CFG_BS = 0
CFG_TLS = 1
