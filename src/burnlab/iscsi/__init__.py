"""iSCSI (RFC 7143), both ends: bytes of TCP on one side, SCSI tasks on the other.

Rule 1: everything but `server`, `client` and `client_link` is without I/O: bytes and the time go in, bytes
and events come out. What a peer sends never raises; it leads to a Reject or ends that connection with a
reason.
Rule 2: it carries CDBs and doesn't read them, but for REPORT LUNS and a LUN without a unit (`luns`).
Rule 3: one connection per session, ErrorRecoveryLevel 0; tasks are handed out in the order of their CmdSN.

`pdu` headers · `framing` bytes to PDUs, digests · `keys` negotiation · `chap`, `login` · `text` discovery ·
`session` numbers and order · `transfer` data · `commands` tasks and their management · `connection` the
verbs · `server` sockets and threads.

The initiator: `initiator_login` · `initiator_tasks` data · `initiator_events` · `initiator` the verbs · `url`
addresses · `client_link` a socket · `client` a remote unit behind the door, and discovery.
"""
