import type { Value } from "../../protocol/values";
import { isNotFound } from "../engine/client";
import type { DataObject } from "../engine/types";
import type { Label } from "../labels";
import { toLabelMap } from "../labels";
import type { Operation } from "../resource";

/** Swarm secrets and swarm configs differ in little but their path. */
type Kind = "secrets" | "configs";

/**
 * Heeds no abort, which would part what the engine has made from what the state knows of.
 * @param data base64
 */
export async function createData(
  { engine }: Operation,
  kind: Kind,
  { name, labels }: { readonly name?: string; readonly labels?: readonly Label[] },
  data: string,
): Promise<string> {
  const { ID } = await engine.json<{ ID: string }>({
    method: "POST",
    path: `/${kind}/create`,
    body: { Name: name, Labels: toLabelMap(labels) ?? {}, Data: data },
  });
  return ID;
}

/**
 * Undefined only when the engine knows no such id. A swarm without a leader answers otherwise, and is an error:
 * the real plugin takes it for "gone" and loses the resource from the state.
 */
export async function readData(
  { engine, context }: Operation,
  kind: Kind,
  id: string,
): Promise<DataObject | undefined> {
  try {
    return await engine.json({ method: "GET", path: `/${kind}/${id}`, signal: context.signal });
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

export async function deleteData(
  { engine, context }: Operation,
  kind: Kind,
  id: string,
): Promise<void> {
  try {
    await engine.json({ method: "DELETE", path: `/${kind}/${id}`, signal: context.signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
}

/** Why a value cannot be the data of a secret or a config. */
export function refuseNonBase64(value: Value): string | undefined {
  const isBase64 =
    typeof value === "string" &&
    /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(value);
  return isBase64 ? undefined : "must be base64";
}
