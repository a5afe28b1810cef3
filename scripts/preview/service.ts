/** A swarm service in words: what it runs, the routes that its labels ask for, the ports that it opens. */
import {
  asFarAsKnown,
  at,
  type Change,
  isUnknown,
  listAt,
  partsOf,
  type State,
  textAt,
} from "./plan";
import { differences, type Facet, inventory } from "./words";

export const SERVICE = "docker:index/service:Service";

/** Networks' names by their ids. */
export type Names = ReadonlyMap<string, string>;

const CONTAINER = "taskSpec.containerSpec";
const MEBIBYTE = 1024 * 1024;

/** The name of the service on the swarm. */
export const serviceName = ({ before, after, name }: Change): string =>
  textAt(after ?? before, "name") || name;

/** What a service runs, or how that differs; labels that make routes, and ports, are told elsewhere. */
export function describeService(change: Change, names: Names): string[] {
  const facets = facetsOf(names);
  const { verb, before, after } = asFarAsKnown(change);
  if (before && after && verb !== "create") {
    const known = differences(facets, before, after);
    const other = others(before, after);
    return other.length > 0 ? [...known, `also ${other.join(", ")}`] : known;
  }
  return verb === "delete" ? [] : inventory(facets, (after ?? before) as State);
}

function facetsOf(names: Names): Facet<State>[] {
  return [
    { title: "image", open: true, read: (state) => ({ "": imageOf(state) }) },
    { title: "tasks", open: true, read: (state) => ({ "": tasksOf(state) }) },
    { title: "memory limit", open: true, read: memory("limits") },
    { title: "memory set aside", open: true, read: memory("reservation") },
    { title: "environment", read: (state) => record(at(state, `${CONTAINER}.env`)) },
    { title: "secrets", read: byKey(`${CONTAINER}.secrets`, "fileName") },
    { title: "configs", read: byKey(`${CONTAINER}.configs`, "fileName") },
    { title: "networks", read: (state) => networksOf(state, names) },
    { title: "mounts", read: byKey(`${CONTAINER}.mounts`, "target") },
    {
      title: "placement",
      read: (state) => asKeys(listAt(state, "taskSpec.placement.constraints")),
    },
    { title: "labels", read: (state) => labelsOf(state, (label) => !isRouting(label)) },
    { title: "routing", read: (state) => labelsOf(state, isRouting) },
  ];
}

/** What the facets tell; the rest of the inputs is told by its path alone. */
const TOLD = [
  ...["image", "env", "secrets", "configs", "mounts"].map((key) => `${CONTAINER}.${key}`),
  ...["mode", "labels", "endpointSpec.ports", "taskSpec.networksAdvanceds"],
  ...["taskSpec.placement.constraints", "taskSpec.resources.limits.memoryBytes"],
  "taskSpec.resources.reservation.memoryBytes",
];

function others(before: State, after: State): string[] {
  const [old, now] = [leaves(before.inputs), leaves(after.inputs)];
  const differing = [...new Set([...old.keys(), ...now.keys()])].filter(
    (path) => old.get(path) !== now.get(path),
  );
  return differing
    .filter((path) => !TOLD.some((told) => path === told || path.startsWith(`${told}.`)))
    .map((path) => `\`${path.replace(/^taskSpec\.(containerSpec\.)?/, "")}\``)
    .sort();
}

function leaves(value: unknown, path = "", found = new Map<string, unknown>()) {
  if (typeof value !== "object" || value === null) return found.set(path, value);
  // A list is one thing: by its numbers alone nobody knows what an entry is.
  if (Array.isArray(value)) return found.set(path, JSON.stringify(value));
  for (const [key, one] of Object.entries(value)) {
    leaves(one, path === "" ? key : `${path}.${key}`, found);
  }
  return found;
}

/** The image, its digest shortened; one that is yet to be built by the name of its build. */
function imageOf(state: State): string {
  const image = at(state, `${CONTAINER}.image`);
  if (typeof image === "string" && !isUnknown(image)) {
    return image.replace(/(sha256:[0-9a-f]{12})[0-9a-f]+/, "$1…");
  }
  const [build] = namesOf(state, "docker:index/image:Image");
  return `${build?.replace(/-image-build$/, "") ?? "an image"}, built by this change`;
}

function tasksOf(state: State): string {
  if (at(state, "mode.global") === true) return "one on each node";
  const replicas = at(state, "mode.replicated.replicas");
  return typeof replicas === "number" ? String(replicas) : "known later";
}

const memory =
  (kind: "limits" | "reservation") =>
  (state: State): Record<string, string> => {
    const bytes = at(state, `taskSpec.resources.${kind}.memoryBytes`);
    return typeof bytes === "number" ? { "": `${Math.round(bytes / MEBIBYTE)} MiB` } : {};
  };

/** The entries of a list by one of their keys. */
const byKey =
  (path: string, key: string) =>
  (state: State): Record<string, string> =>
    Object.fromEntries(
      listAt(state, path).map((entry) => {
        const { [key]: name, ...rest } = record(entry);
        return [name ?? "known later", JSON.stringify(Object.entries(rest).sort())];
      }),
    );

/** A map's entries as text. */
function record(value: unknown): Record<string, string> {
  if (typeof value !== "object" || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [
      key,
      typeof one === "string" ? one : JSON.stringify(one),
    ]),
  );
}

const asKeys = (list: readonly unknown[]): Record<string, string> =>
  Object.fromEntries(list.map((entry) => [String(entry), ""]));

/** The networks by name. Those that are yet to be made have no id: they are among what the service waits for. */
function networksOf(state: State, names: Names): Record<string, string> {
  const entries = listAt(state, "taskSpec.networksAdvanceds").map(record);
  const known = entries.flatMap(({ id = "" }) => names.get(id) ?? []);
  const waited = namesOf(state, "docker:index/network:Network");
  const later = waited.filter((name) => !known.includes(name));
  const all = known.length < entries.length ? [...known, ...later] : known;
  return asKeys(all);
}

/** The names of the resources of a type that the service depends on. */
const namesOf = (state: State, type: string): string[] =>
  (state.dependencies ?? []).map(partsOf).flatMap((one) => (one.type === type ? [one.name] : []));

const DF = "com.df.";

/** What makes a route is told as a route; of what else the proxy is told, the name: `users` has passwords in it. */
const TOLD_AS_ROUTE = /^com\.df\.(notify|serviceDomain|servicePath|port|srcPort|reqMode)(\.\d+)?$/;

const isRouting = (label: string): boolean => label.startsWith(DF);

function labelsOf(state: State, chosen: (label: string) => boolean): Record<string, string> {
  const all = labels(state);
  return Object.fromEntries(
    Object.entries(all).filter(([label]) => chosen(label) && !TOLD_AS_ROUTE.test(label)),
  );
}

function labels(state: State | undefined): Record<string, string> {
  return Object.fromEntries(
    listAt(state, "labels").map((entry) => {
      const { label = "", value = "" } = record(entry);
      return [label, isUnknown(value) ? "known later" : value];
    }),
  );
}

/** The routes that a service's labels ask for, a line each, such as `app1 any domain /app1 → port 8080`. */
export function routesOf(state: State | undefined): string[] {
  const all = labels(state);
  if (all[`${DF}notify`] !== "true") return [];
  const suffixes = Object.keys(all).flatMap(
    (label) => /^com\.df\.port((?:\.\d+)?)$/.exec(label)?.[1] ?? [],
  );
  return suffixes.sort().map((suffix) => {
    const of = (key: string) => all[`${DF}${key}${suffix}`] ?? "";
    const domains = of("serviceDomain").split(",").filter(Boolean).join(" ") || "any domain";
    const mode = of("reqMode") || "http";
    const asked =
      mode === "http"
        ? `${domains} ${of("servicePath").split(",").join(" ")}`
        : `${mode} port ${of("srcPort")}${mode === "sni" ? ` ${domains}` : ""}`;
    return `${textAt(state, "name")}: ${asked.trim()} → port ${of("port")}`;
  });
}

/** The ports that a service opens, a line each. */
export const publishedPorts = (state: State | undefined): string[] =>
  listAt(state, "endpointSpec.ports").map((entry) => {
    const { publishedPort = "", targetPort = "", protocol = "tcp", publishMode } = record(entry);
    const where = publishMode === "host" ? "of each node that runs it" : "of every node";
    return `${textAt(state, "name")}: port ${publishedPort}/${protocol} ${where} → ${targetPort}`;
  });
