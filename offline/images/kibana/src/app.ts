import express, { type Express, type NextFunction, type Request, type Response } from "express";
import nunjucks from "nunjucks";
import { join } from "node:path";
import { Refused, Unavailable, type Elasticsearch } from "./elasticsearch.ts";
import { LEVELS, linkTo, pagesOf, readSearch, SPANS } from "./search.ts";
import { Sessions } from "./sessions.ts";

const COOKIE = "sid";
const VIEWS = join(process.env["VIEWS"] ?? process.cwd(), "views");

/**
 * The viewer's pages under a base path. Nobody sees a line without a login with Elasticsearch's own users.
 * @param basePath such as `/kibana`, or empty
 */
export function createApp(
  basePath: string,
  elasticsearch: Pick<Elasticsearch, "isThere" | "authenticate" | "search">,
): Express {
  const app = express();
  const sessions = new Sessions();
  app.disable("x-powered-by");
  app.set("view engine", "njk");
  nunjucks.configure(VIEWS, { autoescape: true, express: app }).addGlobal("base", basePath);
  app.use((_request, response, next) => {
    response.set({
      "Content-Security-Policy":
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
      "X-Content-Type-Options": "nosniff",
      "Referrer-Policy": "same-origin",
      "Cache-Control": "no-store",
    });
    next();
  });

  const pages = express.Router();

  // As Kibana's: 503 until it can work.
  pages.get("/api/status", async (_request, response) => {
    const level = (await elasticsearch.isThere()) ? "available" : "unavailable";
    response.status(level === "available" ? 200 : 503).json({ status: { overall: { level } } });
  });

  pages.get("/login", (request, response) => {
    response.render("login", { next: nextOf(request.query["next"]) });
  });

  pages.post(
    "/login",
    express.urlencoded({ extended: false, limit: "4kb" }),
    async (request, response) => {
      const { username, password, next } = request.body as Record<string, unknown>;
      const authorization = `Basic ${Buffer.from(`${String(username)}:${String(password)}`).toString("base64")}`;
      try {
        await elasticsearch.authenticate(authorization);
      } catch (error) {
        if (!(error instanceof Refused || error instanceof Unavailable)) throw error;
        response.status(error instanceof Refused ? 401 : 503);
        return response.render("login", { next: nextOf(next), problem: error.message });
      }
      response.cookie(COOKIE, sessions.open(authorization), {
        path: basePath || "/",
        httpOnly: true,
        sameSite: "strict",
        secure: request.get("x-forwarded-proto") === "https",
      });
      return response.redirect(303, `${basePath}${nextOf(next)}`);
    },
  );

  pages.post("/logout", (request, response) => {
    sessions.close(sessionOf(request));
    response.clearCookie(COOKIE, { path: basePath || "/" });
    response.redirect(303, `${basePath}/login`);
  });

  pages.get("/", async (request, response) => {
    const authorization = sessions.find(sessionOf(request));
    if (authorization === undefined) {
      const query = new URL(request.originalUrl, "http://viewer").search;
      return response.redirect(
        303,
        `${basePath}/login?${new URLSearchParams({ next: `/${query}` }).toString()}`,
      );
    }
    const search = readSearch(request.query);
    try {
      const found = await elasticsearch.search(search, authorization);
      const pageCount = pagesOf(found.total);
      return response.render("lines", {
        search,
        ...found,
        lines: found.lines.map(({ id, fields }) => ({ id, ...shown(fields) })),
        levels: LEVELS,
        spans: Object.entries(SPANS),
        pageCount,
        newer: search.page > 1 ? linkTo(search, search.page - 1) : undefined,
        older: search.page < pageCount ? linkTo(search, search.page + 1) : undefined,
      });
    } catch (error) {
      if (error instanceof Refused) {
        sessions.close(sessionOf(request));
        return response.status(401).render("login", { next: "/", problem: error.message });
      }
      if (!(error instanceof Unavailable)) throw error;
      return response.status(503).render("problem", { problem: error.message });
    }
  });

  app.use(basePath || "/", pages);
  app.use((_request, response) => {
    response.status(404).render("problem", { problem: "There is no such page in this viewer." });
  });
  app.use((error: unknown, _request: Request, response: Response, _next: NextFunction) => {
    console.log(error);
    response
      .status(500)
      .render("problem", { problem: "This page failed. The container's log has the reason." });
  });
  return app;
}

const sessionOf = (request: Request): string =>
  new RegExp(`(?:^|;\\s*)${COOKIE}=([0-9a-f]{64})(?:;|$)`).exec(
    request.headers.cookie ?? "",
  )?.[1] ?? "";

/** A page of ours to go on to, and never another site: `//evil.example` begins with a slash, too. */
const nextOf = (value: unknown): string =>
  typeof value === "string" && /^\/(\?[^\r\n]*)?$/.test(value) ? value : "/";

const COLUMNS = ["@timestamp", "level", "service", "message"];

function shown(fields: Readonly<Record<string, unknown>>) {
  const rest = Object.entries(fields).filter(([name]) => !COLUMNS.includes(name));
  return {
    time: text(fields["@timestamp"]),
    level: text(fields["level"]),
    service: text(fields["service"]),
    message: text(fields["message"]),
    rest: rest.map(([name, value]) => ({ name, value: text(value) })),
  };
}

const text = (value: unknown): string =>
  value === undefined ? "" : typeof value === "string" ? value : JSON.stringify(value);
