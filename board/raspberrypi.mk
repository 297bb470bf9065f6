# A Raspberry Pi or another single board with a disk of its own: everything, so
# that root's mail can stay on the board or go out.
CFG_SEND = 1
CFG_LOCAL = 1
