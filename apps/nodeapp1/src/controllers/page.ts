import { randomUUID } from "node:crypto";
import { Router, type Response } from "express";
import { formBody } from "../app/body";
import { HttpError } from "../app/errors";
import { fromCursor, toCursor } from "../guest-book/cursor";
import { MAX_LENGTH, type Entry, type Replica } from "../guest-book/entry";
import { PAGE_SIZE, isUuid, parseNewEntry, type Problem } from "../guest-book/input";
import {
  IdTakenError,
  StoreUnavailableError,
  type EntryPage,
  type EntryStore,
  type Position,
} from "../guest-book/store";
import type { Logger } from "../libs/logger";

export interface PageArgs {
  /** Undefined: there is no guest book on the page. */
  readonly store: EntryStore | undefined;
  /** This one. */
  readonly replica: Replica;
  /** The path of the page. */
  readonly urlPath: string;
  readonly logger: Logger;
}

/** The form as it is shown: with what was sent, if that was not taken. */
interface Form {
  readonly id: string;
  readonly name: string;
  readonly message: string;
  /** Why nothing was written, if no single field is to blame. */
  readonly failure?: string;
  readonly problems: readonly Problem[];
}

const FAILURE = {
  invalid: "Nothing was written yet: please correct what is marked below.",
  taken: "This form was sent before, with another text. Send it again to add this one, too.",
  unavailable:
    "We cannot reach our database at the moment, so this may not have been written." +
    " Send it again in a few seconds: it will not be there twice.",
};

/** The start page, with the guest book if there is a store. Works without scripts and cookies. */
export function pageController({ store, replica, urlPath, logger }: PageArgs): Router {
  const router = Router();

  if (store === undefined) {
    router.get("/", (_req, res) => {
      res.set("Cache-Control", "private, no-cache");
      res.render("index.html", { guestBook: null });
    });
    return router;
  }

  router.get("/", async (req, res) => {
    const { before } = req.query;
    const after = typeof before === "string" ? fromCursor(before) : undefined;
    if (before !== undefined && after === undefined) throw new HttpError(400);
    const form = { id: randomUUID(), name: "", message: "", problems: [] };
    render(res, { page: await listIfReachable(store, res, after), after, form });
  });

  router.post("/", formBody(), async (req, res) => {
    const sent = asSent(req.body);
    const input = parseNewEntry(req.body);
    if (!input.ok) {
      const form = { ...sent, failure: FAILURE.invalid, problems: input.problems };
      return render(res.status(422), { page: await listIfReachable(store, res), form });
    }
    try {
      await store.add({ ...input.value, createdAt: new Date(), writtenBy: replica });
    } catch (error) {
      if (error instanceof IdTakenError) {
        const form = { ...sent, id: randomUUID(), failure: FAILURE.taken };
        return render(res.status(409), { page: await listIfReachable(store, res), form });
      }
      if (!(error instanceof StoreUnavailableError)) throw error;
      logger.error("entry not written", { requestId: res.locals.requestId, error });
      res.status(503).set("Retry-After", String(error.retryAfterS));
      return render(res, { page: undefined, form: { ...sent, failure: FAILURE.unavailable } });
    }
    // A reload of what comes next sends nothing again.
    res.redirect(303, `${urlPath}#entry-${input.value.id}`);
  });

  async function listIfReachable(
    entries: EntryStore,
    res: Response,
    after?: Position,
  ): Promise<EntryPage | undefined> {
    try {
      return await entries.list(PAGE_SIZE.default, after);
    } catch (error) {
      if (!(error instanceof StoreUnavailableError)) throw error;
      logger.warn("page without entries", { requestId: res.locals.requestId, error });
      return undefined;
    }
  }

  function render(
    res: Response,
    { page, after, form }: { page: EntryPage | undefined; after?: Position; form: Form },
  ): void {
    // The form's id is for one use: no copy of the page may be used again.
    res.set("Cache-Control", "private, no-store");
    res.render("index.html", {
      isUnique: true,
      guestBook: {
        form: {
          ...form,
          problems: Object.fromEntries(form.problems.map((p) => [p.field, p.message])),
        },
        maxLength: MAX_LENGTH,
        list: listState(page, form),
        entries: page?.entries.map((entry) => toView(entry, replica)) ?? [],
        isNewest: after === undefined,
        older: page?.next === undefined ? null : toCursor(page.next),
      },
    });
  }
  return router;
}

function listState(page: EntryPage | undefined, form: Form): string {
  if (page !== undefined) return page.entries.length > 0 ? "shown" : "empty";
  // Once a page is enough.
  return form.failure === FAILURE.unavailable ? "untold" : "unreachable";
}

/** What can be shown again of a body that may be anything. */
function asSent(body: unknown): Form {
  const fields = new Map<string, unknown>(Object.entries(body ?? {}));
  const text = (field: string): string => {
    const value = fields.get(field);
    return typeof value === "string" ? value : "";
  };
  const id = isUuid(text("id")) ? text("id") : randomUUID();
  return { id, name: text("name"), message: text("message"), problems: [] };
}

const dateTime = new Intl.DateTimeFormat("en-GB", {
  dateStyle: "medium",
  timeStyle: "medium",
  timeZone: "UTC",
});

const toView = ({ id, name, message, createdAt, writtenBy }: Entry, replica: Replica) => ({
  id,
  name,
  lines: message.split("\n"),
  createdAt: createdAt.toISOString(),
  createdAtText: `${dateTime.format(createdAt)} UTC`,
  writtenBy,
  isFromHere: writtenBy.task === replica.task,
});
