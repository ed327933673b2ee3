"""The kinds of objects that administrators keep, each in terms of the directory's functions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection

from ....services.directory import (
    categories,
    changing,
    groups,
    permissions,
    roles,
    users,
)
from ....services.rights import ACTIONS, ROLE_ACTIONS
from ...forms import Form
from ...visit import Visit
from .kept import Kept


def _category(form: Form) -> dict[str, Any]:
    values = tuple(line.strip() for line in form.raw("values").splitlines() if line.strip())
    return {"values": values, "multiple": form.has("multiple"), "custom": form.has("custom")}


CATEGORIES = Kept(
    slug="categories",
    title="Metadata categories",
    noun="category",
    empty="Categories describe sessions and recordings, such as “Department” with the values "
    "“Surgery” and “Teaching”. Add the first one below.",
    items=categories.list_categories,
    add=lambda conn, form: categories.add_category(conn, form.text("name"), **_category(form)),
    change=lambda conn, object_id, form: changing.change_category(
        conn, object_id, form.text("name"), **_category(form)
    ),
    remove=lambda conn, object_id, force: categories.remove_category(conn, object_id, force=force),
    forcible=True,
)


def _role_options(conn: Connection) -> Mapping[str, Any]:
    return {"actions": ROLE_ACTIONS}


ROLES = Kept(
    slug="roles",
    title="Roles",
    noun="role",
    empty="There are no roles. Add the first one below.",
    items=roles.list_roles,
    add=lambda conn, form: roles.add_role(conn, form.text("name"), form.texts("action")),
    change=lambda conn, object_id, form: changing.change_role(
        conn, object_id, form.text("name"), form.texts("action")
    ),
    remove=lambda conn, object_id, force: roles.remove_role(conn, object_id, force=force),
    options=_role_options,
    forcible=True,
)


def _permission_options(conn: Connection) -> Mapping[str, Any]:
    return {"actions": ACTIONS}


PERMISSIONS = Kept(
    slug="permissions",
    title="Permissions",
    noun="permission",
    empty="There are no permissions.",
    items=permissions.list_permissions,
    add=lambda conn, form: permissions.add_permission(
        conn, form.text("name"), form.texts("action")
    ),
    change=lambda conn, object_id, form: changing.change_permission(
        conn, object_id, form.text("name"), form.texts("action")
    ),
    remove=lambda conn, object_id, force: permissions.remove_permission(
        conn, object_id, force=force
    ),
    options=_permission_options,
    forcible=True,
)


def _user(form: Form) -> dict[str, Any]:
    return {
        "display_name": form.text("display_name"),
        "role_names": form.texts("role"),
        "group_names": form.texts("group"),
    }


def _user_options(conn: Connection) -> Mapping[str, Any]:
    return {"roles": roles.list_roles(conn), "groups": groups.list_groups(conn)}


async def _password(visit: Visit) -> dict[str, Any]:
    password = visit.form.raw("password")
    if not password:
        return {}
    return {"password_hash": await visit.tools.gate.hash(password)}


USERS = Kept(
    slug="users",
    title="Users",
    noun="user",
    empty="There are no users. Add the first one below.",
    items=users.list_users,
    add=lambda conn, form, **prepared: users.add_user(
        conn, form.text("name"), **_user(form), **prepared
    ),
    change=lambda conn, object_id, form: changing.change_user(
        conn, object_id, form.text("name"), **_user(form)
    ),
    remove=lambda conn, object_id, force: users.remove_user(conn, object_id),
    options=_user_options,
    prepare=_password,
)


def _group(form: Form) -> dict[str, Any]:
    return {"role_names": form.texts("role"), "member_names": form.texts("member")}


def _group_options(conn: Connection) -> Mapping[str, Any]:
    return {"roles": roles.list_roles(conn), "users": users.list_users(conn)}


GROUPS = Kept(
    slug="groups",
    title="Groups",
    noun="group",
    empty="A group gives several users the same roles and shares. Add the first one below.",
    items=groups.list_groups,
    add=lambda conn, form: groups.add_group(conn, form.text("name"), **_group(form)),
    change=lambda conn, object_id, form: changing.change_group(
        conn, object_id, form.text("name"), **_group(form)
    ),
    remove=lambda conn, object_id, force: groups.remove_group(conn, object_id),
    options=_group_options,
)
