/** Which requests a user may make: everything for the superuser, and for others what their roles let them write or read. */
import type { Role, User } from "./users.ts";

const WRITES = ["create_doc", "create", "index", "write", "all"];
const READS = ["read", "all"];

/** Paths that write documents. The index names inside a bulk request are not looked at. */
const WRITE_PATH = /^\/(?:([^/]+)\/)?(?:_bulk|_doc|_create\/[^/]+)$/;
const READ_PATH = /^\/([^/]+)\/(?:_search|_count|_doc\/[^/]+)$/;

export function isAllowed(
  user: User,
  roles: readonly Role[],
  method: string,
  path: string,
): boolean {
  if (user.roles.includes("superuser")) return true;
  // Who one is, and whether the server is there.
  if (path === "/" || path === "/_security/_authenticate" || path === "/_cat/health")
    return method === "GET" || method === "HEAD";
  const write = WRITE_PATH.exec(path);
  if (write) return grants(roles, WRITES, write[1]);
  const read = READ_PATH.exec(path);
  return read !== null && grants(roles, READS, read[1]);
}

const grants = (roles: readonly Role[], privileges: readonly string[], index?: string): boolean =>
  roles.some((role) =>
    role.indices?.some(
      (part) =>
        part.privileges.some((privilege) => privileges.includes(privilege)) &&
        (index === undefined ||
          part.names.some((pattern) => fits(decodeURIComponent(index), pattern))),
    ),
  );

/** `logs-*` fits `logs-swarm-default`. */
const fits = (name: string, pattern: string): boolean => {
  const parts = pattern.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${parts.join(".*")}$`).test(name);
};
