import type { Position } from "./store";

/** A position as text for URLs. Clients hand it back and need not understand it. */
export function toCursor({ createdAt, id }: Position): string {
  return `${createdAt.getTime()}_${id}`;
}

/** The position that a cursor of ours stands for; undefined for any other text. */
export function fromCursor(cursor: string): Position | undefined {
  const match = /^(\d{1,15})_([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.exec(cursor);
  if (match === null) return undefined;
  const [, time = "", id = ""] = match;
  return { createdAt: new Date(Number(time)), id };
}
