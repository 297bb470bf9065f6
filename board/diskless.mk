# A machine without a disk to keep mail on: no queue and no queue runner, each message
# is handed to a QMQP server or to another program at once.
CFG_QUEUE = 0
CFG_SEND = 0
CFG_LOCAL = 0
# Its control directory comes with its image.
CFG_SETUP = 0
# Its servers are near. With others, CFG_TLS=1, and tls:// in qmqpservers.
CFG_TLS = 0
# Without sendmail -bs; with web programs that use it, CFG_BS=1 CFG_SMTPD=0. A firewall
# that takes mail for the servers inside: CFG_BS=1 CFG_SMTPD=1, 46 KB more.
CFG_BS = 0
# Nothing here stays running.
LTO = 1
