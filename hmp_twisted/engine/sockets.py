"""Opens the socket of a source: bound, joined, with a deep buffer, and its drops counted.

A deep buffer is what lets the receiver sleep between ticks; the size that the system granted is
read back, because ``SO_RCVBUF`` is cut in silence to ``net.core.rmem_max``.
"""

from __future__ import annotations

import errno
import socket
import struct

from ..errors import SourceUnusableError
from ..logs import Logger
from . import arrival
from .sources import SourceAddress

WANTED_BUFFER_BYTES = 16 << 20
DATAGRAM_COST_BYTES = 2304
"""What the kernel counts against the buffer for a datagram of 1,316 bytes (measured on lo)."""

_SO_RCVBUFFORCE = 33
_SO_MEMINFO = 55
_MEMINFO = struct.Struct("9I")
_DROPS = 8
_IP_MULTICAST_ALL = 49
_IP_ADD_SOURCE_MEMBERSHIP = 39

log = Logger()


class SourceSocket:
    """An open socket of a source; closed by :meth:`close`."""

    def __init__(self, address: SourceAddress, sock: socket.socket) -> None:
        self._socket = sock
        self.address = address
        self.descriptor = sock.fileno()
        self.granted_bytes = _deepen(sock)
        """What the system lets wait in the socket, with its own overhead in it."""
        arrival.time_of_last(sock)  # from this first question on the kernel notes the times

    @property
    def capacity(self) -> int:
        """About how many usual datagrams may wait in it."""
        return max(1, self.granted_bytes // DATAGRAM_COST_BYTES)

    @property
    def is_as_deep_as_wanted(self) -> bool:
        """Whether the system granted all that was asked for; it doubles that, for its overhead."""
        return self.granted_bytes >= 2 * WANTED_BUFFER_BYTES

    def drops(self) -> int:
        """How many datagrams the kernel has dropped here since it was opened, modulo 2**32."""
        answer = self._socket.getsockopt(socket.SOL_SOCKET, _SO_MEMINFO, _MEMINFO.size)
        return int(_MEMINFO.unpack(answer)[_DROPS])

    def time_of_next(self) -> float | None:
        """When the datagram came that waits at the head, in monotonic seconds; if one does."""
        return arrival.time_of_next(self._socket)

    def time_of_last(self) -> float:
        """When the datagram came that was taken last, in monotonic seconds."""
        return arrival.time_of_last(self._socket)

    def sender_of_next(self) -> str:
        """The address and port that the datagram at the head came from; empty if none waits."""
        try:
            address, port = self._socket.recvfrom(0, socket.MSG_PEEK)[1]
        except OSError:  # none, or an ICMP error in its place
            return ""
        return f"{address}:{port}"

    def join_again(self) -> bool:
        """Join the group where its interface is now; gives whether that was not so already.

        The kernel keeps a membership while its interface is down, but not when it is removed; one
        that comes back under the same address is another to it.

        Raises:
            SourceUnusableError: there is no such interface at present.
        """
        try:
            _join_raw(self._socket, self.address)
        except OSError as error:
            if error.errno == (errno.EADDRNOTAVAIL if self.address.sender else errno.EADDRINUSE):
                return False  # what the kernel says of a membership that stands
            raise _not_joined(self.address, error) from error
        return True

    def close(self) -> None:
        """Leave the group and free the port."""
        self._socket.close()


def open_source(address: SourceAddress) -> SourceSocket:
    """A socket that receives the source from now on.

    Raises:
        SourceUnusableError: in one line: which address or port, why, and what would help.
    """
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    try:
        _bind(sock, address)
        if address.is_multicast:
            _join(sock, address)
        return SourceSocket(address, sock)
    except BaseException:
        sock.close()
        raise


def _bind(sock: socket.socket, address: SourceAddress) -> None:
    if address.is_multicast:
        # On a unicast port this would let a second program take the stream in silence.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Else the socket gets what any other program on the machine joined at this port.
        sock.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
    try:
        sock.bind((address.address, address.port))
    except OSError as error:
        raise SourceUnusableError(f"source {address}: {_why_not_bound(address, error)}") from error


def _why_not_bound(address: SourceAddress, error: OSError) -> str:
    port = address.port
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken; `ss -ulpn sport = :{port}` names the program that has it"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{address.address} is no address of this machine; `ip address` lists those it has"
    if error.errno == errno.EACCES:
        return f"port {port} is not for this user; ports below 1024 need CAP_NET_BIND_SERVICE"
    return f"port {port} cannot be opened: {error.strerror}"


def _join(sock: socket.socket, address: SourceAddress) -> None:
    try:
        _join_raw(sock, address)
    except OSError as error:
        raise _not_joined(address, error) from error


def _join_raw(sock: socket.socket, address: SourceAddress) -> None:
    option = _IP_ADD_SOURCE_MEMBERSHIP if address.sender else socket.IP_ADD_MEMBERSHIP
    wanted = [address.address, address.interface or "0.0.0.0", *filter(None, [address.sender])]
    sock.setsockopt(socket.IPPROTO_IP, option, b"".join(map(socket.inet_aton, wanted)))


def _not_joined(address: SourceAddress, error: OSError) -> SourceUnusableError:
    return SourceUnusableError(f"source {address}: {_why_not_joined(address, error)}")


def _why_not_joined(address: SourceAddress, error: OSError) -> str:
    if error.errno in (errno.ENODEV, errno.EADDRNOTAVAIL) and address.interface:
        return f"no interface has the address {address.interface}; `ip address` lists those it has"
    if error.errno == errno.ENODEV:
        return "no route to the group; give the source the address of the interface to join on"
    if error.errno == errno.ENOBUFS:
        return "the system allows no more groups; raise net.ipv4.igmp_max_memberships"
    return f"the group cannot be joined: {error.strerror}"


def _deepen(sock: socket.socket) -> int:
    try:
        sock.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, WANTED_BUFFER_BYTES)
    except PermissionError:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, WANTED_BUFFER_BYTES)
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF)
