import { Router } from "express";
import { jsonBody } from "../app/body";
import { HttpError, methodNotAllowed } from "../app/errors";
import { toCursor } from "../guest-book/cursor";
import type { Entry, Replica } from "../guest-book/entry";
import { parseListQuery, parseNewEntry } from "../guest-book/input";
import { IdTakenError, type EntryStore } from "../guest-book/store";

export interface EntriesApiArgs {
  readonly store: EntryStore;
  /** This one. */
  readonly replica: Replica;
  /** Where this router is mounted, for links. */
  readonly urlPath: string;
}

/** The guest book for programs: `GET` (paged), `POST`, and `GET` of one entry. JSON only. */
export function entriesApi({ store, replica, urlPath }: EntriesApiArgs): Router {
  const router = Router();
  router.use((_req, res, next) => {
    res.locals.isApi = true;
    res.set("Cache-Control", "no-store");
    next();
  });

  router.get("/", async (req, res) => {
    const query = parseListQuery(req.query);
    if (!query.ok) throw new HttpError(400, query.problems);
    const { entries, next } = await store.list(query.value.limit, query.value.cursor);
    res.json({
      entries: entries.map(toJson),
      next: next === undefined ? null : toCursor(next),
      readBy: replica,
    });
  });

  // With an id of its own a client can send an entry again when it got no answer.
  router.post("/", jsonBody(), async (req, res) => {
    const input = parseNewEntry(req.body);
    if (!input.ok) throw new HttpError(422, input.problems);
    const { entry, created } = await store
      .add({ ...input.value, createdAt: new Date(), writtenBy: replica })
      .catch((error: unknown) => {
        if (!(error instanceof IdTakenError)) throw error;
        const message = "Another entry has this id: give a new one.";
        throw new HttpError(409, [{ field: "id", message }]);
      });
    res
      .status(created ? 201 : 200)
      .location(`${urlPath}/${entry.id}`)
      .json({ entry: toJson(entry) });
  });
  router.all("/", methodNotAllowed("GET", "HEAD", "POST"));

  router.get("/:id", async (req, res) => {
    const entry = await store.find(req.params.id.toLowerCase());
    if (entry === undefined) throw new HttpError(404);
    res.json({ entry: toJson(entry), readBy: replica });
  });
  router.all("/:id", methodNotAllowed("GET", "HEAD"));
  return router;
}

const toJson = ({ id, name, message, createdAt, writtenBy }: Entry) => ({
  id,
  name,
  message,
  createdAt,
  writtenBy,
});
