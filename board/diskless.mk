# A machine without a disk to keep mail on: no queue runner, each message is
# handed to another program or server at once.
CFG_SEND = 0
CFG_LOCAL = 0
