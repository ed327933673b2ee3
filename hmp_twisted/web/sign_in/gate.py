"""Signs people in and out: throttles, the password's check, and a new token for each sign-in."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import IReactorTime

from ...clocks import Clock
from ...logs import Logger
from ...services import sign_ins
from ...services.directory.naming import fold
from ...services.directory.passwords import check_password
from ...services.sign_ins import Account, Visitor
from ...store.pool import Store
from .. import cookies
from ..answers import RefusalError
from .passwords import BusyError, Passwords
from .throttle import Throttle

log = Logger()

WRONG = "This user name and password do not belong together."
NOT_PRESENT = "This is not your present password."
_SOCKET = "a Unix socket"


class Gate:
    """What stands between a browser and a user's rights.

    Args:
        reactor: its time runs the throttles, its threads check passwords.
        wall: the time of day, which sign-ins are kept by.
    """

    def __init__(self, reactor: Any, store: Store, wall: Clock) -> None:
        self._store = store
        self._wall = wall
        self.passwords = Passwords(reactor)
        timer: IReactorTime = reactor
        # A name that is tried from everywhere costs its owner a wait, so it gets more tries than
        # it would need; one address gets what a whole office behind a router may need.
        self._by_name = Throttle(timer, burst=10, refill_s=30.0)
        self._by_address = Throttle(timer, burst=30, refill_s=6.0)

    async def sign_in(self, name: str, password: str, address: str) -> str:
        """Check who it is; gives a new token, which the cookie is to carry from now on.

        Raises:
            RefusalError: 401 they do not belong together, 429 too many tries, 503 too many at once.
        """
        account, token = await self._proven(name, password, address), cookies.new_token()
        if account is None or not await self._begin(account, token):
            log.warn("sign-in of {name!r} from {address} refused", name=name[:64], address=address)
            raise RefusalError(401, WRONG)
        log.info("{name!r} signed in from {address}", name=name, address=address or _SOCKET)
        return token

    async def change_password(self, name: str, present: str, new: str, address: str) -> str:
        """Give whoever proves to be the user another password; ends every sign-in of the user.

        Gives the token of a new one, for the browser that asked.

        Raises:
            InvalidValueError: the new one may be none.
            RefusalError: 403 the present one is another; 429 and 503 as for signing in.
        """
        check_password(new)
        account, token = await self._proven(name, present, address), cookies.new_token()
        if account is None or not await self._replace(account, await self.hash(new), token):
            log.warn("{name!r} from {address}: wrong present password", name=name, address=address)
            raise RefusalError(403, NOT_PRESENT)
        log.info("{name!r} has a new password of their own choice", name=name)
        return token

    async def hash(self, password: str) -> str:
        """The hash under which a password is kept.

        Raises:
            InvalidValueError: it may be no password.
            RefusalError: 503 too many at once.
        """
        try:
            return await self.passwords.hash(password)
        except BusyError:
            raise _busy() from None

    async def sign_out(self, token: str) -> None:
        """End the sign-in of this token."""
        await self._store.transact("sign out", sign_ins.end, cookies.digest(token))

    async def visitor(self, token: str) -> Visitor | None:
        """Who has signed in with this token, if that holds."""
        if not token:
            return None
        key, now = cookies.digest(token), self._wall.seconds()
        found = await self._store.read("find visitor", sign_ins.find_visitor, key, now)
        if found is not None and found.is_stale:
            await self._store.transact("note a visit", sign_ins.touch, key, now)
        return found

    async def _proven(self, name: str, password: str, address: str) -> Account | None:
        """The user of this name, if the password fits; tries are counted and throttled."""
        self._check_may_try(name, address)
        # Counted before it is checked: many at once are many.
        self._by_name.failed(fold(name))
        self._by_address.failed(address)
        account = await self._store.read("find account", sign_ins.find_account, name)
        try:
            fits = await self.passwords.check(account.password_hash if account else "", password)
        except BusyError:
            raise _busy() from None
        if account is None or not fits:
            return None
        self._by_name.forget(fold(name))
        return account

    async def _replace(self, account: Account, password_hash: str, token: str) -> bool:
        return await self._store.transact(
            "change own password",
            sign_ins.change_password,
            account,
            password_hash,
            cookies.digest(token),
            self._wall.seconds(),
        )

    async def _begin(self, account: Account, token: str) -> bool:
        return await self._store.transact(
            "sign in", sign_ins.begin, account, cookies.digest(token), self._wall.seconds()
        )

    def _check_may_try(self, name: str, address: str) -> None:
        wait_s = max(self._by_name.wait_s(fold(name)), self._by_address.wait_s(address))
        if wait_s:
            raise RefusalError(
                429,
                f"Too many wrong passwords. Wait {wait_s} seconds, then try again.",
                {"Retry-After": str(wait_s)},
            )


def _busy() -> RefusalError:
    return RefusalError(
        503, "Many people are signing in just now. Try again in a moment.", {"Retry-After": "3"}
    )
