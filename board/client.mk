# A client in the least space: mail of programs here goes out, over TLS with a login and
# signed where that is asked for, or into mailboxes. What comes with its image is not
# there: qmta setup, qmta check, sendmail -bs, the tools beside local delivery, DANE.
CFG_SETUP = 0
CFG_CHECK = 0
CFG_BS = 0
CFG_TOOLS = 0
CFG_DANE = 0
LTO = 1
